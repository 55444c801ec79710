//! Who of a batch is new. An import only adds: a person who is known stays as the registry has them.

use std::collections::{HashMap, HashSet};

use crate::{
    registry::{Field, PersonalNumber, Reason},
    store::{imports::KnownPerson, intake::NewPerson},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    New,
    /// In the registry already, with the same name, birth date and sex.
    Known,
    Refused(Field, Reason),
}

/// One verdict for each person, in order. `known` holds what the registry says of all their numbers.
pub fn judge<'p>(people: impl Iterator<Item = &'p NewPerson>, known: &[KnownPerson]) -> Vec<Verdict> {
    let known: HashMap<PersonalNumber, &KnownPerson> = known.iter().map(|one| (one.number, one)).collect();
    let mut added: HashMap<PersonalNumber, &NewPerson> = HashMap::new();
    let mut cancelled: HashSet<PersonalNumber> = HashSet::new();
    people
        .map(|person| {
            let record = &person.record;
            let number = &record.number;
            if let Some(there) = known.get(number) {
                return if there.active && is_same(there, person) { Verdict::Known } else { differs() };
            }
            if let Some(earlier) = added.get(number) {
                return if is_same_record(earlier, person) { Verdict::Known } else { differs() };
            }
            let is_taken = |number: &PersonalNumber| {
                known.contains_key(number) || added.contains_key(number) || cancelled.contains(number)
            };
            if cancelled.contains(number) {
                return Verdict::Refused(Field::Number, Reason::LeadsToAnother);
            }
            if record.former_numbers.iter().any(is_taken) {
                return Verdict::Refused(Field::FormerNumbers, Reason::LeadsToAnother);
            }
            added.insert(*number, person);
            cancelled.extend(&record.former_numbers);
            Verdict::New
        })
        .collect()
}

const fn differs() -> Verdict {
    Verdict::Refused(Field::Number, Reason::KnownDifferently)
}

fn is_same(there: &KnownPerson, person: &NewPerson) -> bool {
    there.name_exact == person.keys.exact && there.birth == person.record.birth && there.sex == person.record.sex
}

fn is_same_record(earlier: &NewPerson, person: &NewPerson) -> bool {
    earlier.keys == person.keys
        && earlier.record.birth == person.record.birth
        && earlier.record.sex == person.record.sex
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;
    use crate::{
        base::{Entropy, Timestamp},
        crypto::Kek,
        flows::registry::{prepare, vault::PersonVault},
        registry::{BirthDate, PersonRecord, Sex, SourceRow},
    };

    fn person(number: &'static str, name: &'static str, former: &'static str) -> NewPerson {
        let mut row = SourceRow::default();
        row.set(Field::Number, number);
        row.set(Field::FullName, name);
        row.set(Field::BirthDate, "1985-03-05");
        row.set(Field::Sex, "male");
        row.set(Field::FormerNumbers, former);
        let record = PersonRecord::read(&row, date!(2026 - 11 - 22)).unwrap();
        let vault = PersonVault::new(&Kek::from_bytes(&[7; 32]));
        prepare::new_person(record, &vault, &Entropy::counted(1), Timestamp::from_secs(1)).unwrap()
    }

    fn known(number: &str, active: bool, name: &str) -> KnownPerson {
        KnownPerson {
            number: PersonalNumber::parse(number).unwrap(),
            active,
            name_exact: name.to_owned(),
            birth: BirthDate::Full(date!(1985 - 03 - 05)),
            sex: Sex::Male,
        }
    }

    const A: &str = "900085000001";
    const B: &str = "900085000002";
    const C: &str = "900085000003";

    #[test]
    fn against_the_registry() {
        let refused = |field, reason| Verdict::Refused(field, reason);
        for (new, there, expected) in [
            (person(A, "Trần Thử", ""), vec![], Verdict::New),
            (person(A, "Trần Thử", ""), vec![known(A, true, "trần thử")], Verdict::Known),
            (person(A, "TRẦN THỬ", ""), vec![known(A, true, "trần thử")], Verdict::Known),
            (
                person(A, "Trần Mẫu", ""),
                vec![known(A, true, "trần thử")],
                refused(Field::Number, Reason::KnownDifferently),
            ),
            (
                person(A, "Trần Thử", ""),
                vec![known(A, false, "trần thử")],
                refused(Field::Number, Reason::KnownDifferently),
            ),
            (
                person(A, "Trần Thử", B),
                vec![known(B, true, "trần thử")],
                refused(Field::FormerNumbers, Reason::LeadsToAnother),
            ),
        ] {
            assert_eq!(judge(std::iter::once(&new), &there), [expected]);
        }
    }

    #[test]
    fn within_a_batch() {
        let people = [
            person(A, "Trần Thử", B),
            person(A, "Trần Thử", B),
            person(A, "Trần Mẫu", ""),
            person(B, "Trần Mẫu", ""),
            person(C, "Trần Mẫu", A),
            person(C, "Trần Mẫu", ""),
        ];
        assert_eq!(
            judge(people.iter(), &[]),
            [
                Verdict::New,
                Verdict::Known,
                Verdict::Refused(Field::Number, Reason::KnownDifferently),
                Verdict::Refused(Field::Number, Reason::LeadsToAnother),
                Verdict::Refused(Field::FormerNumbers, Reason::LeadsToAnother),
                Verdict::New,
            ]
        );
    }
}
