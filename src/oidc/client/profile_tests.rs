use serde_json::{Map, Value, json};

use super::*;
use crate::oidc::client::RegisteredBy;

/// A client that keeps to either profile, with other members laid over it.
fn register(profile: &str, over: &Value) -> Result<Client, MetadataError> {
    let metadata = json!({
        "redirect_uris": ["https://bank.example/cb"], "profile": profile,
        "token_endpoint_auth_method": "private_key_jwt", "id_token_signed_response_alg": "PS256",
        "dpop_bound_access_tokens": true,
        "jwks": {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "a"}]},
    });
    let mut members: Map<String, Value> = metadata.as_object().unwrap().clone();
    members.extend(over.as_object().unwrap().clone());
    Client::register(&Value::Object(members), RegisteredBy::Operator)
}

const CODE: &str = "authorization_code";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const CIBA: &str = "urn:openid:params:grant-type:ciba";
const SIGNED: &str = "backchannel_authentication_request_signing_alg";

fn with(one: &Value, over: &Value) -> Value {
    let mut all = one.as_object().unwrap().clone();
    all.extend(over.as_object().unwrap().clone());
    Value::Object(all)
}

#[test]
fn a_profile_fills_in_what_it_demands() {
    let security = register("fapi2-security", &json!({})).unwrap();
    assert!(security.requests.must_be_pushed && security.rules.require_pkce && !security.requests.must_be_signed);
    assert_eq!(security.requests.response_alg, SigningAlg::Ps256, "as the ID token's");
    assert_eq!(security.introspection_alg(), SigningAlg::Ps256, "as the ID token's");
    let signing = register("fapi2-message-signing", &json!({})).unwrap();
    assert!(signing.requests.must_be_signed && signing.requests.must_be_pushed);
    for client in [security, signing] {
        let again = Client::register(&client.metadata(), RegisteredBy::Operator).unwrap();
        assert_eq!(again, client);
    }
    let plain = register("oidc", &json!({"dpop_bound_access_tokens": false})).unwrap();
    assert!(!plain.requests.must_be_pushed && !plain.requests.must_be_signed);
}

#[test]
fn each_rule_refuses_with_its_reason() {
    let es = json!({"client_secret": null});
    assert!(register("fapi2-message-signing", &es).is_ok());
    let broken = [
        ("confidential", json!({"token_endpoint_auth_method": "client_secret_basic"}), "token_endpoint_auth_method"),
        ("confidential", json!({"token_endpoint_auth_method": "none"}), "token_endpoint_auth_method"),
        ("sender_constrained", json!({"dpop_bound_access_tokens": false}), "dpop_bound_access_tokens"),
        ("pushed", json!({"require_pushed_authorization_requests": false}), "require_pushed_authorization_requests"),
        ("pkce", json!({"require_pkce": false}), "require_pkce"),
        ("issuer_as_audience", json!({"client_assertion_audience": "endpoint"}), "client_assertion_audience"),
        ("algorithms", json!({"id_token_signed_response_alg": null}), "id_token_signed_response_alg"),
        ("algorithms", json!({"token_endpoint_auth_signing_alg": "RS256"}), "token_endpoint_auth_signing_alg"),
        ("algorithms", json!({"request_object_signing_alg": "RS256"}), "request_object_signing_alg"),
        ("algorithms", json!({"authorization_signed_response_alg": "RS256"}), "authorization_signed_response_alg"),
        (
            "algorithms",
            json!({"grant_types": [CODE, CIBA], "backchannel_token_delivery_mode": "poll", SIGNED: "RS256"}),
            SIGNED,
        ),
        ("algorithms", json!({"userinfo_signed_response_alg": "RS256"}), "userinfo_signed_response_alg"),
        ("algorithms", json!({"introspection_signed_response_alg": "RS256"}), "introspection_signed_response_alg"),
        ("no_device", json!({"grant_types": [CODE, DEVICE]}), "grant_types"),
        ("no_assertion_grant", json!({"grant_types": [CODE, JWT_BEARER]}), "grant_types"),
        ("signed_backchannel", json!({"grant_types": [CODE, CIBA], "backchannel_token_delivery_mode": "poll"}), SIGNED),
        ("signed_requests", json!({"require_signed_request_object": false}), "require_signed_request_object"),
    ];
    for (name, over, field) in &broken {
        let rule = RULES.iter().find(|rule| rule.name == *name).unwrap();
        let error = register("fapi2-message-signing", over).unwrap_err();
        assert_eq!(error.field, *field, "{over}");
        assert!(error.reason.contains(rule.section) && error.reason.contains("fapi2-message-signing"), "{error}");
        let in_security = register("fapi2-security", over).map(drop).map_err(|error| error.field);
        assert_eq!(in_security.is_ok(), rule.of == Of::MessageSigning, "{over}");
    }
    // Push cannot be bound, so that either rule may be the first; and the other is for clients of no profile.
    let elsewhere = ["no_push", "signed_everywhere"];
    for rule in RULES.iter().filter(|rule| !elsewhere.contains(&rule.name)) {
        assert!(broken.iter().any(|(name, ..)| *name == rule.name), "{} has no case", rule.name);
    }
}

