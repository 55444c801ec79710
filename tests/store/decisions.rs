//! Two people's word: each statement asks for itself whose it is, whether it waits still, and whether it is as it was seen. The
//! flows look before; these hold between the look and the commit.

use dinhdanh::{
    base::{Span, ids::EventId},
    store::{
        Conn,
        civil_events::{self, Decision, EventState, NewEvent},
        export_proposals::{self, ExportFile, ExportState, NewExport},
        import_proposals::{self, ImportState},
        imports::Tally,
    },
};
use time::macros::date;
use uuid::Uuid;

use super::case::{Case, NOW, both};

const AN: &str = "operator:an";
const BINH: &str = "operator:binh";

impl Case {
    async fn event(&self, state: EventState) -> NewEvent {
        let id = EventId(self.uuid());
        let event = NewEvent {
            id,
            kind: "death",
            source: "console".to_owned(),
            source_id: id.to_string(),
            unit_code: None,
            state,
            payload_sealed: vec![1],
            base: "{}".to_owned(),
            proposed_by: AN.to_owned(),
            note: None,
            due_on: date!(2026 - 11 - 24),
            people: Vec::new(),
        };
        assert!(civil_events::insert(&mut self.conn().await, &event, NOW).await.unwrap());
        event
    }

    async fn export(&self) -> Uuid {
        let new = NewExport {
            id: self.uuid(),
            unit: None,
            format: "csv",
            sensitive: false,
            reason: "Công văn 12/UBND".to_owned(),
            by: AN.to_owned(),
            at: NOW,
        };
        assert!(export_proposals::insert(&mut self.conn().await, &new).await.unwrap());
        new.id
    }
}

async fn stands(conn: &mut Conn, id: EventId) -> (EventState, i64, Option<String>) {
    let event = civil_events::find(conn, id).await.unwrap().unwrap();
    (event.state, event.version, event.decided_by)
}

