//! What registration accepts, refuses and fills in.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{RegisteredBy::*, *};
use crate::{base::ids::ClientId, oidc::error::OAuthErrorCode};

/// The smallest web client, with other members laid over it.
fn metadata(over: &Value) -> Value {
    let mut map = Map::from_iter([("redirect_uris".to_owned(), json!(["https://rp.example/cb"]))]);
    for (field, value) in over.as_object().unwrap() {
        map.insert(field.clone(), value.clone());
    }
    Value::Object(map)
}

fn register(over: &Value, by: RegisteredBy) -> Result<Client, MetadataError> {
    Client::register(&metadata(over), by)
}

fn registered(over: &Value) -> Client {
    register(over, Operator).unwrap_or_else(|error| panic!("{over}: {error}"))
}

fn refused(over: &Value, by: RegisteredBy) -> (String, String) {
    let error = register(over, by).expect_err(&over.to_string());
    (error.field, error.reason.into_owned())
}

#[test]
fn defaults_hold_on_every_path() {
    for by in [Operator, ItSelf] {
        let client = register(&json!({}), by).unwrap();
        assert_eq!(client.id_token_alg, SigningAlg::Rs256);
        assert_eq!(client.auth.method, ClientAuthMethod::ClientSecretBasic);
        let audience = if by == Operator { AssertionAudience::Issuer } else { AssertionAudience::Any };
        assert_eq!(client.auth.assertion_audience, audience, "what OpenID Connect Core §9 tells a library to send");
        assert_eq!(client.grant_types, [GrantType::AuthorizationCode]);
        assert_eq!(client.application_type, ApplicationType::Web);
        assert_eq!(client.scopes, ScopeSet::standard());
        assert_eq!(client.rules.profile, Profile::Oidc);
        assert_eq!((client.rules.min_acr, client.rules.rp_class), (None, None));
        assert_eq!(client.metadata()["response_types"], json!(["code"]));
        assert!(!client.sign_in.require_auth_time && !client.logout.backchannel_logout_session_required);
        assert_eq!(client.is_verified(), by == Operator);
    }
}