#[test]
fn nothing_is_pushed_to_a_client_of_a_profile() {
    let push = json!({
        "grant_types": [CODE, CIBA], "backchannel_token_delivery_mode": "push", SIGNED: "PS256",
        "backchannel_client_notification_endpoint": "https://bank.example/notify",
    });
    for over in [push.clone(), with(&push, &json!({"dpop_bound_access_tokens": false}))] {
        assert!(register("fapi2-security", &over).is_err(), "{over}");
    }
    let poll = with(&push, &json!({"backchannel_token_delivery_mode": "poll"}));
    assert!(register("fapi2-security", &poll).is_ok());
    // The rule itself, without the others that come first.
    let mut client = register("fapi2-security", &poll).unwrap();
    client.backchannel.as_mut().unwrap().delivery = Delivery::Push(String::new());
    assert_eq!(client.check_profile().unwrap_err().field, "backchannel_token_delivery_mode");
}

#[test]
fn whoever_must_sign_has_no_way_around_it() {
    let signing = json!({
        "profile": "oidc", "require_signed_request_object": true, "dpop_bound_access_tokens": false,
    });
    let backchannel = json!({"grant_types": [CODE, CIBA], "backchannel_token_delivery_mode": "poll"});
    for (over, field) in [
        (with(&signing, &json!({"grant_types": [CODE, DEVICE]})), Some("grant_types")),
        (with(&signing, &backchannel), Some(SIGNED)),
        (with(&with(&signing, &backchannel), &json!({SIGNED: "RS256"})), None),
        (with(&signing, &json!({"require_signed_request_object": false, "grant_types": [CODE, DEVICE]})), None),
    ] {
        let error = register("oidc", &over).err();
        assert_eq!(error.as_ref().map(|error| error.field.as_str()), field, "{over}");
        if let Some(error) = error {
            assert!(error.reason.contains(SIGNED_ALWAYS), "{error}");
        }
    }
}

