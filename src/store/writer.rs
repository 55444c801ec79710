//! A write is a value. Units queue to lanes by the key they name; a lane takes what waits, runs it in one transaction,
//! commits once and only then answers each: concurrent requests share a commit.

use std::{
    collections::VecDeque,
    future::Future,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::FutureExt as _;
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

use super::{
    Db, Engine,
    lane::{Lane, Tx},
};
use crate::base::{Fault, fault::FaultKind, ids::InstanceId};

/// One use case's write.
///
/// `run` may be called more than once and has no effect but SQL: ids, tokens, hashes, signatures and times come in with the
/// unit. `Err` is a fault, and rolls the batch back; a refusal is a value inside `Out`, so that what it recorded commits.
pub trait Unit: Send + Sync + 'static {
    type Out: Send + 'static;

    /// The unit's name in metrics, and the kind that is set apart when it faults repeatedly.
    const KIND: &'static str;
    const CLASS: Class = Class::Interactive;

    /// Account, else session, else family or client: units with the same key never run at once in one process.
    fn lane_key(&self) -> LaneKey;

    fn run<'a>(&'a self, tx: &'a mut Tx) -> impl Future<Output = Result<Self::Out, Fault>> + Send + 'a;
}

/// Which queue a unit waits in; a lane takes from all, by weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Token,
    Interactive,
    Admin,
    /// Imports and other work of many rows: its own lane on PostgreSQL, one unit a batch on SQLite.
    Bulk,
}

impl Class {
    pub(super) const ALL: [Self; 4] = [Self::Token, Self::Interactive, Self::Admin, Self::Bulk];

    pub(super) const fn index(self) -> usize {
        match self {
            Self::Token => 0,
            Self::Interactive => 1,
            Self::Admin => 2,
            Self::Bulk => 3,
        }
    }

    /// How long a caller waits for its commit before it is told to come back.
    const fn deadline(self) -> Duration {
        match self {
            Self::Token | Self::Interactive => Duration::from_secs(1),
            Self::Admin => Duration::from_secs(5),
            Self::Bulk => Duration::from_mins(2),
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Interactive => "interactive",
            Self::Admin => "admin",
            Self::Bulk => "bulk",
        }
    }
}

/// What decides the lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneKey(u64);

impl LaneKey {
    pub fn of_id(id: Uuid) -> Self {
        let (high, low) = id.as_u64_pair();
        Self(mix(high ^ low))
    }

    pub fn of_bytes(bytes: &[u8]) -> Self {
        // FNV-1a, then mixed: only evenness matters here.
        Self(mix(bytes
            .iter()
            .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))))
    }
}

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The door to every change. Cheap to clone; the lanes stop when the last clone is dropped and their queues are empty.
#[derive(Clone)]
pub struct Writer {
    queues: Arc<Queues>,
    engine: Engine,
    lanes: u16,
    /// How many times as long as its class a caller waits.
    patience: u32,
}

struct Queues {
    of_lanes: Vec<Arc<Queue>>,
    lanes_at_work: Mutex<Vec<tokio::task::JoinHandle<()>>>,
}

impl Drop for Queues {
    fn drop(&mut self) {
        for queue in &self.of_lanes {
            queue.close();
        }
    }
}

/// A class holds at most this many waiting units per lane; more are refused at once instead of timing out later.
const MAX_WAITING: usize = 2_048;

impl Writer {
    /// Starts the lanes on the current runtime. `instance` names this process in the audit chains: new at every start.
    pub fn start(db: &Db, instance: InstanceId) -> Self {
        let engine = db.engine();
        let lanes = db.lanes();
        let bulk_lane = u16::from(engine == Engine::Postgres);
        let (of_lanes, at_work): (Vec<_>, Vec<_>) = (0..lanes + bulk_lane)
            .map(|number| {
                let queue = Arc::new(Queue::default());
                let lane = Lane::new(db.clone(), instance, number, Arc::clone(&queue));
                (queue, tokio::spawn(lane.work()))
            })
            .unzip();
        Self { queues: Arc::new(Queues { of_lanes, lanes_at_work: Mutex::new(at_work) }), engine, lanes, patience: 1 }
    }

    /// Callers wait so many times as long before they are told to come back: where nobody waits for them, and the machine may be
    /// busy.
    #[must_use]
    pub fn with_patience(self, patience: u32) -> Self {
        Self { patience, ..self }
    }

    /// Takes nothing more, finishes what waits, and lets go of the lanes' connections; then the database can be closed.
    pub async fn stop(&self) {
        for queue in &self.queues.of_lanes {
            queue.close();
        }
        let at_work = std::mem::take(&mut *self.queues.lanes_at_work.lock().unwrap_or_else(PoisonError::into_inner));
        for lane in at_work {
            let _ = lane.await;
        }
    }

    /// Waits for the unit's commit. A fault says whether to come back (`Unavailable`) or that something is wrong.
    pub async fn submit<U: Unit>(&self, unit: U) -> Result<U::Out, Fault> {
        let (answer_to, answer) = oneshot::channel();
        let key = unit.lane_key();
        self.push((U::CLASS, key), Box::new(Waiting { unit, out: None, answer_to }))?;
        answered(answer, U::CLASS.deadline() * self.patience, U::KIND).await
    }

