//! One of everything that the service gives out or takes, made fresh.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use dinhdanh::{
    base::Span,
    crypto::{ParsedJwks, SigningKey, Typ, digest::sha256},
    flows::self_registration::{OpenTo, StatementIssuer, initial},
};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    app::{Answer, CALLBACK, Holder, ISSUER, TestApp, VERIFIER, authorize, basic, challenge, encoded, query_of},
    database::TestDb,
    elsewhere::{self, CIBA, DEVICE},
    operators::{self, Clerk},
    people::NUMBER,
    signer::{Signer, assertion_claims},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Code,
    RefreshToken,
    DeviceCode,
    UserCode,
    AuthReqId,
    AccessToken,
    BoundAccessToken,
    ClientAccessToken,
    IdToken,
    LogoutToken,
    UserInfoJwt,
    SignedResponse,
    RequestUri,
    RequestObject,
    BackchannelRequest,
    ClientAssertion,
    GrantAssertion,
    ClientSecret,
    DpopProof,
    InitialAccessToken,
    RegistrationAccessToken,
    SoftwareStatement,
    SessionCookie,
    InteractionCookie,
    OperatorCookie,
    Nonsense,
}

pub const KINDS: [Kind; 26] = [
    Kind::Code,
    Kind::RefreshToken,
    Kind::DeviceCode,
    Kind::UserCode,
    Kind::AuthReqId,
    Kind::AccessToken,
    Kind::BoundAccessToken,
    Kind::ClientAccessToken,
    Kind::IdToken,
    Kind::LogoutToken,
    Kind::UserInfoJwt,
    Kind::SignedResponse,
    Kind::RequestUri,
    Kind::RequestObject,
    Kind::BackchannelRequest,
    Kind::ClientAssertion,
    Kind::GrantAssertion,
    Kind::ClientSecret,
    Kind::DpopProof,
    Kind::InitialAccessToken,
    Kind::RegistrationAccessToken,
    Kind::SoftwareStatement,
    Kind::SessionCookie,
    Kind::InteractionCookie,
    Kind::OperatorCookie,
    Kind::Nonsense,
];

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const BOARD: &str = "https://board.example";
const SECRET: &str = "every-secret-every-secret-every-secret-1";
const POSTED: &str = "posted-secret-posted-secret-posted-secret";

pub struct Artefacts<'a> {
    pub app: &'a TestApp,
    holder: &'a Holder,
    clerk: &'a Clerk,
    /// Of a browser that is signed in at the client.
    pub jar: BTreeMap<String, String>,
    /// The page of a sign-in that some browser began.
    pub interaction: String,
    interaction_cookie: String,
    /// What the client may exchange: a person let another client delegate to it.
    pub delegated: String,
    /// The client's own token, which says who exchanges.
    pub actor: String,
    /// A client that registered itself: its address and its token.
    pub registration: (String, String),
    /// Of the clients; their keys are registered.
    key: Signer,
    proof_key: Signer,
    made: std::cell::Cell<u32>,
}

/// Whose software statements count: the same key on both engines.
fn board() -> &'static SigningKey {
    static KEY: std::sync::OnceLock<SigningKey> = std::sync::OnceLock::new();
    KEY.get_or_init(|| SigningKey::generate(dinhdanh::crypto::Alg::Es256).unwrap())
}

impl<'a> Artefacts<'a> {
    /// Has every grant, and a secret.
    pub const CLIENT: &'static str = "every";
    /// Proves itself by assertions.
    const KEYED: &'static str = "keyed";
    /// Signs its backchannel requests.
    const SIGNER: &'static str = "signer";
    /// Sends its secret in the form.
    pub const BY_POST: &'static str = "posting";

    pub async fn each() -> Vec<TestApp> {
        let mut all = Vec::new();
        for test in TestDb::each().await {
            let mut public = board().public().members();
            public.insert("kid".to_owned(), json!(board().kid()));
            let keys = Arc::new(ParsedJwks::parse(json!({"keys": [public]}).to_string().as_bytes()).unwrap());
            all.push(
                TestApp::with(test, |settings| {
                    settings.registration.open_to = OpenTo::TokenHolders;
                    settings.registration.statement_issuers = vec![StatementIssuer { issuer: BOARD.to_owned(), keys }];
                    settings.dpop_nonce_required = false;
                })
                .await,
            );
        }
        all
    }