fn word(to: EventState, by: &str) -> Decision {
    Decision { to, by: by.to_owned(), reason: Some("vì".to_owned()) }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_decided_once_by_another_as_it_was_seen() {
    both(async |case| {
        let mut conn = case.conn().await;
        let id = case.event(EventState::Proposed).await.id;
        let said = async |version, by| {
            let decision = word(EventState::Rejected, by);
            civil_events::decide(&mut case.conn().await, (id, version), &decision, NOW).await.unwrap()
        };
        assert!(!said(1, AN).await, "not one's own");
        assert!(!said(2, BINH).await, "not as it was seen");
        assert_eq!(stands(&mut conn, id).await, (EventState::Proposed, 1, None));
        assert!(said(1, BINH).await);
        for version in [1, 2] {
            assert!(!said(version, "operator:chi").await, "{version}: once");
        }
        let decided = (EventState::Rejected, 2, Some(BINH.to_owned()));
        assert_eq!(stands(&mut conn, id).await, decided);
        assert!(!civil_events::withdraw(&mut conn, (id, 2), AN).await.unwrap(), "it is too late to take it back");
        assert_eq!(stands(&mut conn, id).await, decided);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_taken_back_and_proposed_again_by_its_proposer_alone() {
    both(async |case| {
        let mut conn = case.conn().await;
        let event = case.event(EventState::Proposed).await;
        for (version, by) in [(1, BINH), (2, AN)] {
            assert!(!civil_events::withdraw(&mut conn, (event.id, version), by).await.unwrap(), "{version} {by}");
            let again = NewEvent { proposed_by: by.to_owned(), ..event.clone() };
            assert!(!civil_events::propose_again(&mut conn, (&again, version)).await.unwrap(), "{version} {by}");
        }
        let other_kind = NewEvent { kind: "birth", ..event.clone() };
        assert!(!civil_events::propose_again(&mut conn, (&other_kind, 1)).await.unwrap());
        assert!(civil_events::propose_again(&mut conn, (&event, 1)).await.unwrap(), "mended before anybody decided");
        assert!(civil_events::withdraw(&mut conn, (event.id, 2), AN).await.unwrap());
        assert!(!civil_events::withdraw(&mut conn, (event.id, 3), AN).await.unwrap());
        assert!(!civil_events::propose_again(&mut conn, (&event, 3)).await.unwrap(), "what was taken back stays so");
        assert_eq!(stands(&mut conn, event.id).await, (EventState::Withdrawn, 3, None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_taken_up_or_refused_once() {
    both(async |case| {
        let mut conn = case.conn().await;
        let (taken, refused) = (case.event(EventState::Case).await, case.event(EventState::Case).await);
        let up = NewEvent { proposed_by: BINH.to_owned(), ..taken.clone() };
        assert!(!civil_events::take_up(&mut conn, (&up, 2), NOW).await.unwrap(), "not as it was seen");
        let other_kind = NewEvent { kind: "birth", ..up.clone() };
        assert!(!civil_events::take_up(&mut conn, (&other_kind, 1), NOW).await.unwrap());
        assert!(civil_events::take_up(&mut conn, (&up, 1), NOW).await.unwrap());
        assert!(!civil_events::take_up(&mut conn, (&up, 2), NOW).await.unwrap(), "it is no case any more");
        let refuse = async |id, by| {
            civil_events::refuse_case(&mut case.conn().await, id, (by, "không đúng"), NOW).await.unwrap()
        };
        assert!(!refuse(taken.id, "operator:chi").await);
        assert!(!refuse(refused.id, AN).await, "whoever told of it");
        assert!(refuse(refused.id, BINH).await);
        assert!(!refuse(refused.id, "operator:chi").await, "once");
        assert!(!civil_events::wake(&mut conn, (taken.id, 2), ("{}", None, &[]), date!(2026 - 11 - 24)).await.unwrap());
        assert_eq!(stands(&mut conn, taken.id).await, (EventState::Proposed, 2, None));
        assert_eq!(stands(&mut conn, refused.id).await, (EventState::Rejected, 2, Some(BINH.to_owned())));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_decided_once_by_another_and_fetched_once_by_its_proposer() {
    both(async |case| {
        let mut conn = case.conn().await;
        let id = case.export().await;
        let said = async |version, by| {
            let word = (by, ExportState::Approved, None);
            export_proposals::decide(&mut case.conn().await, (id, version), word, NOW).await.unwrap()
        };
        assert!(!said(1, AN).await && !said(2, BINH).await);
        for (version, by) in [(1, BINH), (2, AN)] {
            assert!(!export_proposals::withdraw(&mut conn, (id, version), by).await.unwrap(), "{version} {by}");
        }
        assert!(!export_proposals::take_on(&mut conn, id, (NOW, NOW)).await.unwrap(), "nobody approved it");
        let file = ExportFile { name: format!("export-{id}.csv"), sha256: [7; 32], bytes: 9 };
        assert!(!export_proposals::ready(&mut conn, id, (&file, 1, (0, 0)), NOW).await.unwrap());
        assert!(said(1, BINH).await);
        assert!(!said(2, BINH).await && !export_proposals::withdraw(&mut conn, (id, 2), AN).await.unwrap());
        assert!(export_proposals::take_on(&mut conn, id, (NOW, NOW)).await.unwrap());
        assert!(!export_proposals::take_on(&mut conn, id, (NOW, NOW)).await.unwrap(), "another is at it");
        let take =
            async |by, since| export_proposals::take(&mut case.conn().await, (id, by), (NOW, since)).await.unwrap();
        let before = NOW - Span::micros(1);
        assert!(!take(AN, before).await, "nothing is there yet");
        assert!(export_proposals::ready(&mut conn, id, (&file, 1, (0, 0)), NOW).await.unwrap());
        assert!(!export_proposals::ready(&mut conn, id, (&file, 2, (0, 0)), NOW).await.unwrap());
        assert!(!export_proposals::fail(&mut conn, id).await.unwrap());
        assert!(!take(BINH, before).await, "it is not theirs");
        assert!(!take(AN, NOW).await, "its day is over");
        assert!(take(AN, before).await);
        assert!(!take(AN, before).await, "once");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_decided_once_by_another_as_it_was_seen() {
    both(async |case| {
        let mut conn = case.conn().await;
        let id = case.uuid();
        assert!(import_proposals::insert(&mut conn, id, ("xa.csv", None, AN), NOW).await.unwrap());
        let said = async |version, by| {
            let word = (by, ImportState::Approved, None);
            import_proposals::decide(&mut case.conn().await, (id, version), word, NOW).await.unwrap()
        };
        assert!(!said(1, BINH).await, "it is still rehearsed");
        assert!(import_proposals::take(&mut conn, id, (NOW, NOW)).await.unwrap());
        assert!(!import_proposals::take(&mut conn, id, (NOW, NOW)).await.unwrap(), "another is at it");
        let found = (&[7; 32], Tally::default(), 0, "[]");
        assert!(import_proposals::rehearsed(&mut conn, id, found).await.unwrap());
        assert!(!import_proposals::rehearsed(&mut conn, id, found).await.unwrap());
        assert!(!import_proposals::take(&mut conn, id, (NOW + Span::hours(1), NOW)).await.unwrap(), "it waits");
        for (version, by) in [(2, BINH), (1, AN)] {
            assert!(!import_proposals::withdraw(&mut conn, (id, version), by).await.unwrap(), "{version} {by}");
        }
        assert!(!said(2, AN).await && !said(1, BINH).await);
        assert!(said(2, BINH).await);
        assert!(!said(3, BINH).await && !import_proposals::withdraw(&mut conn, (id, 3), AN).await.unwrap());
        let end = (ImportState::Done, Tally::default(), None);
        assert!(import_proposals::finish(&mut conn, id, end, NOW).await.unwrap());
        assert!(!import_proposals::finish(&mut conn, id, end, NOW).await.unwrap());
    })
    .await;
}
