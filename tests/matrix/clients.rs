//! What one client was given, at another client's hands (CVE-2026-16089, CVE-2026-28513): nothing, and nothing is lost by it.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::Table;
use crate::support::{
    app::{Answer, CALLBACK, Holder, ISSUER, TestApp, VERIFIER, authorize, basic, challenge, encoded, query_of},
    database::TestDb,
    elsewhere::{self, CIBA, DEVICE},
    people::NUMBER,
    signer::Signer,
};

/// Whose things they are, another of the same kind, and a public one.
const OWNER: &str = "owner";
const OTHER: &str = "other-owner";
const PUBLIC: &str = "public";
const CALLERS: [&str; 3] = [OWNER, OTHER, PUBLIC];
const SECRET: &str = "clients-secret-clients-secret-clients-1";

/// What belongs to the owner, and is tried; each by the rightful client's own try afterwards too.
const TRIED: [&str; 15] = [
    "code",
    "code again, by its owner",
    "refresh token",
    "device code",
    "device code again, by its owner",
    "auth_req_id",
    "auth_req_id again, by its owner",
    "introspection",
    "revocation",
    "request_uri",
    "request object",
    "client assertion",
    "id_token_hint, backchannel",
    "sub as login_hint",
    "registration token",
];

struct Clients<'a> {
    app: &'a TestApp,
    holder: &'a Holder,
    keys: [Signer; 3],
    made: std::cell::Cell<u32>,
}

fn metadata(host: &str, over: &Value) -> Value {
    let mut all = json!({
        "client_name#vi": host, "purpose#vi": "Để thử", "redirect_uris": [CALLBACK, format!("https://{host}.example/cb")],
        "sector_identifier_uri": format!("https://{host}.example/sector"), "scope": "openid profile",
        "grant_types": ["authorization_code", "refresh_token", "client_credentials", DEVICE, CIBA],
        "backchannel_token_delivery_mode": "poll",
    });
    all.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
    all
}

impl<'a> Clients<'a> {
    async fn new(app: &'a TestApp, holder: &'a Holder) -> Self {
        let keys = [OWNER, OTHER, PUBLIC].map(|_| Signer::new("k1"));
        for (id, key) in CALLERS.into_iter().zip(&keys) {
            let set = json!({ "jwks": { "keys": [key.jwk()] } });
            let public = json!({
                "jwks": { "keys": [key.jwk()] }, "token_endpoint_auth_method": "none",
                "grant_types": ["authorization_code", "refresh_token", DEVICE], "backchannel_token_delivery_mode": null,
            });
            let secret = (id != PUBLIC).then_some(SECRET);
            app.add_client(id, secret, metadata(id, if id == PUBLIC { &public } else { &set })).await;
            // The same, by assertions.
            let keyed = json!({ "jwks": { "keys": [key.jwk()] }, "token_endpoint_auth_method": "private_key_jwt" });
            app.add_client(&format!("{id}-keyed"), None, metadata(id, &keyed)).await;
        }
        Self { app, holder, keys, made: std::cell::Cell::new(0) }
    }

    fn next(&self) -> String {
        self.made.set(self.made.get() + 1);
        format!("made-{}", self.made.get())
    }

    fn key(&self, caller: &str) -> &Signer {
        &self.keys[CALLERS.iter().position(|own| *own == caller).unwrap()]
    }

    async fn call(&self, caller: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        if caller == PUBLIC {
            return self.app.post(path, &[], &[&[("client_id", caller)][..], fields].concat()).await;
        }
        self.app.post(path, &[("authorization", &basic(caller, SECRET))], fields).await
    }

    async fn code(&self) -> String {
        let back = self.app.browser().walk(&authorize(&[("client_id", OWNER)]), self.holder).await;
        query_of(&back).remove("code").unwrap()
    }

    async fn redeem(&self, caller: &str, code: &str) -> Answer {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.call(caller, "/token", &fields).await
    }

    /// Approved, and not fetched.
    async fn held(&self, path: &str, handle: &str) -> String {
        let begun = self.call(OWNER, path, &[("scope", "openid"), ("login_hint", NUMBER)]).await;
        elsewhere::approve(self.app, self.holder, &begun).await;
        begun.text(handle)
    }

    async fn all(&self, caller: &str) -> Vec<String> {
        let mut seen = Vec::new();
        let code = self.code().await;
        seen.push(outcome(&self.redeem(caller, &code).await));
        seen.push(outcome(&self.redeem(OWNER, &code).await));
        let tokens = self.redeem(OWNER, &self.code().await).await;
        let refresh = tokens.text("refresh_token");
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        seen.push(outcome(&self.call(caller, "/token", &fields).await));
        for (path, name, grant) in
            [("/device_authorization", "device_code", DEVICE), ("/backchannel_authentication", "auth_req_id", CIBA)]
        {
            let handle = self.held(path, name).await;
            let fields = [("grant_type", grant), (name, handle.as_str())];
            seen.push(outcome(&self.call(caller, "/token", &fields).await));
            seen.push(outcome(&self.call(OWNER, "/token", &fields).await));
        }
        seen.extend(self.of_tokens(caller).await);
        seen.push(self.pushed(caller).await);
        seen.extend(self.signed(caller).await);
        seen.extend(self.hints(caller).await);
        seen.push(self.registration(caller).await);
        seen
    }

