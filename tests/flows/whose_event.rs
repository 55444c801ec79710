//! Whose event it is: the office of the people it is about, asked when it is proposed and again when it is decided.

use dinhdanh::{
    flows::registry::events::{self, Decided, Officer, Proposal, Proposed, Verdict, check, propose},
    registry::{
        Address, PersonRecord, PersonalNumber, Residence, ResidenceKind, UnitRef,
        civil_event::{Kind, Why},
        household::{Membership, Relation, ResidenceFile},
    },
    store::{
        civil_events::{self, EventState},
        numbers,
    },
};

use super::events::{officer, proposal, recorded, say};
use crate::support::{
    people::{add, another},
    provider::TestProvider,
};

/// Somebody who lives in a commune, in a household of that file.
fn living(at: &TestProvider, serial: u32, unit: &str, file: &str, relation: Relation) -> PersonRecord {
    let unit = UnitRef::commune_on(unit, at.now().vietnam_date()).unwrap();
    let address = Address::new("Số 1", unit, None).unwrap();
    let mut record = another(serial);
    record.residences = vec![Residence { kind: ResidenceKind::Permanent, address, from: None, to: None }];
    record.household = Some(Membership { file: ResidenceFile::parse(file).unwrap(), relation });
    record
}

fn refused(proposed: Proposed) -> (&'static str, Why) {
    let Proposed::Refused(why) = proposed else { panic!("{proposed:?}") };
    assert_eq!(why.len(), 1, "{why:?}");
    (why[0].field, why[0].why)
}

async fn unit_of(at: &TestProvider, event: dinhdanh::base::ids::EventId) -> Option<String> {
    civil_events::find(&mut at.conn().await, event).await.unwrap().unwrap().unit_code
}

const TWO: &str = "900085000002";

