//! The audit chains: whole when nobody touched them, and the first touched event named when somebody did (F33).

use dinhdanh::{
    base::{
        Fault, Span, Timestamp,
        ids::{AccountId, InstanceId},
    },
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit, Writer,
        audit::Actor,
        audit_log::{self, StoredEvent, Verified},
    },
};
use serde_json::json;

use super::case::{Case, NOW, both};

/// Records what it was given.
struct Record {
    events: Vec<AuditEvent>,
    key: u64,
}

impl Unit for Record {
    type Out = ();
    const KIND: &'static str = "test.record";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(&self.key.to_be_bytes())
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        for event in &self.events {
            tx.record(event.clone());
        }
        Ok(())
    }
}

impl Case {
    /// One chain of `length` events, each with everything an event can have.
    async fn chain(&self, length: i64) -> InstanceId {
        let instance = InstanceId(self.uuid());
        let events = (0..length)
            .map(|n| {
                AuditEvent::new(NOW + Span::micros(n), "token.issued", Outcome::Done, Actor::Operator("An".to_owned()))
                    .person(dinhdanh::base::ids::PersonId(self.uuid()))
                    .account(AccountId(self.uuid()))
                    .client(&"cổng".into())
                    .session(dinhdanh::base::ids::SessionId(self.uuid()))
                    .detail(json!({ "scopes": ["openid"], "n": n, "text": "\"quoted\" \\ \u{1f4a7} \u{0}" }))
            })
            .collect();
        let db = self.another().await;
        Writer::start(&db, instance).submit(Record { events, key: 0 }).await.unwrap();
        instance
    }

    async fn verified(&self) -> Verified {
        audit_log::verify(&mut self.conn().await).await.unwrap()
    }

    /// What is wrong with one chain.
    async fn broken(&self, instance: InstanceId) -> Vec<(i64, &'static str)> {
        let broken = self.verified().await.broken;
        broken.into_iter().filter(|found| found.0 == instance).map(|found| (found.2, found.3)).collect()
    }

