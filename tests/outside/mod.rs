//! A relying party from outside: the `openidconnect` crate against a served process, as an engineer elsewhere would use both.
//! Over plain HTTP on loopback, and over https between three sites in a real browser.

mod calls;
mod party;
mod plain;
mod running;
mod site;
mod sites;
