//! The answers: whether three statements agree, whether something holds, and, for those who know all three, the file itself.

use serde_json::{Map, Value, json};
use time::Date;

use super::{Admitted, ExchangeRefusal, note::Came};
use crate::{
    base::{Fault, Timestamp, ids::PersonId},
    flows::{
        Provider,
        registry::{
            PersonFile,
            match_person::{Claim, match_person},
            person_file::{MOST_MEMBERS, Part},
        },
    },
    registry::{
        Answer, BirthDate, Expiry, NameLevel, ThreeWayMatch, Vital, admin_unit, birth::BirthMatch, search::Within,
    },
    store::persons::StoredPerson,
};

/// What is told of the three-way match: each field for itself, and nothing that was not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    pub matched: bool,
    pub number: Answer,
    pub name: Answer,
    pub name_level: NameLevel,
    pub birth: Answer,
}

impl Verified {
    const NOBODY: Self =
        Self { matched: false, number: Answer::No, name: Answer::No, name_level: NameLevel::None, birth: Answer::No };

    /// A number of which neither the name nor the whole birth date is known is answered like one that leads to nobody:
    /// otherwise numbers could be tried out. A year alone shows no knowledge, since it stands in the number itself.
    fn of(found: ThreeWayMatch, claimed: BirthDate) -> Self {
        let knows_birth = found.birth == BirthMatch::Same && matches!(claimed, BirthDate::Full(_));
        if found.name_answer() == Answer::No && !knows_birth {
            return Self::NOBODY;
        }
        Self {
            matched: found.identifies(),
            number: found.number,
            name: found.name_answer(),
            name_level: found.name,
            birth: found.birth_answer(),
        }
    }
}

type Answered<T> = Result<Result<T, ExchangeRefusal>, Fault>;

/// Yes, no or partly, for each of the three.
pub async fn verify(provider: &Provider, call: &Admitted, claim: &Claim, now: Timestamp) -> Answered<Verified> {
    let found = match_person(&mut provider.db.read().await?, claim).await?;
    let answer = found.as_ref().map_or(Verified::NOBODY, |(_, found)| Verified::of(*found, claim.birth));
    let came = Came {
        what: "verify",
        matched: answer.matched,
        person: found.map(|(person, _)| person.person.id),
        fields: vec!["number", "name", "birth_date"],
    };
    Ok(super::note::note(provider, call, came, now).await?.map(|()| answer))
}

/// Something that holds of a person or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    AgeOver(u8),
    Alive,
    /// In this province or commune of today.
    ResidentIn(Within),
}

impl Predicate {
    const fn name(&self) -> &'static str {
        match self {
            Self::AgeOver(_) => "age_over",
            Self::Alive => "alive",
            Self::ResidentIn(_) => "resident_in",
        }
    }

    fn holds(&self, file: &PersonFile, today: Date) -> bool {
        let person = &file.person.person;
        match self {
            Self::AgeOver(years) => person.birth.age_on(today) >= i32::from(*years),
            Self::Alive => person.vital == Vital::Alive,
            Self::ResidentIn(within) => {
                let home = file.residence_of_record(today).and_then(|home| home.address.unit.as_of(today));
                home.is_some_and(|home| {
                    let unit = home.unit;
                    // Where a commune was divided and the hamlet is not known, nothing is claimed of its parts.
                    home.is_certain()
                        && unit.province == Some(within.province.as_str())
                        && within.commune.as_deref().is_none_or(|commune| commune == unit.code)
                })
            }
        }
    }
}

