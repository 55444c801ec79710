//! What waits is more than a page: the lists of the console go on, none of it twice and none left out.

use std::collections::BTreeSet;

use dinhdanh::{
    base::{
        Fault, Timestamp,
        ids::{CaseId, EventId, PersonId},
    },
    registry::{duplicates::Likeness, operator::Role},
    store::{
        Class, LaneKey, Tx, Unit,
        cases::{self, NewCase},
        civil_events::{self, EventState, NewEvent},
        duplicates,
    },
};
use uuid::Uuid;

use crate::support::{
    app::{Browser, TestApp},
    people::{add, another},
};

/// Two hundred and five proposals of one operator, half of them returned, as many cases, and pairs of these people.
struct Heap {
    now: Timestamp,
    people: Vec<PersonId>,
}

const EACH: u128 = 205;

impl Heap {
    fn event(&self, number: u128) -> NewEvent {
        NewEvent {
            id: EventId(Uuid::from_u128(number + 1)),
            kind: "name_change",
            source: "test".to_owned(),
            source_id: number.to_string(),
            unit_code: Some("00004".to_owned()),
            state: if number.is_multiple_of(2) { EventState::Proposed } else { EventState::Returned },
            payload_sealed: vec![1],
            base: "{}".to_owned(),
            proposed_by: "operator:canbo.an".to_owned(),
            note: None,
            // Many are due on one day.
            due_on: if number < 150 { self.now.vietnam_date() } else { self.now.vietnam_date().next_day().unwrap() },
            people: Vec::new(),
        }
    }

    fn case(&self, number: u128) -> NewCase {
        NewCase {
            id: CaseId(Uuid::from_u128(number + 1)),
            kind: "import_differs",
            source: "import:1".to_owned(),
            source_id: number.to_string(),
            person: None,
            event: None,
            unit_code: Some("00004".to_owned()),
            detail_sealed: vec![1],
            opened_by: "command-line".to_owned(),
            due_on: self.now.vietnam_date(),
        }
    }
}

impl Unit for Heap {
    type Out = ();
    const KIND: &'static str = "test.heap";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"test")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        for number in 0..EACH {
            civil_events::insert(tx, &self.event(number), self.now).await?;
            cases::open(tx, &self.case(number), self.now).await?;
        }
        let (first, others) = self.people.split_first().unwrap();
        for other in others {
            let likeness = Likeness { score: 80, reasons: Vec::new() };
            duplicates::keep(tx, (*first, *other), &likeness, self.now).await?;
        }
        Ok(())
    }
}

/// Every entry of a list, page by page; each page has `most` of them but the last.
async fn walked(clerk: &mut Browser<'_>, list: &str, most: usize) -> Vec<String> {
    let (mut all, mut to) = (Vec::new(), list.to_owned());
    loop {
        let page = clerk.get(&to).await;
        let rows = page.body.split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap();
        // A row is told by its link, and a pair, whose address is sealed anew each time, by its numbers.
        let rows: Vec<_> = rows.split("<tr>").skip(1).collect();
        let told = |row: &&str| match row.split("class=\"hint\">").nth(1) {
            Some(numbers) => numbers.split('<').next().unwrap().to_owned(),
            None => row.split("href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned(),
        };
        all.extend(rows.iter().map(told));
        let Some((before, _)) = page.body.split_once("\" rel=\"next\"") else { return all };
        assert_eq!(rows.len(), most, "{list}");
        to = before.rsplit("href=\"").next().unwrap().replace("&#38;", "&");
        assert!(to.starts_with(&format!("{list}?after=")), "{to}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_walked_page_by_page() {
    for app in TestApp::each().await {
        let mut people = Vec::new();
        for serial in 1..=56 {
            people.push(add(&app.at, another(serial)).await);
        }
        // The lower id first, as pairs are kept.
        people.sort();
        app.at.provider.writer.submit(Heap { now: app.at.now(), people }).await.unwrap();
        let mut clerk = app.at_desk("canbo.an", &[Role::Registrar], None).await;
        let mut chief = app.at_desk("canbo.binh", &[Role::Approver], None).await;
        let mut near = app.at_desk("canbo.gan", &[Role::Approver], Some("01")).await;
        let whole = usize::try_from(EACH).unwrap();
        let lists = [("/console/queue", 103, 100), ("/console/cases", whole, 100), ("/console/pairs", 55, 50)];
        for (list, waits, most) in lists {
            let all = walked(&mut chief, list, most).await;
            assert_eq!(all.len(), waits, "{list}");
            assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), waits, "{list}: none twice");
        }
        assert_eq!(walked(&mut near, "/console/queue", 100).await.len(), 103, "a unit's own, likewise");
        let mine = walked(&mut clerk, "/console/mine", 100).await;
        assert_eq!((mine.len(), mine.iter().collect::<BTreeSet<_>>().len()), (whole, whole));
        let page = clerk.get("/console/mine").await;
        assert!(page.body.contains("Trả lại") || page.body.contains("trả lại"), "what came back is first");
        // Another's place in a list, or nobody's, is its beginning.
        let next = chief.get("/console/queue").await.body;
        let next = next.split("\" rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap().to_owned();
        for place in [next.as_str(), "/console/queue?after=x", "/console/queue?after=a&after=b"] {
            assert_eq!(near.get(place).await.body.matches("/console/events/").count(), 100, "{place}");
        }
    }
}