#[test]
fn pkce_is_required_by_default_except_of_confidential_clients_that_register_themselves() {
    let public = json!({"token_endpoint_auth_method": "none"});
    assert!(register(&json!({}), Operator).unwrap().rules.require_pkce);
    assert!(!register(&json!({}), ItSelf).unwrap().rules.require_pkce);
    assert!(register(&public, Operator).unwrap().rules.require_pkce);
    assert!(register(&public, ItSelf).unwrap().rules.require_pkce);
    assert!(!register(&json!({"require_pkce": false}), Operator).unwrap().rules.require_pkce);
    let (field, _) = refused(&json!({"token_endpoint_auth_method": "none", "require_pkce": false}), Operator);
    assert_eq!(field, "require_pkce");
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn refusals_name_the_member() {
    for (over, field) in [
        (json!({"redirect_uris": []}), "redirect_uris"),
        (json!({"redirect_uris": null}), "redirect_uris"),
        (json!({"redirect_uris": "https://rp.example/cb"}), "redirect_uris"),
        (json!({"redirect_uris": ["https://rp.example/cb#x"]}), "redirect_uris"),
        (json!({"redirect_uris": ["http://rp.example/cb"]}), "redirect_uris"),
        (json!({"redirect_uris": ["vn.example.app:/cb"]}), "redirect_uris"),
        (json!({"redirect_uris": vec!["https://rp.example/cb"; 51]}), "redirect_uris"),
        (json!({"application_type": "desktop"}), "application_type"),
        (json!({"grant_types": []}), "grant_types"),
        (json!({"grant_types": ["implicit"]}), "grant_types"),
        (json!({"grant_types": ["password"]}), "grant_types"),
        (json!({"grant_types": ["refresh_token"]}), "grant_types"),
        (json!({"response_types": ["token"]}), "response_types"),
        (json!({"response_types": ["code id_token"]}), "response_types"),
        (json!({"response_types": []}), "response_types"),
        (json!({"grant_types": ["client_credentials"], "response_types": ["code"]}), "response_types"),
        (json!({"token_endpoint_auth_method": "client_secret_jwt"}), "token_endpoint_auth_method"),
        (
            json!({"token_endpoint_auth_method": "none", "grant_types": ["client_credentials"]}),
            "token_endpoint_auth_method",
        ),
        (json!({"token_endpoint_auth_method": "private_key_jwt"}), "jwks"),
        (json!({"jwks": {"keys": [{"kty": "oct", "k": "x"}]}}), "jwks"),
        (json!({"jwks_uri": "http://rp.example/jwks"}), "jwks_uri"),
        (json!({"jwks_uri": "https://rp.example/jwks", "jwks": {"keys": []}}), "jwks_uri"),
        (json!({"token_endpoint_auth_signing_alg": "none"}), "token_endpoint_auth_signing_alg"),
        (json!({"id_token_signed_response_alg": "none"}), "id_token_signed_response_alg"),
        (json!({"id_token_signed_response_alg": "HS256"}), "id_token_signed_response_alg"),
        (json!({"id_token_encrypted_response_alg": "RSA-OAEP"}), "id_token_encrypted_response_alg"),
        (json!({"id_token_encrypted_response_alg": "RSA1_5"}), "id_token_encrypted_response_alg"),
        (json!({"id_token_encrypted_response_alg": "ECDH-ES"}), "id_token_encrypted_response_alg"),
        (json!({"id_token_encrypted_response_enc": "A256GCM"}), "id_token_encrypted_response_enc"),
        (json!({"userinfo_signed_response_alg": "none"}), "userinfo_signed_response_alg"),
        (json!({"introspection_signed_response_alg": "HS256"}), "introspection_signed_response_alg"),
        (json!({"subject_type": "public"}), "subject_type"),
        (json!({"redirect_uris": ["https://a.example/", "https://b.example/"]}), "sector_identifier_uri"),
        (json!({"sector_identifier_uri": "http://rp.example/s"}), "sector_identifier_uri"),
        (json!({"scope": "a\"b"}), "scope"),
        (json!({"dpop_bound_access_tokens": "true"}), "dpop_bound_access_tokens"),
        (json!({"default_max_age": -1}), "default_max_age"),
        (json!({"default_max_age": "60"}), "default_max_age"),
        (json!({"require_auth_time": "true"}), "require_auth_time"),
        (json!({"default_acr_values": [1]}), "default_acr_values"),
        (json!({"initiate_login_uri": "http://rp.example/"}), "initiate_login_uri"),
        (json!({"post_logout_redirect_uris": ["http://rp.example/"]}), "post_logout_redirect_uris"),
        (json!({"backchannel_logout_uri": "https://rp.example/#x"}), "backchannel_logout_uri"),
        (json!({"backchannel_logout_uri": "ftp://rp.example/"}), "backchannel_logout_uri"),
        (json!({"frontchannel_logout_uri": "https://other.example/out"}), "frontchannel_logout_uri"),
        (json!({"frontchannel_logout_uri": "https://rp.example:8443/out"}), "frontchannel_logout_uri"),
        (json!({"frontchannel_logout_session_required": 1}), "frontchannel_logout_session_required"),
        (json!({"client_name": "a\u{202E}b"}), "client_name"),
        (json!({"logo_uri": "data:image/png;base64,xx"}), "logo_uri"),
        (json!({"profile": "fapi1-advanced"}), "profile"),
        (json!({"profile": "fapi2-security"}), "token_endpoint_auth_method"),
        (json!({"min_acr": 2}), "min_acr"),
        (json!({"min_acr": "urn:vn:xacthuc:9"}), "min_acr"),
        (json!({"scope_floors": {"vn_id": "high"}}), "scope_floors"),
        (json!({"scope_floors": ["vn_id"]}), "scope_floors"),
        (json!({"client_assertion_audience": "us"}), "client_assertion_audience"),
        (json!({"rp_class": "bank"}), "rp_class"),
        (json!({"userinfo_view": "any"}), "userinfo_view"),
    ] {
        assert_eq!(refused(&over, Operator).0, field, "{over}");
    }
    assert_eq!(Client::register(&json!([]), Operator).unwrap_err().field, "metadata");
}

#[test]
fn the_refusal_has_the_codes_of_rfc_7591() {
    let code = |over: &Value| register(over, ItSelf).unwrap_err().oauth().code;
    assert_eq!(code(&json!({"redirect_uris": ["http://rp.example/"]})), OAuthErrorCode::InvalidRedirectUri);
    assert_eq!(code(&json!({"subject_type": "public"})), OAuthErrorCode::InvalidClientMetadata);
    let error = register(&json!({"profile": "fapi3"}), Operator).unwrap_err();
    assert_eq!(
        error.oauth().description(),
        "profile does not support fapi3; supported: oidc, fapi2-security, fapi2-message-signing"
    );
}

#[test]
fn a_client_without_people_needs_no_redirect_uri() {
    let over = json!({"redirect_uris": null, "grant_types": ["client_credentials"], "scope": "registry.match"});
    let client = registered(&over);
    assert!(client.redirect_uris.is_empty() && client.scopes.contains("registry.match"));
    assert_eq!(client.metadata()["response_types"], json!([]));
    assert_eq!(client.sector(&ClientId::from("batch")), "client:batch");
}

#[test]
fn self_registration_sets_its_purpose_and_standard_scopes_only() {
    let client =
        register(&json!({"purpose#vi": "Nộp hồ sơ", "scope": "openid profile vn_id vn_sensitive"}), ItSelf).unwrap();
    assert_eq!(client.about.purpose.get("vi"), Some("Nộp hồ sơ"));
    assert_eq!(client.scopes.to_string(), "openid profile");
    assert!(!client.is_verified());
    assert_eq!(refused(&json!({"scope": "vn_id"}), ItSelf).0, "scope");
    for (field, value) in
        [("min_acr", json!("urn:vn:xacthuc:1")), ("rp_class", json!("state")), ("legal_basis", json!("x"))]
    {
        assert_eq!(refused(&json!({field: value}), ItSelf).0, field);
    }
    assert!(registered(&json!({"scope": "openid vn_id"})).scopes.contains("vn_id"));
}

#[test]
fn sectors() {
    let id = ClientId::from("c1");
    let sector = |over: &Value| registered(over).sector(&id);
    assert_eq!(sector(&json!({})), "rp.example");
    assert_eq!(sector(&json!({"redirect_uris": ["https://rp.example/a", "https://rp.example:8443/b"]})), "rp.example");
    assert_eq!(sector(&json!({"redirect_uris": ["http://dvcqg.localhost:8081/cb"]})), "dvcqg.localhost");
    let several = json!({
        "redirect_uris": ["https://a.example/", "https://b.example/"],
        "sector_identifier_uri": "https://sector.example/uris.json",
    });
    assert_eq!(sector(&several), "sector.example");
    let native = ["http://127.0.0.1/cb", "http://[::1]/cb", "vn.example.app:/cb"];
    assert_eq!(sector(&json!({"application_type": "native", "redirect_uris": native})), "client:c1");
    let claimed =
        json!({"application_type": "native", "redirect_uris": ["https://app.example/cb", "http://127.0.0.1/cb"]});
    assert_eq!(sector(&claimed), "app.example");

    let device = json!({"grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"]});
    assert_eq!(register(&device, ItSelf).unwrap().sector(&id), "client:c1", "nothing shows that the host is its own");
    assert_eq!(register(&device, Operator).unwrap().sector(&id), "rp.example");

    let client = registered(&several);
    let document = br#"["https://b.example/", "https://a.example/", "https://c.example/"]"#;
    assert!(client.check_sector_document(document).is_ok());
    for bad in [&br#"["https://a.example/"]"#[..], b"{}", b"", b"[1]"] {
        assert_eq!(client.check_sector_document(bad).unwrap_err().field, "sector_identifier_uri");
    }
    let moved = registered(&json!({"redirect_uris": ["https://other.example/"]}));
    assert_eq!(moved.check_keeps_sector(&registered(&json!({})), &id).unwrap_err().field, "redirect_uris");
    assert_eq!(client.check_keeps_sector(&registered(&json!({})), &id).unwrap_err().field, "sector_identifier_uri");
    assert!(registered(&json!({"client_name": "x"})).check_keeps_sector(&registered(&json!({})), &id).is_ok());
}

