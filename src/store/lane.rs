//! One lane: a connection of its own, a batch at a time, one commit, one audit chain.

use std::{
    collections::HashMap,
    future::Future,
    mem,
    ops::{Deref, DerefMut},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::Duration,
};

use super::{
    AuditEvent, Conn, Db, Engine,
    audit::{self, ChainHead},
    db::{db_fault, failed},
    dialect,
    writer::{Job, Queue, Ran},
};
use crate::base::{Fault, fault::FaultKind, ids::InstanceId};
use futures_util::FutureExt as _;

/// The transaction that a unit runs in. Dereferences to the connection, and gathers the audit events of its batch.
pub struct Tx {
    conn: Conn,
    events: Vec<AuditEvent>,
}

impl Tx {
    /// Records an event in the same transaction as the change it tells of.
    pub fn record(&mut self, event: AuditEvent) {
        self.events.push(event);
    }
}

impl Deref for Tx {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

pub(super) struct Lane {
    db: Db,
    instance: InstanceId,
    number: u16,
    queue: Arc<Queue>,
    conn: Option<Conn>,
    /// The lane's audit chain, and where it ends.
    chain: i64,
    head: ChainHead,
    /// Kinds that faulted lately; at [`SET_APART`] their units run in transactions of their own.
    faulting: HashMap<&'static str, u32>,
}

const FAULT_WEIGHT: u32 = 8;
const SET_APART: u32 = 16;
const MAX_RETRIES: u32 = 2;

/// How long a PostgreSQL that does not answer at all is waited for: longer than its own `statement_timeout`, which ends what
/// it still works on, and far shorter than TCP needs to notice that a machine is gone.
const SILENCE: Duration = Duration::from_secs(4);

/// Room for the lanes' own numbers between one generation of their chains and the next.
const CHAINS_APART: i64 = 1 << 16;

type Jobs = Vec<Box<dyn Job>>;

enum Attempt {
    Committed,
    /// There was no transaction: nothing happened, and it is no unit's fault.
    NotBegun(Fault),
    /// Nothing of the batch happened.
    RolledBack {
        fault: Fault,
        culprit: Option<usize>,
    },
    Panicked {
        culprit: usize,
    },
    /// COMMIT was sent and its answer never came: it may have happened.
    CommitLost(Fault),
}

impl Lane {
    pub(super) fn new(db: Db, instance: InstanceId, number: u16, queue: Arc<Queue>) -> Self {
        let chain = i64::from(number);
        Self { db, instance, number, queue, conn: None, chain, head: ChainHead::GENESIS, faulting: HashMap::new() }
    }

    /// Until the writer is gone and nothing waits. What panics outside a unit (a value dropped, a label) ends its batch, whose
    /// callers are told that the writer stopped; the lane goes on.
    pub(super) async fn work(mut self) {
        while AssertUnwindSafe(self.work_on()).catch_unwind().await.is_err() {
            metrics::counter!("dinhdanh_writer_lane_panics_total").increment(1);
            tracing::error!(lane = self.number, "a lane panicked and goes on with a new connection");
            self.begin_chain();
            self.discard_connection().await;
        }
    }

    async fn work_on(&mut self) {
        while let Some(batch) = self.queue.next_batch().await {
            metrics::histogram!("dinhdanh_writer_batch_size")
                .record(f64::from(u32::try_from(batch.len()).unwrap_or(u32::MAX)));
            let (alone, together): (Vec<_>, Vec<_>) = batch
                .into_iter()
                .partition(|job| self.faulting.get(job.kind()).is_some_and(|weight| *weight >= SET_APART));
            self.faulting.retain(|_, weight| {
                *weight = weight.saturating_sub(1);
                *weight > 0
            });
            self.run_batch(together).await;
            for job in alone {
                self.run_batch(vec![job]).await;
            }
        }
    }

