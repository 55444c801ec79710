//! What a client's signature says it was made by, with each type of key that is registered: an algorithm belongs to its keys
//! (RFC 8725 §2.1, §3.1), whatever the header says.

use dinhdanh::crypto::Alg;
use http::StatusCode;
use serde_json::{Value, json};

use super::Table;
use crate::support::{
    app::{CALLBACK, ISSUER, PORTAL_SECRET, TestApp, authorize, challenge, query_of},
    signer::{Signer, assertion_claims},
};

const CLAIMED: [&str; 9] = ["RS256", "PS256", "ES256", "EdDSA", "ES384", "RS512", "HS256", "none", "rs256"];

/// A key as it is registered; the same RSA key for both of its algorithms, and for one where the key says so.
const KEYS: [(&str, Alg, Option<&str>); 5] = [
    ("RSA", Alg::Rs256, None),
    ("RSA with alg PS256", Alg::Ps256, Some("PS256")),
    ("P-256", Alg::Es256, None),
    ("Ed25519", Alg::EdDsa, None),
    ("P-256 with use enc", Alg::Es256, Some("enc")),
];

#[derive(Clone, Copy, Debug)]
enum Signed {
    Assertion,
    RequestObject,
}

fn registered(signer: &Signer, said: Option<&str>) -> Value {
    let mut jwk = signer.jwk();
    match said {
        Some("enc") => jwk["use"] = "enc".into(),
        Some(alg) => jwk["alg"] = alg.into(),
        None => {}
    }
    // A second key, so that a set is never empty of keys that verify.
    json!({ "keys": [jwk, Signer::of(Alg::EdDsa, "other").jwk()] })
}

async fn outcome(app: &TestApp, client: &str, signer: &Signer, claimed: &str, what: Signed, jti: &str) -> String {
    let header = json!({ "alg": claimed, "kid": "k1" });
    match what {
        Signed::Assertion => {
            let jwt = signer.jws(&header, &assertion_claims(client, ISSUER, jti, app.at.now()));
            let fields = [
                ("grant_type", "client_credentials"),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", jwt.as_str()),
            ];
            let answer = app.post("/token", &[], &fields).await;
            if answer.status == StatusCode::OK { "OPENS".to_owned() } else { format!("{:?}", answer.refusal()) }
        }
        Signed::RequestObject => {
            let claims = json!({
                "iss": client, "aud": ISSUER, "client_id": client, "response_type": "code", "redirect_uri": CALLBACK,
                "scope": "openid", "code_challenge": challenge(), "code_challenge_method": "S256",
            });
            let jwt = signer.jws(&header, &claims);
            let answer = app.browser().get(&authorize(&[("client_id", client), ("request", &jwt)])).await;
            match answer.header("location") {
                Some(to) if to.starts_with('/') => "OPENS".to_owned(),
                Some(to) => query_of(to)["error"].clone(),
                None => format!("page {}", answer.status.as_u16()),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_algorithm_is_its_keys_alone() {
    let app = TestApp::sqlite().await;
    let mut table = Table::of(CLAIMED.map(str::to_owned));
    for (number, (name, alg, said)) in KEYS.into_iter().enumerate() {
        let signer = Signer::of(alg, "k1");
        for what in [Signed::Assertion, Signed::RequestObject] {
            let client = format!("client-{number}-{what:?}");
            let mut metadata = json!({
                "redirect_uris": [CALLBACK], "grant_types": ["authorization_code", "client_credentials"],
                "jwks": registered(&signer, said),
            });
            if matches!(what, Signed::Assertion) {
                metadata["token_endpoint_auth_method"] = "private_key_jwt".into();
            }
            let secret = matches!(what, Signed::RequestObject).then_some(PORTAL_SECRET);
            app.add_client(&client, secret, metadata).await;
            app.at.clock.advance(dinhdanh::base::Span::minutes(1));
            let mut outcomes = Vec::new();
            for claimed in CLAIMED {
                outcomes.push(outcome(&app, &client, &signer, claimed, what, claimed).await);
            }
            table.row(format!("{name}, {what:?}"), outcomes);
        }
    }
    insta::assert_snapshot!("each_algorithm_with_each_key", table.to_string());
}
