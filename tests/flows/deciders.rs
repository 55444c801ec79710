//! Thirty-two decide at once: what each rests on is what it read, also where it writes something else.

use std::sync::Arc;

use dinhdanh::{
    base::{Fault, ids::EventId},
    flows::registry::events::{self, Decided, Proposal, Proposed, Verdict, propose},
    registry::{
        Address, PersonRecord, Residence, ResidenceKind, Sex, UnitRef,
        civil_event::Kind,
        household::{Membership, Relation, ResidenceFile},
    },
};
use tokio::sync::Barrier;

use super::events::{officer, proposal, recorded, say};
use crate::support::{
    people::{add, another},
    provider::TestProvider,
};

const RACERS: usize = 32;

fn mother(at: &TestProvider, serial: u32) -> PersonRecord {
    let unit = UnitRef::commune_on("00004", at.now().vietnam_date()).unwrap();
    let address = Address::new("Số 1", unit, None).unwrap();
    let mut record = another(serial);
    record.sex = Sex::Female;
    record.residences = vec![Residence { kind: ResidenceKind::Permanent, address, from: None, to: None }];
    let file = ResidenceFile::parse(&format!("R/{serial}")).unwrap();
    record.household = Some(Membership { file, relation: Relation::Head });
    record
}

fn number(serial: u32) -> String {
    another(serial).number.as_str().to_owned()
}

fn birth(source_id: &str, of: u32) -> Proposal {
    let number = number(of);
    let fields = [
        ("name", "Lê Thị Bé"),
        ("on", "2026-11-10"),
        ("sex", "female"),
        ("mother", number.as_str()),
        ("registered_on", "2026-11-20"),
        ("registered_at", "00004"),
    ];
    proposal(Kind::Birth, source_id, &fields)
}

async fn proposed(at: &TestProvider, proposal: &Proposal) -> EventId {
    let proposed = propose(&at.provider, &officer("an", None), proposal, at.now()).await.unwrap();
    let Proposed::Yes { event, .. } = proposed else { panic!("{proposed:?}") };
    event
}

/// All decided in the same moment; answers in their order.
async fn at_once(at: &TestProvider, events: &[EventId]) -> Vec<Result<Decided, Fault>> {
    let start = Arc::new(Barrier::new(events.len()));
    let racers = events.iter().map(|event| {
        let (provider, start, event, now) = (Arc::clone(&at.provider), Arc::clone(&start), *event, at.now());
        tokio::spawn(async move {
            start.wait().await;
            events::decide(&provider, &officer("binh", None), &say(event, 1, Verdict::Approve), now).await
        })
    });
    let racers: Vec<_> = racers.collect();
    let mut all = Vec::new();
    for racer in racers {
        all.push(racer.await.unwrap());
    }
    all
}

fn won(decided: &[Result<Decided, Fault>]) -> usize {
    decided.iter().filter(|one| matches!(one, Ok(Decided::Recorded { .. }))).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_birth_from_thirty_two_sources_is_one_child() {
    for at in TestProvider::each().await {
        add(&at, mother(&at, 1)).await;
        let mut births = Vec::new();
        for racer in 0..RACERS {
            births.push(proposed(&at, &birth(&format!("b{racer}"), 1)).await);
        }
        let decided = at_once(&at, &births).await;
        assert_eq!(won(&decided), 1, "{decided:?}");
        assert_eq!(at.count("SELECT count(*) FROM relation WHERE kind = 'mother'").await, 1);
    }
}

/// A birth reads the mother's sex and writes the child; a new sex reads the children and writes the mother.
#[tokio::test(flavor = "multi_thread")]
async fn two_events_that_read_what_the_other_writes_do_not_both_hold() {
    for at in TestProvider::each().await {
        let mut all = Vec::new();
        for serial in 1..=16 {
            add(&at, mother(&at, serial)).await;
            all.push(proposed(&at, &birth(&format!("b{serial}"), serial)).await);
            let number = number(serial);
            let sex = [("subject", number.as_str()), ("sex", "male"), ("on", "2026-11-20")];
            all.push(proposed(&at, &proposal(Kind::SexRedetermined, &format!("s{serial}"), &sex)).await);
        }
        let decided = at_once(&at, &all).await;
        for pair in decided.chunks(2) {
            assert!(won(pair) <= 1, "{pair:?}");
        }
        assert!(won(&decided) > 0, "{decided:?}");
        let fathers = "SELECT count(*) FROM relation r JOIN person p ON p.id = r.relative_id \
            WHERE r.kind = 'mother' AND p.sex = 'male'";
        assert_eq!(at.count(fathers).await, 0);
    }
}

/// Both members leave a household of two, each on the ground that the other stays: the second has to close it.
#[tokio::test(flavor = "multi_thread")]
async fn a_household_that_everybody_leaves_at_once_is_closed() {
    for at in TestProvider::each().await {
        let mut all = Vec::new();
        for pair in 0..16 {
            let (head, lodger) = (1 + 2 * pair, 2 + 2 * pair);
            let first = mother(&at, head);
            let mut second = mother(&at, lodger);
            second.household = first.household.clone().map(|one| Membership { relation: Relation::Lodger, ..one });
            add(&at, first).await;
            add(&at, second).await;
            for serial in [head, lodger] {
                let (number, file) = (number(serial), format!("N/{serial}"));
                let fields = [
                    ("subject", number.as_str()),
                    ("on", "2026-11-20"),
                    ("new_household", file.as_str()),
                    ("unit", "00008"),
                ];
                all.push(proposed(&at, &proposal(Kind::PermanentResidence, &format!("m{serial}"), &fields)).await);
            }
        }
        let decided = at_once(&at, &all).await;
        assert!(won(&decided) > 0, "{decided:?}");
        let empty = "SELECT count(*) FROM household h WHERE h.closed_on IS NULL AND NOT EXISTS \
            (SELECT 1 FROM household_member m WHERE m.household_id = h.id)";
        assert_eq!(at.count(empty).await, 0, "nobody's household stays open: {decided:?}");
        let headless = "SELECT count(*) FROM household h WHERE h.head_id IS NOT NULL AND NOT EXISTS \
            (SELECT 1 FROM household_member m WHERE m.household_id = h.id AND m.person_id = h.head_id)";
        assert_eq!(at.count(headless).await, 0);
    }
}

/// The same id with other words is neither taken for the first nor lost without a word.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_again_under_one_id_is_compared() {
    for at in TestProvider::each().await {
        add(&at, mother(&at, 1)).await;
        let first = birth("1", 1);
        let event = proposed(&at, &first).await;
        let again = propose(&at.provider, &officer("an", None), &first, at.now()).await.unwrap();
        assert!(matches!(again, Proposed::Known(known) if known == event), "{again:?}");
        let mut other = first.clone();
        other.values.insert("name".to_owned(), "Lê Thị Khác".to_owned());
        let differs = propose(&at.provider, &officer("an", None), &other, at.now()).await.unwrap();
        assert!(matches!(differs, Proposed::Differs(known) if known == event), "{differs:?}");
        assert_eq!(at.count("SELECT count(*) FROM civil_event").await, 1);
        recorded(&at, &birth("2", 1)).await;
    }
}