    /// Runs a batch to its end: around the unit that faulted, or in halves when it is not known, at last alone, where the
    /// engine's "try again" is tried twice.
    async fn run_batch(&mut self, batch: Jobs) {
        let mut work = vec![(batch, 0)];
        while let Some((mut jobs, retries)) = work.pop() {
            // Those whose caller left while others ran need no second run.
            jobs.retain(|job| !job.abandoned());
            if jobs.is_empty() {
                continue;
            }
            match self.attempt(&mut jobs).await {
                Attempt::Committed => jobs.into_iter().for_each(Job::answer),
                Attempt::CommitLost(fault) => {
                    self.begin_chain();
                    self.discard_connection().await;
                    refuse(jobs, &fault);
                }
                Attempt::NotBegun(fault) => {
                    if fault.kind == FaultKind::Retry && retries < MAX_RETRIES {
                        self.pause(retries).await;
                        work.push((jobs, retries + 1));
                    } else {
                        refuse(jobs, &fault);
                    }
                }
                Attempt::Panicked { culprit } => {
                    let job = jobs.remove(culprit);
                    self.blame(job.kind());
                    job.fail(Fault::new(FaultKind::Internal, "a unit panicked"));
                    work.push((jobs, retries));
                }
                Attempt::RolledBack { fault, .. } if jobs.len() == 1 => {
                    if fault.kind == FaultKind::Retry && retries < MAX_RETRIES {
                        self.pause(retries).await;
                        work.push((jobs, retries + 1));
                    } else {
                        if fault.kind == FaultKind::Internal {
                            for job in &jobs {
                                self.blame(job.kind());
                            }
                        }
                        refuse(jobs, &fault);
                    }
                }
                Attempt::RolledBack { culprit, .. } => {
                    metrics::counter!("dinhdanh_writer_rerun_total").increment(1);
                    // Taken from the end: those that ran well first, the one that faulted last.
                    work.extend(parted(jobs, culprit).into_iter().rev().map(|part| (part, retries)));
                }
            }
        }
    }

    /// 5–20 ms, different for each process, lane and try, so that two that collided do not collide again.
    async fn pause(&self, retries: u32) {
        metrics::counter!("dinhdanh_writer_rerun_total").increment(1);
        let own = u64::from(self.number).wrapping_mul(7).wrapping_add(self.instance.0.as_u64_pair().1);
        let spread = own.wrapping_add(u64::from(retries).wrapping_mul(5)) % 16;
        tokio::time::sleep(Duration::from_millis(5 + spread)).await;
    }

    fn blame(&mut self, kind: &'static str) {
        tracing::error!(kind, "a unit faulted; its kind runs apart when this goes on");
        *self.faulting.entry(kind).or_default() += FAULT_WEIGHT;
    }

    async fn attempt(&mut self, jobs: &mut [Box<dyn Job>]) -> Attempt {
        let mut tx = match self.begin().await {
            Ok(begun) => begun,
            Err(fault) => {
                self.discard_connection().await;
                return Attempt::NotBegun(fault);
            }
        };
        let engine = tx.conn.engine();
        for (number, job) in jobs.iter_mut().enumerate() {
            let patience = SILENCE.max(job.patience());
            match within(engine, patience, job.run(&mut tx)).await {
                Ok(Ran::Done) => {}
                Ok(Ran::Faulted(fault)) => {
                    self.roll_back(tx, &fault).await;
                    return Attempt::RolledBack { fault, culprit: Some(number) };
                }
                Ok(Ran::Panicked) => {
                    // The connection may be in the middle of a statement: it is not used again.
                    self.abandon(tx).await;
                    return Attempt::Panicked { culprit: number };
                }
                Err(fault) => {
                    self.abandon(tx).await;
                    return Attempt::RolledBack { fault, culprit: Some(number) };
                }
            }
        }
        let events = mem::take(&mut tx.events);
        let append = audit::append(&mut tx, self.instance, self.chain, self.head, &events);
        match within(engine, SILENCE, append).await.and_then(|appended| appended) {
            Ok(head) => {
                let commit = if events.is_empty() { dialect::commit_unproven(engine) } else { dialect::COMMIT };
                self.commit(tx, head, commit).await
            }
            Err(mut fault) => {
                // Perhaps the chain is not where it was thought to be: once more, with another.
                if self.head != ChainHead::GENESIS && fault.kind == FaultKind::Internal {
                    fault.kind = FaultKind::Retry;
                }
                self.begin_chain();
                self.roll_back(tx, &fault).await;
                Attempt::RolledBack { fault, culprit: None }
            }
        }
    }

