//! A person as the registry holds them, and as a source reports them.

use crate::base::ids::PersonId;

use super::{
    BirthDate, Card, EmailAddress, PersonName, PersonalNumber, PhoneNumber, Residence, Sex, Vital,
    household::Membership, particulars::Particulars,
};

/// The core of the record: what sign-in, matching and the claims of scope `profile` read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    /// None while an earlier number is cancelled and no new one is set.
    pub number: Option<PersonalNumber>,
    pub name: PersonName,
    pub birth: BirthDate,
    pub sex: Sex,
    pub vital: Vital,
    /// ISO 3166-1 alpha-2.
    pub nationalities: Vec<String>,
}

/// Everything one source row says about one person; the registry gives the identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRecord {
    pub number: PersonalNumber,
    /// Cancelled numbers that still lead here.
    pub former_numbers: Vec<PersonalNumber>,
    pub name: PersonName,
    pub birth: BirthDate,
    pub sex: Sex,
    pub vital: Vital,
    /// ISO 3166-1 alpha-2.
    pub nationality: String,
    /// Two digits; sensitive.
    pub ethnicity: Option<String>,
    pub card: Option<Card>,
    pub residences: Vec<Residence>,
    pub phone: Option<PhoneNumber>,
    pub email: Option<EmailAddress>,
    pub household: Option<Membership>,
    pub relatives: Relatives,
    pub particulars: Particulars,
}

/// Relatives by their number, as far as the source names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relatives {
    pub father: Option<PersonalNumber>,
    pub mother: Option<PersonalNumber>,
    pub spouse: Option<PersonalNumber>,
    /// Người đại diện hợp pháp of a minor or a ward.
    pub representative: Option<PersonalNumber>,
}
