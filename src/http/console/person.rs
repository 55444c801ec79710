//! `/console/person/…`: the record of one person with its timeline, and the events that can be proposed for them.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use time::Date;

use super::{
    handle,
    view::{EntryRow, LineRow, MoveRow, PersonView},
};
use crate::{
    base::{Fault, ids::PersonId},
    flows::registry::events::{PersonPage, written},
    http::{
        extract::{Operator, OperatorForm, QueryParams, Segment},
        paths, respond,
        state::AppState,
    },
    registry::{
        BirthDate,
        admin_unit::{self, AdminUnit},
        birth::BirthDateError,
        civil_event::{FieldKind, FieldSpec, Kind, form::stored_day},
        operator::Role,
    },
};

pub fn routes() -> Router<AppState> {
    Router::new().route(&format!("{}/{{handle}}", paths::CONSOLE_PERSON), get(show).post(take))
}

async fn show(
    State(state): State<AppState>,
    operator: Operator,
    Segment(sealed): Segment,
    QueryParams(query): QueryParams,
) -> Response {
    let Some(id) = handle::open::<PersonId>(&state, &operator, &sealed) else { return operator.missing(&state) };
    if let Some(enough) = operator.read_enough(&state).await {
        return enough;
    }
    let query = query.ok();
    let given = |name| query.as_ref().and_then(|query| query.one(name).ok().flatten());
    let day = given("as_of").and_then(stored_day);
    match page(&state, &operator, id, (day, &sealed)).await {
        Ok(Some(page)) => {
            let page = PersonView { no_day: given("said") == Some("day"), ..page };
            page.render(&operator.frame(&state)).into_response()
        }
        Ok(None) => operator.missing(&state),
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

/// The day is chosen by a form, and shown by an address.
async fn take(
    State(state): State<AppState>,
    Segment(sealed): Segment,
    OperatorForm { operator, form }: OperatorForm,
) -> Response {
    if handle::open::<PersonId>(&state, &operator, &sealed).is_none() {
        return operator.missing(&state);
    }
    let query = match form.one("as_of").ok().flatten().map(BirthDate::parse) {
        Some(Ok(BirthDate::Full(day))) => format!("?as_of={day}"),
        None | Some(Err(BirthDateError::Empty)) => String::new(),
        Some(_) => "?said=day".to_owned(),
    };
    respond::see_other(&format!("{}/{sealed}{query}", paths::CONSOLE_PERSON))
}

async fn page(
    state: &AppState,
    operator: &Operator,
    id: PersonId,
    (as_of, sealed): (Option<Date>, &str),
) -> Result<Option<PersonView>, Fault> {
    let now = operator.visitor.now();
    let when = (as_of.unwrap_or_else(|| now.vietnam_date()), now);
    let found = PersonPage::of(&state.provider, id, when, (operator.signed.actor(), now)).await?;
    let Some(found) = found else { return Ok(None) };
    let lines = found.lines.into_iter().map(|line| LineRow {
        label: line.facet.label(),
        value: line.value,
        from: line.from.map(written),
        learned: line.learned_at,
        event: line.event.map(|event| format!("{}/{event}", paths::CONSOLE_EVENTS)),
    });
    let entries = found.entries.into_iter().map(|entry| EntryRow {
        href: format!("{}/{}", paths::CONSOLE_EVENTS, entry.event),
        label: entry.kind.label(),
        state: entry.state,
        proposed_by: entry.proposed_by,
        proposed_at: entry.proposed_at,
        decided_by: entry.decided_by,
        decided_at: entry.decided_at,
    });
    let absorbed = found.absorbed.into_iter().map(|(id, name)| Ok((handle::of_person(state, operator, id)?, name)));
    let absorbed = absorbed.collect::<Result<Vec<_>, Fault>>()?;
    let moves = found.moves.into_iter().map(|one| MoveRow {
        from: in_full(&one.from, one.day.previous_day().unwrap_or(one.day)),
        to: in_full(&one.to, one.day),
        day: written(one.day),
        learned: one.learned_at,
    });
    let kinds = if operator.signed.require(Role::Registrar).is_ok() { about_one() } else { Vec::new() };
    Ok(Some(PersonView {
        name: found.record.name.full().to_owned(),
        number: found.record.numbers.active.map(|number| number.grouped()).unwrap_or_default(),
        handle: sealed.to_owned(),
        as_of: as_of.map(written).unwrap_or_default(),
        no_day: false,
        lines: lines.collect(),
        entries: entries.collect(),
        absorbed,
        moves: moves.collect(),
        kinds,
    }))
}

/// A commune as it was called on a day.
fn in_full(code: &str, day: Date) -> String {
    admin_unit::on(code, day).map_or_else(|| code.to_owned(), AdminUnit::in_full)
}

/// The kinds of events whose form names somebody first.
fn about_one() -> Vec<(&'static str, (&'static str, &'static str))> {
    let first_is_person = |kind: &Kind| {
        let named = |field: &FieldSpec| matches!(field.kind, FieldKind::Person | FieldKind::Household);
        *kind == Kind::Birth || kind.fields().first().is_some_and(named)
    };
    Kind::ALL.into_iter().filter(first_is_person).map(|kind| (kind.code(), kind.label())).collect()
}
