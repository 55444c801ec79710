//! Ways of the answer: query, fragment, form, and each of them signed (JARM).

use dinhdanh::{crypto::ParsedJwks, oidc::params::Params};
use serde_json::{Value, json};

use crate::support::app::{CALLBACK, ISSUER, PORTAL, PORTAL_SECRET, TestApp, authorize, hidden, payload, query_of};

/// The parameters after `#`.
fn fragment_of(url: &str) -> Params {
    Params::parse(url.split_once('#').expect("no fragment").1.as_bytes()).unwrap()
}

/// The `response` of an answer in this mode.
async fn response(app: &TestApp, mode: &str, more: &[(&str, &str)]) -> String {
    let mut asked = vec![("response_mode", mode)];
    asked.extend(more);
    let answer = app.browser().get(&authorize(&asked)).await;
    match mode {
        "form_post.jwt" => {
            assert!(hidden(&answer.body, "code").is_none() && hidden(&answer.body, "state").is_none());
            hidden(&answer.body, "response").unwrap_or_else(|| panic!("no response: {}", answer.body))
        }
        "fragment.jwt" => {
            let params = fragment_of(answer.location());
            assert_eq!(params.iter().count(), 1);
            params.one("response").unwrap().unwrap().to_owned()
        }
        _ => {
            let mut query = query_of(answer.location());
            let jwt = query.remove("response").unwrap_or_else(|| panic!("no response: {}", answer.location()));
            assert!(query.is_empty(), "only the response travels: {query:?}");
            jwt
        }
    }
}

fn header_of(jwt: &str) -> Value {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    serde_json::from_slice(&engine.decode(jwt.split('.').next().unwrap()).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_answer_is_for_one_client_and_a_short_time() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        for mode in ["jwt", "query.jwt", "fragment.jwt"] {
            let back = app.browser().walk(&authorize(&[("response_mode", mode), ("state", "s")]), &holder).await;
            let jwt = match mode {
                "fragment.jwt" => fragment_of(&back).one("response").unwrap().unwrap().to_owned(),
                _ => query_of(&back).remove("response").unwrap(),
            };
            let header = header_of(&jwt);
            assert_eq!(header["alg"], "RS256", "the default (JARM section 3)");
            let keys = ParsedJwks::parse(app.get("/jwks", &[]).await.body.as_bytes()).unwrap();
            let unverified = dinhdanh::crypto::Unverified::parse(&jwt, dinhdanh::crypto::HeaderKey::Refused).unwrap();
            let expect = dinhdanh::crypto::Expect {
                algs: &[dinhdanh::crypto::Alg::Rs256],
                typ: dinhdanh::crypto::TypRule::Required(&["JWT"]),
            };
            let claims = unverified.verify(&keys, &expect).unwrap();
            assert_eq!((claims["iss"].as_str(), claims["aud"].as_str()), (Some(ISSUER), Some(PORTAL)));
            assert_eq!(claims["state"], "s");
            assert_eq!(claims["exp"], app.at.now().secs() + 300);
            assert_eq!(app.redeem(claims["code"].as_str().unwrap()).await.status, 200, "{mode}");
            // RFC 8725 §3.11: it is no other kind of token.
            let as_hint = app.browser().get(&authorize(&[("id_token_hint", &jwt), ("prompt", "none")])).await;
            assert_eq!(query_of(as_hint.location())["error"], "login_required");
            let bearer = format!("Bearer {jwt}");
            assert_eq!(app.get("/userinfo", &[("authorization", &bearer)]).await.refusal().0, 401);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_signed_too_and_by_the_registered_algorithm() {
    for app in TestApp::each().await {
        for mode in ["jwt", "query.jwt", "fragment.jwt", "form_post.jwt"] {
            let claims = payload(&response(&app, mode, &[("prompt", "none"), ("state", "s")]).await);
            let told = (&claims["error"], &claims["state"], &claims["iss"], &claims["aud"]);
            assert_eq!(told, (&json!("login_required"), &json!("s"), &json!(ISSUER), &json!(PORTAL)), "{mode}");
            // A refusal of the checks, before there is an interaction.
            let claims = payload(&response(&app, mode, &[("max_age", "x")]).await);
            assert_eq!(claims["error"], "invalid_request");
        }
        let metadata = json!({
            "redirect_uris": ["https://es.example/cb"], "authorization_signed_response_alg": "ES256",
        });
        app.add_client("es", Some(PORTAL_SECRET), metadata).await;
        let of_es = [("client_id", "es"), ("redirect_uri", "https://es.example/cb"), ("prompt", "none")];
        assert_eq!(header_of(&response(&app, "jwt", &of_es).await)["alg"], "ES256");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fragment_carries_what_the_query_would() {
    let app = TestApp::sqlite().await;
    let holder = app.holder().await;
    let back = app.browser().walk(&authorize(&[("response_mode", "fragment")]), &holder).await;
    assert!(back.starts_with(&format!("{CALLBACK}#")), "{back}");
    let params = fragment_of(&back);
    assert_eq!((params.one("state").unwrap(), params.one("iss").unwrap()), (Some("a state"), Some(ISSUER)));
    assert_eq!(app.redeem(params.one("code").unwrap().unwrap()).await.status, 200);
    let refused = app.browser().get(&authorize(&[("response_mode", "web_message")])).await;
    assert_eq!(query_of(refused.location())["error"], "invalid_request");
}
