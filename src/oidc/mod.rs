//! F1, pure: the OAuth 2.0 and OpenID Connect protocol. No async, SQL, HTTP or configuration.

pub mod error;
pub mod params;

pub use error::{Endpoint, OAuthError, OAuthErrorCode};
pub use params::Params;
