//! `/console/cases`: what no rule decides, until a person has.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};

use super::{
    case_detail::{compared, told},
    cases_view::{CasePage, CaseRow, CaseSaid, CasesPage},
    event_form::officer,
    handle,
    kept::{WordsForm, kept},
};
use crate::{
    base::{Fault, ids::CaseId},
    flows::registry::{
        cases::{self, CaseOutcome, OpenedCase},
        events::written,
    },
    http::{
        extract::{Named, Operator, QueryParams},
        paths, respond,
        state::AppState,
    },
    registry::{civil_event::Kind, operator::Role},
    store::{cases as stored, civil_events::Due},
};

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::CONSOLE_CASES, get(list))
        .route(&format!("{}/{{id}}", paths::CONSOLE_CASES), get(show).post(take))
}

const MOST: usize = 100;
/// One more than is shown, to know whether there is more.
const READ: i64 = 101;

/// Cases are for those who change the record, in either part.
fn works_on_cases(state: &AppState, operator: &Operator) -> Result<(), Box<Response>> {
    operator.require(state, Role::Registrar).or_else(|_| operator.require(state, Role::Approver))
}

async fn list(State(state): State<AppState>, operator: Operator, QueryParams(query): QueryParams) -> Response {
    if let Err(denied) = works_on_cases(&state, &operator) {
        return *denied;
    }
    let after = handle::after::<Due<CaseId>>(&state, &operator, query.ok());
    match page_of(&state, &operator, after.unwrap_or(Due::<CaseId>::START)).await {
        Ok(page) => page.render(&operator.frame(&state)).into_response(),
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

async fn page_of(state: &AppState, operator: &Operator, after: Due<CaseId>) -> Result<CasesPage, Fault> {
    let (officer, today) = (officer(operator), operator.visitor.now().vietnam_date());
    let units = officer.units(today);
    let mut conn = state.provider.db.read().await?;
    let mut found = stored::waiting_after(&mut conn, units.as_deref(), (after, READ)).await?;
    drop(conn);
    let more = found.len() > MOST;
    found.truncate(MOST);
    let ended = found.last().filter(|_| more).map(Due::<CaseId>::of);
    let next = ended.map(|ended| handle::next(state, operator, paths::CONSOLE_CASES, &ended)).transpose()?;
    let rows = found.into_iter().map(|case| CaseRow {
        href: format!("{}/{}", paths::CONSOLE_CASES, case.id),
        kind: case.kind,
        at: case.opened_at,
        due: written(case.due_on),
        late: case.due_on < today,
        assigned_to: case.assigned_to,
    });
    Ok(CasesPage { rows: rows.collect(), next })
}

async fn show(
    State(state): State<AppState>,
    operator: Operator,
    Named(id): Named<CaseId>,
    QueryParams(query): QueryParams,
) -> Response {
    if let Err(denied) = works_on_cases(&state, &operator) {
        return *denied;
    }
    if let Some(enough) = operator.read_enough(&state).await {
        return enough;
    }
    let said = query.ok().and_then(|query| CaseSaid::from_code(query.one("said").ok().flatten()?));
    let page = async {
        let opened = cases::open(&state.provider, &officer(&operator), id, operator.visitor.now()).await?;
        let Some(opened) = opened else { return Ok(None) };
        let kept = kept(&state, &operator).await?.owned("reason");
        Ok(Some(CasePage { kept, ..page(&state, &operator, opened, said)? }))
    };
    match page.await {
        Ok(Some(page)) => page.render(&operator.frame(&state)).into_response(),
        Ok(None) => operator.missing(&state),
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

fn page(state: &AppState, operator: &Operator, opened: OpenedCase, said: Option<CaseSaid>) -> Result<CasePage, Fault> {
    let lines = told(&opened);
    let compared = compared(&opened);
    let OpenedCase { case, event, .. } = opened;
    let resolved = case.resolution.is_some();
    let person = case.person.map(|person| handle::of_person(state, operator, person)).transpose()?;
    let kind = event.as_ref().and_then(|event| Kind::from_code(&event.kind));
    let registrar = operator.signed.require(Role::Registrar).is_ok();
    let again = event.as_ref().zip(kind).filter(|_| registrar);
    Ok(CasePage {
        kind: case.kind,
        version: case.version,
        at: case.opened_at,
        due: written(case.due_on),
        lines,
        compared,
        person,
        event: case.event.map(|event| format!("{}/{event}", paths::CONSOLE_EVENTS)),
        again: again.map(|(event, kind)| format!("{}/{}?again={}", paths::CONSOLE_PROPOSE, kind.code(), event.id)),
        refuses: event.is_some(),
        decides: event.is_none() || operator.signed.require(Role::Approver).is_ok(),
        assigned_to: case.assigned_to,
        resolution: case.resolution,
        reason: case.reason,
        kept: String::new(),
        // An address says only what is so.
        said: said.filter(|said| said.fits(resolved)),
    })
}

async fn take(State(state): State<AppState>, Named(id): Named<CaseId>, form: WordsForm) -> Response {
    if let Err(denied) = works_on_cases(&state, &form.operator) {
        return *denied;
    }
    match acted(&state, &form, id).await {
        Ok(Ok(said)) => respond::see_other(&format!("{}/{id}?said={}", paths::CONSOLE_CASES, said.code())),
        Ok(Err(answer)) => *answer,
        Err(fault) => respond::fault_for(&state, &form.operator.visitor, &fault),
    }
}

/// Taking a case on is no end of it: what is written already stays.
async fn acted(state: &AppState, form: &WordsForm, id: CaseId) -> Result<Result<CaseSaid, Box<Response>>, Fault> {
    let said = said(state, form, id).await?;
    match said {
        Ok(CaseSaid::Resolved) => form.forget(state).await?,
        Ok(_) => form.keep(state).await?,
        Err(_) => {}
    }
    Ok(said)
}

async fn said(state: &AppState, form: &WordsForm, id: CaseId) -> Result<Result<CaseSaid, Box<Response>>, Fault> {
    let operator = &form.operator;
    let now = operator.visitor.now();
    let opened = cases::open(&state.provider, &officer(operator), id, now).await?;
    let Some(opened) = opened else { return Ok(Err(Box::new(operator.missing(state)))) };
    let (version, reason) = (form.version(), form.words.owned("reason"));
    let what = match form.own("action") {
        "assign" => CaseOutcome::Assign,
        "settled" | "record_stands" if reason.is_empty() => return Ok(Ok(CaseSaid::ReasonMissing)),
        "settled" => CaseOutcome::Resolve("settled_by_event", reason),
        "record_stands" => CaseOutcome::Resolve("record_stands", reason),
        // A button of ours was pressed, or nothing is done.
        _ => return Ok(Err(Box::new(operator.foreign(state)))),
    };
    // What came in and became this case is refused with it: that is an approver's word.
    if matches!(what, CaseOutcome::Resolve(..))
        && opened.event.is_some()
        && let Err(denied) = operator.require(state, Role::Approver)
    {
        return Ok(Err(denied));
    }
    let assigned = matches!(what, CaseOutcome::Assign);
    let done = cases::act(&state.provider, &officer(operator), (id, version), what, now).await?;
    Ok(Ok(match (done, assigned) {
        (true, true) => CaseSaid::Assigned,
        (true, false) => CaseSaid::Resolved,
        (false, _) => CaseSaid::TooLate,
    }))
}
