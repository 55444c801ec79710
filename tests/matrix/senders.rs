//! To what a client's tokens are bound, by what it shows: each grant with each (RFC 9449 §5, RFC 8705 §3).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use dinhdanh::crypto::digest::sha256;
use http::StatusCode;
use serde_json::{Value, json};

use super::Table;
use crate::support::{
    app::{Answer, CALLBACK, Holder, ISSUER, TestApp, VERIFIER, authorize, basic, payload, query_of},
    certificates::{ClientCert, authority},
    database::TestDb,
    elsewhere::{self, CIBA, DEVICE},
    people::NUMBER,
    signer::Signer,
};

const SECRET: &str = "sender-secret-sender-secret-sender-secret";

/// What the registration demands.
const RULES: [(&str, Option<&str>); 3] = [
    ("nothing demanded", None),
    ("DPoP demanded", Some("dpop_bound_access_tokens")),
    ("certificate demanded", Some("tls_client_certificate_bound_access_tokens")),
];

/// What is shown with the token request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Nothing,
    Proof,
    Certificate,
    Both,
}

const SHOWN: [Shown; 4] = [Shown::Nothing, Shown::Proof, Shown::Certificate, Shown::Both];

const GRANTS: [&str; 5] = ["client_credentials", "authorization_code", "refresh_token", DEVICE, CIBA];

struct Sender<'a> {
    app: &'a TestApp,
    holder: &'a Holder,
    key: Signer,
    certificate: ClientCert,
    made: std::cell::Cell<u32>,
}

impl Sender<'_> {
    fn proof(&self, method: &str, path: &str, token: Option<&str>) -> String {
        self.made.set(self.made.get() + 1);
        let mut claims = json!({
            "htm": method, "htu": format!("{ISSUER}{path}"), "iat": self.app.at.now().secs(),
            "jti": self.made.get().to_string(),
        });
        if let Some(token) = token {
            claims["ath"] = URL_SAFE_NO_PAD.encode(sha256(token.as_bytes()).as_bytes()).into();
        }
        self.key.proof(&claims)
    }

    async fn token(&self, client: &str, shown: Shown, fields: &[(&str, &str)]) -> Answer {
        let (credentials, proof) = (basic(client, SECRET), self.proof("POST", "/token", None));
        let certificate = self.certificate.header();
        let mut headers = vec![("authorization", credentials.as_str())];
        if matches!(shown, Shown::Proof | Shown::Both) {
            headers.push(("dpop", &proof));
        }
        if matches!(shown, Shown::Certificate | Shown::Both) {
            headers.push(("client-cert", &certificate));
        }
        self.app.post_by_proxy("/token", &headers, fields).await
    }

    async fn code(&self, client: &str) -> String {
        let back = self.app.browser().walk(&authorize(&[("client_id", client)]), self.holder).await;
        query_of(&back).remove("code").unwrap()
    }

    async fn by(&self, client: &str, grant: &str, shown: Shown) -> Answer {
        let with_code = |code: String| {
            [
                ("grant_type", "authorization_code".to_owned()),
                ("code", code),
                ("redirect_uri", CALLBACK.to_owned()),
                ("code_verifier", VERIFIER.to_owned()),
            ]
        };
        let texts = |fields: &[(&'static str, String)]| -> Vec<(&'static str, String)> { fields.to_vec() };
        let fields = match grant {
            "client_credentials" => texts(&[("grant_type", grant.to_owned())]),
            "authorization_code" => texts(&with_code(self.code(client).await)),
            "refresh_token" => {
                let first = texts(&with_code(self.code(client).await));
                let first: Vec<_> = first.iter().map(|(name, value)| (*name, value.as_str())).collect();
                let tokens = self.token(client, Shown::Both, &first).await;
                texts(&[("grant_type", grant.to_owned()), ("refresh_token", tokens.text("refresh_token"))])
            }
            _ => {
                let (path, handle) = match grant {
                    DEVICE => ("/device_authorization", "device_code"),
                    _ => ("/backchannel_authentication", "auth_req_id"),
                };
                let credentials = basic(client, SECRET);
                let asked = [("scope", "openid"), ("login_hint", NUMBER)];
                let begun = self.app.post(path, &[("authorization", &credentials)], &asked).await;
                elsewhere::approve(self.app, self.holder, &begun).await;
                texts(&[("grant_type", grant.to_owned()), (handle, begun.text(handle))])
            }
        };
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.token(client, shown, &fields).await
    }

    /// What the token is bound to, and that it opens nothing for who has the token alone.
    async fn bound(&self, answer: &Answer) -> String {
        if answer.status != StatusCode::OK {
            return format!("{:?}", answer.refusal());
        }
        let token = answer.text("access_token");
        let claims = payload(&token);
        let names: Vec<&str> =
            ["jkt", "x5t#S256"].into_iter().filter(|name| claims["cnf"].get(*name).is_some()).collect();
        let stolen = self.app.get("/userinfo", &[("authorization", &format!("Bearer {token}"))]).await;
        let alone = match stolen.status {
            StatusCode::OK => "OPENS ALONE",
            StatusCode::FORBIDDEN => "no openid",
            _ => "not alone",
        };
        assert_eq!(names.contains(&"jkt"), answer.text("token_type") == "DPoP");
        if names.is_empty() { format!("bearer, {alone}") } else { format!("{}, {alone}", names.join(" ")) }
    }
}

fn metadata(demanded: Option<&str>) -> Value {
    let mut all = json!({
        "client_name#vi": "Cổng ràng buộc", "purpose#vi": "Để thử", "redirect_uris": [CALLBACK], "scope": "openid profile",
        "grant_types": ["authorization_code", "refresh_token", "client_credentials", DEVICE, CIBA],
        "backchannel_token_delivery_mode": "poll",
    });
    if let Some(member) = demanded {
        all[member] = true.into();
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_demanded_binds_on_every_grant() {
    let mut tables = Vec::new();
    for test in TestDb::each().await {
        let app = TestApp::with(test, |settings| settings.dpop_nonce_required = false).await;
        let holder = app.holder().await;
        let certificate = authority().client("sender");
        let sender =
            Sender { app: &app, holder: &holder, key: Signer::new(""), certificate, made: std::cell::Cell::new(0) };
        let mut table = Table::of(GRANTS.map(str::to_owned));
        for (number, (rule, demanded)) in RULES.into_iter().enumerate() {
            let client = format!("sender-{number}");
            app.add_client(&client, Some(SECRET), metadata(demanded)).await;
            for shown in SHOWN {
                let mut outcomes = Vec::new();
                for grant in GRANTS {
                    outcomes.push(sender.bound(&sender.by(&client, grant, shown).await).await);
                }
                table.row(format!("{rule}, {shown:?} shown"), outcomes);
            }
        }
        tables.push(table.to_string());
    }
    assert_eq!(tables[0], tables[1], "the engines disagree");
    insta::assert_snapshot!("each_sender_on_each_grant", tables[0]);
}
