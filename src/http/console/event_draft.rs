//! A form of an event between its pages: as it is opened, kept, mended; and what of it was looked at.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{event_form::officer, handle};
use crate::{
    base::{
        Fault,
        ids::{EventId, PersonId},
    },
    crypto::digest::sha256,
    flows::registry::{
        drafts,
        events::{self, Officer},
    },
    http::{extract::Operator, state::AppState},
    registry::{
        Sex,
        civil_event::{FieldKind, Kind, Values},
    },
    store::civil_events::{self, EventState},
};

/// What travels between a form and the page after it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Draft {
    pub values: Values,
    /// The form's own id: sent twice, it is one proposal.
    pub form: Uuid,
    pub again: Option<(EventId, i64)>,
    /// Only opened, not sent: nothing is missing yet.
    pub new: bool,
    /// It was to be sent, and is not what was looked at last.
    #[serde(default)]
    pub other: bool,
}

impl Draft {
    /// A form as it is opened.
    pub const fn opened(values: Values, form: Uuid) -> Self {
        Self { values, form, again: None, new: true, other: false }
    }

    /// Stands on the page that shows what the form would change, and comes back with it: only what was seen is sent.
    pub fn seen(&self) -> Result<String, Fault> {
        let json =
            serde_json::to_vec(&self.values).map_err(|error| Fault::internal("writing a form's words down", error))?;
        Ok(URL_SAFE_NO_PAD.encode(sha256(&json).as_bytes()))
    }
}

/// What was typed into a form before.
pub async fn kept(state: &AppState, operator: &Operator, form: &str) -> Result<Option<Draft>, Fault> {
    let Ok(form) = form.parse::<Uuid>() else { return Ok(None) };
    drafts::find(&state.provider, (operator.id(), form), operator.visitor.now()).await
}

/// The proposal that a form became: who comes back to the form is shown that, and sends it no second time.
pub async fn sent_before(state: &AppState, operator: &Operator, form: Option<&str>) -> Result<Option<EventId>, Fault> {
    let Some(form) = form else { return Ok(None) };
    let mut conn = state.provider.db.read().await?;
    let found = civil_events::find_by_source(&mut conn, &source(&officer(operator)), form).await?;
    Ok(found.map(|event| event.id))
}

pub fn source(officer: &Officer) -> String {
    format!("console:{}", officer.text())
}

/// A proposal that came back to its proposer, or an event that became a case: its form is mended and sent again.
pub async fn mended(state: &AppState, operator: &Operator, kind: Kind, event: &str) -> Result<Option<Draft>, Fault> {
    let Ok(id) = event.parse::<EventId>() else { return Ok(None) };
    let officer = officer(operator);
    let Some(opened) = events::open(&state.provider, &officer, id, operator.visitor.now()).await? else {
        return Ok(None);
    };
    let event = &opened.event;
    let own = event.proposed_by == officer.text();
    let mends = opened.kind == kind && (own && event.state == EventState::Returned || event.state == EventState::Case);
    let again = Some((id, event.version));
    Ok(mends.then_some(Draft { values: opened.values, form: id.0, again, new: false, other: false }))
}

/// A new form; whoever's page it was opened from is named in the field that is theirs, or their household is.
pub async fn begun(state: &AppState, operator: &Operator, kind: Kind, subject: Option<&str>) -> Result<Draft, Fault> {
    let mut values = Values::new();
    let provider = &state.provider;
    let person = subject.and_then(|sealed| handle::open::<PersonId>(state, operator, sealed));
    if let (Some(person), Some(first)) = (person, kind.fields().first()) {
        let home = |name: &str, file: Option<String>| file.map(|file| (name.to_owned(), file));
        if first.kind == FieldKind::Household {
            values.extend(home(first.name, events::household_of(provider, person).await?));
        } else {
            let field = field_of(kind, events::sex_of(provider, person).await?).unwrap_or(first.name);
            // As it stands on the card; who has no number is named by the registry's own id.
            let number = events::number_of(provider, person).await?;
            values.insert(field.to_owned(), number.unwrap_or_else(|| person.to_string()));
        }
        if kind == Kind::Birth {
            // A child comes into its parent's home.
            values.extend(home("household", events::household_of(provider, person).await?));
        }
    }
    Ok(Draft::opened(values, provider.entropy.uuid(operator.visitor.now())))
}

/// The field that somebody of this sex is named in, where the form asks for a man and a woman.
fn field_of(kind: Kind, sex: Option<Sex>) -> Option<&'static str> {
    let female = sex != Some(Sex::Male);
    let has = |name: &str| kind.fields().iter().any(|field| field.name == name);
    match kind {
        Kind::Birth => Some(if female { "mother" } else { "father" }),
        _ if has("husband") && has("wife") => Some(if female { "wife" } else { "husband" }),
        _ => None,
    }
}
