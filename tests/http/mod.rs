//! F4, through the router or through sockets.

mod edge;
mod health;
mod oidc;
mod server;
