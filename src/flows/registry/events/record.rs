//! Records opened and sealed: the whole record from what lies in the tables, and back.

use crate::{
    base::{Entropy, Fault, Timestamp, ids::PersonId},
    crypto::Place,
    flows::registry::{PersonVault, Sensitive},
    registry::record::{BloodGroup, Facet, Fact, Record, Sensitivity},
    store::{
        contacts::{ContactKind, StoredContact},
        facet_versions::Kept,
        record::StoredRecord,
    },
};

/// The record with its sensitive fields opened.
pub fn opened(vault: &PersonVault, stored: &StoredRecord) -> Result<Record, Fault> {
    let mut record = stored.record.clone();
    let sensitive = vault.open_sensitive(stored.id, stored.sealed.as_deref())?;
    record.ethnicity = sensitive.ethnicity;
    record.religion = sensitive.religion;
    record.blood_group = sensitive.blood_group.as_deref().and_then(BloodGroup::from_code);
    // The newest of a kind comes first.
    for contact in stored.contacts.iter().rev() {
        let value = Some(vault.open_contact(contact)?.reveal().to_owned());
        match contact.kind {
            ContactKind::Phone => record.contacts.phone = value,
            ContactKind::Email => record.contacts.email = value,
        }
    }
    Ok(record)
}

pub fn sealed(vault: &PersonVault, id: PersonId, record: &Record, entropy: &Entropy) -> Result<Option<Vec<u8>>, Fault> {
    let sensitive = Sensitive {
        ethnicity: record.ethnicity.clone(),
        religion: record.religion.clone(),
        blood_group: record.blood_group.map(|group| group.code().to_owned()),
    };
    vault.seal_sensitive(id, &sensitive, entropy)
}

pub fn sealed_contacts(
    vault: &PersonVault,
    record: &Record,
    (entropy, now): (&Entropy, Timestamp),
) -> Result<Vec<StoredContact>, Fault> {
    let mut all = Vec::new();
    for (kind, value) in [(ContactKind::Phone, &record.contacts.phone), (ContactKind::Email, &record.contacts.email)] {
        if let Some(value) = value {
            all.push(vault.seal_contact(kind, value, (entropy, now))?);
        }
    }
    Ok(all)
}

/// A fact as it goes into the history: what is sensitive is sealed for its person, field and version.
pub fn kept(
    vault: &PersonVault,
    (person, seq): (PersonId, i64),
    fact: &Fact,
    entropy: &Entropy,
) -> Result<Kept, Fault> {
    let json = fact.to_json();
    if fact.facet().sensitivity() == Sensitivity::Basic {
        return Ok(Kept::Plain(json.to_string()));
    }
    let row = version_row(person, fact.facet(), seq);
    vault.seal_json(version_place(&row), &json, entropy).map(Kept::Sealed)
}

/// The way back.
pub fn fact_of(vault: &PersonVault, (person, seq): (PersonId, i64), facet: Facet, kept: &Kept) -> Result<Fact, Fault> {
    let bad = || Fault::inconsistent("facet_version", "value", &format!("{person}/{}/{seq}", facet.code()));
    let json = match kept {
        Kept::Plain(json) => serde_json::from_str(json).map_err(|_| bad())?,
        Kept::Sealed(bytes) => vault.open_json(version_place(&version_row(person, facet, seq)), bytes)?,
    };
    Fact::from_json(facet, json).ok_or_else(bad)
}

fn version_row(person: PersonId, facet: Facet, seq: i64) -> Vec<u8> {
    [person.0.as_bytes().as_slice(), facet.code().as_bytes(), &seq.to_be_bytes()].concat()
}

const fn version_place(row: &[u8]) -> Place<'_> {
    Place { table: "facet_version", column: "sealed", row }
}
