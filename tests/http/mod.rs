//! F4, through the router or through sockets.

mod account;
mod around;
mod console;
mod console_record;
mod edge;
mod health;
mod leftovers;
mod oidc;
mod register;
mod server;
mod tls;
