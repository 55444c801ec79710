//! From JSON metadata to a [`Client`].

use serde_json::Value;

use super::{
    About, AssertionAudience, Client, ClientAuth, ClientAuthMethod, GrantType, KeySource, Localized, Logout,
    MetadataError, Profile, RegisteredBy, RegistryPart, Requests, RpClass, Rules, SenderRules, SignIn, UserInfoView,
    backchannel, jwks, members::Members, mutual_tls, requests, resources, responses, unsupported,
};
use crate::oidc::{
    alg::SigningAlg,
    redirect_uri::{ApplicationType, RedirectUri},
    scope::ScopeSet,
};

impl Client {
    /// Members that nobody here knows are ignored (RFC 7591 §2); those that would change what the client gets and are not
    /// implemented are refused.
    pub fn register(metadata: &Value, by: RegisteredBy) -> Result<Self, MetadataError> {
        let client = Self::read(metadata, by)?;
        client.check_profile()?;
        Ok(client)
    }

    /// A registration as it is stored, with the rule of its profile that it breaks, should the rule be younger than it is. Such a
    /// client goes on working as far as no request of its breaks the rule: what the profile demands of requests is demanded all
    /// the same.
    pub fn stored(metadata: &Value, by: RegisteredBy) -> Result<(Self, Option<MetadataError>), MetadataError> {
        let mut client = Self::read(metadata, by)?;
        let broken = client.check_profile().err();
        if broken.is_some() {
            client.hold_to_profile();
        }
        Ok((client, broken))
    }

    fn read(metadata: &Value, by: RegisteredBy) -> Result<Self, MetadataError> {
        let map = metadata.as_object().ok_or_else(|| MetadataError::new("metadata", "is not a JSON object"))?;
        let members = Members(map);
        unsupported::check(members, by)?;
        let application_type = match members.text("application_type", 100)? {
            None | Some("web") => ApplicationType::Web,
            Some("native") => ApplicationType::Native,
            Some(_) => return Err(MetadataError::new("application_type", "is neither web nor native")),
        };
        let grant_types = grant_types(members, by)?;
        let redirect_uris = redirect_uris(members, application_type, &grant_types)?;
        let logout_hosts = redirect_uris.clone();
        let auth = client_auth(members, &grant_types, by)?;
        let rules = rules(members, by, auth.method)?;
        let id_token_alg = alg(members, "id_token_signed_response_alg")?.unwrap_or(SigningAlg::Rs256);
        let requests = requests::read(members, rules.profile, id_token_alg)?;
        let keys = keys(members, &auth, (&requests, &grant_types))?;
        let responses = responses::read(members, &keys)?;
        check_subject_type(members)?;
        let backchannel = backchannel::read(members, &grant_types, auth.method)?;
        let client = Self {
            registered_by: by,
            application_type,
            redirect_uris,
            grant_types,
            id_token_alg,
            sector_identifier_uri: members.web_uri("sector_identifier_uri")?,
            scopes: scopes(members, by)?,
            sign_in: sign_in(members)?,
            logout: logout(members, application_type, &logout_hosts)?,
            requests,
            backchannel,
            resources: resources::read(members)?,
            rules,
            about: about(members)?,
            auth,
            keys,
            sender: sender(members)?,
            responses,
        };
        client.check_sector()?;
        Ok(client)
    }
}

/// RFC 7591 §2: omitted means authorization_code, and response types must agree with grants (§2.1).
fn grant_types(members: Members<'_>, by: RegisteredBy) -> Result<Vec<GrantType>, MetadataError> {
    let grants = members
        .words("grant_types", GrantType::ALL, GrantType::as_str)?
        .unwrap_or_else(|| vec![GrantType::AuthorizationCode]);
    let has_code = grants.contains(&GrantType::AuthorizationCode);
    if grants.is_empty() {
        return Err(MetadataError::new("grant_types", "is empty"));
    }
    if grants.contains(&GrantType::RefreshToken) && !grants.iter().any(|grant| grant.is_for_a_person()) {
        return Err(MetadataError::new("grant_types", "has refresh_token without a grant that gives one"));
    }
    // Whoever acts in a person's name is known to the operators: nobody makes itself a delegate.
    if by == RegisteredBy::ItSelf && grants.contains(&GrantType::TokenExchange) {
        return Err(MetadataError::new("grant_types", "has token-exchange, which the operators of this service give"));
    }
    let Some(types) = members.texts("response_types", 100)? else { return Ok(grants) };
    if types.iter().any(|name| *name != "code") {
        return Err(MetadataError::new("response_types", "supports only code"));
    }
    if types.is_empty() == has_code {
        return Err(MetadataError::new("response_types", "has code exactly when grant_types has authorization_code"));
    }
    Ok(grants)
}