    /// Another chain, where it is not known how the last one ends, or will end: a COMMIT whose answer was lost may still be
    /// carried out by a server that hangs.
    const fn begin_chain(&mut self) {
        self.chain += CHAINS_APART;
        self.head = ChainHead::GENESIS;
    }

    async fn begin(&mut self) -> Result<Tx, Fault> {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => {
                // Perhaps to a standby that took over without the last of what this lane wrote.
                if self.head != ChainHead::GENESIS {
                    self.begin_chain();
                }
                self.db.write().await?
            }
        };
        let engine = conn.engine();
        let begun = within(engine, SILENCE, async {
            on!(&mut conn, |c| sqlx::query(dialect::begin(engine)).execute(c).await.map(|_| ()))
                .map_err(failed("beginning a transaction"))
        });
        match begun.await.and_then(|begun| begun) {
            Ok(()) => Ok(Tx { conn, events: Vec::new() }),
            Err(fault) => {
                // Back in its place, so that it is closed.
                self.conn = Some(conn);
                Err(fault)
            }
        }
    }

    async fn commit(&mut self, mut tx: Tx, head: ChainHead, sql: &'static str) -> Attempt {
        let engine = tx.conn.engine();
        let commit = async { on!(&mut tx.conn, |c| sqlx::raw_sql(sql).execute(c).await.map(|_| ())) };
        match within(engine, SILENCE, commit).await {
            Ok(Ok(())) => {
                self.head = head;
                self.conn = Some(tx.conn);
                Attempt::Committed
            }
            Ok(Err(error)) if dialect::refused_commit(&error) => {
                let fault = db_fault("committing", error);
                self.roll_back(tx, &fault).await;
                Attempt::RolledBack { fault, culprit: None }
            }
            Ok(Err(error)) => {
                self.conn = Some(tx.conn);
                Attempt::CommitLost(db_fault("a commit whose answer was lost", error))
            }
            Err(fault) => {
                self.conn = Some(tx.conn);
                Attempt::CommitLost(fault)
            }
        }
    }

    async fn roll_back(&mut self, mut tx: Tx, because: &Fault) {
        if dialect::is_stale(because) {
            return self.abandon(tx).await;
        }
        let engine = tx.conn.engine();
        let rollback = async { on!(&mut tx.conn, |c| sqlx::query("ROLLBACK").execute(c).await.map(|_| ())) };
        let done = within(engine, Duration::from_secs(1), rollback).await;
        self.conn = Some(tx.conn);
        if !matches!(done, Ok(Ok(()))) {
            self.discard_connection().await;
        }
    }

    /// Closing the connection is what rolls its transaction back.
    async fn abandon(&mut self, tx: Tx) {
        self.conn = Some(tx.conn);
        self.discard_connection().await;
    }

    async fn discard_connection(&mut self) {
        if let Some(conn) = self.conn.take() {
            conn.discard().await;
        }
    }
}

/// The parts in which a batch is run again. The unit that faulted goes last and alone, so that its neighbours wait for it no
/// longer; where none is known, halves find it.
fn parted(mut jobs: Jobs, culprit: Option<usize>) -> Vec<Jobs> {
    match culprit {
        Some(culprit) if culprit < jobs.len() => {
            let after = jobs.split_off(culprit + 1);
            let alone = jobs.split_off(culprit);
            vec![jobs, after, alone]
        }
        _ => {
            let second = jobs.split_off(jobs.len() / 2);
            vec![jobs, second]
        }
    }
}

/// The end of the tries: to the caller "run it again" is "come back".
fn refuse(jobs: Jobs, fault: &Fault) {
    for job in jobs {
        let mut fault = fault.clone();
        if fault.kind == FaultKind::Retry {
            fault.kind = FaultKind::Unavailable;
        }
        job.fail(fault);
    }
}

/// Waits for PostgreSQL no longer than this. SQLite is in the process: it always answers, and is not interrupted.
async fn within<T>(engine: Engine, limit: Duration, work: impl Future<Output = T>) -> Result<T, Fault> {
    match engine {
        Engine::Sqlite => Ok(work.await),
        Engine::Postgres => tokio::time::timeout(limit, work)
            .await
            .map_err(|_| Fault::new(FaultKind::Unavailable, "PostgreSQL does not answer")),
    }
}
