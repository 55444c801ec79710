//! The whole service in this process: its router and edge on a test's own database, portals, a person with an account, and
//! browsers that go through the pages as people do.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use dinhdanh::{
    assurance::{AccountLevel, AccountState},
    base::{
        Clock, Fault, Secret, SecretBytes, Timestamp,
        ids::{AccountId, AuthenticatorId, ClientId},
    },
    crypto::{Alg, CertificateReader, Place, Schedule, digest::sha256, opaque::digest_of_text, totp},
    flows::{
        Settings,
        account::NobodyToAsk,
        keys::{Haste, KeyKeeper},
    },
    http::{
        address::{ForwardedBy, Networks, PeerAddress, Proxies},
        certificate::CertificateHeaders,
        documents,
        edge::{self, Edge, EdgeSettings, Places},
        errors,
        published::Published,
        router,
        server::App,
        state::AppState,
    },
    outbound::{Outbound, OutboundSettings, Reach},
    registry::PersonRecord,
    store::{
        Class, LaneKey, Tx, Unit,
        accounts::{self, StoredAccount},
        authenticators::{self, StoredTotp},
        changes::{self, Topic},
        clients::{self, NewClient},
    },
};
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

pub use super::scripted::Browser;
use super::{
    database::TestDb,
    people::{self, PASSWORD, person},
    provider::TestProvider,
};

pub const ISSUER: &str = "http://localhost:8080";
/// A confidential portal with refresh tokens, back-channel logout and its own scope for itself.
pub const PORTAL: &str = "portal";
pub const PORTAL_SECRET: &str = "portal-secret-portal-secret-portal-secret";
pub const CALLBACK: &str = "https://portal.example/cb";
pub const BYE: &str = "https://portal.example/bye";
/// Another confidential portal.
pub const OTHER: &str = "other";
pub const OTHER_SECRET: &str = "other-secret-other-secret-other-secret";
pub const OTHER_CALLBACK: &str = "https://other.example/cb";
/// A public one.
pub const PHONE_APP: &str = "phone-app";
pub const PHONE_APP_CALLBACK: &str = "https://app.example/cb";
/// RFC 7636 appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

pub struct TestApp {
    pub at: TestProvider,
    app: App,
}

/// A person with an account of level 02, a password and an authenticator app.
pub struct Holder {
    pub number: String,
    pub seed: SecretBytes,
}

impl TestApp {
    /// One on SQLite, one on PostgreSQL.
    pub async fn each() -> Vec<Self> {
        let mut all = Vec::new();
        for test in TestDb::each().await {
            all.push(Self::on(test).await);
        }
        all
    }

    /// The same with other settings.
    pub async fn each_with(change: impl Fn(&mut Settings)) -> Vec<Self> {
        let mut all = Vec::new();
        for test in TestDb::each().await {
            all.push(Self::with(test, &change).await);
        }
        all
    }

    pub async fn sqlite() -> Self {
        Self::on(TestDb::sqlite().await).await
    }

    /// With the three portals above, keys for RS256 and ES256, and nobody in the registry.
    pub async fn on(test: TestDb) -> Self {
        Self::with(test, |_| {}).await
    }

    /// At the machine's own time, for processes that share the database and read the machine's clock.
    pub async fn of_today(test: TestDb) -> Self {
        let at = TestProvider::on(test).await;
        at.clock.advance(Clock::System.now().since(at.now()));
        Self::of(at).await
    }

    /// The same under another address.
    pub async fn known_as(test: TestDb, issuer: &str) -> Self {
        let set = |settings: &mut Settings| {
            issuer.clone_into(&mut settings.issuer);
            issuer.clone_into(&mut settings.policy.issuer);
        };
        let at = TestProvider::with(test, set).await;
        at.clock.advance(Clock::System.now().since(at.now()));
        Self::of(at).await
    }

    /// With other settings.
    pub async fn with(test: TestDb, change: impl FnOnce(&mut Settings)) -> Self {
        Self::of(TestProvider::with(test, change).await).await
    }

    /// As `demo` shows itself.
    pub async fn of_demo(test: TestDb) -> Self {
        Self::shown_as(TestProvider::on(test).await, true).await
    }

    async fn of(at: TestProvider) -> Self {
        Self::shown_as(at, false).await
    }

    async fn shown_as(mut at: TestProvider, demo: bool) -> Self {
        // Portals of tests listen on loopback.
        let outbound = OutboundSettings { reach: Reach::LoopbackToo, ..OutboundSettings::default() };
        Arc::get_mut(&mut at.provider).unwrap().outbound = Outbound::new(&outbound).unwrap();
        make_keys(&at).await;
        let published = Arc::new(Published::default());
        documents::publish(&published, &at.provider);
        let state = AppState::new(at.provider.clone(), at.clock.clone(), Arc::new(NobodyToAsk), demo);
        let edge = Edge::new(edge_settings(&at), at.provider.entropy.clone(), errors::draw(state.clone()));
        let app = Self { app: App::new(published, edge::wrap(router::routes(state), Arc::new(edge))), at };
        app.add_portals().await;
        app
    }

