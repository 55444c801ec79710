//! A provider as small as can be, that misbehaves when told: what the portals must withstand cannot be had from a good one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use axum::{
    Router,
    body::Bytes,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use dinhdanh::{
    base::Clock,
    http::{published::Published, server::App},
};
use http::{HeaderMap, StatusCode, header};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use url::Url;

use crate::support::wire::{Wired, unhurried};

pub const SECRET: &str = "a client secret of the tests, long enough";
pub const SUB: &str = "pairwise-1";
pub const SID: &str = "session-1";

pub type Parameters = HashMap<String, String>;

/// What to do otherwise than right. `Null` in a change takes a member away.
#[derive(Clone, Debug, Default)]
pub struct Mischief {
    /// An error response instead of a code.
    pub error: Option<&'static str>,
    pub response_iss: Option<&'static str>,
    pub leave_iss_out: bool,
    pub id_token: Value,
    pub id_token_header: Value,
    pub token_response: Value,
    pub userinfo: Value,
    pub userinfo_status: u16,
    pub acr: Option<&'static str>,
}

struct Key {
    kid: String,
    signing: EncodingKey,
    jwk: Value,
}

#[derive(Default)]
struct Ledger {
    mischief: Mischief,
    keys: Vec<Key>,
    codes: HashMap<String, Parameters>,
    /// Authorization requests, in order.
    asked: Vec<Parameters>,
    token_calls: usize,
    jwks_calls: usize,
}

#[derive(Clone)]
pub struct Provider {
    pub issuer: String,
    ledger: Arc<Mutex<Ledger>>,
}

/// A provider and its socket, which closes with this.
pub struct Running {
    pub provider: Provider,
    _wired: Wired,
}

impl Provider {
    pub async fn start() -> Running {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        Self::start_as(issuer, listener)
    }

    pub fn start_as(issuer: String, listener: tokio::net::TcpListener) -> Running {
        let provider = Self { issuer, ledger: Arc::default() };
        provider.rotate();
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(jwks))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .route("/logout", get(logout))
            .with_state(provider.clone());
        let wired = Wired::serve(listener, App::new(Arc::new(Published::default()), router), unhurried());
        Running { provider, _wired: wired }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap()
    }

    pub fn misbehave(&self, mischief: Mischief) {
        self.ledger().mischief = mischief;
    }

    pub fn last_asked(&self) -> Parameters {
        self.ledger().asked.last().cloned().unwrap()
    }

    pub fn token_calls(&self) -> usize {
        self.ledger().token_calls
    }

    pub fn jwks_calls(&self) -> usize {
        self.ledger().jwks_calls
    }

    /// A new signing key beside those that are published.
    pub fn rotate(&self) {
        let mut ledger = self.ledger();
        let key = new_key(format!("k{}", ledger.keys.len()));
        ledger.keys.push(key);
    }

    /// Signs by the newest key; `header` may say `stray` (a key that was never published), `unsigned`, or `by_secret`.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let says = |what: &str| header.get(what).is_some();
        if says("unsigned") {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            return format!("{}.{}.", part(&json!({ "alg": "none" })), part(claims));
        }
        if says("by_secret") {
            let secret = EncodingKey::from_secret(SECRET.as_bytes());
            return jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &secret).unwrap();
        }
        let ledger = self.ledger();
        let key = ledger.keys.last().unwrap();
        let stray = new_key(key.kid.clone());
        let mut jose = Header::new(Algorithm::ES256);
        jose.kid = Some(header.get("kid").and_then(Value::as_str).unwrap_or(&key.kid).to_owned());
        jose.typ = header.get("typ").and_then(Value::as_str).map(str::to_owned);
        jsonwebtoken::encode(&jose, claims, if says("stray") { &stray.signing } else { &key.signing }).unwrap()
    }

    /// A logout token for a client, with some claims changed.
    pub fn logout_token(&self, client: &str, jti: &str, change: &Value) -> String {
        let now = Clock::System.now().secs();
        let claims = json!({
            "iss": self.issuer, "aud": client, "iat": now, "exp": now + 120, "jti": jti, "sub": SUB, "sid": SID,
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        self.sign(&json!({ "typ": "logout+jwt" }), &changed(claims, change))
    }
}

fn new_key(kid: String) -> Key {
    let pkcs8 =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &aws_lc_rs::rand::SystemRandom::new()).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
    let point = pair.public_key().as_ref();
    let jwk = json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid,
        "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..65]),
    });
    Key { kid, signing: EncodingKey::from_ec_der(pkcs8.as_ref()), jwk }
}

pub fn changed(mut base: Value, change: &Value) -> Value {
    for (name, value) in change.as_object().into_iter().flatten() {
        match value {
            Value::Null => drop(base.as_object_mut().unwrap().remove(name)),
            value => base[name] = value.clone(),
        }
    }
    base
}

