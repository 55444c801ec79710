//! F1, the population registry's domain, pure: who a person is, how a name is compared, when a card ends, what matches.
//!
//! Nothing here knows async, SQL or HTTP. The facts come from the Law on Identification 26/2023/QH15 (Luật Căn cước),
//! Decree 69/2024, Decree 70/2024 and the Law on Residence 68/2020/QH14 (Luật Cư trú).

pub mod address;
pub mod admin_unit;
pub mod attribution;
pub mod birth;
pub mod card;
pub mod civil_event;
pub mod contact;
pub mod duplicates;
pub mod ethnicity;
pub mod history;
pub mod household;
pub mod matching;
pub mod name;
pub mod name_keys;
pub mod number_prefix;
pub mod operator;
pub mod particulars;
pub mod person;
pub mod personal_number;
pub mod read_row;
pub mod record;
pub mod residence;
pub mod search;
pub mod sex;
pub mod source_row;
pub mod statistics;
pub mod synthetic;
pub mod vital;
pub mod working_days;

pub use address::{Address, UnitRef};
pub use birth::BirthDate;
pub use card::{Card, CardKind, CardStatus, Expiry};
pub use contact::{EmailAddress, PhoneNumber};
pub use matching::{Answer, Claimed, Recorded, ThreeWayMatch};
pub use name::PersonName;
pub use name_keys::{NameKeys, NameLevel};
pub use person::{Person, PersonRecord};
pub use personal_number::{NumberError, PersonalNumber};
pub use read_row::{FieldFault, Reason};
pub use residence::{Residence, ResidenceKind};
pub use sex::Sex;
pub use source_row::{Field, SourceRow};
pub use vital::Vital;
