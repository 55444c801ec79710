//! The person's side: what waits for their answer, and the interaction in which they give it.

use std::sync::Arc;

use serde::Deserialize as _;
use serde_json::json;

use crate::{
    base::{
        Fault, Timestamp,
        ids::{DecoupledId, InteractionId},
    },
    flows::{
        Provider,
        authorize::{Browser, NewCookie, begin::open_interaction},
        clients::KnownClient,
        sessions::Recognised,
    },
    oidc::{
        authorize::{DecoupledKind, Request},
        backchannel::BindingMessage,
    },
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        backchannel::{self, StoredBackchannel},
    },
};

/// One request, as the person sees it before they open it.
#[derive(Clone, Debug)]
pub struct Waiting {
    pub id: DecoupledId,
    pub client: Arc<KnownClient>,
    pub begun: Timestamp,
    pub expires_at: Timestamp,
    pub message: Option<BindingMessage>,
}

/// What waits for the signed-in person, the newest first.
pub async fn waiting(provider: &Provider, own: &Recognised, now: Timestamp) -> Result<Vec<Waiting>, Fault> {
    let found = {
        let mut conn = provider.db.read().await?;
        backchannel::pending(&mut conn, own.account.account_id, now).await?
    };
    let mut all = Vec::new();
    for stored in found {
        let request = read(&stored)?;
        let known = provider.clients.find(&provider.db, &stored.client_id).await?;
        let Some(client) = known.filter(|client| !client.disabled) else { continue };
        let message = match request.decoupled.map(|asked| asked.kind) {
            Some(DecoupledKind::Backchannel { binding_message, .. }) => binding_message,
            _ => None,
        };
        let (begun, expires_at) = (stored.created_at, stored.expires_at);
        all.push(Waiting { id: stored.id, client, begun, expires_at, message });
    }
    Ok(all)
}

fn read(stored: &StoredBackchannel) -> Result<Request, Fault> {
    Request::deserialize(&stored.request)
        .map_err(|_| Fault::inconsistent("backchannel_authentication", "request", &stored.id))
}

/// Opens one of the person's own requests. `None` when it is nobody's any more, or another person's.
pub async fn open(
    provider: &Provider,
    browser: &Browser,
    id: DecoupledId,
) -> Result<Option<(InteractionId, Option<NewCookie>)>, Fault> {
    let Some(own) = &browser.session else { return Ok(None) };
    let found = {
        let mut conn = provider.db.read().await?;
        let pending = backchannel::pending(&mut conn, own.account.account_id, browser.now).await?;
        pending.into_iter().find(|stored| stored.id == id)
    };
    match found {
        Some(stored) => open_interaction(provider, &read(&stored)?, browser).await,
        None => Ok(None),
    }
}

/// So many wrong numbers, in whichever browser, and the request is refused: somebody answers who does not see the other
/// device.
const WRONG_AT_MOST: i64 = 3;

/// Counts a wrong number; answers whether it was one too many.
pub async fn wrong_number(
    provider: &Provider,
    own: &Recognised,
    id: DecoupledId,
    now: Timestamp,
) -> Result<bool, Fault> {
    provider.writer.submit(WrongNumber { own: own.clone(), id, now }).await
}

struct WrongNumber {
    own: Recognised,
    id: DecoupledId,
    now: Timestamp,
}

impl Unit for WrongNumber {
    type Out = bool;
    const KIND: &'static str = "backchannel.wrong_number";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.own.account.account_id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let count = backchannel::wrong_number(tx, self.id).await?;
        tx.record(
            AuditEvent::new(self.now, "backchannel.wrong_number", Outcome::Refused, Actor::Person)
                .account(self.own.account.account_id)
                .person(self.own.account.person_id)
                .session(self.own.session.id)
                .detail(json!({"request": self.id, "count": count})),
        );
        Ok(count >= WRONG_AT_MOST)
    }
}
