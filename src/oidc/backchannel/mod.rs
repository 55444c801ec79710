//! Backchannel authentication (OpenID Connect Client-Initiated Backchannel Authentication Core 1.0, "CIBA").

mod binding;
mod request;
mod signed;

pub use binding::BindingMessage;
pub use request::{Asked, Hint, Waiting};
pub use signed::{SignedOnce, check as check_signed};
