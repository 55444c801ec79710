//! What waits is read page by page: pages join without gap or repetition, whatever has the same day or score.

use dinhdanh::{
    base::ids::{CaseId, EventId},
    registry::duplicates::Likeness,
    store::{
        cases::{self, NewCase, StoredCase},
        civil_events::{self, Decision, Due, EventState, NewEvent},
        duplicates::{self, AfterPair},
    },
};
use time::{Date, macros::date};

use super::case::{Case, NOW, both};

const DAYS: [Date; 3] = [date!(2026 - 11 - 24), date!(2026 - 11 - 25), date!(2026 - 11 - 26)];
const UNITS: [Option<&str>; 3] = [Some("00004"), Some("22000"), None];

fn event(at: &Case, number: usize) -> NewEvent {
    NewEvent {
        id: EventId(at.uuid()),
        kind: "name_change",
        source: "console".to_owned(),
        source_id: number.to_string(),
        unit_code: UNITS[number % 3].map(str::to_owned),
        state: EventState::Proposed,
        payload_sealed: vec![1],
        base: "{}".to_owned(),
        proposed_by: if number == 4 { "operator:binh" } else { "operator:an" }.to_owned(),
        note: None,
        due_on: DAYS[number / 4],
        people: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_queue_join() {
    both(async |at| {
        let mut conn = at.conn().await;
        for number in 0..12 {
            assert!(civil_events::insert(&mut conn, &event(at, number), NOW).await.unwrap());
        }
        let both_units: &[&str] = &["22000", "00004", "01"];
        for (units, waiting) in [(None, 11), (Some(both_units), 7), (Some(&["22000"][..]), 3), (Some(&["79"][..]), 0)] {
            let whole = civil_events::waiting(&mut conn, "operator:binh", units, 50).await.unwrap();
            assert_eq!(whole.len(), waiting, "{units:?}");
            assert!(whole.is_sorted_by_key(|one| (one.due_on, one.id)));
            let (mut joined, mut after) = (Vec::new(), Due::<EventId>::START);
            loop {
                let page = civil_events::waiting_after(&mut conn, "operator:binh", units, (after, 2)).await.unwrap();
                let Some(last) = page.last() else { break };
                after = Due::<EventId>::of(last);
                joined.extend(page.into_iter().map(|one| one.id));
            }
            assert_eq!(joined, whole.iter().map(|one| one.id).collect::<Vec<_>>(), "{units:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_ones_own_proposals_join_and_begin_with_what_came_back() {
    both(async |at| {
        let mut conn = at.conn().await;
        for number in 0..12 {
            let new = event(at, number);
            assert!(civil_events::insert(&mut conn, &new, NOW).await.unwrap());
            if number.is_multiple_of(5) {
                let back = Decision { to: EventState::Returned, by: "operator:chi".to_owned(), reason: None };
                assert!(civil_events::decide(&mut conn, (new.id, 1), &back, NOW).await.unwrap());
            }
        }
        let whole = civil_events::mine(&mut conn, "operator:an", 50).await.unwrap();
        let states: Vec<_> = whole.iter().map(|one| one.state).collect();
        assert_eq!(states[..3], [EventState::Returned; 3]);
        assert_eq!(states[3..], [EventState::Proposed; 8]);
        for size in [1, 2, 3, 4, 50] {
            let (mut joined, mut after) = (Vec::new(), None);
            loop {
                let page = civil_events::mine_after(&mut conn, "operator:an", after, size).await.unwrap();
                let Some(last) = page.last() else { break };
                after = Some((last.state, Due::<EventId>::of(last)));
                joined.extend(page.into_iter().map(|one| one.id));
            }
            assert_eq!(joined, whole.iter().map(|one| one.id).collect::<Vec<_>>(), "pages of {size}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_cases_join() {
    both(async |at| {
        let mut conn = at.conn().await;
        for number in 0..12 {
            let case = NewCase {
                id: CaseId(at.uuid()),
                kind: "import_differs",
                source: "import:1".to_owned(),
                source_id: number.to_string(),
                person: None,
                event: None,
                unit_code: UNITS[number % 3].map(str::to_owned),
                detail_sealed: vec![1],
                opened_by: "command-line".to_owned(),
                due_on: DAYS[number / 4],
            };
            assert!(cases::open(&mut conn, &case, NOW).await.unwrap());
        }
        let ids = |page: &[StoredCase]| page.iter().map(|one| one.id).collect::<Vec<_>>();
        let both_units: &[&str] = &["22000", "00004"];
        for (units, waiting) in [(None, 12), (Some(both_units), 8), (Some(&["79"][..]), 0)] {
            let whole = cases::waiting(&mut conn, units, 50).await.unwrap();
            assert_eq!(whole.len(), waiting, "{units:?}");
            let (mut joined, mut after) = (Vec::new(), Due::<CaseId>::START);
            loop {
                let page = cases::waiting_after(&mut conn, units, (after, 3)).await.unwrap();
                let Some(last) = page.last() else { break };
                after = Due::<CaseId>::of(last);
                joined.extend(ids(&page));
            }
            assert_eq!(joined, ids(&whole), "{units:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_pairs_join() {
    both(async |at| {
        let mut conn = at.conn().await;
        let first = at.person(None).await;
        for score in [90, 88, 88, 88, 75, 75, 60] {
            let pair = (first, at.person(None).await);
            let likeness = Likeness { score, reasons: Vec::new() };
            assert!(duplicates::keep(&mut conn, pair, &likeness, NOW).await.unwrap());
        }
        let whole = duplicates::open_within(&mut conn, None, 50).await.unwrap();
        assert_eq!(whole.iter().map(|pair| pair.score).collect::<Vec<_>>(), [90, 88, 88, 88, 75, 75, 60]);
        let (mut joined, mut after) = (Vec::new(), AfterPair::START);
        loop {
            let page = duplicates::open_after(&mut conn, None, (after, 2)).await.unwrap();
            let Some(last) = page.last() else { break };
            after = AfterPair::of(last);
            joined.extend(page.iter().map(AfterPair::of));
        }
        assert_eq!(joined, whole.iter().map(AfterPair::of).collect::<Vec<_>>());
    })
    .await;
}
