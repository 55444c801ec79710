//! Whose an event is: the communes whose office the law makes competent for it, read from whom it is about and where they
//! live or were registered, never from who asks.

use super::{Kind, Situation, Values, Who};
use crate::{
    base::ids::PersonId,
    registry::{
        Address, Residence, ResidenceKind, UnitRef,
        admin_unit::{self, AdminUnit},
        household::ResidenceFile,
    },
};

/// One thing that an office has to be competent for; the office of any of these communes is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Competence {
    /// The field that decides it.
    pub field: &'static str,
    /// Codes of today, the usual one first. None: where this belongs is not known, and only the country's office may.
    pub units: Vec<&'static str>,
    /// Whether the field names somebody or something that is recorded.
    pub known: bool,
}

/// How the law finds the office.
enum Rule {
    /// The commune that a field names, where it is filled.
    Commune(&'static str),
    /// The commune of the household that a field names, where it is filled.
    Household(&'static str),
    /// The commune of the household that a person belongs to.
    HouseholdOf(&'static str),
    /// The commune of the residence that ends.
    Ended(&'static str),
    /// Where one of these people lives; where nobody knows that, where they lived last or were registered.
    Homes(&'static [&'static str]),
    /// Where somebody lives, or where their birth was registered.
    HomeOrRegister(&'static str),
}

const fn rules(kind: Kind) -> &'static [Rule] {
    match kind {
        // Law on Civil Status Art 13; into a household, by the office of its dwelling (Law on Residence Art 22).
        Kind::Birth => &[Rule::Commune("registered_at"), Rule::Household("household")],
        // The office of the place to which somebody moves (Law on Residence Art 22, 28).
        Kind::PermanentResidence => &[Rule::Household("household"), Rule::Commune("unit")],
        Kind::TemporaryResidence | Kind::PresentStay => &[Rule::Commune("unit")],
        Kind::ResidenceEnd => &[Rule::Ended("subject")],
        Kind::HouseholdSplit => &[Rule::HouseholdOf("subject")],
        Kind::HouseholdMerge => &[Rule::Household("household"), Rule::Household("into")],
        Kind::HouseholdHead | Kind::HouseholdOwner => &[Rule::Household("household")],
        // Of either party (Law on Civil Status Art 17, 19, 24; Law on Adoption Art 9).
        Kind::Marriage | Kind::Divorce | Kind::Annulment => &[Rule::Homes(&["husband", "wife"])],
        Kind::ParentChild => &[Rule::Homes(&["child", "parent"])],
        Kind::Adoption => &[Rule::Homes(&["child", "father", "mother"])],
        Kind::AdoptionEnd => &[Rule::Homes(&["child"])],
        Kind::Guardianship | Kind::GuardianshipEnd => &[Rule::Homes(&["ward", "guardian"])],
        // Where it was registered, or where the person lives now (Law on Civil Status Art 27, 46).
        Kind::NameChange
        | Kind::BirthCorrection
        | Kind::SexRedetermined
        | Kind::EthnicityRedetermined
        | Kind::Supplement
        | Kind::NumberIssue
        | Kind::NumberCancel => &[Rule::HomeOrRegister("subject")],
        // Of either record.
        Kind::RecordMerge => &[Rule::Homes(&["keep", "merged"])],
        // The last residence of the deceased (Law on Civil Status Art 32), and whoever else one person's event is about.
        Kind::Death
        | Kind::DeathCorrection
        | Kind::ContactsChange
        | Kind::NationalityGain
        | Kind::NationalityLoss
        | Kind::DeclaredMissing
        | Kind::DeclaredDead
        | Kind::DeclarationRevoked
        | Kind::CapacityDecision
        | Kind::AbsenceDeclared
        | Kind::AbsenceEnd
        | Kind::CardIssue
        | Kind::CardLost
        | Kind::CardWithdrawal
        | Kind::CardHold
        | Kind::CardReturn
        | Kind::RecordUnmerge => &[Rule::Homes(&["subject"])],
    }
}

/// All that an office has to be competent for to record this event; never empty.
pub fn competence(kind: Kind, values: &Values, at: &Situation) -> Vec<Competence> {
    let all: Vec<_> = rules(kind).iter().filter_map(|rule| applied(rule, values, at)).collect();
    if all.is_empty() { vec![Competence { field: "subject", units: Vec::new(), known: false }] } else { all }
}

fn applied(rule: &Rule, values: &Values, at: &Situation) -> Option<Competence> {
    let filled = |field: &str| values.get(field).map(|text| text.trim()).filter(|text| !text.is_empty());
    let people = |field: &str| {
        let named = filled(field).into_iter().flat_map(|text| text.split([',', ';']));
        named.filter_map(|text| at.id_of(&Who::parse(text)?)).collect::<Vec<_>>()
    };
    let of = |field, found: Option<Vec<&'static str>>| {
        Some(Competence { field, known: found.is_some(), units: found.unwrap_or_default() })
    };
    match rule {
        Rule::Commune(field) => {
            let code = filled(field)?;
            of(field, admin_unit::commune_called(code, at.today).map(|unit| vec![unit.code]))
        }
        Rule::Household(field) => {
            let household = ResidenceFile::parse(filled(field)?).ok().and_then(|file| at.by_file(&file));
            of(field, household.map(|household| communes(at, [&household.address])))
        }
        Rule::HouseholdOf(field) => {
            let home =
                people(field).into_iter().find_map(|id| at.household(at.record(id)?.household.as_ref()?.household));
            of(field, home.map(|household| communes(at, [&household.address])))
        }
        Rule::Ended(field) => {
            let form = filled("form").and_then(ResidenceKind::from_code)?;
            let ends = |home: &&Residence| home.kind == form;
            let homes = people(field).into_iter().flat_map(|id| residences(at, id)).filter(ends);
            let homes: Vec<_> = homes.map(|home| &home.address).collect();
            of(field, (!homes.is_empty()).then(|| communes(at, homes)))
        }
        Rule::Homes(fields) => {
            let named: Vec<_> = fields.iter().flat_map(|field| people(field)).collect();
            let units = distinct(named.iter().flat_map(|id| homes_of(at, *id)));
            of(fields.first().copied().unwrap_or("subject"), (!named.is_empty()).then_some(units))
        }
        Rule::HomeOrRegister(field) => {
            let named = people(field);
            let both = named.iter().flat_map(|id| homes_of(at, *id).into_iter().chain(registered_in(at, *id)));
            let units = distinct(both);
            of(field, (!named.is_empty()).then_some(units))
        }
    }
}

fn residences(at: &Situation, id: PersonId) -> impl Iterator<Item = &Residence> {
    let record = at.record(id);
    record.into_iter().flat_map(|one| [&one.permanent, &one.temporary, &one.stay]).flatten()
}

/// Where somebody lives; else where they lived last; else where their birth was registered.
fn homes_of(at: &Situation, id: PersonId) -> Vec<&'static str> {
    let homes = communes(at, residences(at, id).map(|home| &home.address));
    if !homes.is_empty() {
        return homes;
    }
    let last: Vec<_> = at.last_home(id).into_iter().flat_map(|unit| codes(at, unit)).collect();
    if last.is_empty() { registered_in(at, id) } else { last }
}

fn registered_in(at: &Situation, id: PersonId) -> Vec<&'static str> {
    let place = at.record(id).and_then(|record| record.registration_place.as_ref());
    place.and_then(|place| place.unit.as_ref()).map(|unit| codes(at, unit)).unwrap_or_default()
}

