//! What proposing and deciding an event asks of the database: statements, each of which is a round trip on PostgreSQL. Whoever
//! stands beside an event is read with everybody else of their ring, by one statement a table: their number costs nothing.

use dinhdanh::{
    flows::registry::events::{self, Decided, Proposal, Proposed, Verdict, propose},
    registry::{
        Address, BirthDate, PersonRecord, PersonalNumber, Residence, ResidenceKind, Sex, UnitRef,
        civil_event::Kind,
        household::{Membership, Relation, ResidenceFile},
    },
};

use super::events::{officer, proposal, say};
use crate::support::{
    people::{add, another},
    provider::TestProvider,
};

/// Somebody at home in a household.
fn member(at: &TestProvider, serial: u32, sex: Sex, birth: &str, (file, relation): (&str, Relation)) -> PersonRecord {
    let unit = UnitRef::commune_on("00004", at.now().vietnam_date()).unwrap();
    let address = Address::new("Số 1", unit, None).unwrap();
    PersonRecord {
        sex,
        birth: BirthDate::parse(birth).unwrap(),
        card: None,
        residences: vec![Residence { kind: ResidenceKind::Permanent, address, from: None, to: None }],
        household: Some(Membership { file: ResidenceFile::parse(file).unwrap(), relation }),
        ..another(serial)
    }
}

fn number(serial: u32) -> PersonalNumber {
    another(serial).number
}

/// Father (`first`), mother, and their children, at home in one household.
async fn family(at: &TestProvider, file: &str, first: u32, children: u32) {
    let mut father = member(at, first, Sex::Male, "1980-01-01", (file, Relation::Head));
    let mut mother = member(at, first + 1, Sex::Female, "1982-01-01", (file, Relation::Spouse));
    father.relatives.spouse = Some(mother.number);
    mother.relatives.spouse = Some(father.number);
    add(at, father).await;
    add(at, mother).await;
    for child in 0..children {
        let sex = if child.is_multiple_of(2) { Sex::Male } else { Sex::Female };
        let mut child = member(at, first + 2 + child, sex, "2003-01-01", (file, Relation::Child));
        (child.relatives.father, child.relatives.mother) = (Some(number(first)), Some(number(first + 1)));
        add(at, child).await;
    }
}

/// How many statements it takes to propose an event, and to decide it.
async fn cost(at: &TestProvider, event: &Proposal) -> (u64, u64) {
    let asked = || at.provider.db.statements();
    let before = asked();
    let proposed = propose(&at.provider, &officer("an", None), event, at.now()).await.unwrap();
    let Proposed::Yes { event, .. } = proposed else { panic!("{proposed:?}") };
    let between = asked();
    let approve = say(event, 1, Verdict::Approve);
    let decided = events::decide(&at.provider, &officer("binh", None), &approve, at.now()).await.unwrap();
    assert!(matches!(decided, Decided::Recorded { .. }), "{decided:?}");
    (between - before, asked() - between)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_costs_so_many_statements_and_no_more() {
    for at in TestProvider::each().await {
        for (file, first, children) in [("T/1", 100, 3), ("T/2", 200, 3), ("T/3", 300, 3)] {
            family(&at, file, first, children).await;
        }
        let numbers = [100, 101, 102, 203, 200].map(number);
        let [father, mother, son, daughter, dead] = numbers.each_ref().map(PersonalNumber::as_str);
        let on = ("on", "2026-11-20");
        let birth = [
            ("name", "Nguyễn Thị Bé"),
            ("on", "2026-11-10"),
            ("sex", "female"),
            ("mother", mother),
            ("father", father),
            ("registered_on", "2026-11-20"),
            ("registered_at", "00004"),
            ("household", "T/1"),
        ];
        let moved = [("household", "T/3"), ("into", "T/1"), ("consent", "yes"), on];
        // To propose, and to decide.
        for (kind, fields, most) in [
            (Kind::Birth, birth.as_slice(), (18, 42)),
            (Kind::Marriage, &[("husband", son), ("wife", daughter), on], (36, 57)),
            (Kind::HouseholdMerge, &moved, (22, 64)),
            (Kind::Death, &[("subject", dead), on], (27, 64)),
        ] {
            let (proposed, decided) = cost(&at, &proposal(kind, kind.code(), fields)).await;
            println!("{:?}: {}: {proposed} + {decided}", at.test.engine, kind.code());
            assert!(proposed <= most.0 && decided <= most.1, "{}: {proposed} + {decided}", kind.code());
        }
    }
}

/// Nine children are read as three are, and so are those of whom an event says nothing.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_stands_beside_costs_nothing() {
    for at in TestProvider::each().await {
        family(&at, "T/1", 100, 3).await;
        family(&at, "T/2", 200, 9).await;
        let change = |serial: u32, id: &str| {
            let number = number(serial);
            let fields = [("subject", number.as_str()), ("phone", "0912345678"), ("on", "2026-11-20")];
            proposal(Kind::ContactsChange, id, &fields)
        };
        let few = cost(&at, &change(100, "few")).await;
        let many = cost(&at, &change(200, "many")).await;
        assert_eq!(few, many, "{:?}", at.test.engine);
    }
}
