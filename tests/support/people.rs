//! People of a test's registry, one by one and exactly as the test needs them.

use dinhdanh::{
    assurance::AccountLevel,
    base::{
        Fault, Secret, Timestamp,
        ids::{AccountId, PersonId},
    },
    flows::{
        account::desk::{self, AtDesk, DeskOutcome},
        registry::prepare::new_person,
        sessions::{Recognised, recognise},
        sign_in::password::{self, Attempt, SignedIn},
    },
    registry::{
        BirthDate, Card, CardKind, CardStatus, Expiry, PersonName, PersonRecord, PersonalNumber, PhoneNumber, Sex,
        Vital, particulars::Particulars, person::Relatives,
    },
    store::{
        Class, LaneKey, Tx, Unit, accounts,
        audit::Actor,
        authenticators,
        intake::{self, NewPerson, Provenance},
        sessions, standing,
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
        particulars: Particulars::default(),
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

/// Opens an account of level 01 at the desk, gives it [`PASSWORD`] and takes its authenticator app away: what somebody has
/// who registered by themselves.
pub async fn with_account(to: &TestProvider, record: PersonRecord) -> AccountId {
    let (number, phone) = (record.number, record.phone.clone().unwrap());
    let person = add(to, record).await;
    let desk = AtDesk { number, phone, actor: Actor::CommandLine, now: to.now() };
    let DeskOutcome::Done(given) = desk::open(&to.provider, &desk, AccountLevel::One).await.unwrap() else {
        panic!("no account for {person}")
    };
    let hash = to.provider.passwords.hash(&Secret::new(PASSWORD)).await.unwrap();
    to.provider.writer.submit(Simplify(given.account, hash, to.now())).await.unwrap();
    given.account
}

struct Simplify(AccountId, String, Timestamp);

impl Unit for Simplify {
    type Out = ();
    const KIND: &'static str = "test.simplify";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.0.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        accounts::set_password(tx, self.0, 1, &self.1, self.2).await?;
        authenticators::remove_totp(tx, self.0, self.2).await?;
        authenticators::drop_recovery(tx, self.0).await
    }
}

/// Signs in with number and password, in a browser without a session.
pub async fn sign_in(at: &TestProvider, number: &str, password: &str) -> SignedIn {
    let attempt = Attempt {
        typed_number: number,
        password: &Secret::new(password),
        network: "192.0.2.1",
        user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
        session: None,
        now: at.now(),
    };
    password::sign_in(&at.provider, &attempt).await.unwrap()
}

/// The session after a sign-in that must succeed.
pub async fn signed_in(at: &TestProvider, number: &str, password: &str) -> Recognised {
    let SignedIn::Yes { cookie, .. } = sign_in(at, number, password).await else { panic!("not signed in") };
    recognise(&at.provider, Some(cookie.reveal()), at.now()).await.unwrap().unwrap()
}

/// The session as it stands now; `None` when it ended.
pub async fn again(at: &TestProvider, session: &Recognised) -> Option<Recognised> {
    let mut conn = at.conn().await;
    let found = sessions::find(&mut conn, session.session.id).await.unwrap().unwrap();
    let account = standing::find(&mut conn, found.account_id, at.now()).await.unwrap().unwrap();
    found.ended_at.is_none().then_some(Recognised { session: found, account, touch: false })
}
