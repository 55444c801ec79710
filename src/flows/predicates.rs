//! Questions about a person, answered from the record as it stands: yes or no, and when that was so. The data behind the answer
//! does not leave.

use serde_json::{Value, json};
use time::Date;

use super::registry::{Part, PersonFile};
use crate::{
    base::{Fault, Timestamp, ids::PersonId},
    oidc::predicate::{Predicate, StatedPerson},
    registry::{
        BirthDate, NameKeys, PersonalNumber, Residence, ResidenceKind, Vital,
        admin_unit::{self, AsOf},
        birth::BirthMatch,
    },
    store::Conn,
};

/// `None` when the question cannot be answered: there is no such person or no such unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    pub result: bool,
    pub as_of: Timestamp,
}

impl Answer {
    pub fn claim(self) -> Value {
        json!({"result": self.result, "as_of": self.as_of.rfc3339()})
    }
}

/// Reads what the question needs, and nothing else.
pub async fn answer(
    conn: &mut Conn,
    person: PersonId,
    predicate: &Predicate,
    now: Timestamp,
) -> Result<Option<Answer>, Fault> {
    let Some(file) = PersonFile::load(conn, person, parts(predicate)).await? else { return Ok(None) };
    Ok(judge(&file, predicate, now))
}

/// What of the file a question needs.
pub const fn parts(predicate: &Predicate) -> &'static [Part] {
    match predicate {
        Predicate::ResidentIn(_) => &[Part::Residences],
        Predicate::SamePersonAs(_) => &[Part::Numbers],
        Predicate::AgeOver(_) | Predicate::Alive => &[],
    }
}

/// The answer of a file that was read with at least [`parts`].
pub fn judge(file: &PersonFile, predicate: &Predicate, now: Timestamp) -> Option<Answer> {
    let (person, today) = (&file.person.person, now.vietnam_date());
    let result = match predicate {
        // Counted by the last day that the record's date can mean: nobody is taken for older than they are.
        Predicate::AgeOver(years) => person.birth.age_on(today) >= i32::from(*years),
        Predicate::Alive => person.vital == Vital::Alive,
        Predicate::ResidentIn(code) => resident_in(&file.residences, code, today)?,
        Predicate::SamePersonAs(stated) => is_same(file, stated),
    };
    Some(Answer { result, as_of: now })
}

/// Thường trú or tạm trú (Law on Residence 68/2020/QH14 Art 11) in the unit, or in a commune of the province that it names. A code
/// that no unit has today is no question.
fn resident_in(residences: &[Residence], code: &str, today: Date) -> Option<bool> {
    admin_unit::on(code, today)?;
    let registered = residences
        .iter()
        .filter(|residence| residence.kind != ResidenceKind::Current && residence.holds_on(today))
        .filter_map(|residence| residence.address.unit.as_of(today));
    let mut units = registered.filter(AsOf::is_certain).map(|found| found.unit);
    Some(units.any(|unit| unit.code == code || unit.province == Some(code)))
}

/// Everything that was stated agrees: the number in force, the name at least with its tones, the birth date as far as the
/// record knows it.
fn is_same(file: &PersonFile, stated: &StatedPerson) -> bool {
    let person = &file.person.person;
    let number = stated
        .id_number
        .as_ref()
        .is_none_or(|text| PersonalNumber::parse(text).is_ok_and(|number| person.number == Some(number)));
    let name = stated.name.as_ref().is_none_or(|text| person.name.keys().compare(&NameKeys::of(text)).identifies());
    let birth = stated.birthdate.as_ref().is_none_or(|text| {
        BirthDate::parse(text).is_ok_and(|birth| {
            matches!(BirthDate::compare(person.birth, birth), BirthMatch::Same | BirthMatch::AsFarAsRecorded)
        })
    });
    stated.says_enough() && number && name && birth
}
