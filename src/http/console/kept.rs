//! Words that somebody wrote and that were not taken: a decision without its reason, a proposal that changed meanwhile, a session
//! that ended while they wrote. They are kept for the operator and the page they were written on, and stand there again.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    extract::{FromRequest, Request},
    response::Response,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    base::Fault,
    crypto::digest::sha256,
    flows::registry::drafts,
    http::{
        extract::{LapsedForm, LongForm, Operator, OperatorForm, operator::sign_in_for},
        respond,
        state::AppState,
    },
    oidc::params::Params,
};

/// As many letters of one field as the page lets somebody type.
const MOST: usize = 500;
/// What a form says of itself, which nobody typed.
const ITS_OWN: [&str; 4] = ["csrf", "form", "version", "action"];

/// What was typed into a form, by its fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words(BTreeMap<String, String>);

impl Words {
    fn of(form: &Params) -> Self {
        let one = |name: &str| form.one(name).ok().flatten().map(str::trim).filter(|typed| !typed.is_empty());
        let typed = form.iter().map(|(name, _)| name).filter(|name| !ITS_OWN.contains(name));
        let typed = typed.filter_map(|name| Some((name.to_owned(), one(name)?.chars().take(MOST).collect())));
        Self(typed.collect())
    }

    pub fn get(&self, field: &str) -> &str {
        self.0.get(field).map_or("", String::as_str)
    }

    /// The same for a field that is a page's own value.
    pub fn owned(&self, field: &str) -> String {
        self.get(field).to_owned()
    }
}

/// A form with words of its own. Of who was away so long that their session ended by itself, the words are kept, nothing is done,
/// and the way leads over the sign-in back to the page.
pub struct WordsForm {
    pub operator: Operator,
    pub form: Params,
    pub words: Words,
}

impl FromRequest<AppState> for WordsForm {
    type Rejection = Response;

    async fn from_request(request: Request<Body>, state: &AppState) -> Result<Self, Response> {
        match LongForm::from_request(request, state).await? {
            LongForm::Signed(OperatorForm { operator, form }) => {
                let words = Words::of(&form);
                Ok(Self { operator, form, words })
            }
            LongForm::Lapsed(form) => {
                let kept = after_lapse(state, &form).await;
                Err(kept.unwrap_or_else(|fault| respond::fault_for(state, &form.visitor, &fault)))
            }
        }
    }
}

async fn after_lapse(state: &AppState, form: &LapsedForm) -> Result<Response, Fault> {
    let (here, words) = (&form.visitor.here, Words::of(&form.form));
    if words == Words::default() {
        return Ok(respond::see_other(&sign_in_for(here)));
    }
    drafts::keep(&state.provider, (form.operator.id, page(here)), &words, form.visitor.now()).await?;
    // The sign-in tells by this that what was typed is kept.
    Ok(respond::see_other(&sign_in_for(&format!("{}?draft=kept", path(here)))))
}

fn path(here: &str) -> &str {
    here.split('?').next().unwrap_or_default()
}

/// A page's drafts are found by its address, which names nobody.
fn page(here: &str) -> Uuid {
    let mut id = [0; 16];
    for (slot, byte) in id.iter_mut().zip(sha256(path(here).as_bytes()).as_bytes()) {
        *slot = *byte;
    }
    Uuid::from_bytes(id)
}

/// What this operator wrote on this page and what was not taken yet.
pub async fn kept(state: &AppState, operator: &Operator) -> Result<Words, Fault> {
    let of = (operator.id(), page(&operator.visitor.here));
    Ok(drafts::find(&state.provider, of, operator.visitor.now()).await?.unwrap_or_default())
}

impl WordsForm {
    /// Kept, because they were not taken.
    pub async fn keep(&self, state: &AppState) -> Result<(), Fault> {
        let operator = &self.operator;
        let of = (operator.id(), page(&operator.visitor.here));
        drafts::keep(&state.provider, of, &self.words, operator.visitor.now()).await
    }

    /// They were taken: they don't stand there again.
    pub async fn forget(&self, state: &AppState) -> Result<(), Fault> {
        drafts::forget(&state.provider, (self.operator.id(), page(&self.operator.visitor.here))).await
    }

    /// What this form says of itself: the version that was looked at, which button was pressed.
    pub fn own(&self, field: &str) -> &str {
        self.form.one(field).ok().flatten().unwrap_or_default().trim()
    }

    /// By the version that they saw; none of ours is 0.
    pub fn version(&self) -> i64 {
        self.own("version").parse().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_kept_and_what_the_form_says_of_itself_is_not() {
        let long = "ă".repeat(MOST + 1);
        let form = Params::from_pairs([
            ("csrf", "x"),
            ("version", "1"),
            ("action", "reject"),
            ("form", "y"),
            ("reason", "  Thiếu giấy "),
            ("unit", long.as_str()),
            ("twice", "1"),
            ("twice", "2"),
            ("empty", " "),
        ]);
        let words = Words::of(&form);
        assert_eq!(words.get("reason"), "Thiếu giấy");
        assert_eq!(words.get("unit").chars().count(), MOST);
        assert_eq!(words.0.len(), 2, "{words:?}");
    }

    #[test]
    fn a_page_is_one_page_whatever_it_was_asked_for() {
        assert_eq!(page("/console/cases/1?said=late"), page("/console/cases/1"));
        assert_ne!(page("/console/cases/1"), page("/console/cases/2"));
    }
}