/// One answer for each predicate, in order.
pub async fn predicates(
    provider: &Provider,
    call: &Admitted,
    (claim, asked): (&Claim, &[Predicate]),
    now: Timestamp,
) -> Answered<Vec<bool>> {
    let person = match identified(provider, call, claim, "predicates", now).await? {
        Ok(person) => person,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let id = person.person.id;
    let file = PersonFile::of(&mut provider.db.read().await?, person, &[Part::Residences]).await?;
    let answers = asked.iter().map(|one| one.holds(&file, now.vietnam_date())).collect();
    let fields = asked.iter().map(Predicate::name).collect();
    let came = Came { what: "predicates", matched: true, person: Some(id), fields };
    Ok(super::note::note(provider, call, came, now).await?.map(|()| answers))
}

/// What a look-up may ask for.
pub const FIELDS: [&str; 9] =
    ["number", "former_numbers", "name", "birth_date", "sex", "nationalities", "vital", "card", "residences"];

/// The fields that were asked for, of a person whom the caller names rightly by all three.
pub async fn look_up(
    provider: &Provider,
    call: &Admitted,
    (claim, fields): (&Claim, &[&'static str]),
    now: Timestamp,
) -> Answered<Map<String, Value>> {
    let person = match identified(provider, call, claim, "look_up", now).await? {
        Ok(person) => person,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let parts: Vec<Part> = [("former_numbers", Part::Numbers), ("card", Part::Cards), ("residences", Part::Residences)]
        .into_iter()
        .filter_map(|(field, part)| fields.contains(&field).then_some(part))
        .collect();
    let file = PersonFile::of(&mut provider.db.read().await?, person, &parts).await?;
    let document = fields.iter().map(|field| ((*field).to_owned(), value(&file, field, now.vietnam_date()))).collect();
    let came = Came { what: "look_up", matched: true, person: Some(file.person.person.id), fields: fields.to_vec() };
    Ok(super::note::note(provider, call, came, now).await?.map(|()| document))
}

fn value(file: &PersonFile, field: &str, today: Date) -> Value {
    let person = &file.person.person;
    match field {
        "number" => json!(person.number),
        "former_numbers" => file.numbers.iter().filter(|one| !one.active).map(|one| json!(one.number)).collect(),
        "name" => json!({
            "full": person.name.full(), "family": person.name.family(), "middle": person.name.middle(),
            "given": person.name.given(),
        }),
        "birth_date" => json!({ "value": person.birth.to_string(), "precision": person.birth.precision().code() }),
        "sex" => json!(person.sex.code()),
        "nationalities" => json!(person.nationalities),
        "vital" => json!({ "status": person.vital.code(), "since": person.vital.since().map(|day| day.to_string()) }),
        "card" => file.newest_card().map_or(Value::Null, |card| {
            let expires = match card.expiry {
                Expiry::On(day) => json!(day.to_string()),
                Expiry::Never => Value::Null,
            };
            json!({
                "kind": card.kind.code(), "number": card.number, "issued_on": card.issued_on.to_string(),
                "expires_on": expires, "status": card.status.code(), "valid_today": card.is_valid_on(today),
            })
        }),
        "residences" => {
            file.residences.iter().filter(|home| home.holds_on(today)).map(|home| residence(home, today)).collect()
        }
        _ => Value::Null,
    }
}

fn residence(home: &crate::registry::Residence, today: Date) -> Value {
    let shown = home.address.shown_on(today);
    json!({
        "form": home.kind.code(), "address": shown.text, "as_registered": shown.as_registered,
        "unit": shown.unit.map(|unit| unit.code),
        "unit_certain": shown.others.is_empty(),
        "registered_unit": home.address.unit.code, "registered_unit_valid_from": home.address.unit.valid_from.to_string(),
        "from": home.from.map(|day| day.to_string()), "to": home.to.map(|day| day.to_string()),
    })
}

/// The household of a person whom the caller names rightly: its file and who is in it, without their numbers.
pub async fn household(provider: &Provider, call: &Admitted, claim: &Claim, now: Timestamp) -> Answered<Value> {
    let person = match identified(provider, call, claim, "household", now).await? {
        Ok(person) => person,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let id = person.person.id;
    let file = PersonFile::of(&mut provider.db.read().await?, person, &[Part::Household]).await?;
    let document = file.household.as_ref().map_or(Value::Null, |(household, members)| {
        let unit = admin_unit::version(&household.unit_code, household.unit_valid_from);
        let unit = unit.and_then(|unit| admin_unit::as_of(unit, now.vietnam_date())).map(|found| found.unit.code);
        let members: Vec<Value> = members
            .iter()
            .map(|one| json!({ "name": one.full_name, "relation_to_head": one.relation.code() }))
            .collect();
        // Of an institution the oldest: the file is the same for all.
        let more = members.len() >= MOST_MEMBERS;
        json!({ "residence_file": household.residence_file, "unit": unit, "members": members, "more": more })
    });
    // Whoever is named in it has been told of, and sees it.
    let others = file.household.iter().flat_map(|(_, members)| members).map(|one| one.person_id);
    let all: Vec<PersonId> = std::iter::once(id).chain(others.filter(|other| *other != id)).collect();
    let came = Came { what: "household", matched: true, person: None, fields: vec!["household"] };
    Ok(super::note::note_all(provider, call, (came, &all), now).await?.map(|()| json!({ "household": document })))
}

/// The person, when all three statements identify one; else the attempt is recorded, and none is told apart from another.
async fn identified(
    provider: &Provider,
    call: &Admitted,
    claim: &Claim,
    what: &'static str,
    now: Timestamp,
) -> Answered<StoredPerson> {
    let found = match_person(&mut provider.db.read().await?, claim).await?;
    let person = match found {
        Some((person, found)) if found.identifies() => return Ok(Ok(person)),
        Some((person, _)) => Some(person.person.id),
        None => None,
    };
    // Over the day's allowance a wrong statement is answered as a right one is.
    let came = Came { what, matched: false, person, fields: Vec::new() };
    Ok(super::note::note(provider, call, came, now).await?.and(Err(ExchangeRefusal::NoMatch)))
}