fn communes<'a>(at: &Situation, addresses: impl IntoIterator<Item = &'a Address>) -> Vec<&'static str> {
    distinct(addresses.into_iter().flat_map(|address| codes(at, &address.unit)))
}

/// The commune by today's code. Where it was divided and only the hamlet would tell, the office of each part may.
fn codes(at: &Situation, unit: &UnitRef) -> Vec<&'static str> {
    let found = unit.as_of(at.today);
    let own: Option<&'static AdminUnit> = found.as_ref().map(|found| found.unit).or_else(|| unit.unit());
    let others = found.map(|found| found.others).unwrap_or_default();
    own.into_iter().chain(others).map(|unit| unit.code).collect()
}

fn distinct(codes: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut seen = Vec::new();
    for code in codes {
        if !seen.contains(&code) {
            seen.push(code);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use time::macros::date;
    use uuid::Uuid;

    use super::*;
    use crate::{
        base::ids::HouseholdId,
        registry::{
            BirthDate, PersonName, Sex,
            civil_event::{Fresh, Household},
            record::{HouseholdPlace, Place, Record},
        },
    };

    const TODAY: time::Date = date!(2026 - 11 - 22);

    fn id(number: u128) -> PersonId {
        PersonId(Uuid::from_u128(number))
    }

    fn home(code: &str, kind: ResidenceKind) -> Residence {
        let unit = UnitRef::commune_on(code, TODAY).unwrap();
        Residence { kind, address: Address::new("Số 1", unit, None).unwrap(), from: None, to: None }
    }

    /// 1 lives in 00004 and stays in 00008 for a while; 2 lives in 26737 and belongs to T/2; 3 lives nowhere, and was
    /// registered in 00008; 4 lived in 00004 once.
    fn country() -> Situation {
        let fresh = Fresh { person: id(90), household: HouseholdId(Uuid::from_u128(91)), number: None };
        let mut at = Situation::new(TODAY, fresh);
        let person = || Record::new(PersonName::parse("Trần Thử").unwrap(), BirthDate::Year(1990), Sex::Male);
        let mut one = person();
        one.permanent = Some(home("00004", ResidenceKind::Permanent));
        one.temporary = Some(home("00008", ResidenceKind::Temporary));
        let mut two = person();
        two.permanent = Some(home("26737", ResidenceKind::Permanent));
        let file = ResidenceFile::parse("T/2").unwrap();
        let household = HouseholdId(Uuid::from_u128(7));
        two.household = Some(HouseholdPlace {
            household,
            file: file.clone(),
            relation: crate::registry::household::Relation::Head,
        });
        let mut three = person();
        let unit = UnitRef::commune_on("00008", TODAY).unwrap();
        three.registration_place = Some(Place { text: String::new(), unit: Some(unit), country: "VN".to_owned() });
        for (number, record) in [(1, one), (2, two), (3, three), (4, person())] {
            at.put_person(id(number), record, BTreeMap::new());
        }
        at.put_last_home(id(4), UnitRef::commune_on("00004", TODAY).unwrap());
        let address = home("26737", ResidenceKind::Permanent).address;
        at.put_household(Household { id: household, file, head: Some(id(2)), owner: None, address, closed_on: None });
        at
    }

    fn found(code: &str, text: &str) -> Vec<(&'static str, Vec<&'static str>, bool)> {
        let values = text.split_whitespace().filter_map(|pair| pair.split_once('='));
        let values = values.map(|(name, value)| {
            let value =
                value.parse().map_or_else(|_| value.to_owned(), |number: u8| id(u128::from(number)).to_string());
            (name.to_owned(), value)
        });
        let all = competence(Kind::from_code(code).unwrap(), &values.collect(), &country());
        all.into_iter().map(|one| (one.field, one.units, one.known)).collect()
    }

    #[test]
    fn the_law_says_whose_office_it_is_not_the_one_who_asks() {
        for (kind, text, expected) in [
            ("death", "subject=1", vec![("subject", vec!["00004", "00008"], true)]),
            ("death", "subject=3", vec![("subject", vec!["00008"], true)]),
            ("death_correction", "subject=4", vec![("subject", vec!["00004"], true)]),
            ("name_change", "subject=3", vec![("subject", vec!["00008"], true)]),
            ("marriage", "husband=1 wife=2", vec![("husband", vec!["00004", "00008", "26737"], true)]),
            // To where somebody moves, not from where.
            ("permanent_residence", "subject=1 new_household=T/9 unit=x26737", vec![("unit", vec![], false)]),
            ("permanent_residence", "subject=1 household=T/2", vec![("household", vec!["26737"], true)]),
            ("residence_end", "subject=1 form=tam_tru", vec![("subject", vec!["00008"], true)]),
            ("household_split", "subject=2 new_household=T/9", vec![("subject", vec!["26737"], true)]),
            ("household_head", "household=T/2 subject=1", vec![("household", vec!["26737"], true)]),
            // Nobody of this number, no such household: the rules say so, not the scope.
            ("death", "subject=9", vec![("subject", vec![], false)]),
            ("household_head", "household=T/8", vec![("household", vec![], false)]),
            ("death", "", vec![("subject", vec![], false)]),
        ] {
            assert_eq!(found(kind, text), expected, "{kind} {text}");
        }
    }

    #[test]
    fn a_child_joins_a_household_by_its_own_office_too() {
        let values: Values = [("registered_at", "00004"), ("household", "T/2")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let all = competence(Kind::Birth, &values, &country());
        let found: Vec<_> = all.iter().map(|one| (one.field, one.units.as_slice())).collect();
        assert_eq!(found, [("registered_at", ["00004"].as_slice()), ("household", ["26737"].as_slice())]);
    }

    #[test]
    fn every_kind_asks_for_something() {
        for kind in Kind::ALL {
            assert!(!competence(kind, &Values::new(), &country()).is_empty(), "{}", kind.code());
            for rule in rules(kind) {
                let named: Vec<&str> = match rule {
                    Rule::Homes(fields) => fields.to_vec(),
                    Rule::Commune(field)
                    | Rule::Household(field)
                    | Rule::HouseholdOf(field)
                    | Rule::Ended(field)
                    | Rule::HomeOrRegister(field) => vec![field],
                };
                for name in named {
                    assert!(kind.fields().iter().any(|field| field.name == name), "{} {name}", kind.code());
                }
            }
        }
    }
}
