//! Profiles: sets of rules that a client keeps to as a whole. Here is every one of them: the table of what its registration must
//! be like, and what follows from a profile elsewhere. A client that cannot keep to its profile is refused when it registers,
//! with the reason.

use super::{AssertionAudience, Client, Delivery, GrantType, MetadataError, Profile, SenderRules};
use crate::{
    base::Span,
    oidc::{alg::SigningAlg, client_assertion::AssertionRules},
};

/// One rule about a registration.
pub struct Rule {
    pub name: &'static str,
    /// Where it is written.
    pub section: &'static str,
    of: Of,
    check: fn(&Client) -> Result<(), (&'static str, &'static str)>,
}

/// Whose rule it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// FAPI 2.0 Security Profile, and so also of Message Signing, which builds on it.
    Fapi2,
    MessageSigning,
    /// Whoever must sign its requests, by a profile or by its own registration.
    Signing,
}

const SECURITY: &str = "FAPI 2.0 Security Profile section 5.3.2.1";
const CRYPTOGRAPHY: &str = "FAPI 2.0 Security Profile section 5.4.1";
const SIGNED_REQUESTS: &str = "FAPI 2.0 Message Signing section 5.3.1";
const CODE_FLOW: &str = "FAPI 2.0 Security Profile section 5.3.2.2";
const DECOUPLED: &str = "FAPI CIBA Profile section 5.2.2";
const SIGNED_ALWAYS: &str = "RFC 9101 section 10.5";

const fn rule(
    name: &'static str,
    section: &'static str,
    of: Of,
    check: fn(&Client) -> Result<(), (&'static str, &'static str)>,
) -> Rule {
    Rule { name, section, of, check }
}

/// In this order; the first that is broken is the reason.
pub const RULES: &[Rule] = &[
    rule("confidential", SECURITY, Of::Fapi2, confidential),
    rule("sender_constrained", SECURITY, Of::Fapi2, sender_constrained),
    rule("pushed", SECURITY, Of::Fapi2, pushed),
    rule("pkce", SECURITY, Of::Fapi2, pkce),
    rule("issuer_as_audience", SECURITY, Of::Fapi2, issuer_as_audience),
    rule("algorithms", CRYPTOGRAPHY, Of::Fapi2, algorithms),
    rule("no_device", CODE_FLOW, Of::Fapi2, no_device),
    rule("no_assertion_grant", SECURITY, Of::Fapi2, no_assertion_grant),
    rule("signed_backchannel", DECOUPLED, Of::Fapi2, signed_backchannel),
    rule("no_push", DECOUPLED, Of::Fapi2, no_push),
    rule("signed_everywhere", SIGNED_ALWAYS, Of::Signing, signed_everywhere),
    rule("signed_requests", SIGNED_REQUESTS, Of::MessageSigning, signed_requests),
];

/// What a profile signs and lets sign (FAPI 2.0 Security Profile §5.4.1).
const FAPI2_ALGS: [SigningAlg; 3] = [SigningAlg::Ps256, SigningAlg::Es256, SigningAlg::EdDsa];

fn confidential(client: &Client) -> Result<(), (&'static str, &'static str)> {
    let method = client.auth.method;
    let keeps = method.is_confidential() && !method.has_secret();
    if keeps { Ok(()) } else { Err(("token_endpoint_auth_method", "must be private_key_jwt or mutual TLS")) }
}

fn sender_constrained(client: &Client) -> Result<(), (&'static str, &'static str)> {
    let keeps = client.sender != SenderRules::default();
    let reason = "or tls_client_certificate_bound_access_tokens must be true: access tokens are bound to their sender";
    if keeps { Ok(()) } else { Err(("dpop_bound_access_tokens", reason)) }
}

fn pushed(client: &Client) -> Result<(), (&'static str, &'static str)> {
    let keeps = client.requests.must_be_pushed;
    if keeps { Ok(()) } else { Err(("require_pushed_authorization_requests", "must be true")) }
}

fn pkce(client: &Client) -> Result<(), (&'static str, &'static str)> {
    if client.rules.require_pkce { Ok(()) } else { Err(("require_pkce", "must be true")) }
}

