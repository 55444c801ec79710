//! The other way round: of everything that somebody might try, exactly what discovery lists is taken.

use dinhdanh::oidc::{endpoints, scope::SCOPES};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::Promises;
use crate::support::{
    app::{CALLBACK, ISSUER, TestApp, authorize, basic, query_of},
    database::TestDb,
    signer::Signer,
};

const SIGNING: [&str; 14] = [
    "none", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "ES256", "ES384", "ES512", "EdDSA",
    "ES256K",
];
const WRAPPING: [&str; 11] = [
    "RSA1_5",
    "RSA-OAEP",
    "RSA-OAEP-256",
    "ECDH-ES",
    "ECDH-ES+A128KW",
    "ECDH-ES+A192KW",
    "ECDH-ES+A256KW",
    "dir",
    "A128KW",
    "A256KW",
    "PBES2-HS256+A128KW",
];
const CONTENT: [&str; 6] = ["A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512", "A128GCM", "A192GCM", "A256GCM"];

/// Metadata members with the list of discovery that says what they may be, and what is tried.
const MEMBERS: [(&str, &str, &[&str]); 20] = [
    ("id_token_signed_response_alg", "id_token_signing_alg_values_supported", &SIGNING),
    ("userinfo_signed_response_alg", "userinfo_signing_alg_values_supported", &SIGNING),
    ("introspection_signed_response_alg", "introspection_signing_alg_values_supported", &SIGNING),
    ("authorization_signed_response_alg", "authorization_signing_alg_values_supported", &SIGNING),
    ("request_object_signing_alg", "request_object_signing_alg_values_supported", &SIGNING),
    ("token_endpoint_auth_signing_alg", "token_endpoint_auth_signing_alg_values_supported", &SIGNING),
    (
        "backchannel_authentication_request_signing_alg",
        "backchannel_authentication_request_signing_alg_values_supported",
        &SIGNING,
    ),
    ("id_token_encrypted_response_alg", "id_token_encryption_alg_values_supported", &WRAPPING),
    ("userinfo_encrypted_response_alg", "userinfo_encryption_alg_values_supported", &WRAPPING),
    ("introspection_encrypted_response_alg", "introspection_encryption_alg_values_supported", &WRAPPING),
    ("id_token_encrypted_response_enc", "id_token_encryption_enc_values_supported", &CONTENT),
    ("userinfo_encrypted_response_enc", "userinfo_encryption_enc_values_supported", &CONTENT),
    ("introspection_encrypted_response_enc", "introspection_encryption_enc_values_supported", &CONTENT),
    ("authorization_encrypted_response_alg", "authorization_encryption_alg_values_supported", &WRAPPING),
    ("authorization_encrypted_response_enc", "authorization_encryption_enc_values_supported", &CONTENT),
    ("request_object_encryption_alg", "request_object_encryption_alg_values_supported", &WRAPPING),
    ("request_object_encryption_enc", "request_object_encryption_enc_values_supported", &CONTENT),
    (
        "token_endpoint_auth_method",
        "token_endpoint_auth_methods_supported",
        &["none", "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "bearer"],
    ),
    ("subject_type", "subject_types_supported", &["pairwise", "public"]),
    (
        "backchannel_token_delivery_mode",
        "backchannel_token_delivery_modes_supported",
        &["poll", "ping", "push", "pull"],
    ),
];

impl Promises<'_> {
    /// What has no member in the document has no values.
    fn lists(&self, member: &str, value: &str) -> bool {
        self.document[member].as_array().is_some_and(|values| values.contains(&json!(value)))
    }

    async fn registers(&self, member: &str, value: &str, keys: &Value) -> bool {
        let mut metadata = json!({ "redirect_uris": [CALLBACK], "jwks": keys, member: value });
        if let Some(what) = member.strip_suffix("_encrypted_response_enc") {
            metadata[format!("{what}_encrypted_response_alg")] = "ECDH-ES".into();
        }
        if member == "request_object_encryption_enc" {
            metadata["request_object_encryption_alg"] = "ECDH-ES".into();
        }
        if member.starts_with("backchannel_") {
            metadata["grant_types"] = json!(["authorization_code", "urn:openid:params:grant-type:ciba"]);
            metadata["backchannel_client_notification_endpoint"] = "https://portal.example/n".into();
            if member != "backchannel_token_delivery_mode" {
                metadata["backchannel_token_delivery_mode"] = "poll".into();
            }
        }
        let answer = self.app.json(Method::POST, "/clients", None, Some(&metadata)).await;
        assert!(matches!(answer.status.as_u16(), 201 | 400), "{member}={value}: {}", answer.body);
        answer.status == StatusCode::CREATED
    }
}

/// Keys of every kind, to verify by and to encrypt to.
fn keys() -> Value {
    use dinhdanh::{
        crypto::{Alg, jwe::DecryptionKey},
        oidc::encryption::KeyAlg,
    };
    let to = [KeyAlg::RsaOaep256, KeyAlg::EcdhEs].map(|alg| {
        let mut members = DecryptionKey::generate(alg).unwrap().public().members();
        members.insert("use".to_owned(), "enc".into());
        Value::Object(members)
    });
    let by =
        [(Alg::Rs256, "rsa"), (Alg::Es256, "ec"), (Alg::EdDsa, "okp")].map(|(alg, kid)| Signer::of(alg, kid).jwk());
    json!({ "keys": to.into_iter().chain(by).collect::<Vec<_>>() })
}

