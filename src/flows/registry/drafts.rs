//! What an operator typed into a form that is not sent yet: kept here, sealed, so that no address carries it.

use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    base::{Fault, Span, Timestamp, fault::FaultKind, ids::OperatorSessionId},
    crypto::Place,
    flows::Provider,
    store::{Class, LaneKey, Tx, Unit, console_drafts},
};

/// No session of an operator is longer.
const KEPT: Span = Span::hours(8);

fn row((session, form): (OperatorSessionId, Uuid)) -> Vec<u8> {
    [session.0.as_bytes().as_slice(), form.as_bytes()].concat()
}

const fn place(row: &[u8]) -> Place<'_> {
    Place { table: "console_draft", column: "sealed", row }
}

pub async fn keep<T: Serialize>(
    provider: &Provider,
    of: (OperatorSessionId, Uuid),
    draft: &T,
    now: Timestamp,
) -> Result<(), Fault> {
    let json = serde_json::to_vec(draft).map_err(|error| Fault::internal("writing a draft down", error))?;
    let sealed = provider.secrets.sealer.seal(place(&row(of)), &json, &provider.entropy);
    let sealed = sealed.map_err(|error| Fault::internal("sealing a draft", error))?;
    provider.writer.submit(Keep { of, sealed, expires_at: now.saturating_add(KEPT) }).await
}

/// None for another session's, or none.
pub async fn find<T: DeserializeOwned>(
    provider: &Provider,
    of: (OperatorSessionId, Uuid),
    now: Timestamp,
) -> Result<Option<T>, Fault> {
    let found = console_drafts::find(&mut provider.db.read().await?, of, now).await?;
    let Some(sealed) = found else { return Ok(None) };
    let bad = |what| move |error| Fault::because(FaultKind::Inconsistent, what, error);
    let json = provider.secrets.sealer.open(place(&row(of)), &sealed);
    let json = json.map_err(|_| Fault::inconsistent("console_draft", "sealed", &of.1))?;
    serde_json::from_slice(json.reveal()).map(Some).map_err(bad("a draft does not read"))
}

struct Keep {
    of: (OperatorSessionId, Uuid),
    sealed: Vec<u8>,
    expires_at: Timestamp,
}

impl Unit for Keep {
    type Out = ();
    const KIND: &'static str = "console.keep_draft";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.of.0.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        console_drafts::keep(tx, self.of, &self.sealed, self.expires_at).await
    }
}
