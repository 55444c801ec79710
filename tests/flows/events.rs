//! Civil events on their way into the record: two people, one truth, and what follows from it.

use dinhdanh::{
    assurance::LockReason,
    base::{Span, Timestamp, ids::PersonId},
    flows::registry::events::{
        self, Decided, Incoming, Officer, Proposal, Proposed, Received, Verdict, as_known, decide::Say, propose,
        receive,
    },
    registry::{
        Address, BirthDate, PersonRecord, PersonalNumber, Residence, ResidenceKind, Sex, UnitRef, Vital,
        civil_event::{Kind, Values, Why},
        household::{Membership, Relation, ResidenceFile},
        record::{Facet, Marital, Record},
    },
    store::{accounts, audit::Actor, cases, civil_events::EventState, persons},
};
use time::{Date, macros::date};

use crate::support::{
    people::{self, PASSWORD, add, again, another, person, signed_in, with_account},
    provider::TestProvider,
};

pub fn officer(name: &str, unit: Option<&str>) -> Officer {
    Officer { actor: Actor::Operator(name.to_owned()), unit: unit.map(str::to_owned), duty: None }
}

pub fn values(kind: Kind, fields: &[(&str, &str)]) -> Values {
    let papers = [("paper", kind.papers()[0].0), ("paper_no", "7"), ("paper_on", "2026-11-01"), ("paper_by", "UBND")];
    fields.iter().chain(&papers).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub fn proposal(kind: Kind, source_id: &str, fields: &[(&str, &str)]) -> Proposal {
    Proposal {
        kind,
        values: values(kind, fields),
        source: "console".to_owned(),
        source_id: source_id.to_owned(),
        note: None,
        again: None,
    }
}

pub const fn say(event: dinhdanh::base::ids::EventId, version: i64, verdict: Verdict) -> Say {
    Say { event, version, verdict, reason: None }
}

/// Proposed by one, approved by another.
pub async fn recorded(at: &TestProvider, proposal: &Proposal) -> Vec<PersonId> {
    let proposed = propose(&at.provider, &officer("an", None), proposal, at.now()).await.unwrap();
    let Proposed::Yes { event, .. } = proposed else { panic!("{proposed:?}") };
    let decided =
        events::decide(&at.provider, &officer("binh", None), &say(event, 1, Verdict::Approve), at.now()).await;
    let Decided::Recorded { people, .. } = decided.unwrap() else { panic!("not recorded") };
    people
}

pub async fn known(at: &TestProvider, person: PersonId, day: Date, moment: Timestamp) -> Option<Record> {
    let mut conn = at.conn().await;
    let known = as_known(&mut conn, &at.provider.secrets.vault, person, (day, moment)).await.unwrap();
    known.map(|known| known.record)
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_decides_what_they_proposed_and_nothing_is_decided_twice() {
    for at in TestProvider::each().await {
        add(&at, person()).await;
        let move_in = proposal(
            Kind::PermanentResidence,
            "1",
            &[("subject", people::NUMBER), ("on", "2026-11-20"), ("new_household", "T/1"), ("unit", "00004")],
        );
        let (an, binh, far) = (officer("an", Some("01")), officer("binh", Some("01")), officer("chi", Some("79")));
        let proposed = propose(&at.provider, &an, &move_in, at.now()).await.unwrap();
        let Proposed::Yes { event, differences, .. } = proposed else { panic!("{proposed:?}") };
        assert!(differences.iter().any(|one| one.facet == Facet::Permanent && one.before.vi.is_empty()));
        let Proposed::Known(same) = propose(&at.provider, &an, &move_in, at.now()).await.unwrap() else { panic!() };
        assert_eq!(same, event, "the same source id is the same event");
        let approve = say(event, 1, Verdict::Approve);
        for (who, expected) in [(&an, "OwnProposal"), (&far, "OutsideUnit")] {
            let decided = events::decide(&at.provider, who, &approve, at.now()).await.unwrap();
            assert!(format!("{decided:?}").starts_with(expected), "{decided:?}");
        }
        let decided = events::decide(&at.provider, &binh, &approve, at.now()).await.unwrap();
        assert!(matches!(decided, Decided::Recorded { .. }), "{decided:?}");
        let decided = events::decide(&at.provider, &binh, &approve, at.now()).await.unwrap();
        assert!(matches!(decided, Decided::NotWaiting), "{decided:?}");
        assert_eq!(at.count("SELECT count(*) FROM residence").await, 1);
        assert_eq!(at.audited("registry.event_recorded", "done").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_itself_refuses_one_person_in_both_parts() {
    for at in TestProvider::each().await {
        add(&at, person()).await;
        let wanted = proposal(
            Kind::ContactsChange,
            "1",
            &[("subject", people::NUMBER), ("phone", "0912345678"), ("on", "2026-11-20")],
        );
        let proposed = propose(&at.provider, &officer("an", None), &wanted, at.now()).await.unwrap();
        let Proposed::Yes { event, .. } = proposed else { panic!("{proposed:?}") };
        let mut conn = at.provider.db.read().await.unwrap();
        let stored = dinhdanh::store::civil_events::find(&mut conn, event).await.unwrap().unwrap();
        assert_eq!(stored.proposed_by, "operator:an");
        assert!(!String::from_utf8_lossy(&stored.payload_sealed).contains("0912345678"), "the form lies sealed");
        drop(conn);
        let forged = at
            .try_change("UPDATE civil_event SET state = 'recorded', decided_by = proposed_by, decided_at = proposed_at")
            .await;
        assert!(forged.is_err(), "a hand on the table is stopped too");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_meanwhile_sends_a_proposal_back_with_the_difference() {
    for at in TestProvider::each().await {
        add(&at, person()).await;
        let name = |source, name| {
            proposal(Kind::NameChange, source, &[("subject", people::NUMBER), ("name", name), ("on", "2026-11-20")])
        };
        let (an, binh) = (officer("an", None), officer("binh", None));
        let first = propose(&at.provider, &an, &name("1", "Trần Văn Một"), at.now()).await.unwrap();
        let second = propose(&at.provider, &an, &name("2", "Trần Văn Hai"), at.now()).await.unwrap();
        let (Proposed::Yes { event: first, .. }, Proposed::Yes { event: second, .. }) = (first, second) else {
            panic!()
        };
        let approve = |event| say(event, 1, Verdict::Approve);
        let one = events::decide(&at.provider, &binh, &approve(first), at.now()).await.unwrap();
        assert!(matches!(one, Decided::Recorded { .. }));
        let two = events::decide(&at.provider, &binh, &approve(second), at.now()).await.unwrap();
        let Decided::Stale(differences) = two else { panic!("{two:?}") };
        assert_eq!(differences[0].before.vi, ["Trần Văn Một"]);
        let opened = events::open(&at.provider, &binh, second, at.now()).await.unwrap().unwrap();
        assert_eq!(opened.event.state, EventState::Returned);
        // The proposer looks at it again, and now it holds.
        let again = Proposal { again: Some((second, opened.event.version)), ..name("2", "Trần Văn Hai") };
        assert!(matches!(propose(&at.provider, &an, &again, at.now()).await.unwrap(), Proposed::Yes { .. }));
        let two = events::decide(&at.provider, &binh, &say(second, 3, Verdict::Approve), at.now()).await.unwrap();
        assert!(matches!(two, Decided::Recorded { .. }), "{two:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_proposed_again_is_of_its_kind_and_leaves_no_trace_with_whom_it_spoke_of_before() {
    for at in TestProvider::each().await {
        add(&at, person()).await;
        add(&at, another(2)).await;
        let of = |number: &str| {
            proposal(Kind::NameChange, "1", &[("subject", number), ("name", "Trần Văn Một"), ("on", "2026-11-20")])
        };
        let (an, number) = (officer("an", None), "900085000002");
        let proposed = propose(&at.provider, &an, &of(people::NUMBER), at.now()).await.unwrap();
        let Proposed::Yes { event, .. } = proposed else { panic!("{proposed:?}") };
        let spoken_of = async || {
            (
                at.count(
                    "SELECT count(*) FROM civil_event_person JOIN person ON id = person_id WHERE number <> '900085000002'",
                )
                .await,
                at.count(
                    "SELECT count(*) FROM civil_event_person JOIN person ON id = person_id WHERE number = '900085000002'",
                )
                .await,
            )
        };
        assert_eq!(spoken_of().await, (1, 0));
        let other_kind = Proposal {
            again: Some((event, 1)),
            ..proposal(Kind::ContactsChange, "1", &[("subject", number), ("phone", "0912345678"), ("on", "2026-11-20")])
        };
        let refused = propose(&at.provider, &an, &other_kind, at.now()).await.unwrap();
        assert!(!matches!(refused, Proposed::Yes { .. }), "{refused:?}");
        let again = Proposal { again: Some((event, 1)), ..of(number) };
        assert!(matches!(propose(&at.provider, &an, &again, at.now()).await.unwrap(), Proposed::Yes { .. }));
        assert_eq!(spoken_of().await, (0, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_locks_the_account_ends_its_sessions_and_is_known_from_then_on() {
    for at in TestProvider::each().await {
        let account = with_account(&at, person()).await;
        let session = signed_in(&at, people::NUMBER, PASSWORD).await;
        let before = at.now();
        at.clock.advance(Span::hours(1));
        let death = proposal(Kind::Death, "d", &[("subject", people::NUMBER), ("on", "2026-11-20")]);
        let [dead] = recorded(&at, &death).await[..] else { panic!() };
        assert!(again(&at, &session).await.is_none(), "the session ended");
        let mut conn = at.conn().await;
        let locks = accounts::locks(&mut conn, account).await.unwrap();
        assert_eq!(locks.iter().map(|lock| lock.reason).collect::<Vec<_>>(), [LockReason::Death]);
        let number = PersonalNumber::parse(people::NUMBER).unwrap();
        let person = persons::find_by_number(&mut conn, &number).await.unwrap().unwrap();
        assert_eq!(person.person.vital, Vital::Dead(Some(date!(2026 - 11 - 20))));
        drop(conn);
        assert!(at.messages().await.iter().all(|(_, text)| !text.contains("khóa")), "the dead get no notice");
        let vital = |record: Option<Record>| record.unwrap().vital;
        assert_eq!(
            vital(known(&at, dead, date!(2026 - 11 - 20), at.now()).await),
            Vital::Dead(Some(date!(2026 - 11 - 20)))
        );
        assert_eq!(
            vital(known(&at, dead, date!(2026 - 11 - 19), at.now()).await),
            Vital::Alive,
            "alive the day before"
        );
        assert_eq!(vital(known(&at, dead, date!(2026 - 11 - 21), before).await), Vital::Alive, "and nobody knew yet");
        assert!(known(&at, dead, date!(2026 - 11 - 21), Timestamp::from_secs(1)).await.is_none());
        // Recorded in error: the account opens again.
        let undone = proposal(Kind::DeathCorrection, "u", &[("subject", people::NUMBER)]);
        recorded(&at, &undone).await;
        assert!(accounts::locks(&mut at.conn().await, account).await.unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_birth_gives_a_number_and_a_place_in_the_family() {
    for at in TestProvider::each().await {
        let mut mother = person();
        mother.sex = Sex::Female;
        let unit = UnitRef::commune_on("00004", at.now().vietnam_date()).unwrap();
        let address = Address::new("Số 1", unit, None).unwrap();
        mother.residences = vec![Residence { kind: ResidenceKind::Permanent, address, from: None, to: None }];
        mother.household = Some(Membership { file: ResidenceFile::parse("T/1").unwrap(), relation: Relation::Head });
        add(&at, mother).await;
        let birth = proposal(
            Kind::Birth,
            "b",
            &[
                ("name", "Nguyễn Thị Bé"),
                ("on", "2026-11-10"),
                ("sex", "female"),
                ("mother", people::NUMBER),
                ("registered_on", "2026-11-20"),
                ("registered_at", "00004"),
                ("household", "T/1"),
                ("ethnicity", "12"),
            ],
        );
        let [child] = recorded(&at, &birth).await[..] else { panic!() };
        let record = known(&at, child, date!(2026 - 11 - 22), at.now()).await.unwrap();
        let number = record.numbers.active.unwrap();
        assert!(number.is_test() && !number.disagrees_with(Sex::Female, 2026));
        assert_eq!((record.ethnicity.as_deref(), record.marital), (Some("12"), Marital::Single));
        assert_eq!(record.household.as_ref().unwrap().relation, Relation::Child);
        assert!(record.mother.is_some() && record.representative == record.mother);
        let found = persons::find_by_number(&mut at.conn().await, &number).await.unwrap().unwrap();
        assert_eq!(found.person.id, child);
        // The same certificate by another way: one event, no second child.
        let by_another_way = Proposal { source: "api".into(), ..birth };
        let twice = propose(&at.provider, &officer("an", None), &by_another_way, at.now()).await.unwrap();
        let Proposed::Refused(why) = twice else { panic!() };
        assert_eq!((why[0].field, why[0].why), ("name", Why::ChildThere));
    }
}

/// Nobody's record changes, and it is decided, kept in the household's history and on record like every other event.
#[tokio::test(flavor = "multi_thread")]
async fn a_dwelling_gets_an_owner() {
    for at in TestProvider::each().await {
        let unit = UnitRef::commune_on("00004", at.now().vietnam_date()).unwrap();
        let mut head = person();
        let address = Address::new("Số 1", unit, None).unwrap();
        head.residences = vec![Residence { kind: ResidenceKind::Permanent, address, from: None, to: None }];
        head.household = Some(Membership { file: ResidenceFile::parse("T/1").unwrap(), relation: Relation::Head });
        add(&at, head).await;
        add(&at, another(2)).await;
        let fields = [("household", "T/1"), ("owner", "900085000002"), ("on", "2026-11-20")];
        let wanted = proposal(Kind::HouseholdOwner, "o", &fields);
        let proposed = propose(&at.provider, &officer("an", Some("00004")), &wanted, at.now()).await.unwrap();
        let Proposed::Yes { event, differences, .. } = proposed else { panic!("{proposed:?}") };
        assert_eq!(differences.len(), 1);
        assert_eq!(
            (differences[0].label.1, differences[0].after.vi.as_slice()),
            ("Owner of the dwelling", [people::NAME.to_owned()].as_slice())
        );
        let decided =
            events::decide(&at.provider, &officer("binh", Some("01")), &say(event, 1, Verdict::Approve), at.now())
                .await;
        assert!(matches!(decided, Ok(Decided::Recorded { .. })), "{decided:?}");
        assert_eq!(at.count("SELECT count(*) FROM household WHERE owner IS NOT NULL").await, 1);
        assert_eq!(at.count("SELECT count(*) FROM household_version WHERE valid_from = '2026-11-20'").await, 1);
        assert_eq!(at.count("SELECT count(*) FROM civil_event_person").await, 2, "head and owner see it");
        assert_eq!(at.audited("registry.event_decided", "done").await, 1, "also where no person's record changes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_contradicts_the_record_becomes_a_case_and_what_is_badly_written_nothing() {
    for at in TestProvider::each().await {
        add(&at, person()).await;
        let courts = officer("toa-an", None);
        let incoming = |source_id: &str, fields: &[(&str, &str)]| Incoming {
            proposal: Proposal { source: "courts".into(), ..proposal(Kind::Divorce, source_id, fields) },
            unit: None,
        };
        let unknown = incoming("1", &[("husband", people::NUMBER), ("wife", "900085000009"), ("on", "2026-11-20")]);
        let received = receive(&at.provider, &courts, &unknown, at.now()).await.unwrap();
        let Received::Case { event, why, .. } = received else { panic!("{received:?}") };
        assert_eq!(why[0].why, Why::UnknownPerson);
        let received = receive(&at.provider, &courts, &unknown, at.now()).await.unwrap();
        assert!(matches!(received, Received::Known(known) if known == event), "{received:?}");
        let open = cases::waiting(&mut at.conn().await, None, 10).await.unwrap();
        assert_eq!(open.iter().map(|case| case.event).collect::<Vec<_>>(), [Some(event)]);
        let bad = incoming("2", &[("husband", "abc"), ("wife", "900085000009"), ("on", "2026-11-31")]);
        let received = receive(&at.provider, &courts, &bad, at.now()).await.unwrap();
        assert!(matches!(&received, Received::Refused(why) if why.len() == 2), "{received:?}");
        assert_eq!(at.count("SELECT count(*) FROM civil_event").await, 1);
    }
}

/// The words of names are few and everybody's: an event that does not name its person anew leaves their counts, and their rows'
/// locks, alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_counted_when_it_is_given_and_not_with_every_event_of_its_bearer() {
    for at in TestProvider::each().await {
        add(&at, person()).await;
        let uses = async || {
            let most = at.count("SELECT max(uses) FROM name_word").await;
            (most, at.count("SELECT count(*) FROM name_word").await)
        };
        assert_eq!(uses().await, (1, 3));
        let moves = [("subject", people::NUMBER), ("on", "2026-11-20"), ("new_household", "T/1"), ("unit", "00004")];
        recorded(&at, &proposal(Kind::PermanentResidence, "1", &moves)).await;
        assert_eq!(uses().await, (1, 3), "a move is no new name");
        assert_eq!(at.count("SELECT count(*) FROM person WHERE home_unit = '00004' AND home_province = '01'").await, 1);
        let renamed = [("subject", people::NUMBER), ("name", "Nguyễn Thị Mẫu"), ("on", "2026-11-20")];
        recorded(&at, &proposal(Kind::NameChange, "2", &renamed)).await;
        assert_eq!(uses().await, (2, 5), "and a new one is");
        assert_eq!(at.count("SELECT count(*) FROM person WHERE name_sorted = 'mau nguyen thi'").await, 1);
    }
}

/// Whose place an adoption took stands in the history alone: the end of the adoption finds them there, and so does a marriage.
#[tokio::test(flavor = "multi_thread")]
async fn an_adoption_ends_and_blood_and_adoption_still_forbid_a_marriage() {
    for at in TestProvider::each().await {
        let mut ids = Vec::new();
        for (serial, sex, birth) in [
            (11, Sex::Male, "1980-01-01"),
            (12, Sex::Female, "1982-01-01"),
            (13, Sex::Male, "1981-01-01"),
            (14, Sex::Female, "2004-01-01"),
            (15, Sex::Male, "2002-01-01"),
        ] {
            let birth = BirthDate::parse(birth).unwrap();
            ids.push(add(&at, PersonRecord { sex, birth, card: None, phone: None, ..another(serial) }).await);
        }
        let number = |serial: u32| format!("900085{serial:06}");
        let [father, mother, adopter, child, brother] = [11, 12, 13, 14, 15].map(number);
        let parent = |id, child: &str, parent: &str, role| {
            proposal(Kind::ParentChild, id, &[("child", child), ("parent", parent), ("role", role)])
        };
        recorded(&at, &parent("1", &child, &father, "father")).await;
        recorded(&at, &parent("2", &child, &mother, "mother")).await;
        recorded(&at, &parent("3", &brother, &father, "father")).await;
        let adoption = [("child", child.as_str()), ("father", adopter.as_str()), ("on", "2020-01-01")];
        recorded(&at, &proposal(Kind::Adoption, "4", &adoption)).await;
        let weds = async |id: &str, husband: &str| {
            let form = [("husband", husband), ("wife", child.as_str()), ("on", "2026-11-20")];
            let (an, wedding) = (officer("an", None), proposal(Kind::Marriage, id, &form));
            let proposed = propose(&at.provider, &an, &wedding, at.now()).await.unwrap();
            let Proposed::Refused(why) = proposed else { panic!("{husband} may not: {proposed:?}") };
            why[0].why
        };
        assert_eq!(weds("5", &brother).await, Why::CloseKin, "the record names her birth father no more");
        recorded(&at, &proposal(Kind::AdoptionEnd, "6", &[("child", &child), ("on", "2021-01-01")])).await;
        let mut conn = at.conn().await;
        let record = events::present(&mut conn, &at.provider.secrets.vault, ids[3]).await.unwrap().unwrap();
        drop(conn);
        assert!(record.father.as_ref().unwrap().is(ids[0]) && record.mother.as_ref().unwrap().is(ids[1]));
        assert_eq!(weds("7", &adopter).await, Why::CloseKin, "he was her adoptive father");
        assert_eq!(weds("8", &brother).await, Why::CloseKin);
    }
}