fn json_of(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

async fn discovery(State(provider): State<Provider>) -> Response {
    let at = |path: &str| format!("{}{path}", provider.issuer);
    json_of(&json!({
        "issuer": provider.issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"),
        "end_session_endpoint": at("/logout"),
        "jwks_uri": at("/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "acr_values_supported": ["urn:vn:xacthuc:1", "urn:vn:xacthuc:2"],
        "authorization_response_iss_parameter_supported": true,
        "backchannel_logout_supported": true,
    }))
    .into_response()
}

async fn jwks(State(provider): State<Provider>) -> Response {
    let mut ledger = provider.ledger();
    ledger.jwks_calls += 1;
    let keys: Vec<_> = ledger.keys.iter().map(|key| key.jwk.clone()).collect();
    json_of(&json!({ "keys": keys }))
}

pub fn parameters(text: &[u8]) -> Parameters {
    url::form_urlencoded::parse(text).into_owned().collect()
}

/// Nobody is asked: the person of the tests is always signed in and always agrees.
async fn authorize(State(provider): State<Provider>, RawQuery(query): RawQuery) -> Response {
    let asked = parameters(query.unwrap().as_bytes());
    let mut ledger = provider.ledger();
    let mut back = Url::parse(&asked["redirect_uri"]).unwrap();
    back.query_pairs_mut().append_pair("state", &asked["state"]);
    if !ledger.mischief.leave_iss_out {
        let iss = ledger.mischief.response_iss.unwrap_or(&provider.issuer).to_owned();
        back.query_pairs_mut().append_pair("iss", &iss);
    }
    if let Some(error) = ledger.mischief.error {
        back.query_pairs_mut().append_pair("error", error).append_pair("error_description", "told <b>so</b>");
    } else {
        let code = format!("code-{}", ledger.asked.len());
        back.query_pairs_mut().append_pair("code", &code);
        ledger.codes.insert(code, asked.clone());
    }
    ledger.asked.push(asked);
    (StatusCode::FOUND, [(header::LOCATION, back.to_string())]).into_response()
}

fn refuse(status: StatusCode, error: &str) -> Response {
    (status, json_of(&json!({ "error": error }))).into_response()
}

async fn token(State(provider): State<Provider>, headers: HeaderMap, body: Bytes) -> Response {
    let form = parameters(&body);
    let (asked, mischief) = {
        let mut ledger = provider.ledger();
        ledger.token_calls += 1;
        (ledger.codes.remove(&form["code"]), ledger.mischief.clone())
    };
    let Some(asked) = asked else { return refuse(StatusCode::BAD_REQUEST, "invalid_grant") };
    let client = asked["client_id"].as_str();
    let encoded: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    let basic = format!("Basic {}", STANDARD.encode(format!("{client}:{encoded}")));
    if headers.get(header::AUTHORIZATION).is_none_or(|given| *given != *basic) {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, form["code_verifier"].as_bytes()));
    if challenge != asked["code_challenge"] || form["redirect_uri"] != asked["redirect_uri"] {
        return refuse(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    let now = Clock::System.now().secs();
    let half = &digest(&SHA256, b"an-access-token").as_ref()[..16].to_vec();
    let claims = json!({
        "iss": provider.issuer, "aud": client, "sub": SUB, "sid": SID, "iat": now, "exp": now + 300, "auth_time": now - 5,
        "nonce": asked["nonce"], "acr": mischief.acr.unwrap_or("urn:vn:xacthuc:1"), "amr": ["pwd"], "account_level": "02",
        "at_hash": URL_SAFE_NO_PAD.encode(half),
    });
    let id_token = provider.sign(&mischief.id_token_header, &changed(claims, &mischief.id_token));
    let answer = json!({
        "access_token": "an-access-token", "token_type": "Bearer", "expires_in": 300, "scope": asked["scope"], "id_token": id_token,
    });
    json_of(&changed(answer, &mischief.token_response))
}

async fn userinfo(State(provider): State<Provider>, headers: HeaderMap) -> Response {
    let mischief = provider.ledger().mischief.clone();
    if headers[header::AUTHORIZATION] != "Bearer an-access-token" {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_token");
    }
    if mischief.userinfo_status != 0 {
        return refuse(StatusCode::from_u16(mischief.userinfo_status).unwrap(), "invalid_token");
    }
    let claims = json!({
        "sub": SUB, "name": "NGUYỄN VĂN THỬ", "birthdate": "1985-03-05", "gender": "male", "id_number": "900085000001",
        "address": { "formatted": "12 Trần Hưng Đạo\nNinh Bình" },
    });
    json_of(&changed(claims, &mischief.userinfo))
}

async fn logout(RawQuery(query): RawQuery) -> Response {
    let asked = parameters(query.unwrap().as_bytes());
    let mut back = Url::parse(&asked["post_logout_redirect_uri"]).unwrap();
    back.query_pairs_mut().append_pair("state", &asked["state"]);
    (StatusCode::FOUND, [(header::LOCATION, back.to_string())]).into_response()
}
