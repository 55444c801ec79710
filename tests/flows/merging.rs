//! Two records of one person become one, and come apart exactly as they were.

use std::collections::BTreeMap;

use dinhdanh::{
    assurance::LockReason,
    base::{Fault, Span, Timestamp, ids::PersonId},
    flows::{
        registry::events::{
            self, Decided, Officer, Proposal, Proposed, Verdict, as_known, decide::Say, present, propose,
        },
        sign_in::password::SignedIn,
    },
    registry::{
        Address, PersonName, PersonRecord, PersonalNumber, Residence, ResidenceKind, Sex, UnitRef,
        civil_event::{Kind, MERGED, Values, Why},
        household::{Membership, Relation, ResidenceFile},
        record::{Facet, Marital, Record},
    },
    store::{LaneKey, Tx, Unit, accounts, audit::Actor, cases, household_writes, numbers, subjects},
};
use time::Date;

use crate::support::{
    people::{self, NUMBER, PASSWORD, add, again, another, person, sign_in, signed_in, with_account},
    provider::TestProvider,
};

const OTHER: &str = "900085000002";
const TODAY: &str = "2026-11-22";

fn officer(name: &str) -> Officer {
    Officer { actor: Actor::Operator(name.to_owned()), unit: None, duty: None }
}

fn proposal(at: &TestProvider, kind: Kind, fields: &[(&str, &str)]) -> Proposal {
    let papers =
        [("paper", kind.papers()[0].0), ("paper_no", "7"), ("paper_on", "2026-11-01"), ("paper_by", "Công an")];
    let values: Values =
        fields.iter().chain(&papers).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    at.clock.advance(Span::secs(1));
    let source_id = at.now().rfc3339();
    Proposal { kind, values, source: "console".to_owned(), source_id, note: None, again: None }
}

async fn proposed(at: &TestProvider, kind: Kind, fields: &[(&str, &str)]) -> Proposed {
    propose(&at.provider, &officer("an"), &proposal(at, kind, fields), at.now()).await.unwrap()
}

/// Proposed by one, approved by another.
async fn recorded(at: &TestProvider, kind: Kind, fields: &[(&str, &str)]) {
    let proposed = proposed(at, kind, fields).await;
    let Proposed::Yes { event, .. } = proposed else { panic!("{} {proposed:?}", kind.code()) };
    let say = Say { event, version: 1, verdict: Verdict::Approve, reason: None };
    let decided = events::decide(&at.provider, &officer("binh"), &say, at.now()).await.unwrap();
    assert!(matches!(decided, Decided::Recorded { .. }), "{} {decided:?}", kind.code());
}

async fn refused(at: &TestProvider, kind: Kind, fields: &[(&str, &str)]) -> (&'static str, Why) {
    match proposed(at, kind, fields).await {
        Proposed::Refused(why) => (why[0].field, why[0].why),
        other => panic!("{} {other:?}", kind.code()),
    }
}

async fn merge(at: &TestProvider) {
    recorded(at, Kind::RecordMerge, &[("keep", NUMBER), ("merged", OTHER), ("on", TODAY)]).await;
}

async fn unmerge(at: &TestProvider, gone: PersonId) {
    recorded(at, Kind::RecordUnmerge, &[("subject", &gone.to_string()), ("on", TODAY)]).await;
}

async fn records(at: &TestProvider, people: &[PersonId]) -> BTreeMap<PersonId, Record> {
    let mut all = BTreeMap::new();
    for id in people {
        let record = present(&mut at.conn().await, &at.provider.secrets.vault, *id).await.unwrap().unwrap();
        all.insert(*id, record);
    }
    all
}

async fn known(at: &TestProvider, person: PersonId, moment: Timestamp) -> Record {
    let vault = &at.provider.secrets.vault;
    as_known(&mut at.conn().await, vault, person, (Date::MAX, moment)).await.unwrap().unwrap().record
}

fn number(text: &str) -> PersonalNumber {
    PersonalNumber::parse(text).unwrap()
}

fn at_home(at: &TestProvider, file: &str, relation: Relation, record: PersonRecord) -> PersonRecord {
    let unit = UnitRef::commune_on("00004", at.now().vietnam_date()).unwrap();
    let address = Address::new("Số 1", unit, None).unwrap();
    let residences = vec![Residence { kind: ResidenceKind::Permanent, address, from: None, to: None }];
    let household = Some(Membership { file: ResidenceFile::parse(file).unwrap(), relation });
    PersonRecord { residences, household, ..record }
}

