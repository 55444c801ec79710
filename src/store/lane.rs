//! One lane: a connection of its own, a batch at a time, one commit, one audit chain.

use std::{
    collections::HashMap,
    mem,
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};

use sqlx::Connection as _;

use super::{
    AuditEvent, Conn, Db,
    audit::{self, ChainHead},
    db::{db_fault, failed},
    dialect,
    writer::{Job, Queue, Ran},
};
use crate::base::{Fault, fault::FaultKind, ids::InstanceId};

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
    /// Unknown after a lost COMMIT: read again before the next event.
    head: Option<ChainHead>,
    /// Kinds that faulted lately; at [`SET_APART`] their units run in transactions of their own.
    faulting: HashMap<&'static str, u32>,
}

const FAULT_WEIGHT: u32 = 8;
const SET_APART: u32 = 16;
const MAX_RETRIES: u32 = 2;

enum Attempt {
    Committed,
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
        Self { db, instance, number, queue, conn: None, head: Some(ChainHead::GENESIS), faulting: HashMap::new() }
    }

    pub(super) async fn work(mut self) {
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

    /// Runs a batch to its end: in halves after a fault, at last alone, where the engine's "try again" is tried twice.
    async fn run_batch(&mut self, batch: Vec<Box<dyn Job>>) {
        let mut work = vec![(batch, 0)];
        while let Some((mut jobs, retries)) = work.pop() {
            if jobs.is_empty() {
                continue;
            }
            match self.attempt(&mut jobs).await {
                Attempt::Committed => jobs.into_iter().for_each(Job::answer),
                Attempt::CommitLost(fault) => {
                    self.head = None;
                    self.discard_connection().await;
                    for job in jobs {
                        job.fail(fault.clone());
                    }
                }
                Attempt::Panicked { culprit } => {
                    let job = jobs.remove(culprit);
                    self.blame(job.kind());
                    job.fail(Fault::new(FaultKind::Internal, "a unit panicked"));
                    work.push((jobs, retries));
                }
                Attempt::RolledBack { fault, culprit } if jobs.len() == 1 => {
                    let job = jobs.remove(0);
                    if fault.kind == FaultKind::Retry && retries < MAX_RETRIES {
                        metrics::counter!("dinhdanh_writer_rerun_total").increment(1);
                        tokio::time::sleep(self.pause(retries)).await;
                        work.push((vec![job], retries + 1));
                    } else {
                        if culprit.is_some() && fault.kind == FaultKind::Internal {
                            self.blame(job.kind());
                        }
                        job.fail(fault);
                    }
                }
                Attempt::RolledBack { .. } => {
                    metrics::counter!("dinhdanh_writer_rerun_total").increment(1);
                    let second = jobs.split_off(jobs.len() / 2);
                    work.push((second, retries));
                    work.push((jobs, retries));
                }
            }
        }
    }

    /// 5–20 ms, different for each lane and try, so that two that collided do not collide again.
    fn pause(&self, retries: u32) -> Duration {
        let spread = u64::from(self.number).wrapping_mul(7).wrapping_add(u64::from(retries).wrapping_mul(5)) % 15;
        Duration::from_millis(5 + spread)
    }

    fn blame(&mut self, kind: &'static str) {
        tracing::error!(kind, "a unit faulted; its kind runs apart when this goes on");
        *self.faulting.entry(kind).or_default() += FAULT_WEIGHT;
    }

    async fn attempt(&mut self, jobs: &mut [Box<dyn Job>]) -> Attempt {
        let (mut tx, head) = match self.begin().await {
            Ok(begun) => begun,
            Err(fault) => {
                self.discard_connection().await;
                return Attempt::RolledBack { fault, culprit: None };
            }
        };
        for (number, job) in jobs.iter_mut().enumerate() {
            match job.run(&mut tx).await {
                Ran::Done => {}
                Ran::Faulted(fault) => {
                    self.roll_back(tx).await;
                    return Attempt::RolledBack { fault, culprit: Some(number) };
                }
                Ran::Panicked => {
                    // The connection may be in the middle of a statement: it is not used again.
                    self.conn = Some(tx.conn);
                    self.discard_connection().await;
                    return Attempt::Panicked { culprit: number };
                }
            }
        }
        let events = mem::take(&mut tx.events);
        let head = match audit::append(&mut tx, self.instance, i64::from(self.number), head, &events).await {
            Ok(head) => head,
            Err(fault) => {
                self.roll_back(tx).await;
                return Attempt::RolledBack { fault, culprit: None };
            }
        };
        self.commit(tx, head).await
    }

    async fn begin(&mut self) -> Result<(Tx, ChainHead), Fault> {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.db.write().await?,
        };
        let begin = dialect::begin(conn.engine());
        if let Err(error) = on!(&mut conn, |c| sqlx::query(begin).execute(c).await.map(|_| ())) {
            self.conn = Some(conn);
            return Err(db_fault("beginning a transaction", error));
        }
        let head = match self.head {
            Some(head) => head,
            None => match audit::head(&mut conn, self.instance, i64::from(self.number)).await {
                Ok(head) => head,
                Err(fault) => {
                    // Its transaction is open: the caller discards it.
                    self.conn = Some(conn);
                    return Err(fault);
                }
            },
        };
        Ok((Tx { conn, events: Vec::new() }, head))
    }

    async fn commit(&mut self, mut tx: Tx, head: ChainHead) -> Attempt {
        let result = on!(&mut tx.conn, |c| sqlx::query("COMMIT").execute(c).await.map(|_| ()));
        match result {
            Ok(()) => {
                self.head = Some(head);
                self.conn = Some(tx.conn);
                Attempt::Committed
            }
            // The engine itself said no: nothing was committed. One that is going down may say so after it has committed.
            Err(error @ sqlx::Error::Database(_)) if !dialect::may_have_committed(&error) => {
                self.roll_back(tx).await;
                Attempt::RolledBack { fault: db_fault("committing", error), culprit: None }
            }
            Err(error) => {
                self.conn = Some(tx.conn);
                Attempt::CommitLost(db_fault("a commit whose answer was lost", error))
            }
        }
    }

    async fn roll_back(&mut self, mut tx: Tx) {
        let result =
            on!(&mut tx.conn, |c| sqlx::query("ROLLBACK").execute(c).await.map(|_| ())).map_err(failed("rolling back"));
        self.conn = Some(tx.conn);
        if result.is_err() {
            self.discard_connection().await;
        }
    }

    async fn discard_connection(&mut self) {
        let closed = match self.conn.take() {
            Some(Conn::Sqlite(conn)) => match conn.into_pooled() {
                Some(conn) => conn.close().await,
                None => return,
            },
            Some(Conn::Postgres(conn)) => match conn.into_pooled() {
                Some(conn) => conn.detach().close_hard().await,
                None => return,
            },
            None => return,
        };
        if let Err(error) = closed {
            tracing::debug!(%error, "closing a lane's connection");
        }
    }
}