/// What was stored before a rule was written: read, told, and held to the rule as far as a request goes.
#[test]
fn a_stored_registration_that_breaks_a_younger_rule_is_read_and_held_to_it() {
    let stored = |over: &Value| {
        let metadata = json!({
            "redirect_uris": ["https://bank.example/cb"], "profile": "fapi2-message-signing",
            "token_endpoint_auth_method": "private_key_jwt", "id_token_signed_response_alg": "PS256",
            "dpop_bound_access_tokens": true, "jwks": {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "a"}]},
        });
        Client::stored(&with(&metadata, over), RegisteredBy::Operator).unwrap()
    };
    let (sound, broken) = stored(&json!({}));
    assert!(broken.is_none());
    assert_eq!(sound, register("fapi2-message-signing", &json!({})).unwrap());

    let ciba = json!({"grant_types": [CODE, CIBA], "backchannel_token_delivery_mode": "poll"});
    for (over, field) in [
        (json!({"require_pkce": false}), "require_pkce"),
        (json!({"require_pushed_authorization_requests": false}), "require_pushed_authorization_requests"),
        (json!({"require_signed_request_object": false}), "require_signed_request_object"),
        (json!({"client_assertion_audience": "endpoint"}), "client_assertion_audience"),
        (json!({"token_endpoint_auth_method": "client_secret_basic"}), "token_endpoint_auth_method"),
        (json!({"token_endpoint_auth_signing_alg": "RS256"}), "token_endpoint_auth_signing_alg"),
        (json!({"id_token_signed_response_alg": "RS256"}), "id_token_signed_response_alg"),
        (json!({"grant_types": [CODE, DEVICE]}), "grant_types"),
        (ciba.clone(), SIGNED),
    ] {
        let (client, broken) = stored(&over);
        assert_eq!(broken.map(|broken| broken.field).as_deref(), Some(field), "{over}");
        assert!(client.rules.require_pkce && client.requests.must_be_pushed && client.requests.must_be_signed);
        assert_eq!(client.auth.assertion_audience, AssertionAudience::Issuer);
        assert!(!client.may_use(GrantType::DeviceCode));
        assert_eq!(client.proves_itself_well(), field != "token_endpoint_auth_method", "{over}");
        let algs = client.signing_algs(client.auth.signing_alg);
        assert_eq!(algs.is_empty(), field == "token_endpoint_auth_signing_alg", "{over}");
        assert_eq!(client.backchannel_algs(), Some(FAPI2_ALGS.to_vec()), "{over}");
        assert_eq!(client.id_token_alg == SigningAlg::Rs256, field == "id_token_signed_response_alg");
    }
    let rs256 = with(&ciba, &json!({SIGNED: "RS256"}));
    assert_eq!(stored(&rs256).0.backchannel_algs(), Some(Vec::new()));
    let push = json!({
        "backchannel_token_delivery_mode": "push", SIGNED: "PS256", "dpop_bound_access_tokens": false,
        "backchannel_client_notification_endpoint": "https://bank.example/notify",
    });
    assert!(!stored(&with(&ciba, &push)).0.may_be_pushed_to() && stored(&ciba).0.may_be_pushed_to());
    // Nobody registers so.
    let plain = register("oidc", &with(&ciba, &json!({"dpop_bound_access_tokens": false}))).unwrap();
    assert_eq!(plain.backchannel_algs(), None);
    assert!(plain.proves_itself_well() && plain.may_be_pushed_to());
    // What makes no client at all still makes none.
    assert!(Client::stored(&json!({"redirect_uris": ["x"]}), RegisteredBy::Operator).is_err());
}

#[test]
fn what_follows_from_a_profile() {
    for profile in [Profile::Fapi2Security, Profile::Fapi2MessageSigning] {
        assert!(!profile.algs().contains(&SigningAlg::Rs256) && !profile.rotates_refresh_tokens());
        let allowed = GrantType::ALL.iter().filter(|grant| profile.allows(**grant)).count();
        assert!(!profile.allows(GrantType::DeviceCode) && !profile.allows(GrantType::JwtBearer));
        assert_eq!(allowed, GrantType::ALL.len() - 2);
        assert_eq!(profile.code_lifetime(Span::minutes(5)), Span::secs(60));
        assert_eq!(profile.code_lifetime(Span::secs(30)), Span::secs(30));
        assert_eq!(profile.assertion_lifetime(), Span::minutes(5));
    }
    assert!(Profile::Oidc.algs().contains(&SigningAlg::Rs256) && Profile::Oidc.rotates_refresh_tokens());
    assert_eq!(Profile::Oidc.code_lifetime(Span::minutes(5)), Span::minutes(5));
}
