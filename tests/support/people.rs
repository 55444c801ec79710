//! People of a test's registry, one by one and exactly as the test needs them.

use dinhdanh::{
    base::{Fault, Timestamp, ids::PersonId},
    flows::registry::prepare::new_person,
    registry::{
        BirthDate, Card, CardKind, CardStatus, Expiry, PersonName, PersonRecord, PersonalNumber, PhoneNumber, Sex,
        Vital, person::Relatives,
    },
    store::{
        Class, LaneKey, Tx, Unit,
        intake::{self, NewPerson, Provenance},
    },
};
use time::macros::date;

use super::provider::TestProvider;

pub const NUMBER: &str = "900085000001";
pub const NAME: &str = "Nguyễn Văn Thử";
pub const PHONE: &str = "0500000001";
/// Far from the person and from every list of common ones.
pub const PASSWORD: &str = "ao sen mùa hạ có mưa rào";

/// Grown up, alive, with a card that is good for years, and a phone.
pub fn person() -> PersonRecord {
    PersonRecord {
        number: PersonalNumber::parse(NUMBER).unwrap(),
        former_numbers: Vec::new(),
        name: PersonName::parse(NAME).unwrap(),
        birth: BirthDate::parse("1985-03-05").unwrap(),
        sex: Sex::Male,
        vital: Vital::Alive,
        nationality: "VN".to_owned(),
        ethnicity: None,
        card: Some(Card {
            kind: CardKind::CitizenCard,
            status: CardStatus::Valid,
            issued_on: date!(2021 - 05 - 10),
            expiry: Expiry::On(date!(2045 - 03 - 05)),
            number: PersonalNumber::parse(NUMBER).unwrap(),
            issuer: "Cục Cảnh sát quản lý hành chính về trật tự xã hội".to_owned(),
        }),
        residences: Vec::new(),
        phone: Some(PhoneNumber::parse(PHONE).unwrap()),
        email: None,
        household: None,
        relatives: Relatives::default(),
    }
}

/// Another one, whose number ends in `serial`.
pub fn another(serial: u32) -> PersonRecord {
    let number = PersonalNumber::parse(&format!("900085{serial:06}")).unwrap();
    let mut record = person();
    if let Some(card) = &mut record.card {
        card.number = number;
    }
    PersonRecord { number, phone: Some(PhoneNumber::parse(&format!("05{serial:08}")).unwrap()), ..record }
}

struct AddPerson(NewPerson, Timestamp);

impl Unit for AddPerson {
    type Out = ();
    const KIND: &'static str = "test.add_person";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.0.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        intake::add(tx, &[&self.0], Provenance { source: "test", now: self.1 }).await
    }
}

pub async fn add(to: &TestProvider, record: PersonRecord) -> PersonId {
    let provider = &to.provider;
    let person = new_person(record, &provider.secrets.vault, &provider.entropy, to.now()).unwrap();
    let id = person.id;
    provider.writer.submit(AddPerson(person, to.now())).await.unwrap();
    id
}
