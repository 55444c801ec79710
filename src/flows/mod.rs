//! F3: one use case a file, by actor. Knows neither axum nor SQL nor HTML.

pub mod account;
pub mod audit;
pub mod authorize;
pub mod backchannel;
pub mod caller;
pub mod claims;
pub mod client_keys;
pub mod clients;
pub mod device;
pub mod dpop;
pub mod identity_check;
pub mod introspect;
pub mod key_schedule;
pub mod keys;
pub mod logout;
pub mod nested;
pub mod offered_keys;
pub mod operators;
pub mod outbox;
pub mod predicates;
pub mod provider;
pub mod register_clients;
pub mod registry;
pub mod restored;
pub mod revoke;
pub mod self_registration;
pub mod sessions;
pub mod sign_in;
pub mod token;
pub mod upkeep;
pub mod userinfo;

pub use provider::{CitizenRegistration, Lifetimes, MutualTls, Provider, Secrets, Settings};
