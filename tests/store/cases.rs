//! Cases: one for a thing, seen by those whose unit it is, resolved once.

use dinhdanh::{
    base::ids::{CaseId, EventId},
    store::cases::{self, CaseState, NewCase, Resolution},
};
use time::macros::date;

use super::case::{Case, NOW, both};

fn new_case(at: &Case, source_id: &str, unit: Option<&str>) -> NewCase {
    NewCase {
        id: CaseId(at.uuid()),
        kind: "import_differs",
        source: "import:1".to_owned(),
        source_id: source_id.to_owned(),
        person: None,
        event: None,
        unit_code: unit.map(str::to_owned),
        detail_sealed: vec![1, 2],
        opened_by: "command-line".to_owned(),
        due_on: date!(2026 - 11 - 24),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_thing_opens_one_case_and_is_resolved_once() {
    both(async |at| {
        let mut conn = at.conn().await;
        let case = new_case(at, "line 7", None);
        assert!(cases::open(&mut conn, &case, NOW).await.unwrap());
        assert!(!cases::open(&mut conn, &new_case(at, "line 7", None), NOW).await.unwrap());
        assert!(cases::assign(&mut conn, case.id, 1, "operator:an").await.unwrap());
        assert!(!cases::assign(&mut conn, case.id, 1, "operator:chi").await.unwrap(), "changed since it was read");
        let how = Resolution { by: "operator:an".into(), resolution: "record_stands", reason: "Đã xác minh".into() };
        assert!(!cases::resolve(&mut conn, (case.id, 1), &how, NOW).await.unwrap());
        assert!(cases::resolve(&mut conn, (case.id, 2), &how, NOW).await.unwrap());
        assert!(!cases::resolve(&mut conn, (case.id, 3), &how, NOW).await.unwrap());
        assert!(!cases::assign(&mut conn, case.id, 3, "operator:chi").await.unwrap(), "nobody opens it again");
        let found = cases::find(&mut conn, case.id).await.unwrap().unwrap();
        assert_eq!((found.state, found.reason.as_deref()), (CaseState::Resolved, Some("Đã xác minh")));
        assert!(cases::waiting(&mut conn, None, 10).await.unwrap().is_empty());
    })
    .await;
}

/// What an event opened when it came ends with it: that case alone, and once.
#[tokio::test(flavor = "multi_thread")]
async fn an_events_own_case_is_resolved_with_it() {
    both(async |at| {
        let mut conn = at.conn().await;
        let (event, other) = (EventId(at.uuid()), EventId(at.uuid()));
        let of = |line, kind, event| NewCase { kind, event: Some(event), ..new_case(at, line, None) };
        let own = of("1", "event_refused", event);
        let all = [of("2", "merge_contradicted", event), of("3", "event_refused", other)];
        for case in all.iter().chain([&own]) {
            assert!(cases::open(&mut conn, case, NOW).await.unwrap());
        }
        for reason in ["Đã ghi", "Lần hai"] {
            let how = Resolution { by: "operator:an".into(), resolution: "recorded", reason: reason.into() };
            cases::resolve_of_event(&mut conn, event, &how, NOW).await.unwrap();
        }
        let found = cases::find(&mut conn, own.id).await.unwrap().unwrap();
        assert_eq!((found.state, found.reason.as_deref()), (CaseState::Resolved, Some("Đã ghi")));
        for case in &all {
            assert_eq!(cases::find(&mut conn, case.id).await.unwrap().unwrap().state, CaseState::Open);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_sees_its_own_and_its_communes_cases() {
    both(async |at| {
        let mut conn = at.conn().await;
        for (line, unit) in [("1", Some("00004")), ("2", Some("22000")), ("3", None)] {
            assert!(cases::open(&mut conn, &new_case(at, line, unit), NOW).await.unwrap());
        }
        // One without a unit is the country's, and nobody else's.
        let all: [(Option<&[&str]>, usize); 5] = [
            (Some(&["00004"]), 1),
            (Some(&["01", "00004", "00008"]), 1),
            (Some(&["22000"]), 1),
            (Some(&["79"]), 0),
            (None, 3),
        ];
        for (units, seen) in all {
            assert_eq!(cases::waiting(&mut conn, units, 10).await.unwrap().len(), seen, "{units:?}");
        }
    })
    .await;
}
