//! The answers to an identity check (RFC 9396, type `identity_check`): each statement against the record as it stands now, and
//! nothing of the record itself.

use serde_json::{Map, Value, json};

use super::{
    predicates,
    registry::{Part, PersonFile},
};
use crate::{
    base::{Fault, Timestamp, ids::PersonId},
    oidc::{
        authorization_details::{CheckedField, Detail},
        claims_request::ClaimRequest,
        predicate::Predicate,
    },
    registry::{Answer, BirthDate, NameKeys, NameLevel, PersonalNumber, Sex, birth::BirthMatch},
    store::Conn,
};

/// What the client is answered (RFC 9396 §7.1): the details as granted, a check with its results and their moment.
pub async fn answered(
    conn: &mut Conn,
    person: PersonId,
    details: &[Detail],
    now: Timestamp,
) -> Result<Vec<Value>, Fault> {
    let asks = details.iter().any(|detail| matches!(detail, Detail::IdentityCheck(_)));
    let file = if asks { PersonFile::load(conn, person, &[Part::Numbers, Part::Residences]).await? } else { None };
    let mut all = Vec::new();
    for detail in details {
        let mut value = detail.for_resources();
        if let Detail::IdentityCheck(check) = detail {
            let Some(file) = &file else { return Err(Fault::inconsistent("account", "person_id", &person)) };
            let fields = check
                .fields
                .iter()
                .map(|(field, stated)| (field.as_str().to_owned(), json!(judged(file, *field, stated))));
            let results: Map<String, Value> = fields.chain(questions(file, &check.predicates, now)).collect();
            if let Some(members) = value.as_object_mut() {
                members.insert("results".to_owned(), Value::Object(results));
                members.insert("as_of".to_owned(), now.rfc3339().into());
            }
        }
        all.push(value);
    }
    Ok(all)
}

/// A question that cannot be answered (no unit has that code today) has no answer.
fn questions(file: &PersonFile, names: &[String], now: Timestamp) -> impl Iterator<Item = (String, Value)> {
    names.iter().filter_map(move |name| {
        let question = Predicate::of_claim(name, &ClaimRequest::default())?;
        let answer = predicates::judge(file, &question, now)?;
        Some((name.clone(), json!(if answer.result { Answer::Yes } else { Answer::No })))
    })
}

fn judged(file: &PersonFile, field: CheckedField, stated: &str) -> Answer {
    let person = &file.person.person;
    match field {
        CheckedField::Name => match person.name.keys().compare(&NameKeys::of(stated)) {
            NameLevel::Exact | NameLevel::Tone => Answer::Yes,
            NameLevel::Plain => Answer::Partial,
            NameLevel::None => Answer::No,
        },
        CheckedField::Birthdate => match BirthDate::parse(stated).map(|date| BirthDate::compare(person.birth, date)) {
            Ok(BirthMatch::Same) => Answer::Yes,
            Ok(BirthMatch::AsFarAsRecorded | BirthMatch::AsFarAsStated) => Answer::Partial,
            Ok(BirthMatch::Different) | Err(_) => Answer::No,
        },
        CheckedField::Gender => {
            let same = Sex::parse(stated) == Some(person.sex) || Some(stated) == person.sex.claim();
            if same { Answer::Yes } else { Answer::No }
        }
        CheckedField::IdNumber => {
            let Ok(number) = PersonalNumber::parse(stated) else { return Answer::No };
            let former = || file.numbers.iter().any(|known| !known.active && known.number == number);
            match person.number == Some(number) {
                true => Answer::Yes,
                false if former() => Answer::Partial,
                false => Answer::No,
            }
        }
    }
}
