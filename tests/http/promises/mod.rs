//! Discovery is a promise: each value of each member is tried, and a member that nobody tries fails here. And the other way
//! round: what is offered nowhere does not work, what works is offered.

mod algorithms;
mod data;
mod endpoints;
mod requests;
mod unlisted;

use dinhdanh::{
    crypto::{Alg, Schedule},
    flows::{
        Settings,
        keys::{Haste, KeyKeeper},
        self_registration::OpenTo,
    },
    http::{documents, published::Published},
    registry::{
        Address, BirthDate, EmailAddress, PersonRecord, PersonalNumber, Residence, ResidenceKind, UnitRef, admin_unit,
    },
};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use time::macros::date;

use crate::support::{
    app::{Answer, Browser, CALLBACK, Holder, ISSUER, TestApp, VERIFIER, authorize, basic, query_of},
    database::TestDb,
    people::person,
};

const SECRET: &str = "promise-secret-promise-secret-promise-secret";
const ALIAS: &str = "https://mtls.dinhdanh.example";
const EVERY_SCOPE: &str =
    "openid profile email phone address offline_access vn_id vn_card vn_civil vn_check vn_match reports:read";

/// The service with everything on, a key for each algorithm, and somebody whose record is filled.
struct Promises<'a> {
    app: &'a TestApp,
    holder: &'a Holder,
    /// Signed in.
    browser: Browser<'a>,
    document: Value,
    clients: usize,
}

fn settings(settings: &mut Settings) {
    settings.registration.open_to = OpenTo::Everybody;
    settings.mutual_tls.alias = Some(ALIAS.to_owned());
    settings.dpop_nonce_required = false;
}

async fn app() -> TestApp {
    let app = TestApp::with(TestDb::sqlite().await, settings).await;
    let provider = &app.at.provider;
    let keeper = KeyKeeper {
        writer: &provider.writer,
        sealer: &provider.secrets.sealer,
        entropy: &provider.entropy,
        schedule: Schedule::default(),
        actor: dinhdanh::store::audit::Actor::Service,
    };
    for alg in [Alg::Ps256, Alg::EdDsa] {
        keeper.make(alg, Haste::AtOnce, app.at.now()).await.unwrap();
    }
    provider.keys.reload(&mut app.at.conn().await, &provider.secrets.sealer).await.unwrap();
    app
}

/// The document of the keys that there are now: the router's own was made before two of them.
async fn document(app: &TestApp) -> Value {
    let published = Published::default();
    documents::publish(&published, &app.at.provider);
    let read = async |path: &str| -> Value {
        let answer = published.answer(&Request::get(path).body(()).unwrap()).unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        serde_json::from_slice(&body).unwrap()
    };
    let document = read("/.well-known/openid-configuration").await;
    assert_eq!(document, read("/.well-known/oauth-authorization-server").await, "both addresses say the same");
    document
}

/// Of Hà Nội, born in a month, with everything that a claim can be made of.
fn filled() -> PersonRecord {
    let day = date!(2026 - 01 - 01);
    let commune = admin_unit::communes_of("01", day).next().unwrap();
    let address = Address {
        line: "Số 1 phố Thử".to_owned(),
        unit: UnitRef::commune_on(commune.code, day).unwrap(),
        as_registered: None,
    };
    let home = Residence::new(ResidenceKind::Permanent, address, Some(date!(2020 - 05 - 01)), None).unwrap();
    PersonRecord {
        residences: vec![home],
        former_numbers: vec![PersonalNumber::parse("900085000099").unwrap()],
        email: Some(EmailAddress::parse("thu@example.vn").unwrap()),
        birth: BirthDate::parse("1985-03").unwrap(),
        ..person()
    }
}

impl<'a> Promises<'a> {
    async fn new(app: &'a TestApp, holder: &'a Holder) -> Self {
        let mut browser = app.browser();
        browser.walk(&authorize(&[("acr_values", "urn:vn:xacthuc:2")]), holder).await;
        Self { app, holder, browser, document: document(app).await, clients: 0 }
    }

    /// The texts of a member.
    fn list(&self, name: &str) -> Vec<String> {
        let member = self.document[name].as_array().unwrap_or_else(|| panic!("no {name}"));
        member.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
    }

    /// A client of its own for one try.
    async fn client(&mut self, over: &Value) -> String {
        self.clients += 1;
        let id = format!("rp-{}", self.clients);
        let mut metadata = json!({
            "client_name#vi": "Cổng hứa", "purpose#vi": "Để thử", "redirect_uris": [CALLBACK], "scope": EVERY_SCOPE,
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "authorization_details_types": ["identity_check", "delegation"],
        });
        metadata.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
        let has_secret = match metadata["token_endpoint_auth_method"].as_str() {
            None => true,
            Some(method) => method.starts_with("client_secret"),
        };
        self.app.add_client(&id, has_secret.then_some(SECRET), metadata).await;
        id
    }

