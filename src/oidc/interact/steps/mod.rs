//! The second table: what stands between a request and its answer, in this order, one file each.

use super::{Next, Standing};
use crate::oidc::authorize::Request;

/// One row: `None` when it is satisfied.
pub struct Step {
    pub name: &'static str,
    pub decide: fn(&Request, &Standing) -> Option<Next>,
}

macro_rules! table {
    ($($name:ident),+ $(,)?) => {
        $(mod $name;)+

        pub const STEPS: &[Step] = &[$(Step { name: stringify!($name), decide: $name::decide },)+];
    };
}

table![
    refusal,
    presence,
    account_selection,
    sign_in_again,
    client_floor,
    essential_acr,
    nothing_left,
    given_password,
    level,
    consent
];