/// With keys for two algorithms alone: the others are not listed, and not registered.
#[tokio::test(flavor = "multi_thread")]
async fn what_registers_is_listed_and_what_is_listed_registers() {
    let app = TestApp::with(TestDb::sqlite().await, super::settings).await;
    let holder = app.holder().await;
    let (promises, keys) = (Promises::new(&app, &holder).await, keys());
    assert_eq!(promises.list("id_token_signing_alg_values_supported"), ["RS256", "ES256"]);
    for (member, list, values) in MEMBERS {
        for value in values {
            assert_eq!(promises.registers(member, value, &keys).await, promises.lists(list, value), "{member}={value}");
        }
        // And nothing is listed that is not among them.
        let listed = promises.document[list].as_array().cloned().unwrap_or_default();
        let certificates = ["tls_client_auth", "self_signed_tls_client_auth"];
        for value in listed.iter().map(|value| value.as_str().unwrap()) {
            assert!(values.contains(&value) || certificates.contains(&value), "nobody tries {member}={value}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_answered_is_listed() {
    let app = TestApp::with(TestDb::sqlite().await, super::settings).await;
    let holder = app.holder().await;
    let mut promises = Promises::new(&app, &holder).await;
    for grant in [
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:openid:params:grant-type:ciba",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:saml2-bearer",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:openid:params:grant-type:native_sso",
    ] {
        let answer = app.post_as_portal("/token", &[("grant_type", grant)]).await;
        let known = answer.status == StatusCode::OK || answer.error() != "unsupported_grant_type";
        assert_eq!(known, promises.lists("grant_types_supported", grant), "{grant}: {}", answer.body);
    }
    let client = promises.client(&json!({})).await;
    let mut taken = async |name: &str, value: &str| {
        let answer = promises.browser.get(&authorize(&[("client_id", &client), (name, value)])).await;
        match answer.header("location") {
            Some(to) if to.starts_with('/') => true,
            Some(to) => {
                let to = to.replacen('#', "?", 1);
                !query_of(&to).contains_key("error")
            }
            // A form that carries the answer, or a page that says what is wrong.
            None => answer.status == StatusCode::OK && !answer.body.contains("name=\"error\""),
        }
    };
    let mut seen = Vec::new();
    for (list, name, values) in [
        ("response_types_supported", "response_type", &["code", "token", "id_token", "code id_token", "none"][..]),
        (
            "response_modes_supported",
            "response_mode",
            &["query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt", "web_message"],
        ),
        ("code_challenge_methods_supported", "code_challenge_method", &["S256", "plain", "S512"]),
        ("prompt_values_supported", "prompt", &["login", "consent", "select_account", "create"]),
    ] {
        for value in values {
            seen.push((list, *value, taken(name, value).await));
        }
    }
    for (list, value, works) in seen {
        assert_eq!(works, promises.lists(list, value), "{list} {value}");
    }
    for scope in SCOPES {
        let client = promises.client(&json!({ "scope": format!("openid offline_access {}", scope.name) })).await;
        let asked = format!("openid {}", scope.name);
        let tokens = promises.tokens(&client, &[("scope", &asked), ("prompt", "consent")]).await;
        let granted = tokens.text("scope").split(' ').any(|own| own == scope.name);
        // The register of births has no source yet: the scope is known, and gives nothing.
        assert!(!promises.lists("scopes_supported", scope.name) || granted, "{}", scope.name);
    }
}

/// Every path that answers is an address of the document.
#[tokio::test(flavor = "multi_thread")]
async fn every_endpoint_is_named() {
    let app = TestApp::with(TestDb::sqlite().await, super::settings).await;
    let holder = app.holder().await;
    let promises = Promises::new(&app, &holder).await;
    let addresses: Vec<&str> = promises.document.as_object().unwrap().values().filter_map(Value::as_str).collect();
    for path in [
        endpoints::AUTHORIZE,
        endpoints::PAR,
        endpoints::TOKEN,
        endpoints::USERINFO,
        endpoints::JWKS,
        endpoints::REVOKE,
        endpoints::BACKCHANNEL_AUTHENTICATION,
        endpoints::DEVICE_AUTHORIZATION,
        endpoints::INTROSPECT,
        endpoints::LOGOUT,
        endpoints::REGISTRATION,
    ] {
        assert!(addresses.contains(&format!("{ISSUER}{path}").as_str()), "{path} is named nowhere");
    }
    // Without https the frame for scripts is neither there nor named.
    assert!(!addresses.iter().any(|address| address.ends_with(endpoints::CHECK_SESSION)));
    let off = TestApp::sqlite().await;
    let document = super::document(&off).await;
    assert!(document.get("registration_endpoint").is_none());
    let metadata = json!({ "redirect_uris": [CALLBACK] });
    assert_eq!(off.json(Method::POST, "/clients", None, Some(&metadata)).await.status, StatusCode::FORBIDDEN);
    let by_basic = off.post("/token", &[("authorization", &basic("x", "y"))], &[]).await;
    assert_eq!(by_basic.status, StatusCode::UNAUTHORIZED);
}
