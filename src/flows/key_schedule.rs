//! Keys follow each other by the clock (`security`: pending → active → retiring → retired), so that nobody has to
//! remember it. Each change keeps the times that relying parties need, is guarded by the state it was read in, and is done
//! by whichever process comes first; the others find it done.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use super::{
    Provider,
    keys::{Haste, KeyError, KeyKeeper, record_of},
};
use crate::{
    base::{Clock, Fault, Span, Timestamp},
    crypto::{KeyPurpose, KeyRecord, KeyState, Schedule},
    store::{audit::Actor, keys},
};

/// `[keys]`: when keys change, and the times that every change keeps.
#[derive(Clone, Copy, Debug)]
pub struct KeyPlan {
    pub schedule: Schedule,
    /// A key signs for so long and then steps down; `None`: only by command.
    pub rotate_after: Option<Span>,
}

const EVERY: Duration = Duration::from_mins(1);

/// Runs for as long as the process lives.
pub async fn follow(provider: Arc<Provider>, plan: KeyPlan, clock: Clock) {
    // A record from before there were keys to encrypt to.
    if let Err(error) = make_opening(&provider, &plan, clock.now()).await {
        tracing::warn!(%error, "keys that others encrypt to were not made");
    }
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        match turn(&provider, &plan, clock.now()).await {
            Ok(0) => {}
            Ok(changes) => tracing::info!(changes, "signing keys were changed by their schedule"),
            Err(error) => tracing::warn!(%error, "the schedule of the signing keys was put off"),
        }
    }
}

async fn make_opening(provider: &Provider, plan: &KeyPlan, now: Timestamp) -> Result<(), KeyError> {
    let mut conn = provider.db.read().await?;
    keeper(provider, plan).make_missing_opening(&mut conn, now).await.map(drop)
}

fn keeper<'a>(provider: &'a Provider, plan: &KeyPlan) -> KeyKeeper<'a> {
    KeyKeeper {
        writer: &provider.writer,
        sealer: &provider.secrets.sealer,
        entropy: &provider.entropy,
        schedule: plan.schedule,
        actor: Actor::Service,
    }
}

/// Whatever is due now; answers how many changes were made.
pub async fn turn(provider: &Provider, plan: &KeyPlan, now: Timestamp) -> Result<usize, KeyError> {
    let keeper = keeper(provider, plan);
    let mut conn = provider.db.read().await?;
    let records: Vec<KeyRecord> = keys::all(&mut conn).await?.iter().map(record_of).collect::<Result<_, Fault>>()?;
    let mut changes = 0;
    for record in &records {
        let due = match record.state {
            KeyState::Retiring => record.retire(now, &plan.schedule).is_ok(),
            _ => false,
        };
        if due {
            changes += done(keeper.retire(&mut conn, &record.kid, now).await)?;
        }
    }
    let Some(rotate_after) = plan.rotate_after else { return Ok(changes) };
    for alg in KeyPurpose::ALL {
        let of = |state: KeyState| records.iter().find(|record| record.purpose == alg && record.state == state);
        let Some(active) = of(KeyState::Active) else { continue };
        let old = now.since(active.activated_at.unwrap_or(active.created_at)) >= rotate_after;
        match of(KeyState::Pending) {
            // Announced early enough that it is known when its turn comes.
            None => {
                keeper.make(alg, Haste::KeepTimes, now).await?;
                changes += 1;
            }
            Some(next) if old && next.activate(now, &plan.schedule).is_ok() => {
                changes += done(keeper.rotate(&mut conn, alg, Haste::KeepTimes, now).await.map(drop))?;
            }
            Some(_) => {}
        }
    }
    Ok(changes)
}

/// Another process that did the same a moment before is no failure.
fn done(outcome: Result<(), KeyError>) -> Result<usize, KeyError> {
    match outcome {
        Ok(()) => Ok(1),
        Err(KeyError::Changed(_) | KeyError::Transition(_) | KeyError::NoSuccessor(_)) => Ok(0),
        Err(error) => Err(error),
    }
}