fn death(source_id: &str) -> Proposal {
    proposal(Kind::Death, source_id, &[("subject", TWO), ("on", "2026-11-20")])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_office_proposes_only_what_is_its_own() {
    for at in TestProvider::each().await {
        add(&at, living(&at, 2, "26737", "S/2", Relation::Head)).await;
        let (far, province, own) =
            (officer("xa", Some("00004")), officer("tinh", Some("79")), officer("so", Some("26737")));
        let told = refused(propose(&at.provider, &far, &death("1"), at.now()).await.unwrap());
        assert_eq!(told, ("subject", Why::OutsideUnit));
        let checked = check(&at.provider, &far, (Kind::Death, &death("1").values), at.now()).await.unwrap();
        assert_eq!(checked.unwrap_err()[0].why, Why::OutsideUnit, "nothing is shown of the record");
        let nobody = proposal(Kind::Death, "2", &[("subject", "900085000009"), ("on", "2026-11-20")]);
        assert_eq!(refused(propose(&at.provider, &far, &nobody, at.now()).await.unwrap()).1, Why::UnknownPerson);
        assert_eq!(at.count("SELECT count(*) FROM civil_event").await, 0);
        for (who, source) in [(&province, "3"), (&own, "4"), (&officer("ca-nuoc", None), "5")] {
            let Proposed::Yes { event, .. } = propose(&at.provider, who, &death(source), at.now()).await.unwrap()
            else {
                panic!("{who:?}")
            };
            assert_eq!(
                unit_of(&at, event).await.as_deref(),
                Some("26737"),
                "the subject's home, not the officer's post"
            );
        }
        // A move is the new place's business.
        let from_here = [("subject", TWO), ("on", "2026-11-20"), ("new_household", "B/1"), ("unit", "00004")];
        let here = proposal(Kind::PermanentResidence, "6", &from_here);
        assert_eq!(refused(propose(&at.provider, &own, &here, at.now()).await.unwrap()), ("unit", Why::OutsideUnit));
        assert!(matches!(propose(&at.provider, &far, &here, at.now()).await.unwrap(), Proposed::Yes { .. }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_it_is_is_read_again_when_it_is_decided() {
    for at in TestProvider::each().await {
        add(&at, living(&at, 2, "26737", "S/2", Relation::Head)).await;
        let (an, binh) = (officer("an", Some("79")), officer("binh", Some("79")));
        let renamed = [("subject", TWO), ("name", "Trần Văn Mới"), ("on", "2026-11-20")];
        let rename = proposal(Kind::NameChange, "1", &renamed);
        let Proposed::Yes { event, .. } = propose(&at.provider, &an, &rename, at.now()).await.unwrap() else {
            panic!()
        };
        // Meanwhile they move to Hà Nội.
        let away = [("subject", TWO), ("on", "2026-11-20"), ("new_household", "B/1"), ("unit", "00004")];
        recorded(&at, &proposal(Kind::PermanentResidence, "2", &away)).await;
        let decided = events::decide(&at.provider, &binh, &say(event, 1, Verdict::Approve), at.now()).await.unwrap();
        assert!(matches!(&decided, Decided::Refused(why) if why[0].why == Why::OutsideUnit), "{decided:?}");
        let stored = civil_events::find(&mut at.conn().await, event).await.unwrap().unwrap();
        assert_eq!(stored.state, EventState::Returned);
        assert_eq!(at.count("SELECT count(*) FROM person WHERE full_name = 'Trần Văn Mới'").await, 0);
    }
}

/// The household that a child joins is its own office's business: neither proposed nor decided by one that reaches only
/// the place of registration.
#[tokio::test(flavor = "multi_thread")]
async fn every_part_of_an_event_has_its_office() {
    for at in TestProvider::each().await {
        let mut mother = living(&at, 2, "26737", "S/2", Relation::Head);
        mother.sex = dinhdanh::registry::Sex::Female;
        add(&at, mother).await;
        let fields = [
            ("name", "Trần Bé"),
            ("on", "2026-11-10"),
            ("sex", "male"),
            ("mother", TWO),
            ("registered_on", "2026-11-20"),
            ("registered_at", "00004"),
        ];
        let joined = proposal(Kind::Birth, "1", &[fields.as_slice(), &[("household", "S/2")]].concat());
        let alone = proposal(Kind::Birth, "2", &fields);
        let (clerk, chief): (Officer, Officer) = (officer("an", Some("01")), officer("binh", Some("01")));
        let told = refused(propose(&at.provider, &clerk, &joined, at.now()).await.unwrap());
        assert_eq!(told, ("household", Why::OutsideUnit));
        let country = officer("ca-nuoc", None);
        let Proposed::Yes { event, .. } = propose(&at.provider, &country, &joined, at.now()).await.unwrap() else {
            panic!()
        };
        let decided = events::decide(&at.provider, &chief, &say(event, 1, Verdict::Approve), at.now()).await.unwrap();
        assert!(matches!(decided, Decided::OutsideUnit), "{decided:?}");
        let Proposed::Yes { event, .. } = propose(&at.provider, &clerk, &alone, at.now()).await.unwrap() else {
            panic!()
        };
        let decided = events::decide(&at.provider, &chief, &say(event, 1, Verdict::Approve), at.now()).await.unwrap();
        assert!(matches!(decided, Decided::Recorded { .. }), "{decided:?}");
    }
}

/// A death took every residence away: the office of the last one still mends it.
#[tokio::test(flavor = "multi_thread")]
async fn the_dead_belong_to_their_last_home() {
    for at in TestProvider::each().await {
        add(&at, living(&at, 2, "26737", "S/2", Relation::Head)).await;
        recorded(&at, &death("1")).await;
        let undone = proposal(Kind::DeathCorrection, "2", &[("subject", TWO)]);
        let elsewhere = propose(&at.provider, &officer("an", Some("01")), &undone, at.now()).await.unwrap();
        assert_eq!(refused(elsewhere).1, Why::OutsideUnit);
        let own = propose(&at.provider, &officer("an", Some("26737")), &undone, at.now()).await.unwrap();
        assert!(matches!(own, Proposed::Yes { .. }), "{own:?}");
        // Who never lived anywhere is for the country's office.
        add(&at, another(3)).await;
        let nowhere = proposal(Kind::Death, "3", &[("subject", "900085000003"), ("on", "2026-11-20")]);
        assert_eq!(
            refused(propose(&at.provider, &officer("an", Some("01")), &nowhere, at.now()).await.unwrap()).1,
            Why::OutsideUnit
        );
        let country = propose(&at.provider, &officer("ca-nuoc", None), &nowhere, at.now()).await.unwrap();
        let Proposed::Yes { event, .. } = country else { panic!("{country:?}") };
        assert_eq!(unit_of(&at, event).await, None);
    }
}

/// A dormitory, a monastery, a home for the old: one file, one head, hundreds of members.
#[tokio::test(flavor = "multi_thread")]
async fn an_institution_has_events_like_any_household() {
    for at in TestProvider::each().await {
        let head = add(&at, living(&at, 1, "00004", "S/1", Relation::Head)).await;
        for serial in 2..=70 {
            add(&at, living(&at, serial, "00004", "S/1", Relation::Lodger)).await;
        }
        let seventy = PersonalNumber::parse("900085000070").unwrap();
        let last = numbers::person_of(&mut at.conn().await, &seventy).await.unwrap().unwrap();
        recorded(&at, &proposal(Kind::Death, "1", &[("subject", TWO), ("on", "2026-11-20")])).await;
        let fields = [("household", "S/1"), ("subject", seventy.as_str()), ("on", "2026-11-20")];
        let mut changed = recorded(&at, &proposal(Kind::HouseholdHead, "2", &fields)).await;
        changed.sort();
        let mut heads = [head, last];
        heads.sort();
        assert_eq!(changed, heads, "who lodges with one head lodges with the next");
        assert_eq!(at.count("SELECT count(*) FROM household_member WHERE relation = 'lodger'").await, 67);
        assert_eq!(at.count("SELECT count(*) FROM household_member WHERE relation = 'head'").await, 1);
        // All of them move into another house at once.
        add(&at, living(&at, 71, "00004", "S/2", Relation::Head)).await;
        let fields = [("household", "S/1"), ("into", "S/2"), ("consent", "yes"), ("on", "2026-11-21")];
        assert_eq!(recorded(&at, &proposal(Kind::HouseholdMerge, "3", &fields)).await.len(), 69);
        assert_eq!(at.count("SELECT count(*) FROM household WHERE closed_on IS NOT NULL").await, 1);
        assert_eq!(
            at.count(
                "SELECT count(*) FROM household_member m JOIN household h ON h.id = m.household_id \
            WHERE h.residence_file = 'S/2'"
            )
            .await,
            70
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_decision_cannot_change_is_refused_and_not_cut() {
    let at = TestProvider::sqlite().await;
    for serial in 1..=501 {
        let relation = if serial == 1 { Relation::Head } else { Relation::Lodger };
        add(&at, living(&at, serial, "00004", "S/1", relation)).await;
    }
    add(&at, living(&at, 502, "00004", "S/2", Relation::Head)).await;
    let fields = [("household", "S/1"), ("into", "S/2"), ("consent", "yes"), ("on", "2026-11-20")];
    let whole = proposal(Kind::HouseholdMerge, "1", &fields);
    let told = refused(propose(&at.provider, &officer("an", None), &whole, at.now()).await.unwrap());
    assert_eq!(told, ("household", Why::TooLarge));
    // The other way round only the small one moves.
    let fields = [("household", "S/2"), ("into", "S/1"), ("consent", "yes"), ("on", "2026-11-20")];
    assert_eq!(recorded(&at, &proposal(Kind::HouseholdMerge, "2", &fields)).await.len(), 1);
}

/// Whoever looks at what an event would change has looked at people.
#[tokio::test(flavor = "multi_thread")]
async fn looking_at_a_form_is_looking_at_people() {
    for at in TestProvider::each().await {
        add(&at, living(&at, 2, "26737", "S/2", Relation::Head)).await;
        let an = officer("an", None);
        check(&at.provider, &an, (Kind::Death, &death("1").values), at.now()).await.unwrap().unwrap();
        assert_eq!(at.audited("registry.person_read", "done").await, 1);
        let no = proposal(Kind::DeathCorrection, "2", &[("subject", TWO)]);
        check(&at.provider, &an, (Kind::DeathCorrection, &no.values), at.now()).await.unwrap().unwrap_err();
        assert_eq!(at.audited("registry.person_read", "done").await, 2, "that somebody is not dead is told too");
        let Proposed::Yes { event, .. } = propose(&at.provider, &an, &death("3"), at.now()).await.unwrap() else {
            panic!()
        };
        let before = at.audited("registry.person_read", "done").await;
        let stranger = officer("xa", Some("00004"));
        assert!(events::open(&at.provider, &stranger, event, at.now()).await.unwrap().is_none(), "not theirs to see");
        assert_eq!(at.audited("registry.person_read", "done").await, before);
        events::open(&at.provider, &officer("binh", Some("79")), event, at.now()).await.unwrap().unwrap();
        events::decide(&at.provider, &officer("binh", Some("79")), &say(event, 1, Verdict::Approve), at.now())
            .await
            .unwrap();
        let recorded = at.audited("registry.person_read", "done").await;
        events::open(&at.provider, &officer("binh", Some("79")), event, at.now()).await.unwrap().unwrap();
        assert!(at.audited("registry.person_read", "done").await > recorded, "what is settled is read too");
    }
}
