//! The person's own pages: sessions and portals, means of authentication.

mod device;
mod qr;
pub mod view;
