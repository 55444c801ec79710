//! What of a person lies sealed: contacts, and the fields that Decree 356/2025 calls sensitive.

use serde::{Deserialize, Serialize};

use crate::{
    base::{Entropy, Fault, Secret, Timestamp, fault::FaultKind, ids::PersonId},
    crypto::{BlindIndex, Digest, Kek, Place, Sealer},
    store::contacts::{ContactKind, StoredContact},
};

/// The keys for people's sealed columns.
#[derive(Debug)]
pub struct PersonVault {
    sealer: Sealer,
    contacts: BlindIndex,
}

/// Dân tộc, tôn giáo, nhóm máu: one sealed object a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sensitive {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ethnicity: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub religion: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blood_group: Option<String>,
}

impl Sensitive {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl PersonVault {
    pub fn new(kek: &Kek) -> Self {
        Self { sealer: Sealer::new(kek), contacts: BlindIndex::new(kek, "contact.value_index") }
    }

    /// How a contact is found again: `value` in its normal form (E.164, an address with its domain in lower case).
    pub fn contact_index(&self, kind: ContactKind, value: &str) -> Digest {
        self.contacts.of(format!("{}:{value}", kind.code()).as_bytes())
    }

    pub fn seal_contact(
        &self,
        kind: ContactKind,
        value: &str,
        (entropy, now): (&Entropy, Timestamp),
    ) -> Result<StoredContact, Fault> {
        let id = entropy.uuid(now);
        let value_sealed = self
            .sealer
            .seal(contact_place(id.as_bytes()), value.as_bytes(), entropy)
            .map_err(|error| Fault::internal("sealing a contact", error))?;
        let value_index = self.contact_index(kind, value).as_bytes().to_vec();
        // The registry's own source is the operator's subscriber record: confirmed where it comes from.
        Ok(StoredContact { id, kind, value_sealed, value_index, verified: true })
    }

    pub fn open_contact(&self, contact: &StoredContact) -> Result<Secret, Fault> {
        let opened = self
            .sealer
            .open(contact_place(contact.id.as_bytes()), &contact.value_sealed)
            .map_err(|error| Fault::because(FaultKind::Inconsistent, "a contact does not open", error))?;
        let text = std::str::from_utf8(opened.reveal())
            .map_err(|_| Fault::inconsistent("contact", "value_sealed", &contact.id))?;
        Ok(Secret::new(text))
    }

    /// None when there is nothing to seal.
    pub fn seal_sensitive(
        &self,
        person: PersonId,
        sensitive: &Sensitive,
        entropy: &Entropy,
    ) -> Result<Option<Vec<u8>>, Fault> {
        if sensitive.is_empty() {
            return Ok(None);
        }
        let json = serde_json::to_vec(sensitive).map_err(|error| Fault::internal("writing sensitive fields", error))?;
        self.sealer
            .seal(person_place(person.0.as_bytes()), &json, entropy)
            .map(Some)
            .map_err(|error| Fault::internal("sealing sensitive fields", error))
    }

    pub fn open_sensitive(&self, person: PersonId, sealed: Option<&[u8]>) -> Result<Sensitive, Fault> {
        let Some(sealed) = sealed else { return Ok(Sensitive::default()) };
        let opened = self
            .sealer
            .open(person_place(person.0.as_bytes()), sealed)
            .map_err(|error| Fault::because(FaultKind::Inconsistent, "sensitive fields do not open", error))?;
        serde_json::from_slice(opened.reveal()).map_err(|_| Fault::inconsistent("person", "sealed", &person))
    }
}

impl PersonVault {
    /// Seals a JSON document at its place: what is personal beside the person's own row.
    pub fn seal_json(&self, place: Place<'_>, json: &serde_json::Value, entropy: &Entropy) -> Result<Vec<u8>, Fault> {
        self.sealer
            .seal(place, json.to_string().as_bytes(), entropy)
            .map_err(|error| Fault::internal("sealing a document", error))
    }

    pub fn open_json(&self, place: Place<'_>, sealed: &[u8]) -> Result<serde_json::Value, Fault> {
        let opened = self
            .sealer
            .open(place, sealed)
            .map_err(|error| Fault::because(FaultKind::Inconsistent, "a sealed document does not open", error))?;
        serde_json::from_slice(opened.reveal())
            .map_err(|error| Fault::because(FaultKind::Inconsistent, "a sealed document is no JSON", error))
    }
}

const fn contact_place(row: &[u8]) -> Place<'_> {
    Place { table: "contact", column: "value_sealed", row }
}

const fn person_place(row: &[u8]) -> Place<'_> {
    Place { table: "person", column: "sealed", row }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

    fn vault() -> (PersonVault, Entropy) {
        (PersonVault::new(&Kek::from_bytes(&[7; 32])), Entropy::counted(1))
    }

    #[test]
    fn a_contact_opens_where_it_lies_and_nowhere_else() {
        let (vault, entropy) = vault();
        let mut contact = vault.seal_contact(ContactKind::Phone, "+84500000001", (&entropy, NOW)).unwrap();
        assert_eq!(vault.open_contact(&contact).unwrap().reveal(), "+84500000001");
        assert!(!contact.value_sealed.windows(4).any(|bytes| bytes == b"0000"));
        contact.id = entropy.uuid(NOW);
        assert!(vault.open_contact(&contact).is_err());
    }

    #[test]
    fn equal_values_of_two_kinds_have_two_indexes() {
        let (vault, _) = vault();
        let phone = vault.contact_index(ContactKind::Phone, "x");
        assert_eq!(phone, vault.contact_index(ContactKind::Phone, "x"));
        assert_ne!(phone, vault.contact_index(ContactKind::Email, "x"));
        assert_ne!(phone, vault.contact_index(ContactKind::Phone, "y"));
    }

    #[test]
    fn sensitive_fields_come_back_for_their_person_only() {
        let (vault, entropy) = vault();
        let (one, other) = (PersonId::generate(&entropy, NOW), PersonId::generate(&entropy, NOW));
        let fields = Sensitive { ethnicity: Some("12".into()), ..Sensitive::default() };
        let sealed = vault.seal_sensitive(one, &fields, &entropy).unwrap().unwrap();
        assert_eq!(vault.open_sensitive(one, Some(&sealed)).unwrap(), fields);
        assert!(vault.open_sensitive(other, Some(&sealed)).is_err());
        assert_eq!(vault.seal_sensitive(one, &Sensitive::default(), &entropy).unwrap(), None);
        assert!(vault.open_sensitive(one, None).unwrap().is_empty());
    }
}
