//! The outbox: a message is one worker's until its lease ends, and is told of once it is delivered.

use dinhdanh::{
    base::{Span, Timestamp, ids::MessageId},
    store::{
        Conn, Engine,
        outbox::{self, DueMessage, MessageKind, NewMessage},
    },
};

use super::case::{Case, MICRO, NOW, both, number, run};
use crate::support::database::TestDb;

const LEASE: Span = Span::secs(30);

impl Case {
    async fn message(&self, kind: MessageKind, at: Timestamp) -> NewMessage {
        let message = NewMessage {
            id: MessageId(self.uuid()),
            kind,
            recipient: "rp".to_owned(),
            payload: vec![0, 200, 7],
            gives_up_at: at + Span::hours(24),
        };
        outbox::insert(&mut self.conn().await, &message, at).await.unwrap();
        message
    }
}

async fn claim(conn: &mut Conn, now: Timestamp, limit: i64) -> Vec<DueMessage> {
    outbox::claim(conn, now, now + LEASE, limit).await.unwrap()
}

fn ids(mut claimed: Vec<DueMessage>) -> Vec<MessageId> {
    claimed.sort_by_key(|message| message.id);
    claimed.into_iter().map(|message| message.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_a_lease() {
    both(async |case| {
        let message = case.message(MessageKind::BackchannelLogout, NOW).await;
        let mut conn = case.conn().await;
        assert!(claim(&mut conn, NOW - MICRO, 10).await.is_empty(), "not due yet");
        assert_eq!(outbox::oldest_due(&mut conn).await.unwrap(), Some(NOW));
        let claimed = claim(&mut conn, NOW, 10).await;
        let expected = DueMessage {
            id: message.id,
            kind: message.kind,
            recipient: message.recipient,
            payload: message.payload,
            attempts: 1,
            created_at: NOW,
            gives_up_at: message.gives_up_at,
        };
        assert_eq!(claimed, std::slice::from_ref(&expected));
        assert_eq!(outbox::oldest_due(&mut conn).await.unwrap(), Some(NOW + LEASE));
        assert!(claim(&mut conn, NOW + LEASE - MICRO, 10).await.is_empty(), "somebody's");
        assert_eq!(claim(&mut conn, NOW + LEASE, 10).await, [DueMessage { attempts: 2, ..expected }], "they died");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_due_go_first_and_no_more_than_asked_for() {
    both(async |case| {
        let mut all = Vec::new();
        for late in [5, 3, 4, 1, 2] {
            all.push((late, case.message(MessageKind::Sms, NOW + Span::secs(late)).await.id));
        }
        all.sort_unstable();
        let mut conn = case.conn().await;
        let now = NOW + Span::secs(10);
        let mut first: Vec<_> = all[..3].iter().map(|(_, id)| *id).collect();
        first.sort_unstable();
        assert_eq!(ids(claim(&mut conn, now, 3).await), first);
        assert_eq!(claim(&mut conn, now, 3).await.len(), 2);
        assert!(claim(&mut conn, now, 3).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_or_given_up_never_comes_again() {
    both(async |case| {
        let delivered = case.message(MessageKind::Sms, NOW).await.id;
        let later = case.message(MessageKind::Sms, NOW).await.id;
        let hopeless = case.message(MessageKind::BackchannelLogout, NOW).await.id;
        let mut conn = case.conn().await;
        assert_eq!(claim(&mut conn, NOW, 10).await.len(), 3);
        assert!(!outbox::is_done(&mut conn, delivered).await.unwrap());
        outbox::done(&mut conn, delivered, NOW).await.unwrap();
        assert!(outbox::is_done(&mut conn, delivered).await.unwrap());
        let next = NOW + Span::minutes(1);
        outbox::again(&mut conn, later, Some(next), NOW, "503").await.unwrap();
        outbox::again(&mut conn, hopeless, None, NOW, "a day has passed").await.unwrap();
        // A worker that was late neither sends again what was delivered nor wakes what was given up.
        assert!(!outbox::again(&mut conn, delivered, Some(next), NOW, "late").await.unwrap());
        assert!(!outbox::done(&mut conn, hopeless, NOW).await.unwrap());
        assert!(claim(&mut conn, next - MICRO, 10).await.is_empty());
        let claimed = claim(&mut conn, NOW + Span::days(365), 10).await;
        assert_eq!(ids(claimed), [later]);
        assert!(!outbox::is_done(&mut conn, later).await.unwrap());
        assert!(!outbox::is_done(&mut conn, hopeless).await.unwrap());
        let payloads = "SELECT count(*) FROM outbox WHERE state = 'done' AND length(payload) = 0";
        assert_eq!(number(&mut conn, payloads).await, 1, "what was said is forgotten once it was heard");
        assert_eq!(number(&mut conn, "SELECT count(*) FROM outbox WHERE state = 'dead'").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_claimers_share_nothing() {
    let case = Case::on(TestDb::postgres().await);
    for _ in 0..20 {
        case.message(MessageKind::Sms, NOW).await;
    }
    let (mut one, mut two) = (case.begin().await, case.begin().await);
    let first = ids(claim(&mut one, NOW, 15).await);
    // The first has not committed: the second neither waits for it nor takes the same.
    let second = ids(claim(&mut two, NOW, 15).await);
    assert_eq!((first.len(), second.len()), (15, 5));
    assert!(second.iter().all(|id| !first.contains(id)));
    run(&mut one, "ROLLBACK").await;
    run(&mut two, "COMMIT").await;
    assert_eq!(ids(claim(&mut two, NOW, 99).await), first, "what was given back is there again");
}

/// A planner that joins by nested loops may run a subquery with LIMIT and SKIP LOCKED more than once, and then takes more.
#[tokio::test(flavor = "multi_thread")]
async fn the_limit_holds_whatever_the_plan() {
    let case = Case::on(TestDb::postgres().await);
    assert_eq!(case.engine(), Engine::Postgres);
    for _ in 0..40 {
        case.message(MessageKind::Sms, NOW).await;
    }
    let mut conn = case.conn().await;
    run(&mut conn, "ANALYZE outbox").await;
    assert_eq!(claim(&mut conn, NOW, 5).await.len(), 5);
    // What is left is a nested loop; `IN (SELECT … LIMIT 5 FOR UPDATE SKIP LOCKED)` took all the rest under it.
    run(&mut conn, "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off").await;
    run(&mut conn, "SET enable_hashagg = off; SET enable_sort = off; DISCARD PLANS").await;
    assert_eq!(claim(&mut conn, NOW, 5).await.len(), 5);
}
