//! F1, pure: the OAuth 2.0 and OpenID Connect protocol. No async, SQL, HTTP or configuration.

pub mod acr;
pub mod alg;
pub mod authorize;
pub mod certificate;
pub mod claims_request;
pub mod client;
pub mod error;
pub mod interact;
pub mod params;
pub mod pkce;
pub mod policy;
pub mod predicate;
pub mod prompt;
pub mod redirect_uri;
pub mod response_mode;
pub mod scope;

pub use acr::AcrLevel;
pub use alg::SigningAlg;
pub use client::Client;
pub use error::{Endpoint, OAuthError, OAuthErrorCode};
pub use params::Params;
pub use policy::Policy;
pub use scope::ScopeSet;

// What clients send beside the authorization request, and everything that is answered.
pub mod access_token;
pub mod audience;
pub mod authorization_details;
pub mod backchannel;
pub mod basic_credentials;
pub mod bearer;
pub mod client_assertion;
pub mod client_auth;
pub mod confirmation;
pub mod discovery;
pub mod distinguished_name;
pub mod dpop;
pub mod encryption;
pub mod end_session;
pub mod endpoints;
pub mod id_token;
pub mod introspection;
pub mod jarm;
pub mod legacy_view;
pub mod logout_token;
pub mod numeric_date;
pub mod request_object;
pub mod resource;
pub mod revocation;
pub mod token_hint;
pub mod token_kind;
pub mod token_request;
pub mod token_response;
pub mod user_code;
pub mod userinfo;
pub mod verified_claims;
