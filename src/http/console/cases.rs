//! `/console/cases`: what no rule decides, until a person has.

use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::HeaderMap;

use super::{
    event_form::officer,
    find::{missing, ours},
    handle,
    view::{CasePage, CaseRow, CasesPage},
};
use crate::{
    base::{Fault, ids::CaseId},
    flows::registry::{
        cases::{self, CaseOutcome},
        events::{decide::may_decide, written},
    },
    http::{
        extract::{FormBody, Operator},
        paths, respond,
        state::AppState,
    },
    registry::operator::Role,
    store::cases as stored,
};

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::CONSOLE_CASES, get(list))
        .route(&format!("{}/{{id}}", paths::CONSOLE_CASES), get(show).post(take))
}

const MOST: i64 = 100;

async fn list(State(state): State<AppState>, operator: Operator) -> Response {
    let unit = operator.signed.operator().post.unit.clone();
    let read = async {
        let mut conn = state.provider.db.read().await?;
        stored::waiting(&mut conn, unit.as_deref(), MOST).await
    };
    let today = operator.visitor.now().vietnam_date();
    match read.await {
        Ok(cases) => {
            let rows = cases.into_iter().map(|case| CaseRow {
                href: format!("{}/{}", paths::CONSOLE_CASES, case.id),
                kind: case.kind,
                at: case.opened_at,
                due: written(case.due_on),
                late: case.due_on < today,
                assigned_to: case.assigned_to,
            });
            CasesPage { rows: rows.collect() }.render(&operator.frame(&state)).into_response()
        }
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

async fn show(State(state): State<AppState>, operator: Operator, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<CaseId>() else { return missing(&state, &operator) };
    match page(&state, &operator, id).await {
        Ok(Some(page)) => page.render(&operator.frame(&state)).into_response(),
        Ok(None) => missing(&state, &operator),
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

async fn page(state: &AppState, operator: &Operator, id: CaseId) -> Result<Option<CasePage>, Fault> {
    let mut conn = state.provider.db.read().await?;
    let Some(case) = stored::find(&mut conn, id).await? else { return Ok(None) };
    drop(conn);
    let officer = officer(operator);
    if case.unit_code.is_some() && !may_decide(&officer, case.unit_code.as_deref(), operator.visitor.now()) {
        return Ok(None);
    }
    let detail = cases::open_detail(&state.provider.secrets.vault, id, &case.detail_sealed)?;
    let person = case.person.map(|person| handle::of_person(state, operator, person)).transpose()?;
    Ok(Some(CasePage {
        kind: case.kind,
        version: case.version,
        at: case.opened_at,
        due: written(case.due_on),
        detail: serde_json::to_string_pretty(&detail).unwrap_or_default(),
        person,
        event: case.event.map(|event| format!("{}/{event}", paths::CONSOLE_EVENTS)),
        assigned_to: case.assigned_to,
        resolution: case.resolution,
        reason: case.reason,
    }))
}

async fn take(
    State(state): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
    headers: HeaderMap,
    FormBody(form): FormBody,
) -> Response {
    let Ok(id) = id.parse::<CaseId>() else { return missing(&state, &operator) };
    let Some(form) = ours(&state, &operator, &headers, form) else { return operator.foreign(&state) };
    let may = operator.require(&state, Role::Registrar).or_else(|_| operator.require(&state, Role::Approver));
    if let Err(denied) = may {
        return *denied;
    }
    let cell = |name| form.one(name).ok().flatten().unwrap_or_default().trim();
    let version = cell("version").parse().unwrap_or_default();
    let reason: String = cell("reason").chars().take(500).collect();
    let what = match cell("action") {
        "assign" => Some(CaseOutcome::Assign),
        "settled" if !reason.is_empty() => Some(CaseOutcome::Resolve("settled_by_event", reason)),
        "record_stands" if !reason.is_empty() => Some(CaseOutcome::Resolve("record_stands", reason)),
        _ => None,
    };
    if let Some(what) = what {
        let now = operator.visitor.now();
        match page(&state, &operator, id).await {
            Ok(Some(_)) => {}
            Ok(None) => return missing(&state, &operator),
            Err(fault) => return respond::fault_for(&state, &operator.visitor, &fault),
        }
        if let Err(fault) = cases::act(&state.provider, (id, version), what, operator.signed.actor(), now).await {
            return respond::fault_for(&state, &operator.visitor, &fault);
        }
    }
    respond::see_other(&format!("{}/{id}", paths::CONSOLE_CASES))
}
