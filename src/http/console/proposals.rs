//! `/console/queue`, `/console/mine`, `/console/events/…`: what waits for a decision, what came back, and one proposal with
//! its difference field by field.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::HeaderMap;

use super::{
    event_fields::typed,
    event_form::officer,
    event_view::DifferenceRow,
    handle,
    proposals_view::{ProposalPage, QueuePage, QueueRow, Said},
};
use crate::{
    base::{Fault, ids::EventId},
    flows::registry::events::{
        self, Decided, Opened, Verdict,
        decide::{Say, may_decide},
        written,
    },
    http::{
        carried,
        extract::{Named, Operator, OperatorForm, QueryParams},
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

const MOST: usize = 100;
/// One more than is shown, to know whether there is more.
const READ: i64 = 101;
/// A reason that is written and not taken yet is carried under this name.
const PAGE: &str = "console/event";

async fn queue(State(state): State<AppState>, operator: Operator) -> Response {
    if let Err(denied) = operator.require(&state, Role::Approver) {
        return *denied;
    }
    let officer = officer(&operator);
    let today = operator.visitor.now().vietnam_date();
    let rows = async {
        let mut conn = state.provider.db.read().await?;
        civil_events::waiting(&mut conn, &officer.text(), officer.units(today).as_deref(), READ).await
    };
    list(&state, &operator, rows.await, ("console-queue-title", "console-queue-empty"))
}

async fn mine(State(state): State<AppState>, operator: Operator) -> Response {
    let officer = officer(&operator);
    let rows = async {
        let mut conn = state.provider.db.read().await?;
        civil_events::mine(&mut conn, &officer.text(), READ).await
    };
    list(&state, &operator, rows.await, ("console-mine-title", "console-mine-empty"))
}

fn list(
    state: &AppState,
    operator: &Operator,
    events: Result<Vec<StoredEvent>, Fault>,
    (title, empty): (&'static str, &'static str),
) -> Response {
    let today = operator.visitor.now().vietnam_date();
    match events {
        Ok(events) => {
            let more = events.len() > MOST;
            let rows = events.into_iter().take(MOST).filter_map(|event| {
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
            let page = QueuePage { title, empty, rows: rows.collect(), more };
            page.render(&operator.frame(state)).into_response()
        }
        Err(fault) => respond::fault_for(state, &operator.visitor, &fault),
    }
}

async fn show(
    State(state): State<AppState>,
    operator: Operator,
    Named(id): Named<EventId>,
    headers: HeaderMap,
    QueryParams(query): QueryParams,
) -> Response {
    if let Some(enough) = operator.read_enough(&state).await {
        return enough;
    }
    let said = query.ok().and_then(|query| Said::from_code(query.one("said").ok().flatten()?));
    let kept: Option<(EventId, String)> = carried::take(&state, &operator.visitor, PAGE, &headers);
    let kept = kept.filter(|(of, _)| *of == id).map(|(_, reason)| reason).unwrap_or_default();
    let page = async {
        match events::open(&state.provider, &officer(&operator), id, operator.visitor.now()).await? {
            Some(opened) => page(&state, &operator, opened, (said, kept)).await.map(Some),
            None => Ok(None),
        }
    };
    let mut response = match page.await {
        Ok(Some(page)) => page.render(&operator.frame(&state)).into_response(),
        Ok(None) => operator.missing(&state),
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    };
    carried::drop_from(&state, &headers, &mut response);
    response
}

async fn page(
    state: &AppState,
    operator: &Operator,
    opened: Opened,
    (said, kept): (Option<Said>, String),
) -> Result<ProposalPage, Fault> {
    let (officer, now) = (officer(operator), operator.visitor.now());
    let typed = typed(state, opened.kind, &opened.values).await?;
    let event = opened.event;
    let own = event.proposed_by == officer.text();
    let reaches = may_decide(&officer, event.unit_code.as_deref(), now);
    let waiting = event.state == EventState::Proposed;
    let (registrar, approver) =
        (operator.signed.require(Role::Registrar).is_ok(), operator.signed.require(Role::Approver).is_ok());
    let mends = own && event.state == EventState::Returned || event.state == EventState::Case && registrar;
    let again = mends.then(|| format!("{}/{}?again={}", paths::CONSOLE_PROPOSE, opened.kind.code(), event.id));
    let people = opened.people.into_iter().map(|(id, name)| Ok((handle::of_person(state, operator, id)?, name)));
    Ok(ProposalPage {
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
        typed,
        people: people.collect::<Result<_, Fault>>()?,
        differences: opened.differences.into_iter().map(DifferenceRow::from).collect(),
        warnings: opened.warnings,
        problems: opened.refusals,
        stale: opened.stale,
        decides: waiting && !own && reaches && approver,
        withdraws: own && matches!(event.state, EventState::Proposed | EventState::Returned),
        again,
        kept,
        list: list_of(own, registrar, approver),
        said: said.filter(|said| said.fits(event.state)),
    })
}

/// Where an operator goes on: to their own proposals from one of these, otherwise to what waits for them.
const fn list_of(own: bool, registrar: bool, approver: bool) -> Option<(&'static str, &'static str)> {
    let (mine, queue) = ((paths::CONSOLE_MINE, "console-mine-title"), (paths::CONSOLE_QUEUE, "console-queue-title"));
    match (own && registrar, approver) {
        (true, _) => Some(mine),
        (false, true) => Some(queue),
        (false, false) if registrar => Some(mine),
        (false, false) => None,
    }
}

/// What somebody says of a proposal.
#[derive(Clone, Copy)]
enum Asked {
    Decide(Verdict),
    Withdraw,
}

impl Asked {
    fn of(form: &Params) -> Option<Self> {
        Some(match form.one("action").ok().flatten()? {
            "approve" => Self::Decide(Verdict::Approve),
            "return" => Self::Decide(Verdict::Return),
            "reject" => Self::Decide(Verdict::Reject),
            "withdraw" => Self::Withdraw,
            _ => return None,
        })
    }
}

async fn take(
    State(state): State<AppState>,
    Named(id): Named<EventId>,
    OperatorForm { operator, form }: OperatorForm,
) -> Response {
    // A button of ours was pressed, or nothing is done.
    let Some(asked) = Asked::of(&form) else { return operator.foreign(&state) };
    let role = if matches!(asked, Asked::Withdraw) { Role::Registrar } else { Role::Approver };
    if let Err(denied) = operator.require(&state, role) {
        return *denied;
    }
    let reason: String = form.one("reason").ok().flatten().unwrap_or_default().trim().chars().take(500).collect();
    match decided(&state, &operator, id, (asked, &form, &reason)).await {
        // Who left the desk meanwhile is asked to sign in, and finds it as it was.
        Ok(None) => respond::see_other(&format!("{}/{id}", paths::CONSOLE_EVENTS)),
        Ok(Some(said)) => {
            let to = format!("{}/{id}?said={}", paths::CONSOLE_EVENTS, said.code());
            let mut response = respond::see_other(&to);
            if said.kind() == "care" && !reason.is_empty() {
                carried::carry(&state, &operator.visitor, PAGE, (id, reason), &mut response);
            }
            response
        }
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

async fn decided(
    state: &AppState,
    operator: &Operator,
    event: EventId,
    (asked, form, reason): (Asked, &Params, &str),
) -> Result<Option<Said>, Fault> {
    let (officer, now) = (officer(operator), operator.visitor.now());
    let version = form.one("version").ok().flatten().and_then(|text| text.trim().parse().ok()).unwrap_or_default();
    let verdict = match asked {
        Asked::Decide(verdict) => verdict,
        Asked::Withdraw => {
            let withdrawn = events::withdraw(&state.provider, &officer, (event, version), now).await?;
            return Ok(Some(if withdrawn { Said::Withdrawn } else { Said::TooLate }));
        }
    };
    if reason.is_empty() && verdict != Verdict::Approve {
        return Ok(Some(Said::ReasonMissing));
    }
    let say = Say { event, version, verdict, reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()) };
    Ok(Some(match events::decide(&state.provider, &officer, &say, now).await? {
        Decided::OffDuty => return Ok(None),
        Decided::Recorded { .. } => Said::Recorded,
        Decided::Done(EventState::Rejected) => Said::Rejected,
        Decided::Done(_) => Said::Returned,
        Decided::Stale(_) | Decided::Refused(_) => Said::Stale,
        Decided::OwnProposal => Said::Own,
        Decided::OutsideUnit => Said::OutsideUnit,
        Decided::NotWaiting | Decided::NoSuchEvent => Said::TooLate,
    }))
}
