//! Writes that can be counted afterwards: each a row with a number in a table without any constraint that would hide a
//! second one, the even ones with an audit event.

use std::sync::{Arc, Mutex};

use dinhdanh::{
    base::{Fault, fault::FaultKind},
    store::{AuditEvent, Class, Conn, LaneKey, Outcome, Tx, Unit, audit::Actor, audit_log},
};

use tokio::sync::Semaphore;

use super::case::{NOW, number, run};

pub const TOKEN: u8 = 0;
pub const INTERACTIVE: u8 = 1;
pub const ADMIN: u8 = 2;

/// What an entry does beside writing its row.
#[derive(Clone, Copy, Debug)]
pub enum How {
    Well,
    /// Holds its lane until somebody opens.
    Until(Gate),
    Fault,
    Panic,
    /// Before it has returned its future.
    PanicEarly,
    /// Meets an SQL error, keeps it to itself and goes on.
    Swallow,
}

/// Closed, until a test has prepared what comes behind it: however long that takes on a busy machine.
#[derive(Clone, Copy, Debug)]
pub struct Gate(&'static Semaphore);

impl Gate {
    pub fn new() -> Self {
        Self(Box::leak(Box::new(Semaphore::new(0))))
    }

    pub fn open(self) {
        self.0.close();
    }

    async fn passed(self) {
        let _closed_for_good_is_open = self.0.acquire().await;
    }
}

/// The order in which units ran.
pub type Order = Arc<Mutex<Vec<i64>>>;

pub struct Entry<const CLASS: u8> {
    pub n: i64,
    pub key: u64,
    pub how: How,
    pub order: Order,
}

impl<const CLASS: u8> Entry<CLASS> {
    pub fn new(n: i64, key: u64, how: How) -> Self {
        Self { n, key, how, order: Order::default() }
    }
}

impl<const CLASS: u8> Unit for Entry<CLASS> {
    type Out = i64;
    const KIND: &'static str = "test.entry";
    const CLASS: Class = match CLASS {
        TOKEN => Class::Token,
        INTERACTIVE => Class::Interactive,
        _ => Class::Admin,
    };

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(&self.key.to_be_bytes())
    }

    fn run<'a>(&'a self, tx: &'a mut Tx) -> impl Future<Output = Result<i64, Fault>> + Send + 'a {
        assert!(!matches!(self.how, How::PanicEarly), "on purpose");
        async move {
            self.order.lock().unwrap().push(self.n);
            write(tx, self.n).await?;
            if self.n % 2 == 0 {
                tx.record(AuditEvent::new(NOW, "test.noted", Outcome::Done, Actor::Service));
            }
            match self.how {
                How::Well | How::PanicEarly => {}
                How::Until(gate) => gate.passed().await,
                How::Fault => return Err(Fault::new(FaultKind::Internal, "on purpose")),
                How::Panic => panic!("on purpose"),
                How::Swallow => assert!(write_nothing(tx).await.is_err()),
            }
            Ok(self.n)
        }
    }
}

/// As units write: an error of the engine is a fault of the kind that the store gives it.
async fn write(conn: &mut Conn, n: i64) -> Result<(), Fault> {
    let sql = "INSERT INTO ledger (n) VALUES ($1)";
    by_hand!(conn, |c| sqlx::query(sql).bind(n).execute(c).await.map(|_| ())).map_err(|error| {
        let lost = matches!(&error, sqlx::Error::Io(_))
            || error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == "57P01");
        Fault::because(if lost { FaultKind::Retry } else { FaultKind::Internal }, "writing an entry", error)
    })
}

async fn write_nothing(conn: &mut Conn) -> Result<(), sqlx::Error> {
    by_hand!(conn, |c| sqlx::query("INSERT INTO ledger (n) VALUES (NULL)").execute(c).await.map(|_| ()))
}

pub async fn create(conn: &mut Conn) {
    run(conn, "CREATE TABLE ledger (n BIGINT NOT NULL)").await;
}

pub async fn numbers(conn: &mut Conn) -> Vec<i64> {
    by_hand!(conn, |c| sqlx::query_scalar::<_, i64>("SELECT n FROM ledger ORDER BY n").fetch_all(c).await).unwrap()
}

/// Every acknowledged entry is there; none is there twice; the audit has each even one exactly once, in whole chains.
pub async fn reconcile(conn: &mut Conn, acknowledged: &[i64]) {
    let there = numbers(conn).await;
    assert!(there.windows(2).all(|pair| pair[0] != pair[1]), "written twice: {:?}", repeated(&there));
    let lost: Vec<_> = acknowledged.iter().filter(|n| there.binary_search(n).is_err()).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let verified = audit_log::verify(conn).await.unwrap();
    assert_eq!(verified.broken, []);
    let noted = number(conn, "SELECT count(*) FROM audit_event WHERE action = 'test.noted'").await;
    let even = there.iter().filter(|n| *n % 2 == 0).count();
    assert_eq!(usize::try_from(noted).unwrap(), even, "each change has its event");
}

fn repeated(sorted: &[i64]) -> Vec<i64> {
    sorted.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect()
}
