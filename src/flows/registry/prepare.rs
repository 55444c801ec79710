//! From a record to the rows that will be stored: ids drawn, keys computed, secrets sealed.

use time::Date;

use super::vault::{PersonVault, Sensitive};
use crate::{
    base::{
        Entropy, Fault, Timestamp,
        ids::{HouseholdId, PersonId},
    },
    registry::{
        PersonRecord, Residence,
        particulars::Particulars,
        search::{Within, sorted},
    },
    store::{contacts::ContactKind, intake::NewPerson, record::Places},
};

pub fn new_person(
    record: PersonRecord,
    vault: &PersonVault,
    entropy: &Entropy,
    now: Timestamp,
) -> Result<NewPerson, Fault> {
    let id = PersonId::generate(entropy, now);
    let beside = &record.particulars;
    let sensitive = Sensitive {
        ethnicity: record.ethnicity.clone(),
        religion: beside.religion.clone(),
        blood_group: beside.blood_group.map(|group| group.code().to_owned()),
    };
    let places = places(beside)?;
    let mut contacts = Vec::with_capacity(2);
    if let Some(phone) = &record.phone {
        contacts.push(vault.seal_contact(ContactKind::Phone, phone.e164(), (entropy, now))?);
    }
    if let Some(email) = &record.email {
        contacts.push(vault.seal_contact(ContactKind::Email, email.as_str(), (entropy, now))?);
    }
    let keys = record.name.keys();
    Ok(NewPerson {
        id,
        name_sorted: sorted(&keys.plain),
        home: home(&record.residences, now.vietnam_date()),
        keys,
        // Two capital letters: nothing to escape.
        nationalities: format!("[\"{}\"]", record.nationality),
        sealed: vault.seal_sensitive(id, &sensitive, entropy)?,
        places,
        contacts,
        card_id: entropy.uuid(now),
        household_id: HouseholdId::generate(entropy, now),
        residence_ids: record.residences.iter().map(|_| entropy.uuid(now)).collect(),
        relation_ids: std::array::from_fn(|_| entropy.uuid(now)),
        record,
    })
}

fn places(beside: &Particulars) -> Result<String, Fault> {
    let places = Places {
        birth: beside.birth_place.clone(),
        registration: beside.registration_place.clone(),
        home: beside.ancestral_home.clone(),
    };
    if places == Places::default() {
        return Ok("{}".to_owned());
    }
    serde_json::to_string(&places).map_err(|error| Fault::internal("writing a person's places", error))
}

/// The unit in which somebody is found: that of their residence of record, by the codes of `today`.
pub fn home(residences: &[Residence], today: Date) -> Option<Within> {
    let place = &Residence::of_record(residences, today)?.address.unit;
    let unit = place.as_of(today).map(|found| found.unit).or_else(|| place.unit())?;
    Some(Within { province: unit.province?.to_owned(), commune: Some(unit.code.to_owned()) })
}
