//! Housekeeping: what is over goes, in units so small that nobody waits behind them.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use super::{Provider, provider::Lifetimes, registry::events::try_early, restored};
use crate::{
    base::{Clock, Fault, Span, Timestamp},
    store::{Class, LaneKey, Tx, Unit, sweep::Stale},
};

const EVERY: Duration = Duration::from_mins(1);
/// An event that came before the one it builds on is tried again after this.
const TRIED_EVERY: Span = Span::minutes(5);
/// Rows of one unit.
const AT_ONCE: i64 = 200;
/// Units of one kind and round: after an outage the backlog is worked off over some minutes.
const ROUNDS: usize = 50;

/// Runs for as long as the process lives. More processes at once only find less to do.
pub async fn sweep_always(provider: Arc<Provider>, clock: Clock) {
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(fault) = restored::record_noticed(&provider).await {
            tracing::warn!(%fault, "that the database was restored is not recorded yet");
        }
        if let Err(fault) = sweep(&provider, clock.now()).await {
            tracing::warn!(%fault, "housekeeping was put off");
        }
        let now = clock.now();
        if let Err(fault) = try_early(&provider, now - TRIED_EVERY, AT_ONCE, now).await {
            tracing::warn!(%fault, "events that came early were not tried again");
        }
    }
}

/// One round over everything; answers how many rows went.
pub async fn sweep(provider: &Provider, now: Timestamp) -> Result<u64, Fault> {
    let (mut gone, mut first_fault) = (0, None);
    for what in Stale::ALL {
        match sweep_one(provider, what, now).await {
            Ok(deleted) => gone += deleted,
            // What cannot be swept keeps nothing else from it.
            Err(fault) => first_fault = first_fault.or(Some(fault)),
        }
    }
    first_fault.map_or(Ok(gone), Err)
}

async fn sweep_one(provider: &Provider, what: Stale, now: Timestamp) -> Result<u64, Fault> {
    let (mut gone, before) = (0, now - kept_for(what, &provider.settings.lifetimes));
    for _ in 0..ROUNDS {
        let deleted = provider.writer.submit(Sweep { what, before }).await?;
        gone += deleted;
        if deleted < AT_ONCE.unsigned_abs() {
            break;
        }
    }
    Ok(gone)
}

/// How long a row stays after its end.
fn kept_for(what: Stale, lifetimes: &Lifetimes) -> Span {
    match what {
        // `audit show --grant` begins at the grant. A session outlives every grant that it gave.
        Stale::Grants => Span::days(30),
        Stale::Sessions => Span::days(31).and(lifetimes.offline_refresh.max(lifetimes.refresh)),
        // So that the pages can say "expired" or "finished" instead of "unknown".
        Stale::Interactions
        | Stale::Registrations
        | Stale::PhoneCodes
        | Stale::DeviceCodes
        | Stale::BackchannelRequests => Span::hours(1),
        // The longest memory of any failure policy.
        Stale::FailureCounters | Stale::OperatorSessions => Span::hours(24),
        // The clocks of two processes differ.
        Stale::Codes | Stale::AssertionJtis | Stale::DpopProofs | Stale::RevokedTokens | Stale::PushedRequests => {
            Span::minutes(5)
        }
        // A subscriber that was away for half a year reads anew what it holds.
        Stale::RegistryChanges => Span::days(180),
        Stale::RecoverySheets | Stale::ConsoleDrafts => Span::ZERO,
        // A logout page may still ask whether its portals answered; whoever looks into a failure has a week.
        Stale::Messages => Span::days(7),
    }
}

struct Sweep {
    what: Stale,
    before: Timestamp,
}

impl Unit for Sweep {
    type Out = u64;
    const KIND: &'static str = "upkeep.sweep";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"upkeep")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<u64, Fault> {
        self.what.sweep(tx, self.before, AT_ONCE).await
    }
}
