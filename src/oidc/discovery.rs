//! The discovery document (OIDC Discovery §3, RFC 8414 §2, and what RFC 9207, the logout specifications and Prompt Create
//! §3 add). One document for both well-known addresses. It names what works here and nothing else.

use serde_json::{Map, Value, json};

use super::{
    acr::AcrLevel,
    alg::SigningAlg,
    authorization_details,
    client::{ClientAuthMethod, Delivery},
    encryption::{ContentAlg, KeyAlg},
    endpoints,
    endpoints::under,
    prompt::Prompt,
    response_mode::ResponseMode,
    scope::ScopeSet,
    token_request::TokenRequest,
    verified_claims,
};

/// What differs from one deployment to another.
#[derive(Clone, Debug)]
pub struct DiscoverySettings {
    /// Exactly as it stands in tokens.
    pub issuer: String,
    /// Those whose claims the registry can fill, `openid` among them (OIDC Discovery §3 demands it).
    pub scopes: ScopeSet,
    /// Claims of those scopes that nothing here fills yet.
    pub unfilled: &'static [&'static str],
    /// The levels that a person can reach here.
    pub acr_values: Vec<AcrLevel>,
    pub mutual_tls: MutualTlsOffer,
    /// A page for the engineers of relying parties.
    pub service_documentation: Option<String>,
    /// Every request must be pushed (RFC 9126 §5).
    pub must_be_pushed: bool,
    /// Every request must be signed (RFC 9101 §10.5).
    pub must_be_signed: bool,
    /// What there is a key for, RS256 first.
    pub signing_algs: Vec<SigningAlg>,
    /// What can be encrypted to us: there is a key for each.
    pub opening_algs: Vec<KeyAlg>,
    /// Whether clients may register themselves here.
    pub registration: Registration,
}

/// Whether there is a `registration_endpoint` (OIDC Discovery §3, RFC 7591 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    Offered,
    Off,
}

/// What clients can do with certificates here (RFC 8705).
#[derive(Clone, Debug, Default)]
pub struct MutualTlsOffer {
    /// `tls_client_auth`, `self_signed_tls_client_auth`: those that work.
    pub methods: Vec<ClientAuthMethod>,
    pub bound_tokens: bool,
    /// The base of the addresses where certificates are asked for (§5).
    pub alias: Option<String>,
}

/// `token_endpoint_auth_method` values (OIDC Core §9).
const CLIENT_AUTH: [&str; 4] = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"];
/// RFC 7662 §2.1: whoever introspects proves who it is, so a public client does not.
const CLIENT_AUTH_WITH_PROOF: [&str; 3] = ["client_secret_basic", "client_secret_post", "private_key_jwt"];

/// The document, ready to be written.
pub fn document(settings: &DiscoverySettings) -> Map<String, Value> {
    let mut document = Map::new();
    document.extend(addresses(settings));
    document.extend(authorization(settings));
    document.extend(encryption(settings));
    document.extend(client_authentication(&settings.mutual_tls));
    document.extend(backchannel_authentication());
    document.extend(logout(settings));
    document.extend(aliases(settings, &document));
    // RFC 8414 §3.2: what has no elements is left out.
    document.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|members| !members.is_empty()));
    document
}

fn addresses(settings: &DiscoverySettings) -> Map<String, Value> {
    let at = |path| under(&settings.issuer, path);
    members(json!({
        "issuer": settings.issuer,
        "authorization_endpoint": at(endpoints::AUTHORIZE),
        "pushed_authorization_request_endpoint": at(endpoints::PAR),
        "token_endpoint": at(endpoints::TOKEN),
        "userinfo_endpoint": at(endpoints::USERINFO),
        "jwks_uri": at(endpoints::JWKS),
        "revocation_endpoint": at(endpoints::REVOKE),
        "introspection_endpoint": at(endpoints::INTROSPECT),
        "end_session_endpoint": at(endpoints::LOGOUT),
        // CIBA Core §4.
        "backchannel_authentication_endpoint": at(endpoints::BACKCHANNEL_AUTHENTICATION),
        // RFC 8628 §4.
        "device_authorization_endpoint": (!settings.must_be_signed).then(|| at(endpoints::DEVICE_AUTHORIZATION)),
        "registration_endpoint": (settings.registration == Registration::Offered).then(|| at(endpoints::REGISTRATION)),
        "service_documentation": settings.service_documentation,
    }))
}

