//! From a family to records: names, numbers, cards, homes, telephones.

use time::{Date, Duration, macros::date};

use super::{
    super::{
        BirthDate, Card, CardKind, CardStatus, EmailAddress, Expiry, PersonName, PersonRecord, PersonalNumber,
        PhoneNumber, Residence, ResidenceKind, Sex, Vital,
        household::{Membership, Relation, ResidenceFile},
        particulars::Particulars,
        person::Relatives,
    },
    Settings, SyntheticPerson,
    dice::Dice,
    edge,
    family::{self, Member},
    names, places,
};

/// What the members of one household share.
struct House {
    people: &'static str,
    family: Option<&'static str>,
    file: Option<ResidenceFile>,
    line: String,
    commune: &'static str,
    since: Date,
    today: Date,
}

/// One household; `first` is how many people were drawn before it.
pub(super) fn household(dice: &mut Dice, settings: &Settings, at: u64, first: u64) -> Vec<SyntheticPerson> {
    let Some((province, commune)) = places::home(dice) else { return Vec::new() };
    let members = family::draw(dice, settings.as_of);
    let people = names::people(dice, province);
    let house = House {
        people,
        family: names::family_name(dice, people),
        file: ResidenceFile::parse(&format!("TEST-{province}-{at:08}")).ok(),
        line: places::line(dice, commune),
        commune: commune.code,
        since: dice.day(date!(1985 - 01 - 01), settings.as_of),
        today: settings.as_of,
    };
    let slots: Vec<u64> = (first..).take(members.len()).map(|person| slot(settings.seed, person)).collect();
    let numbers: Vec<_> = members.iter().zip(&slots).map(|(member, slot)| number(member, *slot)).collect();
    let names: Vec<_> =
        members.iter().enumerate().map(|(at, member)| name(dice, &house, &members, at, member)).collect();
    let mut drafts = Vec::with_capacity(members.len());
    for (((member, slot), number), name) in members.iter().zip(&slots).zip(&numbers).zip(names) {
        let (Some(number), Some(name)) = (*number, name) else { continue };
        drafts.push(record(dice, &house, member, *slot, (number, name)));
    }
    finish(dice, &house, &members, drafts)
}

/// The edges first, since they may change a number; then kin are named by the numbers that stand.
fn finish(dice: &mut Dice, house: &House, members: &[Member], mut drafts: Vec<PersonRecord>) -> Vec<SyntheticPerson> {
    let edges: Vec<_> = drafts.iter_mut().map(|draft| edge::befall(dice, draft, house.today)).collect();
    let numbers: Vec<_> = drafts.iter().map(|draft| draft.number).collect();
    let number_of = |at: Option<usize>| numbers.get(at?).copied();
    for (draft, member) in drafts.iter_mut().zip(members) {
        draft.relatives = Relatives {
            father: number_of(member.father),
            mother: number_of(member.mother),
            spouse: number_of(member.spouse),
            representative: (draft.birth.age_on(house.today) < 18)
                .then(|| number_of(member.mother.or(member.father)))
                .flatten(),
        };
    }
    drafts.into_iter().zip(edges).map(|(record, edge)| SyntheticPerson { record, edge }).collect()
}

/// One of a hundred million places, each for one person: a stride that shares no divisor with 10⁸ visits all.
const fn slot(seed: u64, person: u64) -> u64 {
    let start = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) % super::MOST;
    (start + (person % super::MOST) * 61_803_399) % super::MOST
}

/// Prefixes 900–999 and a serial from the slot: no two people share both, whatever their sex and birth year.
fn number(member: &Member, slot: u64) -> Option<PersonalNumber> {
    let prefix = u16::try_from(900 + slot / 1_000_000).ok()?;
    let serial = u32::try_from(slot % 1_000_000).ok()?;
    PersonalNumber::compose(prefix, member.sex, member.born.year(), serial)
}

