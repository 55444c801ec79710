//! `/console/propose/…`: the form of an event, made from its table of fields. What was typed is kept as a draft and comes back,
//! with every problem at its field, or with what it would change.

use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    find::{missing, ours},
    handle,
    pairs_view::{LikelyRow, ReasonRow},
    proposals_view::Said,
    view::{DifferenceRow, EventForm, FieldRow},
};
use crate::{
    base::{
        Fault,
        ids::{EventId, PersonId},
    },
    flows::registry::{
        drafts,
        events::{
            self, Officer, Proposal, Proposed, check,
            likely::{LikelyPerson, likely},
        },
        read_person::note_reading,
    },
    http::{
        extract::{FormBody, Operator, QueryParams},
        paths, respond,
        state::AppState,
    },
    oidc::params::Params,
    registry::{
        Sex,
        civil_event::{FieldKind, FieldSpec, Kind, PAPER_FIELDS, Refusal, Values, Why},
        operator::Role,
    },
    store::civil_events::EventState,
};

pub fn routes() -> Router<AppState> {
    Router::new().route(&format!("{}/{{kind}}", paths::CONSOLE_PROPOSE), get(show).post(take))
}

/// What travels between a form and the page after it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Draft {
    pub values: Values,
    /// The form's own id: sent twice, it is one proposal.
    pub form: Uuid,
    pub again: Option<(EventId, i64)>,
    /// Only opened, not sent: nothing is missing yet.
    pub new: bool,
}

pub fn officer(operator: &Operator) -> Officer {
    Officer { actor: operator.signed.actor(), unit: operator.signed.operator().post.unit.clone() }
}

