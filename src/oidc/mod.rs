//! F1, pure: the OAuth 2.0 and OpenID Connect protocol. No async, SQL, HTTP or configuration.

pub mod acr;
pub mod alg;
pub mod error;
pub mod params;
pub mod scope;

pub use acr::AcrLevel;
pub use alg::SigningAlg;
pub use error::{Endpoint, OAuthError, OAuthErrorCode};
pub use params::Params;
pub use scope::ScopeSet;
