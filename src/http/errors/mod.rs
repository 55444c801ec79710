//! Where nothing can be redirected: the page that says what happened and what to do.

pub mod view;
