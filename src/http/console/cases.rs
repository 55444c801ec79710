//! `/console/cases`: what no rule decides, until a person has.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::HeaderMap;

use super::{
    case_detail::{compared, told},
    cases_view::{CasePage, CaseRow, CaseSaid, CasesPage},
    event_form::officer,
    handle,
};
use crate::{
    base::{Fault, ids::CaseId},
    flows::registry::{
        cases::{self, CaseOutcome, OpenedCase},
        events::written,
    },
    http::{
        carried,
        extract::{Named, Operator, OperatorForm, QueryParams},
        paths, respond,
        state::AppState,
    },
    oidc::params::Params,
    registry::{civil_event::Kind, operator::Role},
    store::cases as stored,
};

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::CONSOLE_CASES, get(list))
        .route(&format!("{}/{{id}}", paths::CONSOLE_CASES), get(show).post(take))
}

const MOST: usize = 100;
/// One more than is shown, to know whether there is more.
const READ: i64 = 101;
/// A reason that is written and not taken yet is carried under this name.
const PAGE: &str = "console/case";

/// Cases are for those who change the record, in either part.
fn works_on_cases(state: &AppState, operator: &Operator) -> Result<(), Box<Response>> {
    operator.require(state, Role::Registrar).or_else(|_| operator.require(state, Role::Approver))
}

async fn list(State(state): State<AppState>, operator: Operator) -> Response {
    if let Err(denied) = works_on_cases(&state, &operator) {
        return *denied;
    }
    let today = operator.visitor.now().vietnam_date();
    let officer = officer(&operator);
    let read = async {
        let mut conn = state.provider.db.read().await?;
        stored::waiting(&mut conn, officer.units(today).as_deref(), READ).await
    };
    match read.await {
        Ok(cases) => {
            let more = cases.len() > MOST;
            let rows = cases.into_iter().take(MOST).map(|case| CaseRow {
                href: format!("{}/{}", paths::CONSOLE_CASES, case.id),
                kind: case.kind,
                at: case.opened_at,
                due: written(case.due_on),
                late: case.due_on < today,
                assigned_to: case.assigned_to,
            });
            CasesPage { rows: rows.collect(), more }.render(&operator.frame(&state)).into_response()
        }
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

async fn show(
    State(state): State<AppState>,
    operator: Operator,
    Named(id): Named<CaseId>,
    headers: HeaderMap,
    QueryParams(query): QueryParams,
) -> Response {
    if let Err(denied) = works_on_cases(&state, &operator) {
        return *denied;
    }
    if let Some(enough) = operator.read_enough(&state).await {
        return enough;
    }
    let said = query.ok().and_then(|query| CaseSaid::from_code(query.one("said").ok().flatten()?));
    let kept: Option<(CaseId, String)> = carried::take(&state, &operator.visitor, PAGE, &headers);
    let kept = kept.filter(|(of, _)| *of == id).map(|(_, reason)| reason).unwrap_or_default();
    let opened = cases::open(&state.provider, &officer(&operator), id, operator.visitor.now()).await;
    let page = opened.and_then(|opened| opened.map(|opened| page(&state, &operator, opened, said)).transpose());
    let mut response = match page {
        Ok(Some(page)) => CasePage { kept, ..page }.render(&operator.frame(&state)).into_response(),
        Ok(None) => operator.missing(&state),
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    };
    carried::drop_from(&state, &headers, &mut response);
    response
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

async fn take(
    State(state): State<AppState>,
    Named(id): Named<CaseId>,
    OperatorForm { operator, form }: OperatorForm,
) -> Response {
    if let Err(denied) = works_on_cases(&state, &operator) {
        return *denied;
    }
    let reason: String = form.one("reason").ok().flatten().unwrap_or_default().trim().chars().take(500).collect();
    match acted(&state, &operator, id, (&form, &reason)).await {
        Ok(Ok(said)) => {
            let mut response = respond::see_other(&format!("{}/{id}?said={}", paths::CONSOLE_CASES, said.code()));
            // Taking a case on is no end of it: what is written already stays.
            if said != CaseSaid::Resolved && !reason.is_empty() {
                carried::carry(&state, &operator.visitor, PAGE, (id, reason), &mut response);
            }
            response
        }
        Ok(Err(answer)) => *answer,
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

async fn acted(
    state: &AppState,
    operator: &Operator,
    id: CaseId,
    (form, reason): (&Params, &str),
) -> Result<Result<CaseSaid, Box<Response>>, Fault> {
    let now = operator.visitor.now();
    let opened = cases::open(&state.provider, &officer(operator), id, now).await?;
    let Some(opened) = opened else { return Ok(Err(Box::new(operator.missing(state)))) };
    let cell = |name| form.one(name).ok().flatten().unwrap_or_default().trim();
    let version = cell("version").parse().unwrap_or_default();
    let what = match cell("action") {
        "assign" => CaseOutcome::Assign,
        "settled" | "record_stands" if reason.is_empty() => return Ok(Ok(CaseSaid::ReasonMissing)),
        "settled" => CaseOutcome::Resolve("settled_by_event", reason.to_owned()),
        "record_stands" => CaseOutcome::Resolve("record_stands", reason.to_owned()),
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