async fn show(
    State(state): State<AppState>,
    operator: Operator,
    Path(kind): Path<String>,
    QueryParams(query): QueryParams,
) -> Response {
    let Some(kind) = Kind::from_code(&kind) else { return missing(&state, &operator) };
    if let Err(denied) = operator.require(&state, Role::Registrar) {
        return *denied;
    }
    if let Some(enough) = operator.read_enough(&state).await {
        return enough;
    }
    let query = query.ok();
    let given = |name| query.as_ref().and_then(|query| query.one(name).ok().flatten());
    let draft = match (given("draft"), given("again"), given("for")) {
        (Some(form), ..) => kept(&state, &operator, form).await,
        (None, Some(event), _) => mended(&state, &operator, kind, event).await,
        (None, None, subject) => begun(&state, &operator, kind, subject).await.map(Some),
    };
    let page = match draft {
        Ok(Some(draft)) => page(&state, &operator, kind, &draft).await,
        Ok(None) => return respond::see_other(&format!("{}/{}", paths::CONSOLE_PROPOSE, kind.code())),
        Err(fault) => Err(fault),
    };
    match page {
        Ok(page) => page.render(&operator.frame(&state)).into_response(),
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

/// What was typed into a form before.
async fn kept(state: &AppState, operator: &Operator, form: &str) -> Result<Option<Draft>, Fault> {
    let Ok(form) = form.parse::<Uuid>() else { return Ok(None) };
    drafts::find(&state.provider, (operator.signed.session().id, form), operator.visitor.now()).await
}

/// A proposal that came back to its proposer, or an event that became a case: its form is mended and sent again.
async fn mended(state: &AppState, operator: &Operator, kind: Kind, event: &str) -> Result<Option<Draft>, Fault> {
    let Ok(id) = event.parse::<EventId>() else { return Ok(None) };
    let officer = officer(operator);
    let Some(opened) = events::open(&state.provider, &officer, id, operator.visitor.now()).await? else {
        return Ok(None);
    };
    let event = &opened.event;
    let own = event.proposed_by == officer.text();
    let mends = opened.kind == kind && (own && event.state == EventState::Returned || event.state == EventState::Case);
    let again = Some((id, event.version));
    Ok(mends.then_some(Draft { values: opened.values, form: id.0, again, new: false }))
}

/// A new form; whoever's page it was opened from is named in its first field, or their household is.
async fn begun(state: &AppState, operator: &Operator, kind: Kind, subject: Option<&str>) -> Result<Draft, Fault> {
    let mut values = Values::new();
    let person = subject.and_then(|sealed| handle::open::<PersonId>(state, operator, sealed));
    let first = kind.fields().first();
    match (person, first) {
        (Some(person), Some(field)) if field.kind == FieldKind::Household => {
            if let Some(file) = events::household_of(&state.provider, person).await? {
                values.insert(field.name.to_owned(), file);
            }
        }
        // A child comes into its parent's home.
        (Some(person), Some(_)) if kind == Kind::Birth => {
            let field =
                if events::sex_of(&state.provider, person).await? == Some(Sex::Male) { "father" } else { "mother" };
            values.insert(field.to_owned(), person.to_string());
            let home = events::household_of(&state.provider, person).await?;
            values.extend(home.map(|file| ("household".to_owned(), file)));
        }
        (Some(person), Some(field)) => {
            values.insert(field.name.to_owned(), person.to_string());
        }
        _ => {}
    }
    let form = state.provider.entropy.uuid(operator.visitor.now());
    Ok(Draft { values, form, again: None, new: true })
}

async fn page(state: &AppState, operator: &Operator, kind: Kind, draft: &Draft) -> Result<EventForm, Fault> {
    let now = operator.visitor.now();
    if draft.new {
        // The name of whom it is opened for stands on it.
        let shown: Vec<PersonId> = draft.values.values().filter_map(|value| value.parse().ok()).collect();
        note_reading(&state.provider.writer, &shown, operator.signed.actor(), now).await?;
    }
    let checked = if draft.new {
        None
    } else {
        Some(check(&state.provider, &officer(operator), (kind, &draft.values), now).await?)
    };
    let (refusals, found) = match checked {
        None => (Vec::new(), None),
        Some(Ok(found)) => (Vec::new(), Some(found)),
        Some(Err(refusals)) => (refusals, None),
    };
    let all = kind.fields().iter().chain(&PAPER_FIELDS);
    let mut fields = Vec::new();
    for field in all {
        fields.push(row(state, (kind, field), (draft, &refusals)).await?);
    }
    let (differences, warnings) = found.unwrap_or_default();
    let likely = if refusals.iter().any(|one| one.why == Why::LikelyThere) {
        likely_rows(state, operator, (kind, draft)).await?
    } else {
        Vec::new()
    };
    Ok(EventForm {
        kind: kind.label(),
        code: kind.code(),
        form: draft.form.to_string(),
        again: draft.again.map(|(id, version)| format!("{id}/{version}")).unwrap_or_default(),
        fields,
        differences: differences.into_iter().map(DifferenceRow::from).collect(),
        warnings,
        // What hangs on no field of this form is said at its head.
        problems: refusals,
        likely,
    })
}

async fn likely_rows(
    state: &AppState,
    operator: &Operator,
    (kind, draft): (Kind, &Draft),
) -> Result<Vec<LikelyRow>, Fault> {
    let now = operator.visitor.now();
    let found = likely(&state.provider, &officer(operator), (kind, &draft.values), now).await?;
    let row = |one: LikelyPerson| {
        Ok(LikelyRow {
            href: handle::of_person(state, operator, one.id)?,
            name: one.name,
            number: one.number.unwrap_or_default(),
            score: one.likeness.score,
            reasons: ReasonRow::of(&one.likeness),
        })
    };
    found.into_iter().map(row).collect()
}

async fn row(
    state: &AppState,
    (kind, field): (Kind, &FieldSpec),
    (draft, refusals): (&Draft, &[Refusal]),
) -> Result<FieldRow, Fault> {
    let value = draft.values.get(field.name).cloned().unwrap_or_default();
    let known = match value.parse::<PersonId>() {
        Ok(id) => Some(events::name_of(&state.provider, id).await?.unwrap_or_default()),
        Err(_) => None,
    };
    let choices = match field.kind {
        FieldKind::Choice([]) => kind.papers(),
        FieldKind::Choice(list) => list,
        _ => &[],
    };
    Ok(FieldRow {
        spec: *field,
        value,
        known,
        choices,
        problem: refusals.iter().find(|one| one.field == field.name).map(|one| one.why),
    })
}

async fn take(
    State(state): State<AppState>,
    operator: Operator,
    Path(kind): Path<String>,
    headers: HeaderMap,
    FormBody(form): FormBody,
) -> Response {
    let Some(kind) = Kind::from_code(&kind) else { return missing(&state, &operator) };
    let Some(form) = ours(&state, &operator, &headers, form) else { return operator.foreign(&state) };
    if let Err(denied) = operator.require(&state, Role::Registrar) {
        return *denied;
    }
    // The form's own id is what makes a second sending the same: one that is none of ours would be anybody's.
    let Some(draft) = typed(kind, &form) else { return operator.foreign(&state) };
    let sends = form.one("action").ok().flatten() == Some("propose");
    let outcome =
        if sends { send(&state, &operator, kind, &draft).await } else { back(&state, &operator, kind, &draft).await };
    outcome.unwrap_or_else(|fault| respond::fault_for(&state, &operator.visitor, &fault))
}

/// None without the id that the form was given.
fn typed(kind: Kind, form: &Params) -> Option<Draft> {
    let cell = |name: &str| form.one(name).ok().flatten().unwrap_or_default().trim().to_owned();
    let names = kind.fields().iter().chain(&PAPER_FIELDS).map(|field| field.name);
    // A line more than any field takes: what is too long is said, not cut.
    let values = names.map(|name| (name.to_owned(), cell(name).chars().take(300).collect::<String>()));
    let again = cell("again");
    let again = again.split_once('/').and_then(|(id, version)| Some((id.parse().ok()?, version.parse().ok()?)));
    let form = cell("form").parse::<Uuid>().ok()?;
    Some(Draft { values: values.filter(|(_, value)| !value.is_empty()).collect(), form, again, new: false })
}

async fn back(state: &AppState, operator: &Operator, kind: Kind, draft: &Draft) -> Result<Response, Fault> {
    let of = (operator.signed.session().id, draft.form);
    drafts::keep(&state.provider, of, draft, operator.visitor.now()).await?;
    Ok(respond::see_other(&format!("{}/{}?draft={}", paths::CONSOLE_PROPOSE, kind.code(), draft.form)))
}

async fn send(state: &AppState, operator: &Operator, kind: Kind, draft: &Draft) -> Result<Response, Fault> {
    let officer = officer(operator);
    let proposal = Proposal {
        kind,
        values: draft.values.clone(),
        source: format!("console:{}", officer.text()),
        source_id: draft.form.to_string(),
        note: None,
        again: draft.again,
    };
    match events::propose(&state.provider, &officer, &proposal, operator.visitor.now()).await? {
        Proposed::Yes { event, .. } | Proposed::Known(event) => {
            Ok(respond::see_other(&format!("{}/{event}", paths::CONSOLE_EVENTS)))
        }
        Proposed::Differs(event) => {
            Ok(respond::see_other(&format!("{}/{event}?said={}", paths::CONSOLE_EVENTS, Said::SentBefore.code())))
        }
        Proposed::Refused(_) => back(state, operator, kind, draft).await,
        Proposed::NotOpen => Ok(respond::see_other(paths::CONSOLE_MINE)),
    }
}