    /// Where the browser ends after everything that the pages ask.
    async fn back(&mut self, client: &str, more: &[(&str, &str)]) -> String {
        let asked = [&[("client_id", client)][..], more].concat();
        self.browser.walk(&authorize(&asked), self.holder).await
    }

    async fn code(&mut self, client: &str, more: &[(&str, &str)]) -> String {
        let back = self.back(client, more).await;
        query_of(&back).remove("code").unwrap_or_else(|| panic!("{more:?}: {back}"))
    }

    async fn tokens(&mut self, client: &str, more: &[(&str, &str)]) -> Answer {
        let code = self.code(client, more).await;
        let tokens = self.post("/token", client, &redemption(&code)).await;
        assert_eq!(tokens.status, StatusCode::OK, "{more:?}: {}", tokens.body);
        tokens
    }

    async fn post(&self, path: &str, client: &str, fields: &[(&str, &str)]) -> Answer {
        self.app.post(path, &[("authorization", &basic(client, SECRET))], fields).await
    }

    async fn userinfo(&self, tokens: &Answer) -> Answer {
        let bearer = format!("Bearer {}", tokens.text("access_token"));
        let info = self.app.get("/userinfo", &[("authorization", &bearer)]).await;
        assert_eq!(info.status, StatusCode::OK, "{}", info.body);
        info
    }

    /// The path of an address of ours.
    fn path(&self, member: &str) -> String {
        let address = self.document[member].as_str().unwrap_or_else(|| panic!("no {member}"));
        address.strip_prefix(ISSUER).unwrap_or_else(|| panic!("{address} is elsewhere")).to_owned()
    }

    async fn keep(&mut self, name: &str) {
        let value = self.document[name].clone();
        match name {
            "issuer" => assert_eq!(value, json!(ISSUER)),
            "mtls_endpoint_aliases" => self.aliases().await,
            "jwks_uri" => self.keys().await,
            _ if name.ends_with("_endpoint") => self.endpoint(name).await,
            _ if name.ends_with("_signing_alg_values_supported") => self.signed(name).await,
            _ if name.contains("_encryption_") => self.encrypted(name).await,
            _ if name.ends_with("_endpoint_auth_methods_supported") => self.auth_methods(name).await,
            "tls_client_certificate_bound_access_tokens" => self.bound_to_a_certificate(&value).await,
            "scopes_supported" => self.scopes().await,
            "claims_supported" | "claim_types_supported" | "claims_parameter_supported" => self.claims(name).await,
            "subject_types_supported" => self.subjects().await,
            "verified_claims_supported" | "claims_in_verified_claims_supported" => self.verified_claims(name).await,
            "trust_frameworks_supported" => self.verification("trust_framework").await,
            "evidence_supported" => self.verification("evidence").await,
            "electronic_records_supported" => self.verification("record").await,
            "acr_values_supported" => self.acr_values().await,
            "authorization_details_types_supported" => self.details().await,
            "grant_types_supported" => self.grants().await,
            "backchannel_token_delivery_modes_supported" => self.delivery_modes().await,
            "backchannel_user_code_parameter_supported" => assert_eq!(value, json!(false)),
            "response_types_supported" => assert_eq!(value, json!(["code"])),
            "response_modes_supported" => self.response_modes().await,
            "authorization_response_iss_parameter_supported" => self.iss().await,
            "code_challenge_methods_supported" => self.challenges().await,
            "prompt_values_supported" => self.prompts().await,
            "display_values_supported" => self.displays().await,
            "ui_locales_supported" => self.locales().await,
            "request_parameter_supported" | "request_uri_parameter_supported" => self.objects(name).await,
            "require_request_uri_registration" => self.unregistered_objects().await,
            "require_pushed_authorization_requests" | "require_signed_request_object" => {
                assert_eq!(value, json!(false), "each other try here is neither pushed nor signed");
            }
            "frontchannel_logout_supported" | "frontchannel_logout_session_supported" => self.frames().await,
            "backchannel_logout_supported" | "backchannel_logout_session_supported" => self.logout_tokens().await,
            _ => panic!("discovery promises {name}, and nobody tries it here"),
        }
    }
}

fn redemption(code: &str) -> [(&str, &str); 4] {
    [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_discovery_promises_works() {
    let app = app().await;
    let holder = app.holder_of(filled()).await;
    let mut promises = Promises::new(&app, &holder).await;
    let names: Vec<String> = promises.document.as_object().unwrap().keys().cloned().collect();
    assert!(names.len() > 60, "{names:?}");
    for name in names {
        promises.keep(&name).await;
        // A session's proofs grow old with the codes that are typed meanwhile.
        promises.browser = app.browser();
        promises.browser.walk(&authorize(&[("acr_values", "urn:vn:xacthuc:2")]), &holder).await;
    }
}
