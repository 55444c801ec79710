//! What an operator typed into a form that is not sent yet: kept here, sealed, so that no address carries it.

use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    base::{Fault, Span, Timestamp, fault::FaultKind, ids::OperatorId},
    crypto::Place,
    flows::Provider,
    store::{Class, LaneKey, Tx, Unit, console_drafts},
};

/// For a day at the desk, over breaks in which a session ends by itself.
const KEPT: Span = Span::hours(8);

fn row((operator, form): (OperatorId, Uuid)) -> Vec<u8> {
    [operator.0.as_bytes().as_slice(), form.as_bytes()].concat()
}

const fn place(row: &[u8]) -> Place<'_> {
    Place { table: "console_draft", column: "sealed", row }
}

pub async fn keep<T: Serialize>(
    provider: &Provider,
    of: (OperatorId, Uuid),
    draft: &T,
    now: Timestamp,
) -> Result<(), Fault> {
    let json = serde_json::to_vec(draft).map_err(|error| Fault::internal("writing a draft down", error))?;
    let sealed = provider.secrets.sealer.seal(place(&row(of)), &json, &provider.entropy);
    let sealed = sealed.map_err(|error| Fault::internal("sealing a draft", error))?;
    provider.writer.submit(Keep { of, sealed, expires_at: now.saturating_add(KEPT) }).await
}

/// None for another operator's, or none.
pub async fn find<T: DeserializeOwned>(
    provider: &Provider,
    of: (OperatorId, Uuid),
    now: Timestamp,
) -> Result<Option<T>, Fault> {
    let found = console_drafts::find(&mut provider.db.read().await?, of, now).await?;
    let Some(sealed) = found else { return Ok(None) };
    let bad = |what| move |error| Fault::because(FaultKind::Inconsistent, what, error);
    let json = provider.secrets.sealer.open(place(&row(of)), &sealed);
    let json = json.map_err(|_| Fault::inconsistent("console_draft", "sealed", &of.1))?;
    serde_json::from_slice(json.reveal()).map(Some).map_err(bad("a draft does not read"))
}

/// What was typed was taken.
pub async fn forget(provider: &Provider, of: (OperatorId, Uuid)) -> Result<(), Fault> {
    provider.writer.submit(Forget { of }).await
}

struct Keep {
    of: (OperatorId, Uuid),
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

struct Forget {
    of: (OperatorId, Uuid),
}

impl Unit for Forget {
    type Out = ();
    const KIND: &'static str = "console.forget_draft";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.of.0.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        console_drafts::forget(tx, self.of).await
    }
}