fn redirect_uris(
    members: Members<'_>,
    application: ApplicationType,
    grants: &[GrantType],
) -> Result<Vec<RedirectUri>, MetadataError> {
    let uris = members.redirect_uris("redirect_uris", application)?;
    if uris.is_empty() && grants.contains(&GrantType::AuthorizationCode) {
        return Err(MetadataError::new("redirect_uris", "is required for the grant authorization_code"));
    }
    Ok(uris)
}

fn client_auth(members: Members<'_>, grants: &[GrantType], by: RegisteredBy) -> Result<ClientAuth, MetadataError> {
    let method = members
        .word("token_endpoint_auth_method", ClientAuthMethod::ALL, ClientAuthMethod::as_str)?
        .unwrap_or(ClientAuthMethod::ClientSecretBasic);
    // RFC 6749 §4.4: the client credentials grant is for confidential clients only; the others of a client that speaks for
    // itself alike.
    let of_its_own = [GrantType::ClientCredentials, GrantType::TokenExchange, GrantType::JwtBearer];
    if let Some(grant) = of_its_own.iter().find(|grant| grants.contains(grant) && !method.is_confidential()) {
        return Err(MetadataError::new(
            "token_endpoint_auth_method",
            format!("is none, but {grant} needs a credential"),
        ));
    }
    Ok(ClientAuth {
        method,
        signing_alg: alg(members, "token_endpoint_auth_signing_alg")?,
        certificate_name: mutual_tls::read(members, method)?,
        assertion_audience: members
            .word("client_assertion_audience", AssertionAudience::ALL, AssertionAudience::as_str)?
            .unwrap_or(match by {
                RegisteredBy::Operator => AssertionAudience::Issuer,
                RegisteredBy::ItSelf => AssertionAudience::Any,
            }),
    })
}

/// RFC 7591 §2: `jwks` and `jwks_uri` never together. What a URI gives is judged when it is fetched.
fn keys(
    members: Members<'_>,
    auth: &ClientAuth,
    (requests, grants): (&Requests, &[GrantType]),
) -> Result<KeySource, MetadataError> {
    let need = match auth.method {
        _ if requests.must_be_signed || grants.contains(&GrantType::JwtBearer) => jwks::Need::SigningKey,
        ClientAuthMethod::PrivateKeyJwt => jwks::Need::SigningKey,
        _ => jwks::Need::Nothing,
    };
    match (members.get("jwks").is_some(), members.web_uri("jwks_uri")?) {
        (true, Some(_)) => Err(MetadataError::new("jwks_uri", "stands beside jwks: give one of them")),
        (false, Some(uri)) => Ok(KeySource::Uri(uri)),
        (false, None) if auth.method == ClientAuthMethod::SelfSignedTlsClientAuth => Err(MetadataError::new(
            "jwks",
            "or jwks_uri is required for self_signed_tls_client_auth (RFC 8705 section 2.2)",
        )),
        (_, None) => Ok(jwks::read(members, need)?.map_or(KeySource::None, KeySource::Value)),
    }
}

fn sender(members: Members<'_>) -> Result<SenderRules, MetadataError> {
    let flag = |field| Ok::<_, MetadataError>(members.flag(field)?.unwrap_or(false));
    Ok(SenderRules {
        dpop_bound_access_tokens: flag("dpop_bound_access_tokens")?,
        certificate_bound_access_tokens: flag("tls_client_certificate_bound_access_tokens")?,
    })
}

fn alg(members: Members<'_>, field: &str) -> Result<Option<SigningAlg>, MetadataError> {
    members.word(field, &SigningAlg::ALL, SigningAlg::as_str)
}

/// Subjects are always pairwise (OpenID Connect Core §8): a number that follows a person everywhere is what we avoid.
fn check_subject_type(members: Members<'_>) -> Result<(), MetadataError> {
    match members.text("subject_type", 100)? {
        None | Some("pairwise") => Ok(()),
        Some(_) => Err(MetadataError::new("subject_type", "supports only pairwise")),
    }
}

/// A client that registers itself gets what it asked for of the standard scopes (RFC 7591 §3.2.1 lets us replace).
fn scopes(members: Members<'_>, by: RegisteredBy) -> Result<ScopeSet, MetadataError> {
    let standard = ScopeSet::standard();
    let Some(text) = members.text("scope", 2_000)? else { return Ok(standard) };
    let asked = ScopeSet::parse(text).map_err(|error| MetadataError::new("scope", error.to_string()))?;
    let allowed = match by {
        RegisteredBy::Operator => asked,
        RegisteredBy::ItSelf => asked.filtered(|token| standard.contains(token)),
    };
    if allowed.is_empty() {
        return Err(MetadataError::new("scope", format!("has none of {standard}")));
    }
    Ok(allowed)
}