/// A device's requests cannot be signed (RFC 8628 §3.1): where every request must be, there are no devices.
fn grant_types(settings: &DiscoverySettings) -> Vec<&'static str> {
    let works = |grant: &&str| *grant != TokenRequest::DEVICE_CODE || !settings.must_be_signed;
    TokenRequest::GRANT_TYPES.iter().copied().filter(works).collect()
}

fn authorization(settings: &DiscoverySettings) -> Map<String, Value> {
    let claims: Vec<&str> = settings.scopes.claims().filter(|claim| !settings.unfilled.contains(claim)).collect();
    let in_verified: Vec<&str> = verified_claims::CLAIMS.into_iter().filter(|claim| claims.contains(claim)).collect();
    let signing_algs: Vec<&str> = settings.signing_algs.iter().map(|alg| alg.as_str()).collect();
    members(json!({
        "response_types_supported": ["code"],
        "response_modes_supported": ResponseMode::names(),
        "grant_types_supported": grant_types(settings),
        "code_challenge_methods_supported": ["S256"],
        "subject_types_supported": ["pairwise"],
        "scopes_supported": settings.scopes.iter().collect::<Vec<_>>(),
        "claims_supported": claims,
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": true,
        // OpenID Connect for Identity Assurance 1.0 §8.
        "verified_claims_supported": !in_verified.is_empty(),
        "trust_frameworks_supported": [verified_claims::TRUST_FRAMEWORK],
        "evidence_supported": [verified_claims::EVIDENCE],
        "electronic_records_supported": [verified_claims::ELECTRONIC_RECORD],
        "claims_in_verified_claims_supported": in_verified,
        "acr_values_supported": settings.acr_values.iter().map(|level| level.uri()).collect::<Vec<_>>(),
        "prompt_values_supported": Prompt::ALL.map(Prompt::as_str),
        // Every display gets the same page, which fits them all.
        "display_values_supported": ["page"],
        "ui_locales_supported": ["vi", "en"],
        // What we sign with is what there is a key for now.
        "id_token_signing_alg_values_supported": signing_algs,
        // OIDC Discovery §3: omitted, request_uri_parameter_supported would mean true.
        "require_pushed_authorization_requests": settings.must_be_pushed,
        "request_parameter_supported": true,
        "request_uri_parameter_supported": true,
        "require_request_uri_registration": true,
        "require_signed_request_object": settings.must_be_signed,
        "request_object_signing_alg_values_supported": SigningAlg::ALL.map(SigningAlg::as_str),
        // RFC 9396 §10.
        "authorization_details_types_supported": authorization_details::TYPES,
        "userinfo_signing_alg_values_supported": signing_algs,
        // RFC 9701 §7.
        "introspection_signing_alg_values_supported": signing_algs,
        // JARM §4.
        "authorization_signing_alg_values_supported": signing_algs,
        "authorization_response_iss_parameter_supported": true,
    }))
}

/// What is encrypted to clients, by any key of theirs; and to us, by those of ours with `use` enc in the JWK Set.
fn encryption(settings: &DiscoverySettings) -> Map<String, Value> {
    let contents: Vec<&str> = ContentAlg::ALL.iter().map(|enc| enc.as_str()).collect();
    let to_clients: Vec<&str> = KeyAlg::ALL.iter().map(|alg| alg.as_str()).collect();
    let to_us: Vec<&str> = settings.opening_algs.iter().map(|alg| alg.as_str()).collect();
    let mut members = Map::new();
    // OIDC Discovery §3, RFC 9701 §7, JARM §4; RFC 9101 §10.5.
    for (what, algs) in [
        ("id_token", &to_clients),
        ("userinfo", &to_clients),
        ("introspection", &to_clients),
        ("authorization", &to_clients),
        ("request_object", &to_us),
    ] {
        let contents = if algs.is_empty() { json!([]) } else { json!(contents) };
        members.insert(format!("{what}_encryption_alg_values_supported"), json!(algs));
        members.insert(format!("{what}_encryption_enc_values_supported"), contents);
    }
    members
}

