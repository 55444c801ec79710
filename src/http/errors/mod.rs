//! Where nothing can be redirected: the page that says what happened and what to do.

mod draw;
pub mod sent;
pub mod view;

pub use draw::draw;
