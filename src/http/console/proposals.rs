//! `/console/queue`, `/console/mine`, `/console/events/…`: what waits for a decision, what came back, and one proposal with
//! its difference field by field.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde::Serialize;

use super::{
    event_fields::typed,
    event_form::officer,
    event_view::DifferenceRow,
    handle,
    kept::{WordsForm, kept},
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
        extract::{Named, Operator, QueryParams},
        paths, respond,
        state::AppState,
    },
    registry::{civil_event::Kind, operator::Role},
    store::civil_events::{self, Due, EventState, StoredEvent},
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

async fn queue(State(state): State<AppState>, operator: Operator, QueryParams(query): QueryParams) -> Response {
    if let Err(denied) = operator.require(&state, Role::Approver) {
        return *denied;
    }
    let after = handle::after::<Due<EventId>>(&state, &operator, query.ok());
    let rows = async {
        let (officer, today) = (officer(&operator), operator.visitor.now().vietnam_date());
        let (units, from) = (officer.units(today), (after.unwrap_or(Due::<EventId>::START), READ));
        let mut conn = state.provider.db.read().await?;
        let found = civil_events::waiting_after(&mut conn, &officer.text(), units.as_deref(), from).await?;
        drop(conn);
        page_of(&state, &operator, found, (paths::CONSOLE_QUEUE, Due::<EventId>::of))
    };
    list(&state, &operator, rows.await, ("console-queue-title", "console-queue-empty"))
}

async fn mine(State(state): State<AppState>, operator: Operator, QueryParams(query): QueryParams) -> Response {
    let after = handle::after::<(bool, Due<EventId>)>(&state, &operator, query.ok());
    // What came back stands before what waits.
    let after = after.map(|(back, due)| (if back { EventState::Returned } else { EventState::Proposed }, due));
    let rows = async {
        let mut conn = state.provider.db.read().await?;
        let found = civil_events::mine_after(&mut conn, &officer(&operator).text(), after, READ).await?;
        drop(conn);
        let ended = |event: &StoredEvent| (event.state == EventState::Returned, Due::<EventId>::of(event));
        page_of(&state, &operator, found, (paths::CONSOLE_MINE, ended))
    };
    list(&state, &operator, rows.await, ("console-mine-title", "console-mine-empty"))
}

/// As many as a page shows, and the address of the next ones.
type Page = (Vec<StoredEvent>, Option<String>);

fn page_of<T: Serialize>(
    state: &AppState,
    operator: &Operator,
    mut found: Vec<StoredEvent>,
    (path, ended): (&str, impl Fn(&StoredEvent) -> T),
) -> Result<Page, Fault> {
    let more = found.len() > MOST;
    found.truncate(MOST);
    let next = found.last().filter(|_| more).map(|last| handle::next(state, operator, path, &ended(last)));
    Ok((found, next.transpose()?))
}

fn list(
    state: &AppState,
    operator: &Operator,
    events: Result<Page, Fault>,
    (title, empty): (&'static str, &'static str),
) -> Response {
    let today = operator.visitor.now().vietnam_date();
    match events {
        Ok((events, next)) => {
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
            let page = QueuePage { title, empty, rows: rows.collect(), next };
            page.render(&operator.frame(state)).into_response()
        }
        Err(fault) => respond::fault_for(state, &operator.visitor, &fault),
    }
}

async fn show(
    State(state): State<AppState>,
    operator: Operator,
    Named(id): Named<EventId>,
    QueryParams(query): QueryParams,
) -> Response {
    if let Some(enough) = operator.read_enough(&state).await {
        return enough;
    }
    let said = query.ok().and_then(|query| Said::from_code(query.one("said").ok().flatten()?));
    let page = async {
        match events::open(&state.provider, &officer(&operator), id, operator.visitor.now()).await? {
            Some(opened) => page(&state, &operator, opened, said).await.map(Some),
            None => Ok(None),
        }
    };
    match page.await {
        Ok(Some(page)) => page.render(&operator.frame(&state)).into_response(),
        Ok(None) => operator.missing(&state),
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

async fn page(
    state: &AppState,
    operator: &Operator,
    opened: Opened,
    said: Option<Said>,
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
        kept: kept(state, operator).await?.owned("reason"),
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
    fn of(action: &str) -> Option<Self> {
        Some(match action {
            "approve" => Self::Decide(Verdict::Approve),
            "return" => Self::Decide(Verdict::Return),
            "reject" => Self::Decide(Verdict::Reject),
            "withdraw" => Self::Withdraw,
            _ => return None,
        })
    }
}

async fn take(State(state): State<AppState>, Named(id): Named<EventId>, form: WordsForm) -> Response {
    // A button of ours was pressed, or nothing is done.
    let Some(asked) = Asked::of(form.own("action")) else { return form.operator.foreign(&state) };
    let role = if matches!(asked, Asked::Withdraw) { Role::Registrar } else { Role::Approver };
    if let Err(denied) = form.operator.require(&state, role) {
        return *denied;
    }
    let said = async {
        let said = decided(&state, &form, id, asked).await?;
        match said {
            Some(said) if said.kind() == "care" => form.keep(&state).await?,
            Some(_) => form.forget(&state).await?,
            None => {}
        }
        Ok(said)
    };
    match said.await {
        // Who left the desk meanwhile is asked to sign in, and finds it as it was.
        Ok(None) => respond::see_other(&format!("{}/{id}", paths::CONSOLE_EVENTS)),
        Ok(Some(said)) => respond::see_other(&format!("{}/{id}?said={}", paths::CONSOLE_EVENTS, said.code())),
        Err(fault) => respond::fault_for(&state, &form.operator.visitor, &fault),
    }
}

async fn decided(state: &AppState, form: &WordsForm, event: EventId, asked: Asked) -> Result<Option<Said>, Fault> {
    let (officer, now) = (officer(&form.operator), form.operator.visitor.now());
    let (version, reason) = (form.version(), form.words.owned("reason"));
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
    let say = Say { event, version, verdict, reason: Some(reason).filter(|reason| !reason.is_empty()) };
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
