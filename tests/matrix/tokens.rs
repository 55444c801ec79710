//! Each kind of token, code, handle and assertion in each place where some is taken (CVE-2026-4282, CVE-2026-101023: type
//! confusion). One of a kind goes through all places and into its own last, so that the table shows too that nothing was used
//! up on the way.

use dinhdanh::{base::Span, http::api::registry::BASE, registry::operator::Role};
use http::{Method, StatusCode};

use super::{
    Table,
    artefacts::{Artefacts, KINDS, Kind},
};
use crate::support::{
    app::{Answer, CALLBACK, VERIFIER, authorize, encoded, query_of},
    elsewhere::{CIBA, DEVICE, enter},
};

/// Everywhere that something is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    CodeGrant,
    RefreshGrant,
    DeviceGrant,
    CibaGrant,
    AssertionGrant,
    SubjectToken,
    ActorToken,
    UserInfo,
    UserInfoDpop,
    Introspection,
    RegistryInterface,
    ClientAssertion,
    ClientSecret,
    DpopHeader,
    RequestUri,
    RequestObject,
    BackchannelRequest,
    IdTokenHint,
    LogoutHint,
    BackchannelHint,
    UserCodePage,
    InitialAccess,
    RegistrationAccess,
    SoftwareStatement,
    SessionCookie,
    InteractionCookie,
    OperatorCookie,
}

const PLACES: [Place; 27] = [
    Place::CodeGrant,
    Place::RefreshGrant,
    Place::DeviceGrant,
    Place::CibaGrant,
    Place::AssertionGrant,
    Place::SubjectToken,
    Place::ActorToken,
    Place::UserInfo,
    Place::UserInfoDpop,
    Place::Introspection,
    Place::RegistryInterface,
    Place::ClientAssertion,
    Place::ClientSecret,
    Place::DpopHeader,
    Place::RequestUri,
    Place::RequestObject,
    Place::BackchannelRequest,
    Place::IdTokenHint,
    Place::LogoutHint,
    Place::BackchannelHint,
    Place::UserCodePage,
    Place::InitialAccess,
    Place::RegistrationAccess,
    Place::SoftwareStatement,
    Place::SessionCookie,
    Place::InteractionCookie,
    Place::OperatorCookie,
];

/// Where one of its kind belongs, and is used up: it comes there last.
pub fn own_place(kind: Kind) -> Option<Place> {
    Some(match kind {
        Kind::Code => Place::CodeGrant,
        Kind::RefreshToken => Place::RefreshGrant,
        Kind::DeviceCode => Place::DeviceGrant,
        Kind::AuthReqId => Place::CibaGrant,
        Kind::AccessToken | Kind::ClientAccessToken => Place::UserInfo,
        Kind::BoundAccessToken => Place::UserInfoDpop,
        Kind::ClientAssertion => Place::ClientAssertion,
        Kind::GrantAssertion => Place::AssertionGrant,
        Kind::ClientSecret => Place::ClientSecret,
        Kind::DpopProof => Place::DpopHeader,
        Kind::RequestUri => Place::RequestUri,
        Kind::RequestObject => Place::RequestObject,
        Kind::BackchannelRequest => Place::BackchannelRequest,
        Kind::UserCode => Place::UserCodePage,
        Kind::InitialAccessToken => Place::InitialAccess,
        Kind::RegistrationAccessToken => Place::RegistrationAccess,
        Kind::SoftwareStatement => Place::SoftwareStatement,
        Kind::SessionCookie => Place::SessionCookie,
        Kind::InteractionCookie => Place::InteractionCookie,
        Kind::OperatorCookie => Place::OperatorCookie,
        // Of the session, which it ends.
        Kind::IdToken => Place::LogoutHint,
        Kind::LogoutToken | Kind::UserInfoJwt | Kind::SignedResponse | Kind::Nonsense => return None,
    })
}

fn outcome(answer: &Answer) -> String {
    match answer.status {
        StatusCode::OK | StatusCode::CREATED => "OPENS".to_owned(),
        _ => format!("{:?}", answer.refusal()),
    }
}