/// The kept record stands bare; the other is a father and husband at the head of a household, with sensitive fields.
async fn family(at: &TestProvider) -> [PersonId; 4] {
    let mut kept = person();
    kept.phone = None;
    let mut other = at_home(at, "T/2", Relation::Head, another(2));
    other.name = PersonName::parse("Nguyễn Văn Thứ").unwrap();
    other.ethnicity = Some("12".to_owned());
    let mut wife = at_home(at, "T/2", Relation::Spouse, another(3));
    wife.sex = Sex::Female;
    let mut child = at_home(at, "T/2", Relation::Child, another(4));
    child.birth = dinhdanh::registry::BirthDate::parse("2015-06-01").unwrap();
    let ids = [add(at, kept).await, add(at, other).await, add(at, wife).await, add(at, child).await];
    recorded(at, Kind::Marriage, &[("husband", OTHER), ("wife", "900085000003"), ("on", "2026-11-02")]).await;
    recorded(at, Kind::ParentChild, &[("child", "900085000004"), ("parent", OTHER), ("role", "father")]).await;
    ids
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "one story")]
async fn two_records_become_one_and_come_apart_exactly() {
    for at in TestProvider::each().await {
        let all @ [kept, gone, wife, child] = family(&at).await;
        let before = records(&at, &all).await;
        let first = at.now();
        let numbers_before = at.count("SELECT count(*) FROM personal_number WHERE state = 'active'").await;
        merge(&at).await;
        let merged = records(&at, &all).await;
        let one = &merged[&kept];
        let former = &one.numbers.former[0];
        assert_eq!(
            (one.numbers.active, former.number, former.reason.as_deref()),
            (Some(number(NUMBER)), number(OTHER), Some(MERGED))
        );
        assert_eq!(numbers::person_of(&mut at.conn().await, &number(OTHER)).await.unwrap(), Some(kept));
        assert!(one.spouse.as_ref().unwrap().is(wife) && merged[&wife].spouse.as_ref().unwrap().is(kept));
        assert!(merged[&child].father.as_ref().unwrap().is(kept));
        assert_eq!(one.marital, Marital::Married);
        assert_eq!(
            (one.ethnicity.as_deref(), one.other_names.as_slice()),
            (Some("12"), &["Nguyễn Văn Thứ".to_owned()][..])
        );
        assert_eq!(one.contacts, before[&gone].contacts);
        assert_eq!(one.household.as_ref().unwrap().relation, Relation::Head);
        assert_eq!(one.permanent, before[&gone].permanent);
        let other = &merged[&gone];
        assert_eq!(other.merged, Some(kept));
        assert!(other.household.is_none() && other.spouse.is_none() && other.numbers.active.is_none());
        assert_eq!(
            at.count("SELECT count(*) FROM household h JOIN household_member m ON m.household_id = h.id AND m.person_id = h.head_id").await,
            1,
            "the head is a member"
        );
        assert_eq!(
            at.count(
                "SELECT count(*) FROM person WHERE merged_into IS NOT NULL AND name_sorted = '' AND number IS NULL"
            )
            .await,
            1
        );
        // What was known before is still known to have been known; what is known now is what the tables have.
        for id in all {
            assert_eq!(known(&at, id, first).await, before[&id]);
            assert_eq!(known(&at, id, at.now()).await, merged[&id]);
        }
        at.clock.advance(Span::hours(1));
        let between = at.now();
        unmerge(&at, gone).await;
        let after = records(&at, &all).await;
        for id in all {
            let differing: Vec<_> = after[&id].differing(&before[&id]).map(Facet::code).collect();
            assert!(differing.is_empty(), "{differing:?}");
            assert_eq!(known(&at, id, between).await, merged[&id], "that they were one for an hour stays known");
            assert_eq!(known(&at, id, at.now()).await, after[&id]);
        }
        assert_eq!(numbers::person_of(&mut at.conn().await, &number(OTHER)).await.unwrap(), Some(gone));
        assert_eq!(at.count("SELECT count(*) FROM personal_number WHERE state = 'active'").await, numbers_before);
        assert_eq!(at.count("SELECT count(*) FROM personal_number WHERE reason IS NOT NULL").await, 0);
        assert_eq!(at.count("SELECT count(*) FROM person WHERE name_sorted = '' OR merged_into IS NOT NULL").await, 0);
        assert_eq!(at.count("SELECT count(*) FROM person_merge WHERE undone_by IS NOT NULL").await, 1);
        // And once more, the same way.
        merge(&at).await;
        unmerge(&at, gone).await;
        assert_eq!(records(&at, &all).await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_one_person_is_refused_and_a_merged_record_takes_no_events() {
    for at in TestProvider::each().await {
        let [kept, gone, ..] = family(&at).await;
        let pair = |keep: &'static str, merged: &'static str| [("keep", keep), ("merged", merged), ("on", TODAY)];
        for (keep, merged, why) in [
            (NUMBER, NUMBER, Why::SamePerson),
            (NUMBER, "900085999999", Why::UnknownPerson),
            (NUMBER, "900085000003", Why::MergeSex),
            ("900085000004", OTHER, Why::MergeRelated),
        ] {
            assert_eq!(refused(&at, Kind::RecordMerge, &pair(keep, merged)).await, ("merged", why), "{merged}");
        }
        let subject = [("subject", gone.to_string()), ("on", TODAY.to_owned())];
        let subject: Vec<_> = subject.iter().map(|(name, text)| (*name, text.as_str())).collect();
        assert_eq!(refused(&at, Kind::RecordUnmerge, &subject).await, ("subject", Why::NotMerged));
        let mut second_wife = another(5);
        second_wife.sex = Sex::Female;
        add(&at, second_wife).await;
        recorded(&at, Kind::Marriage, &[("husband", NUMBER), ("wife", "900085000005"), ("on", "2026-11-03")]).await;
        assert_eq!(refused(&at, Kind::RecordMerge, &pair(NUMBER, OTHER)).await, ("merged", Why::MergeSpouses));
        recorded(&at, Kind::Divorce, &[("husband", NUMBER), ("wife", "900085000005"), ("on", "2026-11-04")]).await;
        // The same officer does not decide, and a change meanwhile sends it back.
        let proposed = proposed(&at, Kind::RecordMerge, &pair(NUMBER, OTHER)).await;
        let Proposed::Yes { event, .. } = proposed else { panic!("{proposed:?}") };
        let say = Say { event, version: 1, verdict: Verdict::Approve, reason: None };
        let own = events::decide(&at.provider, &officer("an"), &say, at.now()).await.unwrap();
        assert!(matches!(own, Decided::OwnProposal), "{own:?}");
        let fields = [("subject", OTHER), ("phone", "0912345678"), ("on", "2026-11-20")];
        recorded(&at, Kind::ContactsChange, &fields).await;
        let stale = events::decide(&at.provider, &officer("binh"), &say, at.now()).await.unwrap();
        assert!(matches!(stale, Decided::Stale(_)), "{stale:?}");
        merge(&at).await;
        let by_id = [("subject", gone.to_string()), ("on", "2026-11-20".to_owned())];
        let by_id: Vec<_> = by_id.iter().map(|(name, text)| (*name, text.as_str())).collect();
        assert_eq!(refused(&at, Kind::Death, &by_id).await, ("subject", Why::Merged));
        // By its old number an event is about the person.
        recorded(&at, Kind::Death, &[("subject", OTHER), ("on", TODAY)]).await;
        assert!(records(&at, &[kept]).await[&kept].is_dead());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_since_stays_and_somebody_looks() {
    for at in TestProvider::each().await {
        let all @ [kept, gone, wife, child] = family(&at).await;
        let before = records(&at, &all).await;
        merge(&at).await;
        at.clock.advance(Span::hours(24));
        recorded(&at, Kind::Divorce, &[("husband", NUMBER), ("wife", "900085000003"), ("on", "2026-11-23")]).await;
        let fields = [("subject", NUMBER), ("name", "Nguyễn Văn Mới"), ("on", "2026-11-23")];
        recorded(&at, Kind::NameChange, &fields).await;
        recorded(&at, Kind::RecordUnmerge, &[("subject", &gone.to_string()), ("on", "2026-11-23")]).await;
        let after = records(&at, &all).await;
        assert_eq!(after[&kept].name.full(), "Nguyễn Văn Mới");
        assert!(
            [kept, gone, wife].iter().all(|id| after[id].spouse.is_none()),
            "nobody is married to who divorced another"
        );
        assert_eq!(after[&wife].marital, Marital::DivorcedOrWidowed);
        assert_eq!(after[&gone].numbers, before[&gone].numbers);
        assert_eq!(after[&kept].numbers, before[&kept].numbers);
        assert_eq!(after[&child].father, before[&child].father);
        assert_eq!(after[&gone].household, before[&gone].household);
        assert_eq!(after[&kept].household, None);
        let open = cases::waiting(&mut at.conn().await, None, 50).await.unwrap();
        assert!(
            open.iter().any(|case| case.kind == "follow_up" && case.source_id.ends_with("unmerge_left")),
            "{open:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_accounts_one_closes_and_everybody_is_told() {
    for at in TestProvider::each().await {
        let kept_account = with_account(&at, person()).await;
        let closed = with_account(&at, another(2)).await;
        let stays = signed_in(&at, NUMBER, PASSWORD).await;
        let ends = signed_in(&at, OTHER, PASSWORD).await;
        merge(&at).await;
        assert!(again(&at, &ends).await.is_none() && again(&at, &stays).await.is_some());
        let locks = accounts::locks(&mut at.conn().await, closed).await.unwrap();
        assert_eq!(locks.iter().map(|lock| lock.reason).collect::<Vec<_>>(), [LockReason::Authority]);
        let found = accounts::find_by_number(&mut at.conn().await, OTHER).await.unwrap().unwrap();
        assert_eq!(found.id, kept_account, "the old number opens the account of the person");
        let SignedIn::Yes { .. } = sign_in(&at, OTHER, PASSWORD).await else { panic!("by the old number too") };
        assert_eq!(at.audited("account.locked", "done").await, 1);
        let gone = records_gone(&at).await;
        unmerge(&at, gone).await;
        assert!(accounts::locks(&mut at.conn().await, closed).await.unwrap().is_empty());
        assert!(again(&at, &stays).await.is_none(), "who signed in as one person signs in again");
        let found = accounts::find_by_number(&mut at.conn().await, OTHER).await.unwrap().unwrap();
        assert_eq!(found.id, closed);
        signed_in(&at, OTHER, PASSWORD).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_account_and_its_names_go_with_the_person() {
    for at in TestProvider::each().await {
        let kept = add(&at, person()).await;
        let account = with_account(&at, another(2)).await;
        let gone = numbers::person_of(&mut at.conn().await, &number(OTHER)).await.unwrap().unwrap();
        for (sector, person, sub) in [("both", kept, "kept-sub"), ("both", gone, "gone-sub"), ("one", gone, "only-sub")]
        {
            let know = Know { sector, person, sub, now: at.now() };
            assert_eq!(at.provider.writer.submit(know).await.unwrap(), sub);
        }
        merge(&at).await;
        let sub = async |sector: &str, person| subjects::find_sub(&mut at.conn().await, sector, person).await.unwrap();
        let whose = async |sector: &str, sub| subjects::person_of_sub(&mut at.conn().await, sector, sub).await.unwrap();
        let found = accounts::find_by_person(&mut at.conn().await, kept).await.unwrap().unwrap();
        assert_eq!(found.id, account, "nobody loses their account");
        assert_eq!(sub("one", kept).await.as_deref(), Some("only-sub"), "that portal still knows the person");
        assert_eq!(sub("both", kept).await.as_deref(), Some("kept-sub"));
        assert_eq!(whose("both", "gone-sub").await, Some(kept), "the other name leads to the person too");
        unmerge(&at, gone).await;
        let found = accounts::find_by_person(&mut at.conn().await, gone).await.unwrap().unwrap();
        assert_eq!(found.id, account);
        assert!(accounts::find_by_person(&mut at.conn().await, kept).await.unwrap().is_none());
        assert_eq!((sub("one", kept).await, sub("one", gone).await.as_deref()), (None, Some("only-sub")));
        assert_eq!(whose("both", "gone-sub").await, Some(gone));
        signed_in(&at, OTHER, people::PASSWORD).await;
        assert_eq!(at.audited("account.moved", "done").await, 2, "there and back");
    }
}

async fn records_gone(at: &TestProvider) -> PersonId {
    use dinhdanh::store::civil_events;
    let kept = numbers::person_of(&mut at.conn().await, &number(NUMBER)).await.unwrap().unwrap();
    let events = civil_events::of_person(&mut at.conn().await, kept, 1).await.unwrap();
    let people = dinhdanh::store::facet_versions::people_of(&mut at.conn().await, events[0].id).await.unwrap();
    people.into_iter().find(|id| *id != kept).unwrap()
}

/// A sector meets a person under a name.
struct Know {
    sector: &'static str,
    person: PersonId,
    sub: &'static str,
    now: Timestamp,
}

impl Unit for Know {
    type Out = String;
    const KIND: &'static str = "test.know";

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.person.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<String, Fault> {
        subjects::ensure_sub(tx, self.sector, self.person, self.sub, self.now).await
    }
}

async fn owner_of(at: &TestProvider) -> Option<String> {
    let file = ResidenceFile::parse("T/2").unwrap();
    let (household, _) = household_writes::find_by_file(&mut at.conn().await, &file).await.unwrap().unwrap();
    household.owner.and_then(|owner| owner.person).map(|id| id.to_string())
}

/// Who owned a dwelling under the one record owns it under the other, and again under the first.
#[tokio::test(flavor = "multi_thread")]
async fn a_dwelling_follows_its_owner_through_a_merge_and_back() {
    for at in TestProvider::each().await {
        let [kept, gone, ..] = family(&at).await;
        recorded(&at, Kind::HouseholdOwner, &[("household", "T/2"), ("owner", OTHER), ("on", "2026-11-20")]).await;
        assert_eq!(owner_of(&at).await, Some(gone.to_string()));
        merge(&at).await;
        assert_eq!(owner_of(&at).await, Some(kept.to_string()));
        unmerge(&at, gone).await;
        assert_eq!(owner_of(&at).await, Some(gone.to_string()));
        // Sold in between: it stays with who bought it, and somebody looks.
        merge(&at).await;
        let sold = [("household", "T/2"), ("owner", "900085000003"), ("on", "2026-11-21")];
        recorded(&at, Kind::HouseholdOwner, &sold).await;
        let buyer = owner_of(&at).await;
        unmerge(&at, gone).await;
        assert_eq!(owner_of(&at).await, buyer);
        assert!(at.count("SELECT count(*) FROM registry_case WHERE kind = 'follow_up'").await > 0);
    }
}

/// A marriage that the registry would not record does not come in by a merge either.
#[tokio::test(flavor = "multi_thread")]
async fn a_merge_brings_nobody_a_spouse_of_their_own_kin() {
    for at in TestProvider::each().await {
        family(&at).await;
        // The wife of the other record and the kept one have one grandfather.
        for (serial, birth, sex) in [(10, "1930", Sex::Male), (11, "1955", Sex::Male), (12, "1957", Sex::Female)] {
            let mut elder = another(serial);
            (elder.birth, elder.sex) = (dinhdanh::registry::BirthDate::parse(birth).unwrap(), sex);
            add(&at, elder).await;
        }
        let number = |serial: u32| format!("900085{serial:06}");
        for (child, parent, role) in [
            (number(11), number(10), "father"),
            (number(12), number(10), "father"),
            (NUMBER.to_owned(), number(11), "father"),
        ] {
            let fields = [("child", child.as_str()), ("parent", parent.as_str()), ("role", role)];
            recorded(&at, Kind::ParentChild, &fields).await;
        }
        let pair = [("keep", NUMBER), ("merged", OTHER), ("on", TODAY)];
        assert!(matches!(proposed(&at, Kind::RecordMerge, &pair).await, Proposed::Yes { .. }), "no kin yet");
        let (wife, aunt) = (number(3), number(12));
        let fields = [("child", wife.as_str()), ("parent", aunt.as_str()), ("role", "mother")];
        recorded(&at, Kind::ParentChild, &fields).await;
        assert_eq!(refused(&at, Kind::RecordMerge, &pair).await, ("merged", Why::CloseKin));
        // Nor by a parent who is found later.
        let uncle = number(11);
        let fields = [("child", OTHER), ("parent", uncle.as_str()), ("role", "father")];
        assert_eq!(refused(&at, Kind::ParentChild, &fields).await, ("parent", Why::CloseKin));
    }
}

/// A year of random events found it: a household in which others stay does not change with the merge, and was not looked at.
#[tokio::test(flavor = "multi_thread")]
async fn who_lived_among_others_is_back_among_them() {
    for at in TestProvider::each().await {
        add(&at, at_home(&at, "T/1", Relation::Head, person())).await;
        add(&at, at_home(&at, "T/2", Relation::Head, another(3))).await;
        let gone = add(&at, at_home(&at, "T/2", Relation::Other, another(2))).await;
        let before = records(&at, &[gone]).await;
        merge(&at).await;
        assert_eq!(records(&at, &[gone]).await[&gone].household, None);
        unmerge(&at, gone).await;
        let again = records(&at, &[gone]).await;
        assert_eq!(again[&gone].household, before[&gone].household);
        assert_eq!(again[&gone].differing(&before[&gone]).count(), 0);
    }
}