fn client_authentication(offer: &MutualTlsOffer) -> Map<String, Value> {
    let algs = SigningAlg::ALL.map(SigningAlg::as_str);
    let with = |methods: &[&'static str]| {
        let certificates = offer.methods.iter().map(|method| method.as_str());
        methods.iter().copied().chain(certificates).collect::<Vec<_>>()
    };
    let (any, with_proof) = (with(&CLIENT_AUTH), with(&CLIENT_AUTH_WITH_PROOF));
    members(json!({
        "token_endpoint_auth_methods_supported": any,
        "tls_client_certificate_bound_access_tokens": offer.bound_tokens,
        "token_endpoint_auth_signing_alg_values_supported": algs,
        "revocation_endpoint_auth_methods_supported": any,
        "revocation_endpoint_auth_signing_alg_values_supported": algs,
        // RFC 9449 §5.1.
        "dpop_signing_alg_values_supported": algs,
        "introspection_endpoint_auth_methods_supported": with_proof,
        "introspection_endpoint_auth_signing_alg_values_supported": algs,
    }))
}

/// CIBA Core §4.
fn backchannel_authentication() -> Map<String, Value> {
    members(json!({
        "backchannel_token_delivery_modes_supported": Delivery::MODES,
        "backchannel_authentication_request_signing_alg_values_supported": SigningAlg::ALL.map(SigningAlg::as_str),
        "backchannel_user_code_parameter_supported": false,
    }))
}

/// RFC 8705 §5: the same endpoints where a certificate is asked for. Pages are for browsers and have none.
fn aliases(settings: &DiscoverySettings, document: &Map<String, Value>) -> Map<String, Value> {
    let Some(base) = &settings.mutual_tls.alias else { return Map::new() };
    let of_browsers = ["authorization_endpoint", "end_session_endpoint"];
    let aliases: Map<String, Value> = document
        .iter()
        .filter(|(name, _)| name.ends_with("_endpoint") && !of_browsers.contains(&name.as_str()))
        .filter_map(|(name, address)| {
            let path = address.as_str()?.strip_prefix(settings.issuer.trim_end_matches('/'))?;
            Some((name.clone(), under(base, path).into()))
        })
        .collect();
    members(json!({ "mtls_endpoint_aliases": aliases }))
}

