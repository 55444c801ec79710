//! The lanes: one commit for many, a fault that leaves its neighbours unharmed, a panic that is its own.

use std::sync::Arc;

use dinhdanh::{
    base::{Clock, Entropy, Fault, Timestamp, fault::FaultKind, ids::InstanceId},
    store::{AuditEvent, Class, Db, DbSettings, LaneKey, Outcome, Tx, Unit, Writer, audit::Actor, migrations},
};

async fn sqlite() -> (tempfile::TempDir, Db) {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", dir.path().join("test.db").display());
    let db = Db::open(&DbSettings { url, read_connections: 2, postgres_lanes: 4 }).await.unwrap();
    migrations::migrate(&db).await.unwrap();
    (dir, db)
}

fn writer(db: &Db) -> Writer {
    let entropy = Entropy::counted(1);
    Writer::start(db, InstanceId::generate(&entropy, Clock::System.now()))
}

enum Behave {
    Well,
    Fault,
    Panic,
}

struct Note(u64, Behave);

impl Unit for Note {
    type Out = u64;
    const KIND: &'static str = "test.note";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(&self.0.to_be_bytes())
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<u64, Fault> {
        tx.record(AuditEvent::new(Timestamp::from_secs(1), "test.noted", Outcome::Done, Actor::Service));
        match self.1 {
            Behave::Well => Ok(self.0),
            Behave::Fault => Err(Fault::new(FaultKind::Internal, "on purpose")),
            Behave::Panic => panic!("on purpose"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_and_a_panic_leave_their_neighbours_unharmed() {
    let (_dir, db) = sqlite().await;
    let writer = Arc::new(writer(&db));
    let tasks: Vec<_> = (0..40_u64)
        .map(|number| {
            let writer = Arc::clone(&writer);
            let behave = match number {
                7 => Behave::Fault,
                23 => Behave::Panic,
                _ => Behave::Well,
            };
            tokio::spawn(async move { writer.submit(Note(number, behave)).await })
        })
        .collect();
    for (number, task) in tasks.into_iter().enumerate() {
        let result = task.await.unwrap();
        assert_eq!(result.is_ok(), number != 7 && number != 23, "unit {number}: {result:?}");
    }
}