    async fn of_tokens(&self, caller: &str) -> [String; 2] {
        let access = self.redeem(OWNER, &self.code().await).await.text("access_token");
        let seen = self.call(caller, "/introspect", &[("token", &access)]).await;
        let seen = match seen.status {
            StatusCode::OK if seen.json()["active"] == true => "ACTIVE".to_owned(),
            StatusCode::OK => "inactive".to_owned(),
            _ => outcome(&seen),
        };
        self.call(caller, "/revoke", &[("token", &access)]).await;
        let still = self.app.get("/userinfo", &[("authorization", &format!("Bearer {access}"))]).await;
        [seen, if still.status == StatusCode::OK { "still good" } else { "REVOKED" }.to_owned()]
    }

    /// The owner pushed it; the caller's name stands in the browser's request.
    async fn pushed(&self, caller: &str) -> String {
        let challenge = challenge();
        let fields = [
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", "openid"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        let uri = self.call(OWNER, "/par", &fields).await.text("request_uri");
        let query = encoded(&[("client_id", caller), ("request_uri", &uri)]);
        page_or_redirect(&self.app.browser().get(&format!("/authorize?{query}")).await)
    }

    /// The owner signed them; the caller brings them in its own name.
    async fn signed(&self, caller: &str) -> [String; 2] {
        let claims = json!({
            "iss": OWNER, "aud": ISSUER, "client_id": OWNER, "response_type": "code", "redirect_uri": CALLBACK,
            "scope": "openid", "code_challenge": challenge(), "code_challenge_method": "S256",
        });
        let jwt = self.key(OWNER).jwt(&claims);
        let start = authorize(&[("client_id", caller), ("request", &jwt)]);
        let object = page_or_redirect(&self.app.browser().get(&start).await);
        let keyed = format!("{OWNER}-keyed");
        let assertion = self.key(OWNER).assertion(&keyed, ISSUER, &self.next(), self.app.at.now());
        let named = format!("{caller}-keyed");
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", named.as_str()),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion.as_str()),
        ];
        [object, outcome(&self.app.post("/token", &[], &fields).await)]
    }

    /// What the owner knows the person by.
    async fn hints(&self, caller: &str) -> [String; 2] {
        let id_token = self.redeem(OWNER, &self.code().await).await.text("id_token");
        let sub = crate::support::app::payload(&id_token)["sub"].as_str().unwrap().to_owned();
        let ask = async |name: &str, value: &str| {
            outcome(&self.call(caller, "/backchannel_authentication", &[("scope", "openid"), (name, value)]).await)
        };
        [ask("id_token_hint", &id_token).await, ask("login_hint", &sub).await]
    }

    /// Two that registered themselves; the caller is the one of them, or nobody.
    async fn registration(&self, caller: &str) -> String {
        let register = async || {
            let metadata = json!({ "redirect_uris": ["https://new.example/cb"] });
            let answer = self.app.json(Method::POST, "/clients", None, Some(&metadata)).await;
            let path = answer.text("registration_client_uri").strip_prefix(ISSUER).unwrap().to_owned();
            (path, answer.text("registration_access_token"))
        };
        let ((path, token), (_, others)) = (register().await, register().await);
        let token = match caller {
            OWNER => Some(token.as_str()),
            OTHER => Some(others.as_str()),
            _ => None,
        };
        let read = self.app.json(Method::GET, &path, token, None).await;
        if read.status == StatusCode::OK { "OPENS".to_owned() } else { read.status.as_u16().to_string() }
    }
}

fn outcome(answer: &Answer) -> String {
    if answer.status == StatusCode::OK { "OPENS".to_owned() } else { format!("{:?}", answer.refusal()) }
}

fn page_or_redirect(answer: &Answer) -> String {
    match answer.header("location") {
        Some(to) if to.starts_with("/sign-in") => "OPENS".to_owned(),
        Some(to) => query_of(to).remove("error").unwrap_or_default(),
        None => format!("page {}", answer.status.as_u16()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_one_clients_is_no_others() {
    for test in TestDb::each().await {
        let open = dinhdanh::flows::self_registration::OpenTo::Everybody;
        let app = TestApp::with(test, |settings| settings.registration.open_to = open).await;
        let holder = app.holder().await;
        let clients = Clients::new(&app, &holder).await;
        let mut table = Table::of(TRIED.map(str::to_owned));
        for caller in CALLERS {
            app.at.clock.advance(dinhdanh::base::Span::minutes(1));
            table.row(caller.to_owned(), clients.all(caller).await);
        }
        insta::assert_snapshot!("each_client_with_the_portals_things", table.to_string());
    }
}