fn logout(settings: &DiscoverySettings) -> Map<String, Value> {
    members(json!({
        // Its cookie is sent from a frame, which browsers do only with `SameSite=None; Secure`.
        "check_session_iframe":
            settings.issuer.starts_with("https://").then(|| under(&settings.issuer, endpoints::CHECK_SESSION)),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "frontchannel_logout_supported": true,
        "frontchannel_logout_session_supported": true,
    }))
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::scope::Scope;

    fn settings() -> DiscoverySettings {
        DiscoverySettings {
            issuer: "https://dinhdanh.example".to_owned(),
            scopes: ScopeSet::parse("openid profile vn_card offline_access").unwrap(),
            unfilled: &["card"],
            acr_values: vec![AcrLevel::One, AcrLevel::Two],
            service_documentation: None,
            mutual_tls: MutualTlsOffer::default(),
            must_be_pushed: false,
            registration: Registration::Off,
            must_be_signed: false,
            signing_algs: vec![SigningAlg::Rs256, SigningAlg::Es256],
            opening_algs: vec![KeyAlg::EcdhEs],
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "one document")]
    fn the_whole_document() {
        let algs = json!(["RS256", "ES256", "PS256", "EdDSA"]);
        let proofs = json!(["client_secret_basic", "client_secret_post", "private_key_jwt"]);
        let proofs_or_none = json!(["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]);
        let expected = json!({
            "issuer": "https://dinhdanh.example",
            "authorization_endpoint": "https://dinhdanh.example/authorize",
            "pushed_authorization_request_endpoint": "https://dinhdanh.example/par",
            "token_endpoint": "https://dinhdanh.example/token",
            "userinfo_endpoint": "https://dinhdanh.example/userinfo",
            "jwks_uri": "https://dinhdanh.example/jwks",
            "revocation_endpoint": "https://dinhdanh.example/revoke",
            "introspection_endpoint": "https://dinhdanh.example/introspect",
            "end_session_endpoint": "https://dinhdanh.example/logout",
            "backchannel_authentication_endpoint": "https://dinhdanh.example/backchannel_authentication",
            "backchannel_token_delivery_modes_supported": ["poll", "ping", "push"],
            "backchannel_authentication_request_signing_alg_values_supported": algs,
            "backchannel_user_code_parameter_supported": false,
            "device_authorization_endpoint": "https://dinhdanh.example/device_authorization",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt"],
            "grant_types_supported": [
                "authorization_code", "refresh_token", "client_credentials",
                "urn:ietf:params:oauth:grant-type:device_code", "urn:openid:params:grant-type:ciba",
                "urn:ietf:params:oauth:grant-type:token-exchange", "urn:ietf:params:oauth:grant-type:jwt-bearer"
            ],
            "code_challenge_methods_supported": ["S256"],
            "subject_types_supported": ["pairwise"],
            "scopes_supported": ["openid", "profile", "vn_card", "offline_access"],
            "claims_supported": [
                "sub", "acr", "amr", "auth_time", "account_level", "account_type", "name", "family_name", "middle_name",
                "given_name", "birthdate", "birthdate_precision", "gender", "nationalities", "updated_at"
            ],
            "claim_types_supported": ["normal"],
            "claims_parameter_supported": true,
            "verified_claims_supported": true,
            "trust_frameworks_supported": ["vn_eid"],
            "evidence_supported": ["electronic_record"],
            "electronic_records_supported": ["population_register"],
            "claims_in_verified_claims_supported": [
                "name", "family_name", "middle_name", "given_name", "birthdate", "birthdate_precision", "gender", "nationalities"
            ],
            "acr_values_supported": ["urn:vn:xacthuc:1", "urn:vn:xacthuc:2"],
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "display_values_supported": ["page"],
            "ui_locales_supported": ["vi", "en"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "id_token_encryption_alg_values_supported": ["RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW"],
            "id_token_encryption_enc_values_supported": ["A256GCM", "A128CBC-HS256"],
            "userinfo_signing_alg_values_supported": ["RS256", "ES256"],
            "userinfo_encryption_alg_values_supported": ["RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW"],
            "userinfo_encryption_enc_values_supported": ["A256GCM", "A128CBC-HS256"],
            "introspection_signing_alg_values_supported": ["RS256", "ES256"],
            "introspection_encryption_alg_values_supported": ["RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW"],
            "introspection_encryption_enc_values_supported": ["A256GCM", "A128CBC-HS256"],
            "require_pushed_authorization_requests": false,
            "request_parameter_supported": true,
            "request_uri_parameter_supported": true,
            "require_request_uri_registration": true,
            "request_object_encryption_alg_values_supported": ["ECDH-ES"],
            "request_object_encryption_enc_values_supported": ["A256GCM", "A128CBC-HS256"],
            "authorization_encryption_alg_values_supported": ["RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW"],
            "authorization_encryption_enc_values_supported": ["A256GCM", "A128CBC-HS256"],
            "require_signed_request_object": false,
            "request_object_signing_alg_values_supported": algs,
            "authorization_details_types_supported": ["identity_check", "delegation"],
            "authorization_signing_alg_values_supported": ["RS256", "ES256"],
            "authorization_response_iss_parameter_supported": true,
            "token_endpoint_auth_methods_supported": proofs_or_none,
            "tls_client_certificate_bound_access_tokens": false,
            "token_endpoint_auth_signing_alg_values_supported": algs,
            "revocation_endpoint_auth_methods_supported": proofs_or_none,
            "revocation_endpoint_auth_signing_alg_values_supported": algs,
            "introspection_endpoint_auth_methods_supported": proofs,
            "introspection_endpoint_auth_signing_alg_values_supported": algs,
            "dpop_signing_alg_values_supported": algs,
            "check_session_iframe": "https://dinhdanh.example/check-session",
            "backchannel_logout_supported": true,
            "backchannel_logout_session_supported": true,
            "frontchannel_logout_supported": true,
            "frontchannel_logout_session_supported": true,
        });
        assert_eq!(Value::Object(document(&settings())), expected);
    }

    #[test]
    fn only_what_works_is_named() {
        let bare = DiscoverySettings {
            scopes: ScopeSet::parse("offline_access").unwrap(),
            acr_values: Vec::new(),
            ..settings()
        };
        let document = document(&bare);
        for absent in ["acr_values_supported", "claims_supported", "service_documentation"] {
            assert!(!document.contains_key(absent), "{absent}");
        }
        let absent = ["registration_endpoint", "mtls_endpoint_aliases"];
        assert!(absent.iter().all(|name| !document.contains_key(*name)));
        assert!(document.values().all(|value| value.as_array().is_none_or(|members| !members.is_empty())));
        assert!(!Value::Object(document).to_string().contains("\"HS256\""));
    }

    #[test]
    fn certificates_are_offered_where_they_come_in() {
        let offer = MutualTlsOffer {
            methods: vec![ClientAuthMethod::TlsClientAuth, ClientAuthMethod::SelfSignedTlsClientAuth],
            bound_tokens: true,
            alias: Some("https://mtls.dinhdanh.example".to_owned()),
        };
        let document = document(&DiscoverySettings { mutual_tls: offer, ..settings() });
        let methods = document["token_endpoint_auth_methods_supported"].as_array().unwrap();
        assert!(methods.contains(&json!("tls_client_auth")) && methods.contains(&json!("self_signed_tls_client_auth")));
        let aliases = document["mtls_endpoint_aliases"].as_object().unwrap();
        assert_eq!(aliases["token_endpoint"], "https://mtls.dinhdanh.example/token");
        assert_eq!(aliases["userinfo_endpoint"], "https://mtls.dinhdanh.example/userinfo");
        assert!(!aliases.contains_key("authorization_endpoint") && !aliases.contains_key("jwks_uri"));
        assert!(!super::document(&settings()).contains_key("mtls_endpoint_aliases"));
    }

    #[test]
    fn settings_are_followed() {
        let other = DiscoverySettings {
            issuer: "https://dinhdanh.example/vn".to_owned(),
            scopes: ScopeSet::standard(),
            unfilled: &[],
            acr_values: AcrLevel::ALL.to_vec(),
            mutual_tls: MutualTlsOffer::default(),
            service_documentation: Some("https://docs.example".to_owned()),
            must_be_pushed: true,
            registration: Registration::Offered,
            must_be_signed: true,
            signing_algs: Vec::new(),
            opening_algs: Vec::new(),
        };
        let document = document(&other);
        assert_eq!(document["issuer"], "https://dinhdanh.example/vn");
        assert_eq!(document["jwks_uri"], "https://dinhdanh.example/vn/jwks");
        assert!(!document.contains_key("request_object_encryption_enc_values_supported"), "nothing opens them here");
        let plain = DiscoverySettings { issuer: "http://localhost:8080".to_owned(), ..other.clone() };
        assert!(!super::document(&plain).contains_key("check_session_iframe"));
        assert_eq!(document["registration_endpoint"], "https://dinhdanh.example/vn/clients");
        assert_eq!(document["service_documentation"], "https://docs.example");
        assert_eq!(document["acr_values_supported"].as_array().unwrap().len(), 4);
        assert_eq!(document["require_pushed_authorization_requests"], true);
        assert_eq!(document["require_signed_request_object"], true);
        assert!(!document.contains_key("device_authorization_endpoint"), "whose requests cannot be signed");
        let grants = document["grant_types_supported"].as_array().unwrap();
        assert!(!grants.contains(&json!(TokenRequest::DEVICE_CODE)) && grants.contains(&json!(TokenRequest::CIBA)));
        // Every claim of every scope that is offered, and no claim of another.
        let claims = document["claims_supported"].as_array().unwrap();
        for claim in claims {
            let scope = Scope::of_claim(claim.as_str().unwrap()).unwrap();
            assert!(other.scopes.contains(scope.name), "{claim}");
        }
        assert_eq!(claims.len(), other.scopes.claims().count());
    }
}
