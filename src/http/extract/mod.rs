//! What handlers take from a request. None of these answers by itself with anything but what its endpoint would.

pub mod body;
pub mod form_token;
pub mod json;
pub mod operator;
mod segment;
pub mod visitor;

pub use body::{FormBody, QueryParams};
pub use form_token::{ForeignForm, FormGuard};
pub use json::JsonBody;
pub use operator::{LapsedForm, LongForm, Named, Operator, OperatorForm};
pub use segment::Segment;
pub use visitor::{Network, Now, Visitor};