    async fn add_portals(&self) {
        let portal = portal_metadata("Cổng thử", CALLBACK);
        self.add_client(PORTAL, Some(PORTAL_SECRET), portal).await;
        let other = portal_metadata("Cổng khác", OTHER_CALLBACK);
        self.add_client(OTHER, Some(OTHER_SECRET), other).await;
        let mut public = portal_metadata("Ứng dụng", PHONE_APP_CALLBACK);
        public["token_endpoint_auth_method"] = "none".into();
        public["grant_types"] = json!(["authorization_code", "refresh_token"]);
        self.add_client(PHONE_APP, None, public).await;
    }

    /// Registers a client.
    pub async fn add_client(&self, id: &str, secret: Option<&str>, metadata: Value) {
        let client = NewClient {
            client_id: ClientId::from(id),
            secret_digest: secret.map(|secret| digest_of_text(secret).as_bytes().to_vec()),
            metadata,
            registered_by_self: false,
        };
        assert!(self.at.provider.writer.submit(AddClient(client, self.at.now())).await.unwrap());
        self.at.provider.clients.forget();
    }

    /// Gives a client other metadata; its secret stays.
    pub async fn change_client(&self, id: &str, metadata: Value) {
        let unit = ChangeClient(ClientId::from(id), metadata, self.at.now());
        assert!(self.at.provider.writer.submit(unit).await.unwrap());
        self.at.provider.clients.forget();
    }

    /// The person of `people::person()`, ready to sign in at level 2.
    pub async fn holder(&self) -> Holder {
        self.holder_of(person()).await
    }

    pub async fn holder_of(&self, record: PersonRecord) -> Holder {
        let (provider, now) = (&self.at.provider, self.at.now());
        let number = record.number.as_str().to_owned();
        let person_id = people::add(&self.at, record).await;
        let (id, totp_id) =
            (AccountId::generate(&provider.entropy, now), AuthenticatorId::generate(&provider.entropy, now));
        let seed = totp::generate_seed(&provider.entropy);
        let place = Place { table: "totp", column: "seed_sealed", row: totp_id.0.as_bytes() };
        let account = StoredAccount {
            id,
            person_id,
            version: 1,
            level: AccountLevel::Two,
            state: AccountState::Active,
            password_hash: Some(provider.passwords.hash(&Secret::new(PASSWORD)).await.unwrap()),
            password_set_at: Some(now),
            phone_sealed: None,
            created_at: now,
        };
        let totp = StoredTotp {
            id: totp_id,
            account_id: id,
            seed_sealed: provider.secrets.sealer.seal(place, seed.reveal(), &provider.entropy).unwrap(),
            last_step: 0,
            label: "test".to_owned(),
            created_at: now,
        };
        provider.writer.submit(AddAccount { account, totp, now }).await.unwrap();
        Holder { number, seed }
    }

