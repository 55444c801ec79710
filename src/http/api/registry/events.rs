//! `/events`: telling of civil events, and how it stands with them.

use axum::{body::Bytes, extract::State, response::Response};
use serde_json::{Value, json};

use super::{
    call::{call, document},
    handlers::answered,
};
use crate::{
    base::Timestamp,
    flows::registry::{
        events::Standing,
        exchange::{
            ExchangeRefusal, Right,
            events::{event_told, tell_event},
        },
    },
    http::{
        certificate::Call,
        extract::{Now, Segment},
        state::AppState,
    },
    registry::civil_event::{Message, MessageFault, Warning, is_source_id},
    store::civil_events::EventState,
};

pub async fn tell(State(state): State<AppState>, Now(now): Now, headers: Call, bytes: Bytes) -> Response {
    let answer = async {
        let caller = call(&state, &headers, Right::Events, now).await?;
        let read = Message::read(&document(&headers, &bytes)?).map_err(ExchangeRefusal::Message)?;
        Ok(told_as(&tell_event(&state.provider, &caller, &read, now).await??))
    };
    answered(&state, answer.await)
}

pub async fn told(
    State(state): State<AppState>,
    Now(now): Now,
    headers: Call,
    Segment(source_id): Segment,
) -> Response {
    let answer = async {
        let caller = call(&state, &headers, Right::Events, now).await?;
        if !is_source_id(&source_id) {
            return Err(ExchangeRefusal::NoSuchEvent.into());
        }
        Ok(told_as(&event_told(&state.provider, &caller, &source_id, now).await??))
    };
    answered(&state, answer.await)
}

/// The same document at every asking, as long as nothing happened.
fn told_as(standing: &Standing) -> Value {
    let event = &standing.event;
    let fault = |fault: MessageFault| json!({ "pointer": fault.pointer, "reason": fault.code, "detail": fault.en, "detail#vi": fault.vi });
    let settled = matches!(event.state, EventState::Recorded | EventState::Rejected | EventState::Withdrawn);
    json!({
        "source_id": event.source_id,
        "kind": event.kind,
        "status": standing.word(),
        "told_at": event.proposed_at.rfc3339(),
        // A case has no deadline of its own that the teller could count on.
        "due_on": (event.state == EventState::Proposed).then(|| event.due_on.to_string()),
        "decided_at": event.decided_at.filter(|_| settled).map(Timestamp::rfc3339),
        "decision_reason": event.decision_reason,
        "against": standing.refusals.iter().map(|one| fault(MessageFault::of(one))).collect::<Vec<_>>(),
        "unusual": standing.warnings.iter().copied().map(warning).collect::<Vec<_>>(),
    })
}

const fn warning(warning: Warning) -> &'static str {
    match warning {
        Warning::RegisteredLate => "registered_late",
        Warning::BirthsTooNear => "births_too_near",
        Warning::LikelyThere => "likely_there",
        Warning::NumberDisagrees => "number_disagrees",
    }
}
