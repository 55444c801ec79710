//! F4, through the router or through sockets.

mod around;
mod edge;
mod health;
mod oidc;
mod server;
