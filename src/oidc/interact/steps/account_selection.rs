//! `prompt=select_account` (OpenID Connect Core §3.1.2.1). Who signed in for this request has chosen by that.

use super::super::{Next, Selection, Standing};
use crate::oidc::{authorize::Request, prompt::Prompt};

pub(super) fn decide(request: &Request, standing: &Standing) -> Option<Next> {
    let chosen = standing.selection == Selection::Done || standing.reached_since_start.is_some();
    (request.prompts.contains(Prompt::SelectAccount) && !chosen).then_some(Next::SelectAccount)
}
