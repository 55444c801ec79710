//! From a record to the rows that will be stored: ids drawn, keys computed, secrets sealed.

use super::vault::{PersonVault, Sensitive};
use crate::{
    base::{
        Entropy, Fault, Timestamp,
        ids::{HouseholdId, PersonId},
    },
    registry::PersonRecord,
    store::{contacts::ContactKind, intake::NewPerson},
};

pub fn new_person(
    record: PersonRecord,
    vault: &PersonVault,
    entropy: &Entropy,
    now: Timestamp,
) -> Result<NewPerson, Fault> {
    let id = PersonId::generate(entropy, now);
    let sensitive = Sensitive { ethnicity: record.ethnicity.clone(), ..Sensitive::default() };
    let mut contacts = Vec::with_capacity(2);
    if let Some(phone) = &record.phone {
        contacts.push(vault.seal_contact(ContactKind::Phone, phone.e164(), (entropy, now))?);
    }
    if let Some(email) = &record.email {
        contacts.push(vault.seal_contact(ContactKind::Email, email.as_str(), (entropy, now))?);
    }
    Ok(NewPerson {
        id,
        keys: record.name.keys(),
        // Two capital letters: nothing to escape.
        nationalities: format!("[\"{}\"]", record.nationality),
        sealed: vault.seal_sensitive(id, &sensitive, entropy)?,
        contacts,
        card_id: entropy.uuid(now),
        household_id: HouseholdId::generate(entropy, now),
        residence_ids: record.residences.iter().map(|_| entropy.uuid(now)).collect(),
        relation_ids: std::array::from_fn(|_| entropy.uuid(now)),
        record,
    })
}
