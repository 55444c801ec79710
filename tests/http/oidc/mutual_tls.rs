//! Clients known by their certificates, and tokens bound to them (RFC 8705), through a proxy that passes certificates on.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use dinhdanh::crypto::digest::sha256;
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    app::{Answer, CALLBACK, PORTAL_SECRET, TestApp, VERIFIER, authorize, basic, payload, query_of},
    certificates::{Authority, ClientCert, authority, self_signed},
};

const BANK: &str = "bank";
const OWN: &[(&str, &str)] = &[("grant_type", "client_credentials"), ("client_id", BANK)];

async fn add(app: &TestApp, over: &Value) {
    let mut metadata = json!({ "grant_types": ["client_credentials"], "scope": "reports:read" });
    metadata.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
    app.add_client(BANK, None, metadata).await;
}

async fn ask(app: &TestApp, certificate: &ClientCert) -> Answer {
    app.post_by_proxy("/token", &[("client-cert", &certificate.header())], OWN).await
}

fn thumbprint(certificate: &ClientCert) -> String {
    URL_SAFE_NO_PAD.encode(sha256(&certificate.der).as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_known_by_the_registered_name_that_a_believed_authority_vouches_for() {
    for app in TestApp::each().await {
        let name = json!({ "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=bank,O=Thử,C=VN" });
        add(&app, &name).await;
        let certificate = authority().client("bank");
        let issued = ask(&app, &certificate).await;
        assert_eq!(issued.status, StatusCode::OK, "{}", issued.body);
        // Not asked for, so not bound (§3.4).
        assert!(payload(&issued.text("access_token")).get("cnf").is_none());
        let refused = (401, "invalid_client".to_owned());
        assert_eq!(ask(&app, &authority().client("another")).await.refusal(), refused);
        assert_eq!(ask(&app, &self_signed("bank")).await.refusal(), refused);
        assert_eq!(ask(&app, &Authority::new().client("bank")).await.refusal(), refused);
        assert_eq!(app.post_by_proxy("/token", &[], OWN).await.refusal(), refused);
        // The header from anybody but the proxy is taken away.
        let direct = app.post("/token", &[("client-cert", &certificate.header())], OWN).await;
        assert_eq!(direct.refusal(), refused);
        for broken in ["", "::", ":AAAA:", &certificate.header()[1..]] {
            assert_eq!(
                app.post_by_proxy("/token", &[("client-cert", broken)], OWN).await.refusal(),
                refused,
                "{broken}"
            );
        }
        let twice = certificate.header();
        let twice = [("client-cert", twice.as_str()), ("client-cert", twice.as_str())];
        assert_eq!(app.post_by_proxy("/token", &twice, OWN).await.refusal(), refused);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_name_can_be_the_registered_one() {
    let app = TestApp::sqlite().await;
    let certificate = authority().client("bank");
    for (number, (member, value, good)) in [
        ("tls_client_auth_san_dns", "bank.example", true),
        ("tls_client_auth_san_dns", "example", false),
        ("tls_client_auth_san_uri", "https://bank.example", false),
        ("tls_client_auth_san_ip", "192.0.2.1", false),
        ("tls_client_auth_san_email", "it@bank.example", false),
        ("tls_client_auth_subject_dn", "cn=BANK, o=thử, c=vn", true),
        ("tls_client_auth_subject_dn", "CN=bank", false),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("{BANK}-{number}");
        let metadata = json!({
            "grant_types": ["client_credentials"], "scope": "reports:read",
            "token_endpoint_auth_method": "tls_client_auth", member: value,
        });
        app.add_client(&id, None, metadata).await;
        let fields = [("grant_type", "client_credentials"), ("client_id", id.as_str())];
        let answer = app.post_by_proxy("/token", &[("client-cert", &certificate.header())], &fields).await;
        assert_eq!(answer.status == StatusCode::OK, good, "{member} {value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_self_signed_certificate_is_good_when_its_key_is_registered() {
    let app = TestApp::sqlite().await;
    let (own, other) = (self_signed("bank"), self_signed("bank"));
    let point = own.key.public_key_raw();
    let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": b64(&point[1..33]), "y": b64(&point[33..]) });
    add(&app, &json!({ "token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": { "keys": [jwk] } })).await;
    assert_eq!(ask(&app, &own).await.status, StatusCode::OK);
    assert_eq!(ask(&app, &other).await.refusal(), (401, "invalid_client".to_owned()));
    assert_eq!(ask(&app, &authority().client("bank")).await.refusal(), (401, "invalid_client".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_token_is_worth_nothing_over_another_connection() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let metadata = json!({
            "client_name#vi": "Ngân hàng", "purpose#vi": "Để thử", "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token"], "scope": "openid profile",
            "tls_client_certificate_bound_access_tokens": true,
        });
        app.add_client(BANK, Some(PORTAL_SECRET), metadata).await;
        let (own, stolen) = (authority().client("bank"), authority().client("thief"));
        let back = app.browser().walk(&authorize(&[("client_id", BANK)]), &holder).await;
        let code = query_of(&back).remove("code").unwrap();
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let credentials = basic(BANK, PORTAL_SECRET);
        let without = app.post_by_proxy("/token", &[("authorization", &credentials)], &fields).await;
        assert_eq!(without.refusal(), (400, "invalid_request".to_owned()));
        let headers = [("authorization", credentials.as_str()), ("client-cert", &own.header())];
        let tokens = app.post_by_proxy("/token", &headers, &fields).await;
        assert_eq!(tokens.text("token_type"), "Bearer", "{}", tokens.body);
        let token = tokens.text("access_token");
        assert_eq!(payload(&token)["cnf"], json!({ "x5t#S256": thumbprint(&own) }));

        let open = async |certificate: Option<&ClientCert>| {
            let header = certificate.map(ClientCert::header);
            let bearer = format!("Bearer {token}");
            let mut headers = vec![("authorization", bearer.as_str())];
            headers.extend(header.as_deref().map(|header| ("client-cert", header)));
            app.post_by_proxy("/userinfo", &headers, &[]).await
        };
        assert_eq!(open(Some(&own)).await.status, StatusCode::OK);
        assert_eq!(open(Some(&stolen)).await.refusal(), (401, "invalid_token".to_owned()));
        assert_eq!(open(None).await.refusal(), (401, "invalid_token".to_owned()));
        let introspected = app.post_by_proxy("/introspect", &headers, &[("token", &token)]).await.json();
        assert_eq!(introspected["cnf"]["x5t#S256"], thumbprint(&own));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_offers_what_the_deployment_can_do() {
    let app = TestApp::sqlite().await;
    let document = app.get("/.well-known/openid-configuration", &[]).await.json();
    let methods = document["token_endpoint_auth_methods_supported"].as_array().unwrap();
    assert!(methods.contains(&json!("tls_client_auth")) && methods.contains(&json!("self_signed_tls_client_auth")));
    assert_eq!(document["tls_client_certificate_bound_access_tokens"], true);
    assert!(document.get("mtls_endpoint_aliases").is_none(), "no TLS is ended here");
}