fn sign_in(members: Members<'_>) -> Result<SignIn, MetadataError> {
    Ok(SignIn {
        default_max_age: members.number("default_max_age")?,
        require_auth_time: members.flag("require_auth_time")?.unwrap_or(false),
        default_acr_values: members
            .texts("default_acr_values", 200)?
            .unwrap_or_default()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        initiate_login_uri: members.web_uri("initiate_login_uri")?,
    })
}

/// Front-Channel Logout 1.0 §2: scheme, host and port are those of a registered redirect URI.
fn frontchannel_uri(members: Members<'_>, uris: &[RedirectUri]) -> Result<Option<String>, MetadataError> {
    let Some(uri) = members.web_uri("frontchannel_logout_uri")? else { return Ok(None) };
    let origin = |text: &str| url::Url::parse(text).ok().map(|url| url.origin());
    if uris.iter().any(|registered| origin(registered.as_str()) == origin(&uri)) {
        Ok(Some(uri))
    } else {
        let reason = "has another scheme, host or port than every redirect URI (Front-Channel Logout section 2)";
        Err(MetadataError::new("frontchannel_logout_uri", reason))
    }
}

fn logout(members: Members<'_>, application: ApplicationType, uris: &[RedirectUri]) -> Result<Logout, MetadataError> {
    Ok(Logout {
        post_logout_redirect_uris: members.redirect_uris("post_logout_redirect_uris", application)?,
        backchannel_logout_uri: members.web_uri("backchannel_logout_uri")?,
        backchannel_logout_session_required: members.flag("backchannel_logout_session_required")?.unwrap_or(false),
        frontchannel_logout_uri: frontchannel_uri(members, uris)?,
        frontchannel_logout_session_required: members.flag("frontchannel_logout_session_required")?.unwrap_or(false),
    })
}

fn rules(members: Members<'_>, by: RegisteredBy, method: ClientAuthMethod) -> Result<Rules, MetadataError> {
    let default = by == RegisteredBy::Operator || !method.is_confidential();
    let require_pkce = members.flag("require_pkce")?.unwrap_or(default);
    if !require_pkce && !method.is_confidential() {
        return Err(MetadataError::new("require_pkce", "is always true for a public client (RFC 9700 §2.1.1)"));
    }
    Ok(Rules {
        require_pkce,
        profile: members.word("profile", Profile::ALL, Profile::as_str)?.unwrap_or(Profile::Oidc),
        min_acr: members.level("min_acr")?,
        scope_floors: members.levels_by_name("scope_floors")?,
        rp_class: members.word("rp_class", RpClass::ALL, RpClass::as_str)?,
        userinfo_view: members
            .word("userinfo_view", UserInfoView::ALL, UserInfoView::as_str)?
            .unwrap_or(UserInfoView::Standard),
        registry_events: RegistryPart::read(members, "registry_events")?,
        registry_changes: RegistryPart::read(members, "registry_changes")?,
    })
}

fn about(members: Members<'_>) -> Result<About, MetadataError> {
    let text = |field: &str, max: usize| members.text(field, max).map(|text| text.map(str::to_owned));
    Ok(About {
        name: Localized::texts(members, "client_name", 150)?,
        purpose: Localized::texts(members, "purpose", 500)?,
        client_uri: Localized::pages(members, "client_uri")?,
        logo_uri: Localized::pages(members, "logo_uri")?,
        policy_uri: Localized::pages(members, "policy_uri")?,
        tos_uri: Localized::pages(members, "tos_uri")?,
        contacts: members.texts("contacts", 200)?.unwrap_or_default().into_iter().map(str::to_owned).collect(),
        agency: text("agency", 200)?,
        legal_basis: text("legal_basis", 500)?,
        software_id: text("software_id", 200)?,
        software_version: text("software_version", 200)?,
        software_statement: text("software_statement", 16_000)?,
    })
}

/// A `client_id` given with `client add`: printable ASCII (RFC 6749 Appendix A.1), short, without a space.
pub fn check_given_id(id: &str) -> Result<(), MetadataError> {
    if (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(MetadataError::new("client_id", "is not of 1 to 128 printable ASCII characters"))
    }
}

/// A `client_secret` given with `client add`: printable ASCII (RFC 6749 Appendix A.2) of at least 32 characters.
pub fn check_given_secret(secret: &str) -> Result<(), MetadataError> {
    if (32..=256).contains(&secret.len()) && secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(MetadataError::new("client_secret", "is not of 32 to 256 printable ASCII characters"))
    }
}