    pub fn browser(&self) -> Browser<'_> {
        Browser::of(self)
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        self.send_from("192.0.2.7:5000", request).await
    }

    /// From this address.
    pub async fn send_from(&self, peer: &str, mut request: Request<Body>) -> Answer {
        request.extensions_mut().insert(PeerAddress(peer.parse().unwrap()));
        let (parts, body) = self.app.answer(request).await.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let builder = headers.iter().fold(Request::get(path), |builder, (name, value)| builder.header(*name, *value));
        self.send(builder.body(Body::empty()).unwrap()).await
    }

    /// A JSON body, or none.
    pub async fn json(&self, method: Method, path: &str, token: Option<&str>, body: Option<&Value>) -> Answer {
        let builder = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let builder = match token {
            Some(token) => builder.header("authorization", format!("Bearer {token}")),
            None => builder,
        };
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(builder.body(body).unwrap()).await
    }

    /// A form as a client sends it.
    pub async fn post(&self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Answer {
        let builder = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        let builder = headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
        self.send(builder.body(Body::from(encoded(fields))).unwrap()).await
    }

    /// A form that comes by the believed proxy.
    pub async fn post_by_proxy(&self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Answer {
        let builder = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        let builder = headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
        self.send_from(PROXY, builder.body(Body::from(encoded(fields))).unwrap()).await
    }

    /// A form of the client [`PORTAL`], authenticated by its secret.
    pub async fn post_as_portal(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post(path, &[("authorization", &basic(PORTAL, PORTAL_SECRET))], fields).await
    }

    /// Redeems a code of [`PORTAL`] with everything right.
    pub async fn redeem(&self, code: &str) -> Answer {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.post_as_portal("/token", &fields).await
    }

    /// A new code for [`PORTAL`]: the holder signs in with a new browser and agrees.
    pub async fn code(&self, holder: &Holder, scope: &str) -> String {
        let back = self.browser().walk(&authorize(&[("scope", scope)]), holder).await;
        query_of(&back).remove("code").unwrap_or_else(|| panic!("no code: {back}"))
    }
}

fn portal_metadata(name: &str, callback: &str) -> Value {
    let host = Url::parse(callback).unwrap().origin().ascii_serialization();
    json!({
        "client_name": name,
        "client_name#vi": name,
        "purpose#vi": "Để thử dịch vụ",
        "redirect_uris": [callback],
        "post_logout_redirect_uris": [format!("{host}/bye")],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "scope": "openid profile phone address offline_access reports:read reports:write",
    })
}

/// One proxy is believed about certificates, and one authority about clients.
pub const PROXY: &str = "192.0.2.99:5000";

fn edge_settings(at: &TestProvider) -> EdgeSettings {
    let authority = crate::support::certificates::authority().pem.as_bytes();
    EdgeSettings {
        certificates: CertificateHeaders {
            believed: Networks(vec!["192.0.2.99".parse().unwrap()]),
            reader: CertificateReader::new(Some(authority)).unwrap(),
            clock: at.clock.clone(),
        },
        proxies: Proxies { trusted: Networks::default(), header: ForwardedBy::XForwardedFor },
        body_bytes: 64 * 1024,
        token_body_bytes: 16 * 1024,
        upload_bytes: 512 * 1024,
        upload_time: Duration::from_secs(20),
        body_time: Duration::from_secs(5),
        request_time: Duration::from_secs(20),
        places: Places { token: 64, interactive: 64, admin: 64 },
        strict_transport: false,
    }
}

async fn make_keys(at: &TestProvider) {
    let provider = &at.provider;
    let keeper = KeyKeeper {
        writer: &provider.writer,
        sealer: &provider.secrets.sealer,
        entropy: &provider.entropy,
        schedule: Schedule::default(),
        actor: dinhdanh::store::audit::Actor::Service,
    };
    for alg in [Alg::Rs256, Alg::Es256] {
        keeper.make(alg, Haste::AtOnce, at.now()).await.unwrap();
    }
    keeper.make_missing_opening(&mut at.conn().await, at.now()).await.unwrap();
    provider.keys.reload(&mut at.conn().await, &provider.secrets.sealer).await.unwrap();
}

struct AddClient(NewClient, Timestamp);

impl Unit for AddClient {
    type Out = bool;
    const KIND: &'static str = "test.add_client";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(self.0.client_id.as_str().as_bytes())
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        changes::bump(tx, Topic::Clients).await?;
        clients::insert(tx, &self.0, self.1).await
    }
}

struct ChangeClient(ClientId, Value, Timestamp);

impl Unit for ChangeClient {
    type Out = bool;
    const KIND: &'static str = "test.change_client";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(self.0.as_str().as_bytes())
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        clients::replace(tx, &self.0, &self.1, None, self.2).await
    }
}

struct AddAccount {
    account: StoredAccount,
    totp: StoredTotp,
    now: Timestamp,
}

impl Unit for AddAccount {
    type Out = ();
    const KIND: &'static str = "test.add_account";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.account.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        assert!(accounts::insert(tx, &self.account).await?);
        authenticators::insert_pending_totp(tx, &self.totp).await?;
        assert!(authenticators::confirm_totp(tx, self.totp.id, self.account.id, 0, self.now).await?);
        Ok(())
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} is no JSON: {}", self.status, self.body))
    }

    /// A member of the JSON body that must be a text.
    pub fn text(&self, member: &str) -> String {
        self.json()[member].as_str().unwrap_or_else(|| panic!("no {member} in {}", self.body)).to_owned()
    }

    /// The `error` of a refusal.
    pub fn error(&self) -> String {
        self.text("error")
    }

    /// Status and `error`, for tables.
    pub fn refusal(&self) -> (u16, String) {
        (self.status.as_u16(), self.error())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Where a 303 leads.
    pub fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.header("location").unwrap()
    }
}

/// An authorization request of [`PORTAL`], with PKCE; `more` adds parameters or takes their place.
pub fn authorize(more: &[(&str, &str)]) -> String {
    let challenge = challenge();
    let mut all = BTreeMap::from([
        ("client_id", PORTAL),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid profile"),
        ("state", "a state"),
        ("nonce", "a nonce"),
        ("code_challenge_method", "S256"),
        ("code_challenge", challenge.as_str()),
    ]);
    all.extend(more.iter().copied());
    // An empty value takes a parameter away.
    let fields: Vec<_> = all.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    format!("/authorize?{}", encoded(&fields))
}

pub fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(sha256(VERIFIER.as_bytes()).as_bytes())
}

/// `client_secret_basic`.
pub fn basic(client: &str, secret: &str) -> String {
    let part = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", part(client), part(secret));
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

pub fn encoded(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The query of an absolute URL.
pub fn query_of(url: &str) -> BTreeMap<String, String> {
    Url::parse(url).unwrap().query_pairs().into_owned().collect()
}

/// The value of an input on a page.
pub fn hidden(page: &str, name: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\""))?;
    rest.split('"').next().map(str::to_owned)
}

/// The payload of a JWT, unverified.
pub fn payload(jwt: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1).unwrap()).unwrap()).unwrap()
}