    pub async fn new(app: &'a TestApp, holder: &'a Holder, clerk: &'a Clerk) -> Self {
        let key = Signer::new("k1");
        let metadata = |over: Value| {
            let mut all = json!({
                "client_name#vi": "Cổng mọi thứ", "purpose#vi": "Để thử", "redirect_uris": [CALLBACK],
                "grant_types": [
                    "authorization_code", "refresh_token", "client_credentials", DEVICE, CIBA, EXCHANGE, JWT_BEARER,
                ],
                "scope": "openid profile offline_access", "backchannel_token_delivery_mode": "poll",
                "jwks": { "keys": [key.jwk()] },
            });
            all.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
            all
        };
        app.add_client(Self::CLIENT, Some(SECRET), metadata(json!({}))).await;
        let posting = json!({
            "token_endpoint_auth_method": "client_secret_post", "authorization_details_types": ["delegation"],
            "delegates": [Self::CLIENT],
        });
        app.add_client(Self::BY_POST, Some(POSTED), metadata(posting)).await;
        app.add_client(Self::KEYED, None, metadata(json!({"token_endpoint_auth_method": "private_key_jwt"}))).await;
        let signs = json!({"backchannel_authentication_request_signing_alg": "ES256"});
        app.add_client(Self::SIGNER, Some(SECRET), metadata(signs)).await;
        let mut own = Self {
            app,
            holder,
            clerk,
            jar: BTreeMap::new(),
            interaction: String::new(),
            interaction_cookie: String::new(),
            delegated: String::new(),
            actor: String::new(),
            registration: (String::new(), String::new()),
            key,
            proof_key: Signer::new(""),
            made: std::cell::Cell::new(0),
        };
        let mut begun = app.browser();
        own.interaction = begun.get(&authorize(&[])).await.location().to_owned();
        own.interaction_cookie = begun.jar["dinhdanh-8080-browser"].clone();
        let token = own.initial_token().await;
        let metadata = json!({ "redirect_uris": ["https://new.example/cb"] });
        let registered = app.json(Method::POST, "/clients", Some(&token), Some(&metadata)).await;
        let path = registered.text("registration_client_uri").strip_prefix(ISSUER).unwrap().to_owned();
        own.registration = (path, registered.text("registration_access_token"));
        own
    }

    fn next(&self) -> String {
        self.made.set(self.made.get() + 1);
        format!("made-{}", self.made.get())
    }

    pub fn credentials() -> String {
        basic(Self::CLIENT, SECRET)
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.app.post(path, &[("authorization", &Self::credentials())], fields).await
    }

    pub async fn post_as_signer(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.app.post(path, &[("authorization", &basic(Self::SIGNER, SECRET))], fields).await
    }

    pub async fn initial_token(&self) -> String {
        let provider = &self.app.at.provider;
        let made = initial::make(&provider.entropy, "for a test", 2, Span::hours(1), self.app.at.now());
        assert!(provider.writer.submit(made.keep()).await.unwrap());
        made.token.reveal().to_owned()
    }

    pub fn proof_at(&self, method: &str, path: &str, token: Option<&str>) -> String {
        let mut claims = json!({
            "htm": method, "htu": format!("{ISSUER}{path}"), "iat": self.app.at.now().secs(), "jti": self.next(),
        });
        if let Some(token) = token {
            claims["ath"] = URL_SAFE_NO_PAD.encode(sha256(token.as_bytes()).as_bytes()).into();
        }
        self.proof_key.proof(&claims)
    }

    /// A code, and the browser that brought it is the one that is signed in.
    async fn code(&mut self, more: &[(&str, &str)]) -> String {
        let mut browser = self.app.browser();
        let asked = [&[("client_id", Self::CLIENT)][..], more].concat();
        let back = browser.walk(&authorize(&asked), self.holder).await;
        self.jar = browser.jar;
        let mut query = query_of(&back);
        query.remove("code").or_else(|| query.remove("response")).unwrap_or_else(|| panic!("{back}"))
    }

