//! `/console/trail`: who did what to whom, for auditors: of the whole country, or of what the operators of their
//! unit did. Reading it is on record too.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::Date;

use super::{
    event_form::officer,
    field_problems::{FieldProblem, FieldProblems},
    handle,
    trail_view::{TrailPage, TrailRow},
};
use crate::{
    base::{Fault, Timestamp, ids::PersonId},
    flows::{
        audit::{self, Looked, Reader},
        registry::events::written,
    },
    http::{
        extract::{Operator, OperatorForm, Segment},
        paths, respond,
        state::AppState,
    },
    registry::{
        BirthDate, PersonalNumber,
        operator::{OperatorName, Role},
    },
    store::{audit_log::StoredEvent, audit_trail::Bounds},
};

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::CONSOLE_TRAIL, get(show).post(take))
        .route(&format!("{}/{{handle}}", paths::CONSOLE_TRAIL), get(found))
}

const MOST: usize = 50;

/// What was typed, and from where on events are shown.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Asked {
    operator: String,
    person: String,
    since: String,
    until: String,
    from: Option<Bounds>,
}

/// The address of an operator's day.
pub fn of_day(state: &AppState, auditor: &Operator, name: &str, day: Date) -> Result<String, Fault> {
    let asked = Asked { operator: name.to_owned(), since: written(day), until: written(day), ..Asked::default() };
    address(state, auditor, &asked)
}

fn address(state: &AppState, auditor: &Operator, asked: &Asked) -> Result<String, Fault> {
    Ok(format!("{}/{}", paths::CONSOLE_TRAIL, handle::seal(state, auditor, asked)?))
}

async fn show(State(state): State<AppState>, operator: Operator) -> Response {
    let unit = operator.signed.operator().post.unit.is_some();
    match operator.require(&state, Role::Auditor) {
        Ok(()) => TrailPage { unit, ..TrailPage::default() }.render(&operator.frame(&state)).into_response(),
        Err(denied) => *denied,
    }
}

async fn take(State(state): State<AppState>, OperatorForm { operator, form }: OperatorForm) -> Response {
    if let Err(denied) = operator.require(&state, Role::Auditor) {
        return *denied;
    }
    let cell = |name| form.one(name).ok().flatten().unwrap_or_default().trim().chars().take(100).collect();
    let asked = Asked {
        operator: cell("operator"),
        person: cell("person"),
        since: cell("since"),
        until: cell("until"),
        from: None,
    };
    match address(&state, &operator, &asked) {
        Ok(to) => respond::see_other(&to),
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

async fn found(State(state): State<AppState>, operator: Operator, Segment(sealed): Segment) -> Response {
    if let Err(denied) = operator.require(&state, Role::Auditor) {
        return *denied;
    }
    let Some(asked) = handle::open::<Asked>(&state, &operator, &sealed) else {
        return respond::see_other(paths::CONSOLE_TRAIL);
    };
    match look(&state, &operator, asked).await {
        Ok(page) => page.render(&operator.frame(&state)).into_response(),
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

async fn look(state: &AppState, operator: &Operator, asked: Asked) -> Result<TrailPage, Fault> {
    let now = operator.visitor.now();
    let officer = officer(operator);
    let page = TrailPage {
        unit: officer.unit.is_some(),
        operator: asked.operator.clone(),
        person: asked.person.clone(),
        since: asked.since.clone(),
        until: asked.until.clone(),
        ..TrailPage::default()
    };
    let (looked, bounds) = match read(&asked, now) {
        Ok(read) => read,
        Err(problems) => return Ok(TrailPage { problems: FieldProblems(problems), ..page }),
    };
    let mut conn = state.provider.db.read().await?;
    // A unit's auditor looks after its operators.
    let units = officer.units(now.vietnam_date());
    let reader = Reader { actor: &officer.actor, units: units.as_deref(), now };
    let from = (asked.from.unwrap_or(bounds), MOST);
    let found = audit::page((&mut conn, &state.provider.writer), &looked, from, &reader).await?;
    drop(conn);
    let Some(found) = found else {
        let nobody = match looked {
            Looked::Operator(_) => ("operator", "console-trail-no-operator"),
            Looked::Person(_) => ("person", "console-trail-no-person"),
        };
        return Ok(TrailPage { problems: FieldProblems(vec![nobody]), ..page });
    };
    let next = found.next.map(|from| address(state, operator, &Asked { from: Some(from), ..asked }));
    let rows = found.events.iter().map(|event| row(state, operator, event)).collect::<Result<_, _>>()?;
    Ok(TrailPage { rows: Some(rows), next: next.transpose()?, ..page })
}

/// Of one operator or one person, from one day to another; what is wrong is named by its field.
fn read(asked: &Asked, now: Timestamp) -> Result<(Looked, Bounds), Vec<FieldProblem>> {
    let mut problems = Vec::new();
    let looked = match (asked.operator.as_str(), asked.person.as_str()) {
        ("", "") => Err(("operator", "console-trail-nobody")),
        (name, "") => {
            OperatorName::parse(name).map(Looked::Operator).map_err(|_| ("operator", "console-trail-no-operator"))
        }
        ("", number) => {
            PersonalNumber::parse(number).map(Looked::Person).map_err(|_| ("person", "console-find-bad-number"))
        }
        _ => Err(("person", "console-trail-both")),
    };
    let mut day = |field, typed: &str| match BirthDate::parse(typed) {
        Ok(BirthDate::Full(day)) => Some(day),
        _ if typed.is_empty() => None,
        _ => {
            problems.push((field, "console-person-no-day"));
            None
        }
    };
    let (since, until) = (day("since", &asked.since), day("until", &asked.until));
    if since.zip(until).is_some_and(|(since, until)| since > until) {
        problems.push(("until", "console-trail-backwards"));
    }
    let since = since.map_or(Timestamp::from_secs(0), Timestamp::of_vietnam_day);
    let until = until.and_then(Date::next_day).map_or(now, Timestamp::of_vietnam_day).min(now);
    match looked {
        Ok(looked) if problems.is_empty() => Ok((looked, Bounds::between(since, until))),
        Ok(_) => Err(problems),
        Err(problem) => Err(std::iter::once(problem).chain(problems).collect()),
    }
}

fn row(state: &AppState, operator: &Operator, event: &StoredEvent) -> Result<TrailRow, Fault> {
    let person = event.person_id.map(|id| handle::of_person(state, operator, PersonId(id))).transpose()?;
    let detail: Value = serde_json::from_str(&event.detail).unwrap_or_default();
    let members = detail.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let line = |(name, value): (&String, &Value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{name}: {text}")
    };
    Ok(TrailRow {
        at: event.at,
        action: event.action.clone(),
        refused: event.outcome != "done",
        by: event.actor.clone(),
        client: event.client_id.clone(),
        person,
        detail: members.map(line).collect(),
    })
}
