//! The one in fifty who is unusual, as registries have them.

use time::{Date, Duration};
use unicode_normalization::UnicodeNormalization as _;

use super::{
    super::{
        BirthDate, CardStatus, PersonRecord, PersonalNumber, Sex, Vital,
        card::{Card, Expiry},
        residence::ResidenceKind,
    },
    dice::Dice,
    names, places,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edge {
    /// The register knows the year of birth alone.
    YearOnly,
    /// The register knows the year and the month.
    MonthOnly,
    /// The file has the name in decomposed form (NFD).
    DecomposedName,
    /// An earlier number was cancelled and leads here.
    CancelledNumber,
    /// The holder kept a number whose digits say another sex or birth year.
    KeptNumber,
    Dead,
    Missing,
    CardHeld,
    CardExpired,
    /// Lives in a commune that was divided in 2025; the address as registered tells the old one.
    SplitCommune,
    OneTokenName,
    HighlandName,
    UnknownPeople,
}

impl Edge {
    pub const ALL: [Self; 13] = [
        Self::YearOnly,
        Self::MonthOnly,
        Self::DecomposedName,
        Self::CancelledNumber,
        Self::KeptNumber,
        Self::Dead,
        Self::Missing,
        Self::CardHeld,
        Self::CardExpired,
        Self::SplitCommune,
        Self::OneTokenName,
        Self::HighlandName,
        Self::UnknownPeople,
    ];
}

/// Twenty in a thousand.
const SHARE: u32 = 20;

/// Makes some people unusual; answers what it did, or nothing when the chance passed by or did not fit this person.
pub(super) fn befall(dice: &mut Dice, record: &mut PersonRecord, today: Date) -> Option<Edge> {
    if !dice.permille(SHARE) {
        return None;
    }
    let edge = dice.pick(&Edge::ALL)?;
    let age = record.birth.age_on(today);
    match edge {
        Edge::YearOnly | Edge::MonthOnly => shorten_birth(record, edge, age)?,
        // A name without any mark has only one form.
        Edge::DecomposedName => {
            record.name.full().nfd().ne(record.name.full().chars()).then_some(())?;
        }
        Edge::CancelledNumber => record.former_numbers.push(neighbour(&record.number, record)?),
        Edge::KeptNumber => {
            record.number = neighbour(&record.number, record)?;
            if let Some(card) = &mut record.card {
                card.number = record.number;
            }
        }
        Edge::Dead if age >= 40 => die(dice, record, today),
        Edge::Missing if age >= 18 => {
            record.vital = Vital::MissingDeclared(Some(recent(dice, today)));
        }
        Edge::CardHeld => record.card.as_mut().filter(|_| age >= 18)?.status = CardStatus::Held,
        Edge::CardExpired => outdate(dice, record, today)?,
        Edge::SplitCommune => {
            let split = places::split_commune(dice)?;
            let home = record.residences.iter_mut().find(|home| home.kind == ResidenceKind::Permanent)?;
            let was = format!("{}, {}", home.address.line, split.was);
            home.address = places::address(&home.address.line, split.usual_new, Some(&was), today)?;
        }
        Edge::OneTokenName => record.name = names::one_token(dice)?,
        Edge::HighlandName => {
            record.name = names::highland(dice, record.sex == Sex::Female, None)?;
            record.ethnicity = Some(names::EDE.to_owned());
        }
        Edge::UnknownPeople => record.ethnicity = Some("56".to_owned()),
        Edge::Dead | Edge::Missing => return None,
    }
    Some(edge)
}

/// Records of this kind were written before 1990. A card's end was counted from the birthday: it is counted anew.
fn shorten_birth(record: &mut PersonRecord, edge: Edge, age: i32) -> Option<()> {
    let BirthDate::Full(day) = record.birth else { return None };
    if age < 40 {
        return None;
    }
    record.birth = match edge {
        Edge::YearOnly => BirthDate::Year(day.year()),
        _ => BirthDate::YearMonth { year: day.year(), month: day.month() },
    };
    if let Some(card) = &mut record.card {
        card.expiry = Expiry::by_law(record.birth, card.issued_on);
    }
    Some(())
}

/// A number that nobody else has (prefix and serial are one person's alone), with another sex in its digits.
fn neighbour(number: &PersonalNumber, record: &PersonRecord) -> Option<PersonalNumber> {
    let other = if record.sex == Sex::Male { Sex::Female } else { Sex::Male };
    let prefix = number.as_str().get(..3)?.parse().ok()?;
    let serial = number.as_str().get(6..)?.parse().ok()?;
    PersonalNumber::compose(prefix, other, record.birth.year(), serial)
}

fn recent(dice: &mut Dice, today: Date) -> Date {
    dice.day(today.saturating_sub(Duration::days(5 * 365)), today)
}

fn die(dice: &mut Dice, record: &mut PersonRecord, today: Date) {
    let on = recent(dice, today).max(record.birth.latest());
    record.vital = Vital::Dead(Some(on));
    record.phone = None;
    record.email = None;
    // The registration of residence ends with death (Law on Residence Art 24).
    record.residences.clear();
    record.household = None;
    record.card = record.card.take().filter(|card| card.issued_on <= on).map(|mut card| {
        card.status = CardStatus::Void;
        card
    });
}

/// A card that was due at the last birthday of renewal, and was not renewed.
fn outdate(dice: &mut Dice, record: &mut PersonRecord, today: Date) -> Option<()> {
    let card: &mut Card = record.card.as_mut()?;
    let age = record.birth.age_on(today);
    let (due, from) = [(25, 14), (40, 23), (60, 38)].into_iter().rev().find(|(due, _)| age >= *due)?;
    let ended = record.birth.birthday(due);
    let first = record.birth.birthday(from);
    let last = record.birth.birthday(due - 2).previous_day()?;
    card.issued_on = dice.day(first, last);
    card.kind = super::super::CardKind::issued_in(card.issued_on);
    card.expiry = Expiry::On(ended);
    (ended < today).then_some(())
}
