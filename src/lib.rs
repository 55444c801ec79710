//! Định Danh: an OpenID Provider on a national population registry.
//!
//! The map, floor by floor; a floor imports only from floors below it (`tests/architecture.rs` fails on a climb):
//!
//! | floor | modules | must not know |
//! |---|---|---|
//! | F0 | [`base`] | anything of ours |
//! | F1 | [`oidc`], [`registry`], [`assurance`] | each other, async, SQL, HTTP, config |
//! | F2 | [`crypto`], [`store`], [`outbound`] | each other, axum, templates |
//! | F3 | [`flows`] | axum, sqlx, HTML |
//! | F4 | [`http`] | sqlx, SQL text |
//! | F5 | [`cli`] | – |
//!
//! `docs/architecture.md` says what is where and why.

#![recursion_limit = "256"]

pub mod assurance;
pub mod base;
pub mod cli;
pub mod crypto;
pub mod flows;
pub mod http;
pub mod oidc;
pub mod outbound;
pub mod registry;
pub mod store;
