//! F4: routes, extraction, pages and answers.

pub mod account;
pub mod address;
pub mod api;
pub mod assets;
pub mod authorize;
pub mod carried;
pub mod certificate;
pub mod check_session;
pub mod console;
pub mod cookies;
pub mod device;
pub mod documents;
pub mod edge;
pub mod errors;
pub mod extract;
pub mod frame;
pub mod health;
pub mod home;
pub mod lang;
pub mod language;
pub mod logout;
pub mod oidc;
pub mod paths;
pub mod published;
pub mod register;
pub mod respond;
pub mod router;
pub mod server;
pub mod sign_in;
pub mod state;
pub mod texts;

#[cfg(test)]
mod preview;
