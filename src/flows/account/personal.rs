//! What of a person must not make up their password.

use crate::registry::{BirthDate, Person, PersonalNumber, PhoneNumber};

/// The number, the name and its parts, the birth date as people write it, the phone.
pub fn texts(person: &Person, phone: Option<&PhoneNumber>) -> Vec<String> {
    let mut texts = vec![person.name.full().to_owned()];
    texts.extend(person.number.as_ref().map(PersonalNumber::as_str).map(str::to_owned));
    texts.extend(
        [person.name.family(), person.name.middle(), person.name.given()].into_iter().flatten().map(str::to_owned),
    );
    if let BirthDate::Full(day) = person.birth {
        let (d, m, y) = (day.day(), u8::from(day.month()), day.year());
        texts.extend([
            format!("{d:02}{m:02}{y}"),
            format!("{y}{m:02}{d:02}"),
            format!("{d:02}/{m:02}/{y}"),
            format!("{d:02}-{m:02}-{y}"),
            format!("{d}/{m}/{y}"),
        ]);
    }
    texts.push(person.birth.year().to_string());
    texts.extend(phone.map(PhoneNumber::national));
    texts
}