fn page_or_redirect(answer: &Answer) -> String {
    match answer.header("location") {
        Some(to) if to.starts_with("/sign-in") => "OPENS".to_owned(),
        Some(to) => query_of(to).get("error").cloned().unwrap_or_else(|| "CODE".to_owned()),
        None => format!("page {}", answer.status.as_u16()),
    }
}

pub struct Case<'a>(pub Artefacts<'a>);

impl Case<'_> {
    /// What comes of it there: a status with its error, or the word for what it opened.
    #[expect(clippy::too_many_lines, reason = "one table")]
    pub async fn put(&self, place: Place, value: &str) -> String {
        match place {
            Place::CodeGrant => {
                let fields = [
                    ("grant_type", "authorization_code"),
                    ("code", value),
                    ("redirect_uri", CALLBACK),
                    ("code_verifier", VERIFIER),
                ];
                outcome(&self.0.post("/token", &fields).await)
            }
            Place::RefreshGrant => self.token("refresh_token", "refresh_token", value).await,
            Place::DeviceGrant => self.token(DEVICE, "device_code", value).await,
            Place::CibaGrant => self.token(CIBA, "auth_req_id", value).await,
            Place::AssertionGrant => {
                let grant = ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
                outcome(&self.0.app.post("/token", &[], &[grant, ("assertion", value)]).await)
            }
            Place::SubjectToken | Place::ActorToken => self.exchange(place, value).await,
            Place::UserInfo => self.resource("Bearer", value).await,
            Place::UserInfoDpop => self.resource("DPoP", value).await,
            Place::Introspection => {
                let answer = self.0.post("/introspect", &[("token", value)]).await;
                if answer.json()["active"] == true { "ACTIVE" } else { "inactive" }.to_owned()
            }
            Place::RegistryInterface => {
                let answer = self.0.app.json(Method::POST, &format!("{BASE}/verify"), Some(value), None).await;
                answer.status.as_u16().to_string()
            }
            Place::ClientAssertion | Place::ClientSecret | Place::DpopHeader => self.proof(place, value).await,
            Place::RequestUri | Place::RequestObject => {
                let name = if place == Place::RequestUri { "request_uri" } else { "request" };
                let start = authorize(&[("client_id", Artefacts::CLIENT), (name, value)]);
                page_or_redirect(&self.0.app.browser().get(&start).await)
            }
            Place::BackchannelRequest => {
                outcome(&self.0.post_as_signer("/backchannel_authentication", &[("request", value)]).await)
            }
            Place::IdTokenHint => {
                let hint = [("client_id", Artefacts::CLIENT), ("prompt", "none"), ("id_token_hint", value)];
                let mut browser = self.0.app.browser();
                browser.jar.clone_from(&self.0.jar);
                page_or_redirect(&browser.get(&authorize(&hint)).await)
            }
            Place::LogoutHint => {
                let mut browser = self.0.app.browser();
                browser.jar.clone_from(&self.0.jar);
                let answer = browser.get(&format!("/logout?{}", encoded(&[("id_token_hint", value)]))).await;
                // The session's own hint signs out at once; everything else is asked about, and nothing is left out here.
                if answer.body.contains("value=\"sign_out\"") { "asks" } else { "SIGNS OUT" }.to_owned()
            }
            Place::BackchannelHint => {
                let fields = [("scope", "openid"), ("id_token_hint", value)];
                outcome(&self.0.post("/backchannel_authentication", &fields).await)
            }
            Place::UserCodePage => {
                let to = enter(&mut self.0.app.browser(), value).await;
                if to.starts_with("/sign-in") { "OPENS" } else { "unknown" }.to_owned()
            }
            Place::InitialAccess | Place::RegistrationAccess | Place::SoftwareStatement => {
                self.registration(place, value).await
            }
            Place::SessionCookie => self.cookie("dinhdanh-8080-session", "/account/password", value).await,
            Place::InteractionCookie => self.cookie("dinhdanh-8080-browser", &self.0.interaction, value).await,
            Place::OperatorCookie => self.cookie("dinhdanh-8080-operator", "/console", value).await,
        }
    }

    async fn token(&self, grant: &str, name: &str, value: &str) -> String {
        outcome(&self.0.post("/token", &[("grant_type", grant), (name, value)]).await)
    }

    /// The other token of the exchange is right: one of the client's own, or one that a person gave it.
    async fn exchange(&self, place: Place, value: &str) -> String {
        const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
        let own = self.0.post("/token", &[("grant_type", "client_credentials")]).await.text("access_token");
        let (subject, actor) = match place {
            Place::SubjectToken => (value, own.as_str()),
            _ => (self.0.delegated.as_str(), value),
        };
        let fields = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", subject),
            ("subject_token_type", ACCESS_TOKEN),
            ("actor_token", actor),
            ("actor_token_type", ACCESS_TOKEN),
        ];
        outcome(&self.0.post("/token", &fields).await)
    }

    async fn resource(&self, scheme: &str, value: &str) -> String {
        let (authorization, proof) = (format!("{scheme} {value}"), self.0.proof_at("GET", "/userinfo", Some(value)));
        let mut headers = vec![("authorization", authorization.as_str())];
        if scheme == "DPoP" {
            headers.push(("dpop", proof.as_str()));
        }
        outcome(&self.0.app.get("/userinfo", &headers).await)
    }

    async fn proof(&self, place: Place, value: &str) -> String {
        const OWN: (&str, &str) = ("grant_type", "client_credentials");
        let app = self.0.app;
        outcome(&match place {
            Place::ClientAssertion => {
                let of = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
                app.post("/token", &[], &[OWN, of, ("client_assertion", value)]).await
            }
            Place::ClientSecret => {
                let fields = [OWN, ("client_id", Artefacts::BY_POST), ("client_secret", value)];
                app.post("/token", &[], &fields).await
            }
            _ => {
                let credentials = Artefacts::credentials();
                app.post("/token", &[("authorization", &credentials), ("dpop", value)], &[OWN]).await
            }
        })
    }

    async fn registration(&self, place: Place, value: &str) -> String {
        let app = self.0.app;
        let mut metadata = serde_json::json!({ "redirect_uris": ["https://new.example/cb"] });
        outcome(&match place {
            Place::InitialAccess => app.json(Method::POST, "/clients", Some(value), Some(&metadata)).await,
            Place::RegistrationAccess => app.json(Method::GET, &self.0.registration.0, Some(value), None).await,
            _ => {
                metadata["software_statement"] = value.into();
                let token = self.0.initial_token().await;
                app.json(Method::POST, "/clients", Some(&token), Some(&metadata)).await
            }
        })
    }

    async fn cookie(&self, name: &str, path: &str, value: &str) -> String {
        let mut browser = self.0.app.browser();
        browser.jar.insert(name.to_owned(), value.to_owned());
        let answer = browser.get(path).await;
        let is_strange = answer.body.contains("không phải là trình duyệt đã bắt đầu");
        if answer.status == StatusCode::OK && !is_strange { "OPENS" } else { "nobody" }.to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_opens_its_own_place_and_no_other() {
    for app in Artefacts::each().await {
        let holder = app.holder().await;
        let clerk = app.operator("canbo.thu", &[Role::Registrar], None).await;
        let mut case = Case(Artefacts::new(&app, &holder, &clerk).await);
        let mut table = Table::of(PLACES.iter().map(|place| format!("{place:?}")));
        for kind in KINDS {
            // What was refused is not counted against what comes now.
            app.at.clock.advance(Span::minutes(2));
            case.0.delegate().await;
            let value = case.0.make(kind).await;
            let own = own_place(kind);
            let mut outcomes = Vec::new();
            for place in PLACES.into_iter().filter(|place| Some(*place) != own) {
                outcomes.push((place, case.put(place, &value).await));
            }
            if let Some(own) = own {
                // Without a `typ` it was a client's proof too, and is used up.
                let value = if kind == Kind::GrantAssertion { case.0.make(kind).await } else { value };
                let at = PLACES.iter().position(|place| *place == own).unwrap();
                outcomes.insert(at, (own, case.put(own, &value).await));
            }
            table.row(format!("{kind:?}"), outcomes.into_iter().map(|(_, outcome)| outcome).collect());
        }
        insta::assert_snapshot!("each_kind_in_each_place", table.to_string());
    }
}
