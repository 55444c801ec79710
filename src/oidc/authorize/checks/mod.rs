//! The checks of an authorization request: one ordered table, one file each. Each file has its cases beside it; a test runs
//! them through the whole table and through the table without that row.

use super::request::Request;
use crate::oidc::{authorize::Arrival, client::Client, error::OAuthError, params::Params, policy::Policy};

/// What a check looks at.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub params: &'a Params,
    pub arrival: Arrival,
    pub client: &'a Client,
    pub policy: &'a Policy,
}

/// One row: reads its parameters, refuses, or notes what it found in the request.
pub struct Check {
    pub name: &'static str,
    pub run: fn(&Asked<'_>, &mut Request) -> Result<(), OAuthError>,
}

macro_rules! table {
    ($($name:ident),+ $(,)?) => {
        $(mod $name;)+

        /// In this order. Parameters that no row reads are ignored (RFC 6749 §3.1).
        pub const CHECKS: &[Check] = &[$(Check { name: stringify!($name), run: $name::check },)+];

        #[cfg(test)]
        const CASES: &[(&str, &[cases::Case])] = &[$((stringify!($name), $name::CASES),)+];
    };
}

table![
    repeated,
    request,
    request_uri,
    pushed_only,
    signed_only,
    registration,
    response_type,
    response_mode,
    profile,
    prompt,
    scope,
    max_age,
    nonce,
    pkce,
    claims,
    acr_values,
    id_token_hint,
    login_hint,
    ui_locales,
    display,
    dpop_jkt,
    resource,
    authorization_details,
];

#[cfg(test)]
mod cases;