fn issuer_as_audience(client: &Client) -> Result<(), (&'static str, &'static str)> {
    let keeps = client.auth.assertion_audience == AssertionAudience::Issuer;
    if keeps { Ok(()) } else { Err(("client_assertion_audience", "must be issuer")) }
}

fn algorithms(client: &Client) -> Result<(), (&'static str, &'static str)> {
    let chosen = [
        ("id_token_signed_response_alg", Some(client.id_token_alg)),
        ("token_endpoint_auth_signing_alg", client.auth.signing_alg),
        ("request_object_signing_alg", client.requests.signing_alg),
        ("authorization_signed_response_alg", Some(client.requests.response_alg)),
        ("backchannel_authentication_request_signing_alg", client.backchannel.as_ref().and_then(|own| own.signing_alg)),
        ("userinfo_signed_response_alg", client.responses.userinfo.signed),
        ("introspection_signed_response_alg", Some(client.introspection_alg())),
    ];
    match chosen.into_iter().find(|(_, alg)| alg.is_some_and(|alg| !FAPI2_ALGS.contains(&alg))) {
        None => Ok(()),
        Some((field, _)) => Err((field, "must be PS256, ES256 or EdDSA, and is RS256 where it is left out")),
    }
}

/// A device's request is neither pushed nor signed, and its code is bound to no browser.
fn no_device(client: &Client) -> Result<(), (&'static str, &'static str)> {
    let keeps = !client.grant_types.contains(&GrantType::DeviceCode);
    if keeps { Ok(()) } else { Err(("grant_types", "must not have urn:ietf:params:oauth:grant-type:device_code")) }
}

/// An assertion that is a grant comes without the client's own authentication (RFC 7521 §4.1), which the profile wants always.
fn no_assertion_grant(client: &Client) -> Result<(), (&'static str, &'static str)> {
    let keeps = !client.grant_types.contains(&GrantType::JwtBearer);
    if keeps { Ok(()) } else { Err(("grant_types", "must not have urn:ietf:params:oauth:grant-type:jwt-bearer")) }
}

fn signed_backchannel(client: &Client) -> Result<(), (&'static str, &'static str)> {
    let keeps = client.backchannel.as_ref().is_none_or(|own| own.signing_alg.is_some());
    let member = "backchannel_authentication_request_signing_alg";
    if keeps { Ok(()) } else { Err((member, "must be set: every backchannel request is signed")) }
}

fn no_push(client: &Client) -> Result<(), (&'static str, &'static str)> {
    let pushes = client.backchannel.as_ref().is_some_and(|own| matches!(own.delivery, Delivery::Push(_)));
    if pushes { Err(("backchannel_token_delivery_mode", "must be poll or ping")) } else { Ok(()) }
}

/// No endpoint may be the way around the signature: a device's requests have none (RFC 8628 §3.1), a backchannel's may.
fn signed_everywhere(client: &Client) -> Result<(), (&'static str, &'static str)> {
    if client.grant_types.contains(&GrantType::DeviceCode) {
        let reason = "must not have urn:ietf:params:oauth:grant-type:device_code, whose requests cannot be signed,";
        return Err(("grant_types", reason));
    }
    signed_backchannel(client)
}

fn signed_requests(client: &Client) -> Result<(), (&'static str, &'static str)> {
    let keeps = client.requests.must_be_signed;
    if keeps { Ok(()) } else { Err(("require_signed_request_object", "must be true")) }
}

impl Client {
    /// Whether the registration keeps to its own profile.
    pub(super) fn check_profile(&self) -> Result<(), MetadataError> {
        let profile = self.rules.profile;
        let applies = |of: Of| profile.has(of) || (of == Of::Signing && self.requests.must_be_signed);
        for rule in RULES.iter().filter(|rule| applies(rule.of)) {
            (rule.check)(self).map_err(|(field, reason)| {
                let place = match rule.of {
                    Of::Signing => "where require_signed_request_object is true".to_owned(),
                    _ => format!("in the profile {profile}"),
                };
                MetadataError::new(field, format!("{reason} {place} ({})", rule.section))
            })?;
        }
        Ok(())
    }
}

