//! A request that passed every check. It is what an interaction stores, and the only thing that later steps believe.

use serde::{Deserialize, Serialize};

use super::{
    addressed::{Addressed, ReturnAddress},
    checks::{Asked, CHECKS},
    decoupled::Decoupled,
};
use crate::{
    base::ids::ClientId,
    oidc::{
        acr::AcrRequest, authorization_details::Detail, claims_request::ClaimsRequest, client::Client,
        error::OAuthError, pkce::CodeChallenge, policy::Policy, prompt::Prompts, scope::ScopeSet,
    },
};

/// `display` (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Display {
    #[default]
    Page,
    Popup,
    Touch,
    Wap,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub client_id: ClientId,
    pub address: ReturnAddress,
    /// Those that the client may have; which are granted is decided with the person ([`crate::oidc::interact`]).
    pub scopes: ScopeSet,
    pub prompts: Prompts,
    /// Seconds; the client's default when the request has none.
    pub max_age: Option<u64>,
    pub nonce: Option<String>,
    pub code_challenge: Option<CodeChallenge>,
    /// Claims that we know and the client may have.
    pub claims: ClaimsRequest,
    pub acr: AcrRequest,
    /// As sent; whether it is ours, and whose, only its signature tells.
    pub id_token_hint: Option<String>,
    pub login_hint: Option<String>,
    /// The first of `ui_locales` that the pages have.
    pub ui_locale: Option<String>,
    pub display: Display,
    /// Whom the access tokens shall be for (RFC 8707).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// RFC 9396.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
    /// The digest of the reference under which this was pushed (RFC 9126): what answers the request consumes that too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed: Option<[u8; 32]>,
    /// The client fetches the answer at the token endpoint: then there is no address to send it to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoupled: Option<Decoupled>,
    /// The key that must redeem the code (RFC 9449 §10).
    #[serde(default)]
    pub dpop_jkt: Option<String>,
}

impl Request {
    /// Runs the table in its order; the first refusal is the answer.
    pub fn check(addressed: Addressed, client: &Client, policy: &Policy) -> Result<Self, OAuthError> {
        Self::check_by(addressed, client, policy, |_| true)
    }

    /// With only some rows of the table: of a request without a redirect, and for tests, which show what each row is for.
    pub(super) fn check_by(
        addressed: Addressed,
        client: &Client,
        policy: &Policy,
        runs: impl Fn(&str) -> bool,
    ) -> Result<Self, OAuthError> {
        let mut request = Self {
            client_id: addressed.client_id,
            address: addressed.address,
            scopes: ScopeSet::default(),
            prompts: Prompts::default(),
            max_age: None,
            nonce: None,
            code_challenge: None,
            claims: ClaimsRequest::default(),
            acr: AcrRequest::default(),
            id_token_hint: None,
            login_hint: None,
            ui_locale: None,
            display: Display::default(),
            resources: Vec::new(),
            details: Vec::new(),
            pushed: None,
            decoupled: None,
            dpop_jkt: None,
        };
        let asked = Asked { params: &addressed.params, arrival: addressed.arrival, client, policy };
        for check in CHECKS.iter().filter(|check| runs(check.name)) {
            (check.run)(&asked, &mut request)?;
        }
        Ok(request)
    }

    /// Whether an ID token is part of the answer (OpenID Connect Core §3.1.2.1).
    pub fn is_openid(&self) -> bool {
        self.scopes.contains("openid")
    }

    /// The subjects of which one must be the answer's (OpenID Connect Core §5.5.1: `{"id_token":{"sub":{"value":"…"}}}`); `None`
    /// when none was named. What is no text is nobody's name.
    pub fn expected_subs(&self) -> Option<Vec<&str>> {
        let claim = self.claims.id_token.get("sub").filter(|claim| claim.names_values())?;
        Some(claim.texts().collect())
    }
}
