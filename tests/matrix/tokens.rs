//! Each kind of token in each place where some token is taken (CVE-2026-4282, CVE-2026-101023: type confusion).

use dinhdanh::registry::operator::Role;
use http::StatusCode;

use super::Table;
use crate::support::{
    app::{CALLBACK, Holder, PORTAL, TestApp, VERIFIER, authorize, challenge, encoded, query_of},
    operators::{self, Clerk},
};

/// Everything that the service gives out.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Code,
    AccessToken,
    ClientAccessToken,
    RefreshToken,
    IdToken,
    SessionCookie,
    OperatorCookie,
    RequestUri,
    Nonsense,
}

const KINDS: [Kind; 9] = [
    Kind::Code,
    Kind::AccessToken,
    Kind::ClientAccessToken,
    Kind::RefreshToken,
    Kind::IdToken,
    Kind::SessionCookie,
    Kind::OperatorCookie,
    Kind::RequestUri,
    Kind::Nonsense,
];

/// Everywhere that it takes something.
#[derive(Clone, Copy, Debug)]
enum Place {
    CodeGrant,
    RefreshGrant,
    UserInfo,
    Introspection,
    ClientAssertion,
    ClientSecret,
    RequestUri,
    IdTokenHint,
    SessionCookie,
    OperatorCookie,
}

const PLACES: [Place; 10] = [
    Place::CodeGrant,
    Place::RefreshGrant,
    Place::UserInfo,
    Place::Introspection,
    Place::ClientAssertion,
    Place::ClientSecret,
    Place::RequestUri,
    Place::IdTokenHint,
    Place::SessionCookie,
    Place::OperatorCookie,
];

struct Case<'a> {
    app: &'a TestApp,
    holder: &'a Holder,
    clerk: &'a Clerk,
}

impl Case<'_> {
    /// A fresh one.
    async fn make(&self, kind: Kind) -> String {
        let app = self.app;
        match kind {
            Kind::Code => app.code(self.holder, "openid profile").await,
            Kind::AccessToken | Kind::RefreshToken | Kind::IdToken => {
                let code = app.code(self.holder, "openid profile").await;
                let member = match kind {
                    Kind::AccessToken => "access_token",
                    Kind::RefreshToken => "refresh_token",
                    _ => "id_token",
                };
                app.redeem(&code).await.text(member)
            }
            Kind::ClientAccessToken => {
                app.post_as_portal("/token", &[("grant_type", "client_credentials")]).await.text("access_token")
            }
            Kind::SessionCookie => {
                let mut browser = app.browser();
                browser.walk(&authorize(&[]), self.holder).await;
                browser.jar["dinhdanh-8080-session"].clone()
            }
            Kind::OperatorCookie => {
                let mut browser = app.browser();
                operators::sign_in(app, &mut browser, self.clerk).await;
                browser.jar["dinhdanh-8080-operator"].clone()
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
                app.post_as_portal("/par", &fields).await.text("request_uri")
            }
            Kind::Nonsense => "nonsense".to_owned(),
        }
    }

    /// What comes of it there: a status with its error, or the word for what it opened.
    async fn put(&self, place: Place, value: &str) -> String {
        let app = self.app;
        let posted = async |fields: &[(&str, &str)]| {
            let answer = app.post_as_portal("/token", fields).await;
            if answer.status == StatusCode::OK { "OPENS".to_owned() } else { format!("{:?}", answer.refusal()) }
        };
        match place {
            Place::CodeGrant => {
                let fields = [
                    ("grant_type", "authorization_code"),
                    ("code", value),
                    ("redirect_uri", CALLBACK),
                    ("code_verifier", VERIFIER),
                ];
                posted(&fields).await
            }
            Place::RefreshGrant => posted(&[("grant_type", "refresh_token"), ("refresh_token", value)]).await,
            Place::UserInfo => {
                let answer = app.get("/userinfo", &[("authorization", &format!("Bearer {value}"))]).await;
                if answer.status == StatusCode::OK { "OPENS".to_owned() } else { format!("{:?}", answer.refusal()) }
            }
            Place::Introspection => {
                let answer = app.post_as_portal("/introspect", &[("token", value)]).await;
                if answer.json()["active"] == true { "ACTIVE" } else { "inactive" }.to_owned()
            }
            Place::ClientAssertion => {
                let fields = [
                    ("grant_type", "client_credentials"),
                    ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                    ("client_assertion", value),
                ];
                let answer = app.post("/token", &[], &fields).await;
                app.at.clock.advance(dinhdanh::base::Span::minutes(1));
                format!("{:?}", answer.refusal())
            }
            Place::ClientSecret => {
                let fields = [("grant_type", "client_credentials"), ("client_id", PORTAL), ("client_secret", value)];
                let answer = app.post("/token", &[], &fields).await;
                app.at.clock.advance(dinhdanh::base::Span::minutes(1));
                format!("{:?}", answer.refusal())
            }
            Place::RequestUri => {
                let query = encoded(&[("client_id", PORTAL), ("request_uri", value)]);
                let answer = app.browser().get(&format!("/authorize?{query}")).await;
                self.page_or_redirect(answer.status, answer.header("location"))
            }
            Place::IdTokenHint => {
                let answer = app.browser().get(&authorize(&[("prompt", "none"), ("id_token_hint", value)])).await;
                self.page_or_redirect(answer.status, answer.header("location"))
            }
            Place::SessionCookie => self.cookie("dinhdanh-8080-session", "/account/password", value).await,
            Place::OperatorCookie => self.cookie("dinhdanh-8080-operator", "/console", value).await,
        }
    }

    #[expect(clippy::unused_self, reason = "it reads as one of the places")]
    fn page_or_redirect(&self, status: StatusCode, location: Option<&str>) -> String {
        match location {
            Some(to) if to.starts_with("/sign-in") => "OPENS".to_owned(),
            Some(to) => query_of(to).get("error").cloned().unwrap_or_else(|| "CODE".to_owned()),
            None => format!("page {}", status.as_u16()),
        }
    }

    async fn cookie(&self, name: &str, path: &str, value: &str) -> String {
        let mut browser = self.app.browser();
        browser.jar.insert(name.to_owned(), value.to_owned());
        if browser.get(path).await.status == StatusCode::OK { "OPENS" } else { "nobody" }.to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_opens_its_own_place_and_no_other() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let clerk = app.operator("canbo.thu", &[Role::Registrar], None).await;
        let case = Case { app: &app, holder: &holder, clerk: &clerk };
        let mut table = Table::of(PLACES.iter().map(|place| format!("{place:?}")));
        for kind in KINDS {
            let mut outcomes = Vec::new();
            for place in PLACES {
                let value = case.make(kind).await;
                outcomes.push(case.put(place, &value).await);
            }
            table.row(format!("{kind:?}"), outcomes);
        }
        insta::assert_snapshot!("each_kind_in_each_place", table.to_string());
    }
}