/// Children have their father's family name, those of a mother alone hers; who married in has their own.
fn name(dice: &mut Dice, house: &House, members: &[Member], at: usize, member: &Member) -> Option<PersonName> {
    let head_line = match member.relation {
        Relation::Head | Relation::Child => true,
        Relation::Parent => member.sex == Sex::Male,
        _ => false,
    };
    // Where the wife heads the household the name is still the husband's line's.
    let line_of_man = members.iter().any(|other| other.spouse == Some(at) && other.sex == Sex::Male);
    let married_in = member.sex == Sex::Female && line_of_man;
    let husband = member.sex == Sex::Male && member.spouse.is_some();
    let family =
        if (head_line && !married_in) || husband { house.family } else { names::family_name(dice, house.people) };
    names::full(dice, house.people, member.sex, member.born.year(), family)
}

fn record(
    dice: &mut Dice,
    house: &House,
    member: &Member,
    slot: u64,
    (number, name): (PersonalNumber, PersonName),
) -> PersonRecord {
    let birth = BirthDate::Full(member.born);
    let age = birth.age_on(house.today);
    let phone = (age >= 14 && dice.permille(if age < 75 { 940 } else { 620 })).then(|| phone(slot)).flatten();
    let email = (age >= 16 && dice.permille(if age < 45 { 300 } else { 60 })).then(|| email(slot)).flatten();
    PersonRecord {
        number,
        former_numbers: Vec::new(),
        name,
        birth,
        sex: member.sex,
        vital: Vital::Alive,
        nationality: "VN".to_owned(),
        ethnicity: Some(house.people.to_owned()),
        card: card(dice, birth, number, house.today),
        residences: residences(dice, house, birth, age),
        phone,
        email,
        household: house.file.clone().map(|file| Membership { file, relation: member.relation }),
        relatives: Relatives::default(),
        particulars: Particulars::default(),
    }
}

/// First three digits that no operator was ever given.
const PHONES: [&str; 10] = ["050", "051", "053", "054", "057", "030", "031", "071", "072", "073"];

fn phone(slot: u64) -> Option<PhoneNumber> {
    let prefix = PHONES.get(usize::try_from(slot / 10_000_000).ok()?)?;
    PhoneNumber::parse(&format!("{prefix}{:07}", slot % 10_000_000)).ok()
}

/// `example.com` belongs to nobody (RFC 2606 §3).
fn email(slot: u64) -> Option<EmailAddress> {
    EmailAddress::parse(&format!("thu.{slot:08}@example.com")).ok()
}

/// Everybody of fourteen and more has a card that was renewed when it was due; few children have one.
fn card(dice: &mut Dice, birth: BirthDate, number: PersonalNumber, today: Date) -> Option<Card> {
    let age = birth.age_on(today);
    let earliest = if age < 14 {
        if !dice.permille(150) {
            return None;
        }
        // On demand for children, since the Law on Identification of 2023.
        date!(2024 - 07 - 01).max(birth.latest().saturating_add(Duration::days(30)))
    } else {
        if dice.permille(8) {
            return None;
        }
        let milestone = [60, 40, 25, 14].into_iter().find(|years| age >= *years).unwrap_or(14);
        date!(2021 - 01 - 01).max(birth.birthday(milestone))
    };
    let issued_on = dice.day(earliest.min(today), today);
    Some(Card {
        kind: CardKind::issued_in(issued_on),
        status: CardStatus::Valid,
        issued_on,
        expiry: Expiry::by_law(birth, issued_on),
        number,
        issuer: "Bộ Công an".to_owned(),
    })
}

fn residences(dice: &mut Dice, house: &House, birth: BirthDate, age: i32) -> Vec<Residence> {
    let mut residences = Vec::with_capacity(2);
    let since = house.since.max(birth.latest());
    if let Some(address) = places::address(&house.line, house.commune, None, house.today) {
        residences.extend(Residence::new(ResidenceKind::Permanent, address, Some(since), None).ok());
    }
    if (18..45).contains(&age) && dice.permille(120) {
        residences.extend(temporary(dice, house));
    }
    residences
}

fn temporary(dice: &mut Dice, house: &House) -> Option<Residence> {
    let unit = places::away(dice)?;
    let line = places::line(dice, unit);
    let from = dice.day(house.today.saturating_sub(Duration::days(600)), house.today);
    let to = from.saturating_add(Duration::days(i64::from(dice.between(620, 725))));
    let address = places::address(&line, unit.code, None, house.today)?;
    Residence::new(ResidenceKind::Temporary, address, Some(from), Some(to)).ok()
}