    /// What a superuser does behind the service's back, to one chain.
    async fn tamper(&self, instance: InstanceId, sql: &'static str) {
        by_hand!(&mut self.conn().await, |c| sqlx::query(sql).bind(instance).execute(c).await.map(|_| ())).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_verifies_across_lanes_batches_and_instances() {
    both(async |case| {
        let writers = [case.writer().await, case.writer().await];
        for n in 0..60 {
            let mut event = AuditEvent::new(NOW, "client.added", Outcome::Refused, Actor::CommandLine);
            event.detail = json!({ "n": n });
            // No event, one, or three.
            let events = vec![event; [0, 1, 3][usize::try_from(n).unwrap() % 3]];
            let writer = &writers[usize::try_from(n).unwrap() % 2];
            writer.submit(Record { events, key: n }).await.unwrap();
        }
        let verified = case.verified().await;
        assert_eq!((verified.events, verified.broken), (80, vec![]));
        let lanes = u64::from(case.test.db.lanes());
        assert_eq!(verified.chains, 2 * lanes, "each lane of each instance has its own");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_longer_than_a_page_verifies() {
    both(async |case| {
        case.chain(2_000).await;
        case.chain(4_001).await;
        let verified = case.verified().await;
        assert_eq!(verified, Verified { chains: 2, events: 6_001, broken: vec![] });
    })
    .await;
}

/// What was done, the statement ($1 is the chain), the first event that tells of it, and in which words.
const TAMPERINGS: &[(&str, &str, i64, &str)] = &[
    (
        "a word changed",
        "UPDATE audit_event SET outcome = 'refused' WHERE instance = $1 AND seq = 4",
        4,
        "its content was changed",
    ),
    (
        "another person",
        "UPDATE audit_event SET person_id = session_id WHERE instance = $1 AND seq = 9",
        9,
        "its content was changed",
    ),
    (
        "an account forgotten",
        "UPDATE audit_event SET account_id = NULL WHERE instance = $1 AND seq = 1",
        1,
        "its content was changed",
    ),
    (
        "a detail changed",
        "UPDATE audit_event SET detail = replace(detail, 'openid', 'OPENID') WHERE instance = $1 AND seq = 7",
        7,
        "its content was changed",
    ),
    ("one deleted", "DELETE FROM audit_event WHERE instance = $1 AND seq = 5", 6, "an event before it is missing"),
    (
        "the first deleted",
        "DELETE FROM audit_event WHERE instance = $1 AND seq = 1",
        2,
        "an event before it is missing",
    ),
    (
        "a middle cut out",
        "DELETE FROM audit_event WHERE instance = $1 AND seq BETWEEN 3 AND 8",
        9,
        "an event before it is missing",
    ),
    (
        "a middle cut out and the rest renumbered",
        "UPDATE audit_event SET seq = seq - 100 WHERE instance = $1 AND seq > 6",
        -93,
        "an event before it is missing",
    ),
    (
        "a forged hash",
        "UPDATE audit_event SET hash = prev_hash WHERE instance = $1 AND seq = 6",
        6,
        "its content was changed",
    ),
    (
        "a forged link",
        "UPDATE audit_event SET prev_hash = hash WHERE instance = $1 AND seq = 6",
        6,
        "it does not follow the event before it",
    ),
    (
        "moved to another lane",
        "UPDATE audit_event SET lane = lane + 5 WHERE instance = $1 AND seq > 8",
        9,
        "an event before it is missing",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn tampering_is_named_by_its_first_event() {
    both(async |case| {
        let mut expected = Vec::new();
        for (what, sql, seq, why) in TAMPERINGS {
            let instance = case.chain(10).await;
            case.tamper(instance, sql).await;
            assert_eq!(case.broken(instance).await, [(*seq, *why)], "{what}");
            expected.push((instance, *seq, *why));
        }
        case.chain(10).await;
        let broken = case.verified().await.broken;
        let mut named: Vec<_> = broken.into_iter().map(|(instance, _, seq, why)| (instance, seq, why)).collect();
        named.sort_unstable();
        expected.sort_unstable();
        assert_eq!(named, expected, "each broken chain is told once, and a sound one never");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_events_changing_places_are_noticed() {
    both(async |case| {
        let instance = case.chain(10).await;
        for sql in [
            "UPDATE audit_event SET seq = 100 WHERE instance = $1 AND seq = 4",
            "UPDATE audit_event SET seq = 4 WHERE instance = $1 AND seq = 5",
            "UPDATE audit_event SET seq = 5 WHERE instance = $1 AND seq = 100",
        ] {
            case.tamper(instance, sql).await;
        }
        assert_eq!(case.broken(instance).await, [(4, "it does not follow the event before it")]);
    })
    .await;
}

/// An event inserted with its own right hash still does not fit between its neighbours.
#[tokio::test(flavor = "multi_thread")]
async fn an_inserted_event_is_noticed() {
    both(async |case| {
        let instance = case.chain(3).await;
        case.tamper(
            instance,
            "INSERT INTO audit_event (instance, lane, seq, at, action, outcome, actor, detail, prev_hash, hash) \
             SELECT instance, lane, 4, at, action, outcome, actor, detail, hash, prev_hash FROM audit_event \
             WHERE instance = $1 AND seq = 3",
        )
        .await;
        assert_eq!(case.broken(instance).await, [(4, "its content was changed")]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_sees_its_own_history_newest_first() {
    both(async |case| {
        let account = AccountId(case.uuid());
        let at = |second: i64| NOW + Span::secs(second);
        let event = |second: i64, account: AccountId| {
            AuditEvent::new(at(second), "session.opened", Outcome::Done, Actor::Person).account(account)
        };
        let mut events: Vec<_> = [3, 1, 2].into_iter().map(|second| event(second, account)).collect();
        events.push(event(2, AccountId(case.uuid())));
        case.writer().await.submit(Record { events, key: 0 }).await.unwrap();
        let times = |page: Vec<StoredEvent>| page.iter().map(|event| event.at).collect::<Vec<Timestamp>>();
        let mut conn = case.conn().await;
        assert_eq!(times(audit_log::of_account(&mut conn, account, at(9), 2).await.unwrap()), [at(3), at(2)]);
        assert_eq!(times(audit_log::of_account(&mut conn, account, at(2), 9).await.unwrap()), [at(1)]);
    })
    .await;
}

/// What a grant came to is found however much happened to the account since, and nothing of another grant with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_grants_history_is_found_behind_ten_thousand_others() {
    both(async |case| {
        let account = case.account().await;
        let client = case.client("portal").await;
        let (session, _) = case.session(account).await;
        let (grant, other) = (case.grant(&client, &session, false).await, case.grant(&client, &session, false).await);
        let event = |at, action, detail| {
            AuditEvent::new(at, action, Outcome::Done, Actor::Client).account(account).detail(detail)
        };
        let mut events = vec![
            event(NOW, "code.issued", json!({ "grant": grant })),
            event(NOW, "code.issued", json!({ "grant": other })),
            event(NOW + Span::secs(1), "token.issued", json!({ "grant": grant })),
        ];
        events.extend((0..10_050).map(|n| event(NOW + Span::secs(2 + n), "sign_in.password", json!({ "n": n }))));
        events.push(event(NOW + Span::hours(4), "token.revoked", json!({ "of": [grant] })));
        // Some at a time: a unit has to be committed within its second, on slow machines too.
        let writer = case.writer().await;
        for some in events.chunks(500) {
            writer.submit(Record { events: some.to_vec(), key: 0 }).await.unwrap();
        }
        let found = async |before, most| {
            let mut conn = case.conn().await;
            let events = audit_log::of_grant(&mut conn, (account, grant), before, most).await.unwrap();
            events.into_iter().map(|event| event.action).collect::<Vec<_>>()
        };
        let late = NOW + Span::hours(5);
        assert_eq!(found(late, 10).await, ["token.revoked", "token.issued", "code.issued"]);
        assert_eq!(found(late, 2).await, ["token.revoked", "token.issued"]);
        assert_eq!(found(NOW + Span::secs(1), 10).await, ["code.issued"]);
    })
    .await;
}