    fn push(&self, (class, key): (Class, LaneKey), job: Box<dyn Job>) -> Result<(), Fault> {
        let lane = match class {
            Class::Bulk if self.engine == Engine::Postgres => usize::from(self.lanes),
            _ => usize::try_from(key.0 % u64::from(self.lanes)).unwrap_or(0),
        };
        let queue = self.queues.of_lanes.get(lane).ok_or_else(|| Fault::unavailable("the writer has no lanes"))?;
        queue.push(class, job)
    }
}

/// Apart from [`Writer::submit`], which is compiled for each unit: there are fewer kinds of answers than of units.
async fn answered<T>(
    answer: oneshot::Receiver<Result<T, Fault>>,
    deadline: Duration,
    kind: &'static str,
) -> Result<T, Fault> {
    match tokio::time::timeout(deadline, answer).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(Fault::unavailable("the writer stopped")),
        Err(_) => {
            metrics::counter!("dinhdanh_writer_deadline_total", "kind" => kind).increment(1);
            Err(Fault::unavailable("the write was not committed in time"))
        }
    }
}

/// One lane's waiting units, by class.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<QueueState>,
    arrived: Notify,
}

#[derive(Default)]
struct QueueState {
    waiting: [VecDeque<Box<dyn Job>>; 4],
    closed: bool,
}

/// How many of each class a batch takes before the rest is filled with whatever waits.
const SHARES: [usize; 4] = [32, 22, 8, 1];
const MAX_BATCH: usize = 64;

impl Queue {
    fn push(&self, class: Class, job: Box<dyn Job>) -> Result<(), Fault> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Err(Fault::unavailable("the writer stopped"));
        }
        let Some(waiting) = state.waiting.get_mut(class.index()) else {
            return Err(Fault::unavailable("the writer has no such queue"));
        };
        if waiting.len() >= MAX_WAITING {
            metrics::counter!("dinhdanh_writer_shed_total", "class" => class.name()).increment(1);
            return Err(Fault::unavailable("the writer's queue is full"));
        }
        waiting.push_back(job);
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.arrived.notify_one();
    }

    /// The next batch, in order of arrival within a class; `None` when the writer is gone and nothing waits.
    pub(super) async fn next_batch(&self) -> Option<Vec<Box<dyn Job>>> {
        loop {
            {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                let batch = state.take();
                if !batch.is_empty() {
                    return Some(batch);
                }
                if state.closed {
                    return None;
                }
            }
            self.arrived.notified().await;
        }
    }
}

impl QueueState {
    fn take(&mut self) -> Vec<Box<dyn Job>> {
        let mut batch = Vec::new();
        for (waiting, share) in self.waiting.iter_mut().zip(SHARES) {
            take_up_to(waiting, share, &mut batch);
        }
        // Bulk never fills up: it is slow by nature and would hold the others' commit.
        for waiting in self.waiting.iter_mut().take(Class::Bulk.index()) {
            let room = MAX_BATCH.saturating_sub(batch.len());
            take_up_to(waiting, room, &mut batch);
        }
        for (class, waiting) in Class::ALL.iter().zip(&self.waiting) {
            metrics::gauge!("dinhdanh_writer_queue_depth", "class" => class.name())
                .set(f64::from(u32::try_from(waiting.len()).unwrap_or(u32::MAX)));
        }
        batch
    }
}

fn take_up_to(waiting: &mut VecDeque<Box<dyn Job>>, room: usize, batch: &mut Vec<Box<dyn Job>>) {
    let mut taken = 0;
    while taken < room
        && let Some(job) = waiting.pop_front()
    {
        // A caller that left (deadline, closed connection) needs no work done.
        if !job.abandoned() {
            batch.push(job);
            taken += 1;
        }
    }
}

/// A unit with its type forgotten, and where its answer goes.
pub(super) trait Job: Send {
    fn kind(&self) -> &'static str;
    fn abandoned(&self) -> bool;
    /// How long its run may take.
    fn patience(&self) -> Duration;
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> Pin<Box<dyn Future<Output = Ran> + Send + 'a>>;
    fn answer(self: Box<Self>);
    fn fail(self: Box<Self>, fault: Fault);
}

pub(super) enum Ran {
    Done,
    Faulted(Fault),
    Panicked,
}

struct Waiting<U: Unit> {
    unit: U,
    out: Option<U::Out>,
    answer_to: oneshot::Sender<Result<U::Out, Fault>>,
}

impl<U: Unit> Job for Waiting<U> {
    fn kind(&self) -> &'static str {
        U::KIND
    }

    fn abandoned(&self) -> bool {
        self.answer_to.is_closed()
    }

    fn patience(&self) -> Duration {
        U::CLASS.deadline()
    }

    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> Pin<Box<dyn Future<Output = Ran> + Send + 'a>> {
        Box::pin(async move {
            // In a block of its own: `run` may do work, and panic, before it returns its future.
            match AssertUnwindSafe(async { self.unit.run(tx).await }).catch_unwind().await {
                Ok(Ok(out)) => {
                    self.out = Some(out);
                    Ran::Done
                }
                Ok(Err(fault)) => Ran::Faulted(fault),
                Err(_) => Ran::Panicked,
            }
        })
    }

    fn answer(self: Box<Self>) {
        let result = self.out.ok_or_else(|| Fault::new(FaultKind::Internal, "a unit was answered before it ran"));
        // The caller may have left meanwhile: the change stands, only nobody hears of it.
        let _ = self.answer_to.send(result);
    }

    fn fail(self: Box<Self>, fault: Fault) {
        let _ = self.answer_to.send(Err(fault));
    }
}