fn full() -> Value {
    json!({
        "client_name": "Portal", "client_name#vi": "Cổng Dịch vụ công",
        "purpose#vi": "Nộp hồ sơ", "purpose#en": "Submit a dossier",
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "jwks": {"keys": [{"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "kid": "1"}]},
        "id_token_signed_response_alg": "EdDSA",
        "scope": "openid profile offline_access vn_id",
        "dpop_bound_access_tokens": true,
        "id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": "A256GCM",
        "userinfo_signed_response_alg": "ES256", "userinfo_encrypted_response_alg": "RSA-OAEP-256",
        "introspection_signed_response_alg": "RS256",
        "default_max_age": 3600, "require_auth_time": true,
        "default_acr_values": ["urn:vn:xacthuc:2", "custom"],
        "initiate_login_uri": "https://rp.example/start",
        "post_logout_redirect_uris": ["https://rp.example/bye"],
        "backchannel_logout_uri": "https://rp.example/logout",
        "backchannel_logout_session_required": true,
        "frontchannel_logout_uri": "https://rp.example/out?x=1", "frontchannel_logout_session_required": true,
        "client_uri": "https://rp.example/", "logo_uri": "https://rp.example/logo.svg",
        "policy_uri#vi": "https://rp.example/policy#vi", "tos_uri": "https://rp.example/tos",
        "contacts": ["it@rp.example"], "agency": "G22", "legal_basis": "Decree 69/2024 Art 18",
        "software_id": "s", "software_version": "1",
        "require_pkce": false, "profile": "oidc", "min_acr": "LoA2",
        "scope_floors": {"vn_id": "urn:vn:xacthuc:3"},
        "client_assertion_audience": "endpoint", "rp_class": "via_provider", "userinfo_view": "vn_legacy",
        "unknown_member": {"ignored": true}, "client_id": "ignored here",
    })
}

#[test]
fn metadata_reads_back_to_the_same_client() {
    let client = registered(&full());
    assert_eq!(client.rules.min_acr, Some(AcrLevel::Two));
    assert_eq!(client.rules.scope_floors["vn_id"], AcrLevel::Three);
    assert!(client.asks_each_time() && client.may_use(GrantType::RefreshToken));
    assert!(
        client.matches_redirect_uri("https://rp.example/cb") && !client.matches_redirect_uri("https://rp.example/")
    );
    assert!(client.matches_post_logout_redirect_uri("https://rp.example/bye"));
    let printed = client.metadata();
    assert_eq!(Client::register(&printed, Operator).unwrap(), client);
    for field in full().as_object().unwrap().keys() {
        let known = !["unknown_member", "client_id"].contains(&field.as_str());
        assert_eq!(printed.get(field).is_some(), known, "{field}");
    }
    for (by, over) in
        [(Operator, json!({})), (ItSelf, json!({})), (ItSelf, json!({"token_endpoint_auth_method": "none"}))]
    {
        let client = register(&over, by).unwrap();
        assert_eq!(Client::register(&client.metadata(), by).unwrap(), client);
    }
}

#[test]
fn keys_come_from_one_place() {
    let by_uri =
        json!({"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://rp.example/jwks", "jwks": null});
    let client = registered(&by_uri);
    assert_eq!(client.keys, KeySource::Uri("https://rp.example/jwks".to_owned()));
    assert_eq!(client.metadata()["jwks_uri"], "https://rp.example/jwks");
    assert!(matches!(registered(&full()).keys, KeySource::Value(_)));
    assert_eq!(registered(&json!({})).keys, KeySource::None);
}

#[test]
fn given_ids_and_secrets() {
    for (id, fits) in [("portal-1", true), ("", false), ("a b", false), ("số", false), ("a\n", false)] {
        assert_eq!(check_given_id(id).is_ok(), fits, "{id:?}");
    }
    assert!(check_given_id(&"a".repeat(129)).is_err());
    for (length, fits) in [(31, false), (32, true), (256, true), (257, false)] {
        assert_eq!(check_given_secret(&"s".repeat(length)).is_ok(), fits, "{length}");
    }
    assert!(check_given_secret(&"mật khẩu ".repeat(10)).is_err());
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~]{0,20}".prop_map(Value::from),
        "https?://[a-z.]{1,10}/[ -~]{0,5}".prop_map(Value::from),
        prop_oneof![Just("none"), Just("ES256"), Just("code"), Just("native"), Just("refresh_token"), Just("openid")]
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z_]{1,8}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Any members with any values: an error or a client that reads back, never a panic.
    #[test]
    fn never_panics_and_reads_back(
        over in proptest::collection::btree_map(
            proptest::sample::select(full().as_object().unwrap().keys().cloned().collect::<Vec<_>>()), any_json(), 0..4),
        by in prop_oneof![Just(Operator), Just(ItSelf)],
    ) {
        let over = Value::Object(over.into_iter().collect());
        if let Ok(client) = register(&over, by) {
            prop_assert_eq!(Client::register(&client.metadata(), by).unwrap(), client);
        }
    }
}
