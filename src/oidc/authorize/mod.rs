//! The authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2) as a typestate: `Params → Addressed → Request`.
//!
//! Before [`Addressed`] there is only a page: nobody has shown that the redirect URI may be sent anything. After it, every
//! refusal travels to the client. [`Request::check`] applies the ordered table [`checks::CHECKS`].

mod addressed;
mod arrival;
pub mod checks;
mod decoupled;
mod pushed;
mod request;
mod response;

pub use addressed::{Addressed, PageError, ReturnAddress};
pub use arrival::{Arrival, Form, Way};
pub use decoupled::{Decoupled, DecoupledKind};
pub use pushed::{PushedRequest, PushedResponse, is_pushed_uri, pushed_token};
pub use request::{Display, Request};
pub use response::{Answer, Delivery};
