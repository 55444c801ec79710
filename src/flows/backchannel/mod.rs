//! Backchannel authentication (CIBA Core): a client asks about a person it knows, the person answers on their own pages, the
//! client polls, is pinged, or is sent its tokens.

pub mod answer;
pub mod begin;
pub mod notice;
mod signed;
mod whom;

pub use begin::{Accepted, begin};