    /// A fresh one: access tokens live for minutes.
    pub async fn delegate(&mut self) {
        let details =
            json!([{ "type": "delegation", "procedure": "1", "actions": ["submit"], "delegate": Self::CLIENT }]);
        let details = details.to_string();
        let asked = [("client_id", Self::BY_POST), ("authorization_details", details.as_str())];
        let back = self.app.browser().walk(&authorize(&asked), self.holder).await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &query_of(&back)["code"]),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("client_id", Self::BY_POST),
            ("client_secret", POSTED),
        ];
        self.delegated = self.app.post("/token", &[], &fields).await.text("access_token");
    }

    /// For the client itself, of whom no person is.
    pub async fn own_token(&self) -> String {
        self.post("/token", &[("grant_type", "client_credentials")]).await.text("access_token")
    }

    /// Exchanges what a person let the client do for what it does it with.
    pub async fn exchange(&self) -> Answer {
        const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
        let fields = [
            ("grant_type", EXCHANGE),
            ("subject_token", self.delegated.as_str()),
            ("subject_token_type", ACCESS_TOKEN),
            ("actor_token", self.actor.as_str()),
            ("actor_token_type", ACCESS_TOKEN),
        ];
        self.post("/token", &fields).await
    }

    pub async fn tokens_for(&mut self, scope: &str) -> Answer {
        let prompt = ("prompt", if scope.contains("offline_access") { "consent" } else { "" });
        self.redeemed(&[("scope", scope), prompt], &[]).await
    }

    async fn tokens(&mut self, headers: &[(&str, &str)]) -> Answer {
        self.redeemed(&[], headers).await
    }

    async fn redeemed(&mut self, asked: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let code = self.code(asked).await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let credentials = Self::credentials();
        let all = [&[("authorization", credentials.as_str())][..], headers].concat();
        let tokens = self.app.post("/token", &all, &fields).await;
        assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
        tokens
    }

    /// Approved, and not fetched.
    async fn held(&self, path: &str, handle: &str) -> String {
        let begun = self.post(path, &[("scope", "openid"), ("login_hint", NUMBER)]).await;
        elsewhere::approve(self.app, self.holder, &begun).await;
        begun.text(handle)
    }

    fn request(&self, client: &str, over: &Value) -> String {
        let now = self.app.at.now().secs();
        let mut claims = json!({
            "iss": client, "aud": ISSUER, "iat": now, "nbf": now, "exp": now + 300, "jti": self.next(), "scope": "openid",
        });
        claims.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
        self.key.jwt(&claims)
    }

    /// Signed by the service, as it signs everything of its own.
    fn ours(&self, typ: Typ, claims: &Value) -> String {
        let ring = self.app.at.provider.keys.ring();
        let key = ring.signer(dinhdanh::crypto::Alg::Rs256).unwrap();
        key.sign_jwt(typ, claims.to_string().as_bytes()).unwrap()
    }

    #[expect(clippy::too_many_lines, reason = "one table")]
    pub async fn make(&mut self, kind: Kind) -> String {
        match kind {
            Kind::Code => self.code(&[]).await,
            Kind::SignedResponse => self.code(&[("response_mode", "jwt")]).await,
            Kind::RefreshToken => self.tokens(&[]).await.text("refresh_token"),
            Kind::AccessToken => self.tokens(&[]).await.text("access_token"),
            Kind::IdToken => self.tokens(&[]).await.text("id_token"),
            Kind::BoundAccessToken => {
                let proof = self.proof_at("POST", "/token", None);
                self.tokens(&[("dpop", &proof)]).await.text("access_token")
            }
            Kind::ClientAccessToken => {
                self.post("/token", &[("grant_type", "client_credentials")]).await.text("access_token")
            }
            Kind::DeviceCode => self.held("/device_authorization", "device_code").await,
            Kind::AuthReqId => self.held("/backchannel_authentication", "auth_req_id").await,
            Kind::UserCode => self.post("/device_authorization", &[("scope", "openid")]).await.text("user_code"),
            Kind::LogoutToken => {
                self.code(&[]).await;
                let (now, sid) = (self.app.at.now().secs(), "s");
                let claims = json!({
                    "iss": ISSUER, "aud": Self::CLIENT, "iat": now, "exp": now + 120, "jti": "l", "sub": "s", "sid": sid,
                    "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
                });
                self.ours(Typ::LogoutToken, &claims)
            }
            Kind::UserInfoJwt => {
                let sub = crate::support::app::payload(&self.tokens(&[]).await.text("id_token"))["sub"].clone();
                self.ours(Typ::Jwt, &json!({ "iss": ISSUER, "aud": Self::CLIENT, "sub": sub, "name": "x" }))
            }
            Kind::RequestUri => {
                let challenge = challenge();
                let fields = [
                    ("response_type", "code"),
                    ("redirect_uri", CALLBACK),
                    ("scope", "openid"),
                    ("code_challenge", challenge.as_str()),
                    ("code_challenge_method", "S256"),
                ];
                self.post("/par", &fields).await.text("request_uri")
            }
            Kind::RequestObject => {
                let over = json!({
                    "client_id": Self::CLIENT, "response_type": "code", "redirect_uri": CALLBACK,
                    "code_challenge": challenge(), "code_challenge_method": "S256",
                });
                self.request(Self::CLIENT, &over)
            }
            Kind::BackchannelRequest => self.request(Self::SIGNER, &json!({ "login_hint": NUMBER })),
            Kind::ClientAssertion => {
                let header = json!({ "alg": "ES256", "kid": "k1", "typ": "client-authentication+jwt" });
                self.key.jws(&header, &assertion_claims(Self::KEYED, ISSUER, &self.next(), self.app.at.now()))
            }
            Kind::GrantAssertion => self.key.assertion(Self::KEYED, ISSUER, &self.next(), self.app.at.now()),
            Kind::ClientSecret => POSTED.to_owned(),
            Kind::DpopProof => self.proof_at("POST", "/token", None),
            Kind::InitialAccessToken => self.initial_token().await,
            Kind::RegistrationAccessToken => self.registration.1.clone(),
            Kind::SoftwareStatement => {
                let claims =
                    json!({ "iss": BOARD, "aud": ISSUER, "iat": self.app.at.now().secs(), "software_id": "s" });
                let header = json!({ "alg": "ES256", "kid": board().kid() });
                let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
                let input = format!("{}.{}", encoded(&header), encoded(&claims));
                format!("{input}.{}", URL_SAFE_NO_PAD.encode(board().sign(input.as_bytes()).unwrap()))
            }
            Kind::SessionCookie => {
                self.code(&[]).await;
                self.jar["dinhdanh-8080-session"].clone()
            }
            Kind::InteractionCookie => self.interaction_cookie.clone(),
            Kind::OperatorCookie => {
                let mut browser = self.app.browser();
                operators::sign_in(self.app, &mut browser, self.clerk).await;
                browser.jar["dinhdanh-8080-operator"].clone()
            }
            Kind::Nonsense => encoded(&[("non", "sense")]),
        }
    }
}
