//! Whom the load is about: a portal, and people with accounts, put into a fresh record before the service starts.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use dinhdanh::{
    assurance::{AccountLevel, AccountState},
    base::{
        Clock, Fault, Secret, Timestamp,
        ids::{AccountId, ClientId, InstanceId},
    },
    crypto::{Kek, PasswordPool, digest, opaque::digest_of_text, password::Costs, random},
    flows::{Secrets, registry::prepare::new_person},
    registry::{
        BirthDate, Card, CardKind, CardStatus, Expiry, PersonName, PersonRecord, PersonalNumber, Sex, Vital,
        particulars::Particulars, person::Relatives,
    },
    store::{
        Class, Db, DbSettings, LaneKey, Tx, Unit, Writer,
        accounts::{self, StoredAccount},
        clients::{self, NewClient},
        intake::{self, NewPerson, Provenance},
    },
};
use serde_json::json;
use time::macros::date;

use super::{acts::Portal, service::Site, wire::Trouble};

pub const PASSWORD: &str = "ao sen mua ha co mua rao";
const CLIENT: &str = "bench-portal";
const SECRET: &str = "a-secret-of-the-bench-portal-that-nobody-else-has";
const REDIRECT: &str = "https://portal.example/callback";
const VERIFIER: &str = "a-verifier-of-forty-three-characters-or-more-0123456789";
const SCOPE: &str = "openid profile vn_id";

pub struct Cast {
    pub portal: Arc<Portal>,
    pub numbers: Vec<String>,
}

/// `people` with an account of level 01 each, all with one password.
pub async fn seed(site: &Site, people: u32) -> Result<Cast, Trouble> {
    let (entropy, now) = (random::entropy(), Clock::System.now());
    let kek = Kek::create(&site.kek(), &entropy)?;
    site.run(&["migrate"])?;
    site.run(&["keys", "new"])?;
    let db = Db::open(&DbSettings {
        url: site.database.clone(),
        read_connections: 1,
        postgres_lanes: 1,
        notices_restores: true,
    })
    .await?;
    let writer = Writer::start(&db, InstanceId::generate(&entropy, now));
    let pool = PasswordPool::start(1, Costs { memory_kib: 19_456, passes: 2, lanes: 1 }, entropy.clone())?;
    let hash = pool.hash(&Secret::new(PASSWORD)).await?;
    writer.submit(AddPortal(portal(), now)).await?;
    let vault = Secrets::derive(&kek).vault;
    let mut numbers = Vec::new();
    for serial in 1..=people {
        let record = person(serial)?;
        numbers.push(record.number.as_str().to_owned());
        let person = new_person(record, &vault, &entropy, now)?;
        let account = StoredAccount {
            id: AccountId::generate(&entropy, now),
            person_id: person.id,
            version: 1,
            level: AccountLevel::One,
            state: AccountState::Active,
            password_hash: Some(hash.clone()),
            password_set_at: Some(now),
            phone_sealed: None,
            created_at: now,
        };
        writer.submit(AddCitizen { person, account, now }).await?;
    }
    writer.stop().await;
    db.close().await;
    Ok(Cast { portal: Arc::new(its_side()), numbers })
}

fn portal() -> NewClient {
    let metadata = json!({
        "client_name": "Bench", "redirect_uris": [REDIRECT], "scope": format!("{SCOPE} bench.read"),
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "token_endpoint_auth_method": "client_secret_basic", "id_token_signed_response_alg": "ES256",
    });
    NewClient {
        client_id: ClientId(CLIENT.to_owned()),
        secret_digest: Some(digest_of_text(SECRET).as_bytes().to_vec()),
        metadata,
        registered_by_self: false,
    }
}

fn its_side() -> Portal {
    let escaped = |text: &str| text.replace(':', "%3A").replace('/', "%2F").replace(' ', "%20");
    let challenge = URL_SAFE_NO_PAD.encode(digest::sha256(VERIFIER.as_bytes()).as_bytes());
    let redirect_uri = escaped(REDIRECT);
    let credentials = base64::engine::general_purpose::STANDARD.encode(format!("{CLIENT}:{SECRET}"));
    Portal {
        authorize: format!(
            "/authorize?response_type=code&client_id={CLIENT}&redirect_uri={redirect_uri}&scope={}&state=af0ifjsldkj\
             &nonce=n-0S6_WzA2Mj&code_challenge={challenge}&code_challenge_method=S256",
            escaped(SCOPE)
        ),
        basic: format!("authorization: Basic {credentials}\r\n"),
        redirect_uri,
        verifier: VERIFIER.to_owned(),
    }
}

fn person(serial: u32) -> Result<PersonRecord, Trouble> {
    let number = PersonalNumber::parse(&format!("900085{serial:06}"))?;
    Ok(PersonRecord {
        number,
        former_numbers: Vec::new(),
        name: PersonName::parse("Nguyễn Văn Thử")?,
        birth: BirthDate::parse("1985-03-05")?,
        sex: Sex::Male,
        vital: Vital::Alive,
        nationality: "VN".to_owned(),
        ethnicity: None,
        card: Some(Card {
            kind: CardKind::CitizenCard,
            status: CardStatus::Valid,
            issued_on: date!(2021 - 05 - 10),
            expiry: Expiry::On(date!(2045 - 03 - 05)),
            number,
            issuer: "Cục Cảnh sát quản lý hành chính về trật tự xã hội".to_owned(),
        }),
        residences: Vec::new(),
        phone: None,
        email: None,
        household: None,
        relatives: Relatives::default(),
        particulars: Particulars::default(),
    })
}

struct AddPortal(NewClient, Timestamp);

impl Unit for AddPortal {
    type Out = ();
    const KIND: &'static str = "bench.portal";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(CLIENT.as_bytes())
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        clients::insert(tx, &self.0, self.1).await.map(drop)
    }
}

struct AddCitizen {
    person: NewPerson,
    account: StoredAccount,
    now: Timestamp,
}

impl Unit for AddCitizen {
    type Out = ();
    const KIND: &'static str = "bench.citizen";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.person.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        intake::add(tx, &[&self.person], Provenance { source: "bench", now: self.now }).await?;
        accounts::insert(tx, &self.account).await.map(drop)
    }
}