impl Client {
    /// For a stored registration that a younger rule finds wanting: where the profile has only one answer, that is the answer. What
    /// it cannot fill in is refused where a request comes to it ([`Client::may_use`], [`Client::proves_itself_well`],
    /// [`Client::signing_algs`], [`Client::backchannel_algs`]); what we sign is signed as the client expects it.
    pub(super) fn hold_to_profile(&mut self) {
        let profile = self.rules.profile;
        if profile.is_fapi2() {
            self.requests.must_be_pushed = true;
            self.rules.require_pkce = true;
            self.auth.assertion_audience = AssertionAudience::Issuer;
        }
        self.requests.must_be_signed |= profile.signs_messages();
    }

    /// By a key, where the profile wants one.
    pub fn proves_itself_well(&self) -> bool {
        !self.rules.profile.is_fapi2() || confidential(self).is_ok()
    }

    /// What its signature on something may be made with: what it registered for that, and of it what its profile has.
    pub fn signing_algs(&self, registered: Option<SigningAlg>) -> Vec<SigningAlg> {
        let of_profile = self.rules.profile.algs();
        registered
            .map_or_else(|| of_profile.to_vec(), |alg| if of_profile.contains(&alg) { vec![alg] } else { Vec::new() })
    }

    /// What its backchannel requests are signed with, where they must be (CIBA Core §7.1.1).
    pub fn backchannel_algs(&self) -> Option<Vec<SigningAlg>> {
        let registered = self.backchannel.as_ref().and_then(|own| own.signing_alg);
        let must = registered.is_some() || self.requests.must_be_signed || self.rules.profile.is_fapi2();
        must.then(|| self.signing_algs(registered))
    }

    /// Whether tokens may be sent to it that nothing binds to it.
    pub fn may_be_pushed_to(&self) -> bool {
        !self.rules.profile.is_fapi2() || no_push(self).is_ok()
    }
}

impl Profile {
    const fn has(self, of: Of) -> bool {
        match self {
            Self::Oidc => false,
            Self::Fapi2Security => matches!(of, Of::Fapi2),
            Self::Fapi2MessageSigning => true,
        }
    }

    /// Whether a client of the profile may use the grant, whatever its registration says.
    pub const fn allows(self, grant: GrantType) -> bool {
        !(self.is_fapi2() && matches!(grant, GrantType::DeviceCode | GrantType::JwtBearer))
    }

    pub const fn is_fapi2(self) -> bool {
        self.has(Of::Fapi2)
    }

    /// Requests and responses are signed (FAPI 2.0 Message Signing §5.3, §5.4).
    pub const fn signs_messages(self) -> bool {
        self.has(Of::MessageSigning)
    }

    /// What the client may sign assertions and request objects with.
    pub const fn algs(self) -> &'static [SigningAlg] {
        if self.is_fapi2() { &FAPI2_ALGS } else { &SigningAlg::ALL }
    }

    /// What is signed with where a client names nothing: RS256 (OpenID Connect Registration §2, JARM §3, RFC 9701 §6), where the
    /// profile has it; otherwise as its ID tokens.
    pub const fn default_alg(self, id_token_alg: SigningAlg) -> SigningAlg {
        if self.is_fapi2() { id_token_alg } else { SigningAlg::Rs256 }
    }

    /// How far ahead an assertion's `exp` may lie.
    pub const fn assertion_lifetime(self) -> Span {
        if self.is_fapi2() { AssertionRules::FAPI2_LIFETIME } else { AssertionRules::LIFETIME }
    }

    /// FAPI 2.0 Security Profile §5.3.2.1: a code lives at most a minute.
    pub fn code_lifetime(self, configured: Span) -> Span {
        if self.is_fapi2() { configured.min(Span::secs(60)) } else { configured }
    }

    /// FAPI 2.0 Security Profile §5.3.2.1: a sender-constrained client's refresh tokens are not rotated; a lost answer would leave
    /// it with none.
    pub const fn rotates_refresh_tokens(self) -> bool {
        !self.is_fapi2()
    }
}

#[cfg(test)]
#[path = "profile_tests.rs"]
mod tests;
