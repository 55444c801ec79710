//! What an event changes, field by field, for who has to decide: as the record is, as it would be.

use time::Date;

use super::ground::Ground;
use crate::{
    base::ids::PersonId,
    registry::{
        BirthDate, Card, Expiry, PersonalNumber, Residence,
        civil_event::{Household, Outcome, Situation},
        ethnicity,
        record::{Facet, Fact, Relative, Tie, words},
    },
};

/// One field of one person.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub person: PersonId,
    /// The person's name, as it is before.
    pub name: String,
    pub facet: Facet,
    /// What the field is called.
    pub label: (&'static str, &'static str),
    pub before: Shown,
    pub after: Shown,
    pub from: Option<Date>,
}

/// A value as a person reads it, line by line, in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    pub vi: Vec<String>,
    pub en: Vec<String>,
}

pub(super) fn differences(ground: &Ground, outcome: &Outcome) -> Vec<Difference> {
    let at = &ground.at;
    let mut all = Vec::new();
    if let Some((id, record)) = &outcome.born {
        for facet in Facet::ALL {
            let after = shown(at, &record.fact(facet));
            if after != Shown::default() {
                let name = record.name.full().to_owned();
                let (before, label) = (Shown::default(), facet.label());
                all.push(Difference { person: *id, name, facet, label, before, after, from: None });
            }
        }
    }
    for change in &outcome.changes {
        let Some(record) = at.record(change.person) else { continue };
        let facet = change.fact.facet();
        all.push(Difference {
            person: change.person,
            name: record.name.full().to_owned(),
            facet,
            label: facet.label(),
            before: shown(at, &record.fact(facet)),
            after: shown(at, &change.fact),
            from: change.from,
        });
    }
    all.extend(outcome.households.iter().filter_map(|after| owner_of(at, outcome, after)));
    all
}

/// A dwelling's new owner, which is nobody's field.
fn owner_of(at: &Situation, outcome: &Outcome, after: &Household) -> Option<Difference> {
    let before = at.household(after.id)?;
    if before.owner == after.owner {
        return None;
    }
    let line = |owner: &Option<Relative>| {
        let lines: Vec<String> = owner.iter().map(|owner| named(at, owner)).collect();
        Shown { vi: lines.clone(), en: lines }
    };
    Some(Difference {
        person: after.head.or_else(|| after.owner.as_ref()?.person).unwrap_or(PersonId(uuid::Uuid::nil())),
        name: after.file.as_str().to_owned(),
        facet: Facet::Household,
        label: ("Chủ sở hữu chỗ ở", "Owner of the dwelling"),
        before: line(&before.owner),
        after: line(&after.owner),
        from: outcome.since,
    })
}

/// A fact in words, with the people it names by their names.
pub fn shown(at: &Situation, fact: &Fact) -> Shown {
    Shown { vi: lines(at, fact, |pair| pair.0), en: lines(at, fact, |pair| pair.1) }
}

type Tongue = fn((&'static str, &'static str)) -> &'static str;

fn lines(at: &Situation, fact: &Fact, tongue: Tongue) -> Vec<String> {
    let one = |text: &str| vec![text.to_owned()];
    let word = |code: &str| words(code).map_or_else(|| code.to_owned(), |pair| tongue(pair).to_owned());
    match fact {
        Fact::Name(name) => one(name.full()),
        Fact::OtherNames(names) | Fact::Nationalities(names) => names.clone(),
        Fact::Numbers(numbers) => {
            let closed = numbers.closed_on.map(|day| format!("† {}", written(day)));
            let former = numbers.former.iter().map(|one| format!("({})", one.number.grouped()));
            numbers.active.iter().map(PersonalNumber::grouped).chain(closed).chain(former).collect()
        }
        Fact::Birth(BirthDate::Full(day)) => vec![written(*day)],
        Fact::Birth(birth) => one(&birth.to_string()),
        Fact::Sex(sex) => vec![word(sex.code())],
        Fact::BirthPlace(place) | Fact::RegistrationPlace(place) | Fact::AncestralHome(place) => {
            place.iter().map(|place| place.text.clone()).collect()
        }
        Fact::Ethnicity(code) => {
            let name = |code: &String| ethnicity::by_code(code).map_or_else(|| code.clone(), |one| one.name.to_owned());
            code.iter().map(name).collect()
        }
        Fact::Religion(text) | Fact::OldNumber(text) => text.iter().cloned().collect(),
        Fact::BloodGroup(group) => group.iter().map(|group| group.code().to_owned()).collect(),
        Fact::Cards(cards) => cards.iter().map(|card| card_line(card, word)).collect(),
        Fact::Father(one) | Fact::Mother(one) | Fact::Spouse(one) | Fact::Representative(one) => {
            one.iter().map(|relative| named(at, relative)).collect()
        }
        Fact::Permanent(home) | Fact::Temporary(home) | Fact::Stay(home) => {
            home.iter().map(|home| residence(at, home)).collect()
        }
        Fact::Absence(absence) => {
            absence.iter().map(|one| format!("{}: {}", span(Some(one.from), one.to), one.reason)).collect()
        }
        Fact::Household(place) => {
            place.iter().map(|place| format!("{} ({})", place.file.as_str(), word(place.relation.code()))).collect()
        }
        Fact::Marital(marital) => vec![word(marital.code())],
        Fact::Vital(vital) => {
            let since = vital.since().map(|day| format!(" {}", written(day))).unwrap_or_default();
            vec![word(vital.code()) + &since]
        }
        Fact::Contacts(contacts) => [&contacts.phone, &contacts.email].into_iter().flatten().cloned().collect(),
        Fact::Shared(documents) => documents.iter().map(|one| format!("{} {}", one.kind, one.reference)).collect(),
        Fact::Capacity(capacity) => vec![word(capacity.code())],
        Fact::Merged(into) => into.iter().map(|id| named(at, &Relative::known(*id, Tie::Ordinary))).collect(),
    }
}

fn card_line(card: &Card, word: impl Fn(&str) -> String) -> String {
    let until = match card.expiry {
        Expiry::On(day) => written(day),
        Expiry::Never => "∞".to_owned(),
    };
    format!("{} {} – {until}: {}", word(card.kind.code()), written(card.issued_on), word(card.status.code()))
}

/// Day first, as people in Việt Nam write it.
pub fn written(day: Date) -> String {
    format!("{:02}/{:02}/{:04}", day.day(), u8::from(day.month()), day.year())
}

fn span(from: Option<Date>, to: Option<Date>) -> String {
    let [from, to] = [from, to].map(|day| day.map(written).unwrap_or_default());
    format!("{from} – {to}")
}

fn residence(at: &Situation, home: &Residence) -> String {
    let address = home.address.in_full_on(at.today);
    if home.from.is_none() && home.to.is_none() { address } else { format!("{address} ({})", span(home.from, home.to)) }
}

fn named(at: &Situation, relative: &Relative) -> String {
    let known = relative.person.and_then(|id| at.record(id)).map(|record| record.name.full().to_owned());
    known.or_else(|| relative.name.clone()).or_else(|| relative.number.clone()).unwrap_or_else(|| "…".to_owned())
}
