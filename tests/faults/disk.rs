//! F16, F18 on the embedded database: no room to write, and a log whose end was torn off.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use dinhdanh::{
    base::ids::InstanceId,
    store::{Db, DbSettings, Writer},
};
use http::StatusCode;

use super::nation::{Asked, Nation, token_request};
use crate::{
    store::{
        case::{Case, number},
        ledger::{self, ADMIN, Entry, How},
    },
    support::{
        app::{PORTAL, PORTAL_SECRET},
        database::{TestDb, sqlite_url},
    },
};

/// What a process may write to one file, as a full disk would stop it; its limit can be lifted while it runs.
fn limit(pid: u32, bytes: &str) {
    let limit = format!("--fsize={bytes}:");
    assert!(Command::new("prlimit").args(["--pid", &pid.to_string(), &limit]).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_room_is_a_reason_to_come_back_and_heals() {
    let nation = Nation::on(TestDb::sqlite().await).await;
    let serving = tokio::task::block_in_place(|| nation.binary.serve_ignoring("XFSZ"));
    let asked =
        token_request((PORTAL, PORTAL_SECRET), &[("grant_type", "client_credentials"), ("scope", "reports:read")]);
    assert_eq!(asked.send(serving.address).await.unwrap().status, StatusCode::OK);
    limit(serving.child.id(), "65536");
    let (mut refused, mut took) = (0, Vec::new());
    for _ in 0..20 {
        let began = Instant::now();
        let answer = asked.send(serving.address).await.unwrap();
        took.push(began.elapsed());
        if answer.status != StatusCode::OK {
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.body);
            assert!(answer.header("retry-after").is_some());
            refused += 1;
        }
    }
    assert!(refused > 10, "{refused}");
    // By itself, and not when the request's ten seconds are over; a machine may stand still now and then.
    took.sort();
    assert!(took[10] < Duration::from_secs(6), "{took:?}");
    let document = Asked::get("/.well-known/openid-configuration", &[]).send(serving.address).await.unwrap();
    assert_eq!(document.status, StatusCode::OK);
    let given = nation.app.at.audited("token.issued", "done").await;
    assert_eq!(given, 1 + 20 - refused, "no token without its record, no record without its token");
    limit(serving.child.id(), "unlimited");
    for _ in 0..5 {
        assert_eq!(asked.send(serving.address).await.unwrap().status, StatusCode::OK, "it heals at once");
    }
    let at = &nation.app.at;
    assert_eq!(at.count("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'").await, 1);
    nation.assert_audit_whole().await;
}

/// The database as it lies on the disk at this moment: as after a power cut.
fn copy(from: &Path, to: &Path) {
    for name in ["test.db", "test.db-wal"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

async fn reopened(dir: &Path) -> (Case, Vec<i64>) {
    let settings = DbSettings { url: sqlite_url(dir), read_connections: 2, postgres_lanes: 1, notices_restores: true };
    let db = Db::open(&settings).await.unwrap();
    let test = TestDb::existing(db, settings.url);
    let case = Case::on(test);
    let mut conn = case.conn().await;
    let sound = number(&mut conn, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'").await;
    assert_eq!(sound, 1);
    let there = ledger::numbers(&mut conn).await;
    drop(conn);
    (case, there)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_log_is_read_to_its_last_commit() {
    let dir = tempfile::tempdir().unwrap();
    let settings =
        DbSettings { url: sqlite_url(dir.path()), read_connections: 2, postgres_lanes: 1, notices_restores: true };
    let db = Db::open(&settings).await.unwrap();
    dinhdanh::store::migrations::migrate(&db).await.unwrap();
    let case = Case::on(TestDb::existing(db.clone(), settings.url));
    ledger::create(&mut case.conn().await).await;
    let writer = Writer::start(&db, InstanceId(case.uuid()));
    for n in 1..=40 {
        writer.submit(Entry::<ADMIN>::new(n, 1, How::Well)).await.unwrap();
    }
    let all: Vec<i64> = (1..=40).collect();

    // A frame that was being written when the power went: whatever is after the last commit is not there.
    let torn = tempfile::tempdir().unwrap();
    copy(dir.path(), torn.path());
    let mut wal = OpenOptions::new().append(true).open(torn.path().join("test.db-wal")).unwrap();
    wal.write_all(&[0xA5; 4096 + 24 + 1_000]).unwrap();
    drop(wal);
    let (case, there) = reopened(torn.path()).await;
    assert_eq!(there, all);
    ledger::reconcile(&mut case.conn().await, &all).await;

    // The last commit's own frames gone, by a disk that lied: a whole prefix is left, with whole chains, and it goes on.
    for pages in [1, 3, 20] {
        let torn = tempfile::tempdir().unwrap();
        copy(dir.path(), torn.path());
        let wal = OpenOptions::new().write(true).open(torn.path().join("test.db-wal")).unwrap();
        wal.set_len(wal.metadata().unwrap().len() - pages * 4_096).unwrap();
        let (case, there) = reopened(torn.path()).await;
        assert!(!there.is_empty() && there.len() < 40 && all.starts_with(&there), "{there:?}");
        let writer = Writer::start(&case.test.db, InstanceId(uuid::Uuid::from_u128(42)));
        writer.submit(Entry::<ADMIN>::new(42, 1, How::Well)).await.unwrap();
        ledger::reconcile(&mut case.conn().await, &[42]).await;
    }
}
