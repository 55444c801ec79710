//! `/console/queue`, `/console/mine`, `/console/events/…`: what waits for a decision, what came back, and one proposal with
//! its difference field by field.

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
    proposals_view::{ProposalPage, QueuePage, QueueRow, Said},
    view::DifferenceRow,
};
use crate::{
    base::{Fault, ids::EventId},
    flows::registry::events::{
        self, Decided, Opened, Verdict,
        decide::{Say, may_decide},
        written,
    },
    http::{
        extract::{FormBody, Operator, QueryParams},
        paths, respond,
        state::AppState,
    },
    oidc::params::Params,
    registry::{civil_event::Kind, operator::Role},
    store::civil_events::{self, EventState, StoredEvent},
};

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::CONSOLE_QUEUE, get(queue))
        .route(paths::CONSOLE_MINE, get(mine))
        .route(&format!("{}/{{id}}", paths::CONSOLE_EVENTS), get(show).post(take))
}

const MOST: i64 = 100;

async fn queue(State(state): State<AppState>, operator: Operator) -> Response {
    if let Err(denied) = operator.require(&state, Role::Approver) {
        return *denied;
    }
    let officer = officer(&operator);
    let today = operator.visitor.now().vietnam_date();
    let rows = async {
        let mut conn = state.provider.db.read().await?;
        civil_events::waiting(&mut conn, &officer.text(), officer.units(today).as_deref(), MOST).await
    };
    list(&state, &operator, rows.await, "console-queue-title")
}

async fn mine(State(state): State<AppState>, operator: Operator) -> Response {
    let officer = officer(&operator);
    let rows = async {
        let mut conn = state.provider.db.read().await?;
        civil_events::mine(&mut conn, &officer.text(), MOST).await
    };
    list(&state, &operator, rows.await, "console-mine-title")
}

fn list(
    state: &AppState,
    operator: &Operator,
    events: Result<Vec<StoredEvent>, Fault>,
    title: &'static str,
) -> Response {
    let today = operator.visitor.now().vietnam_date();
    match events {
        Ok(events) => {
            let rows = events.into_iter().filter_map(|event| {
                Some(QueueRow {
                    href: format!("{}/{}", paths::CONSOLE_EVENTS, event.id),
                    kind: Kind::from_code(&event.kind)?.label(),
                    state: event.state,
                    by: event.proposed_by,
                    at: event.proposed_at,
                    due: written(event.due_on),
                    late: event.due_on < today,
                })
            });
            let page = QueuePage { title, rows: rows.collect() };
            page.render(&operator.frame(state)).into_response()
        }
        Err(fault) => respond::fault_for(state, &operator.visitor, &fault),
    }
}

async fn show(
    State(state): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
    QueryParams(query): QueryParams,
) -> Response {
    let Ok(id) = id.parse::<EventId>() else { return missing(&state, &operator) };
    if let Some(enough) = operator.read_enough(&state).await {
        return enough;
    }
    let said = query.ok().and_then(|query| Said::from_code(query.one("said").ok().flatten()?));
    match events::open(&state.provider, &officer(&operator), id, operator.visitor.now()).await {
        Ok(Some(opened)) => page(&operator, opened, said).render(&operator.frame(&state)).into_response(),
        Ok(None) => missing(&state, &operator),
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

fn page(operator: &Operator, opened: Opened, said: Option<Said>) -> ProposalPage {
    let (officer, now) = (officer(operator), operator.visitor.now());
    let event = opened.event;
    let own = event.proposed_by == officer.text();
    let reaches = may_decide(&officer, event.unit_code.as_deref(), now);
    let waiting = event.state == EventState::Proposed;
    let mends = own && event.state == EventState::Returned
        || event.state == EventState::Case && operator.signed.require(Role::Registrar).is_ok();
    let again = mends.then(|| format!("{}/{}?again={}", paths::CONSOLE_PROPOSE, opened.kind.code(), event.id));
    ProposalPage {
        kind: opened.kind.label(),
        state: event.state,
        version: event.version,
        by: event.proposed_by,
        at: event.proposed_at,
        due: written(event.due_on),
        note: event.note,
        decided_by: event.decided_by,
        decided_at: event.decided_at,
        reason: event.decision_reason,
        differences: opened.differences.into_iter().map(DifferenceRow::from).collect(),
        warnings: opened.warnings,
        problems: opened.refusals,
        stale: opened.stale,
        decides: waiting && !own && reaches && operator.signed.require(Role::Approver).is_ok(),
        withdraws: own && matches!(event.state, EventState::Proposed | EventState::Returned),
        again,
        said,
    }
}

async fn take(
    State(state): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
    headers: HeaderMap,
    FormBody(form): FormBody,
) -> Response {
    let Ok(id) = id.parse::<EventId>() else { return missing(&state, &operator) };
    let Some(form) = ours(&state, &operator, &headers, form) else { return operator.foreign(&state) };
    let verdict = match form.one("action").ok().flatten() {
        Some("approve") => Some(Verdict::Approve),
        Some("return") => Some(Verdict::Return),
        Some("reject") => Some(Verdict::Reject),
        _ => None,
    };
    if verdict.is_some()
        && let Err(denied) = operator.require(&state, Role::Approver)
    {
        return *denied;
    }
    match decided(&state, &operator, id, (verdict, &form)).await {
        Ok(said) => respond::see_other(&format!("{}/{id}?said={}", paths::CONSOLE_EVENTS, said.code())),
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

async fn decided(
    state: &AppState,
    operator: &Operator,
    event: EventId,
    (verdict, form): (Option<Verdict>, &Params),
) -> Result<Said, Fault> {
    let cell = |name| form.one(name).ok().flatten().unwrap_or_default().trim();
    let (officer, now) = (officer(operator), operator.visitor.now());
    let version = cell("version").parse().unwrap_or_default();
    let Some(verdict) = verdict else {
        let withdrawn = events::withdraw(&state.provider, &officer, (event, version), now).await?;
        return Ok(if withdrawn { Said::Withdrawn } else { Said::TooLate });
    };
    let reason: String = cell("reason").chars().take(500).collect();
    if reason.is_empty() && verdict != Verdict::Approve {
        return Ok(Said::ReasonMissing);
    }
    let say = Say { event, version, verdict, reason: Some(reason).filter(|reason| !reason.is_empty()) };
    Ok(match events::decide(&state.provider, &officer, &say, now).await? {
        Decided::Recorded { .. } => Said::Recorded,
        Decided::Done(EventState::Rejected) => Said::Rejected,
        Decided::Done(_) => Said::Returned,
        Decided::Stale(_) | Decided::Refused(_) => Said::Stale,
        Decided::OwnProposal => Said::Own,
        Decided::OutsideUnit => Said::OutsideUnit,
        Decided::NotWaiting | Decided::NoSuchEvent => Said::TooLate,
    })
}
