//! A relying party as registered: RFC 7591 and OpenID Connect Dynamic Client Registration 1.0 metadata in typed form, with
//! every default and rule applied. [`Client::register`] is the only way in, on every path (operator, console, file,
//! self-registration, update), and [`Client::metadata`] the way out, which reads back to the same. [`Client::stored`] reads what is
//! there already, which may be older than a rule.

mod backchannel;
mod jwks;
mod localized;
mod members;
mod metadata;
mod mutual_tls;
pub mod profile;
mod register;
mod registry_part;
mod requests;
mod resources;
mod responses;
mod sector;
#[cfg(test)]
mod tests;
mod unsupported;
mod vocabulary;

use std::collections::BTreeMap;

use serde_json::Value;

pub use backchannel::{Backchannel, Delivery};
pub use localized::Localized;
pub use members::MetadataError;
pub use register::{check_given_id, check_given_secret};
pub use registry_part::{PeopleBy, RegistryPart};
pub use requests::Requests;
pub use resources::Resources;
pub use responses::{ResponseForm, Responses};
pub use vocabulary::{AssertionAudience, ClientAuthMethod, GrantType, Profile, RegisteredBy, RpClass, UserInfoView};

use super::{
    acr::AcrLevel,
    alg::SigningAlg,
    certificate::RegisteredName,
    redirect_uri::{ApplicationType, RedirectUri},
    response_mode::query_location,
    scope::ScopeSet,
};

/// Everything but `client_id` and the secret's digest, which are the store's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub registered_by: RegisteredBy,
    pub application_type: ApplicationType,
    pub redirect_uris: Vec<RedirectUri>,
    pub grant_types: Vec<GrantType>,
    pub auth: ClientAuth,
    pub keys: KeySource,
    pub sender: SenderRules,
    pub responses: Responses,
    pub id_token_alg: SigningAlg,
    pub sector_identifier_uri: Option<String>,
    /// What the client may ask for.
    pub scopes: ScopeSet,
    pub sign_in: SignIn,
    pub logout: Logout,
    pub requests: Requests,
    pub resources: Resources,
    /// Of a client that begins authentications itself (CIBA).
    pub backchannel: Option<Backchannel>,
    pub rules: Rules,
    pub about: About,
}

/// How the client proves itself at the token endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientAuth {
    pub method: ClientAuthMethod,
    /// `token_endpoint_auth_signing_alg`; `None`: any that we support (OpenID Connect Registration §2).
    pub signing_alg: Option<SigningAlg>,
    /// The name by which `tls_client_auth` knows the client.
    pub certificate_name: Option<RegisteredName>,
    /// `client_assertion_audience`.
    pub assertion_audience: AssertionAudience,
}

/// Where the client's public keys are (RFC 7591 §2): at one place, not at two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    None,
    /// `jwks`: the JWK Set itself.
    Value(Value),
    /// `jwks_uri`.
    Uri(String),
}

/// To what the client's access tokens are bound. What is not demanded is allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SenderRules {
    /// Every token request carries a DPoP proof (RFC 9449 §5.2).
    pub dpop_bound_access_tokens: bool,
    /// Every token request shows a certificate (RFC 8705 §3.4).
    pub certificate_bound_access_tokens: bool,
}

/// Defaults for requests that say nothing else (OpenID Connect Registration §2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// Seconds.
    pub default_max_age: Option<u64>,
    pub require_auth_time: bool,
    pub default_acr_values: Vec<String>,
    pub initiate_login_uri: Option<String>,
}

/// RP-Initiated Logout 1.0 §3.1, Back-Channel Logout 1.0 §2.2 and Front-Channel Logout 1.0 §2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logout {
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    pub backchannel_logout_uri: Option<String>,
    pub backchannel_logout_session_required: bool,
    pub frontchannel_logout_uri: Option<String>,
    pub frontchannel_logout_session_required: bool,
}

/// Extension members with which the operators bind a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    pub require_pkce: bool,
    pub profile: Profile,
    /// The client's own floor; a request that can't reach it fails.
    pub min_acr: Option<AcrLevel>,
    /// Floors for single scopes; they raise the deployment's, never lower them.
    pub scope_floors: BTreeMap<String, AcrLevel>,
    pub rp_class: Option<RpClass>,
    pub userinfo_view: UserInfoView,
    /// What of the registry the client may tell of, and hear of.
    pub registry_events: Option<RegistryPart>,
    pub registry_changes: Option<RegistryPart>,
}

/// What the person is shown of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    pub name: Localized,
    pub purpose: Localized,
    pub client_uri: Localized,
    pub logo_uri: Localized,
    pub policy_uri: Localized,
    pub tos_uri: Localized,
    pub contacts: Vec<String>,
    pub agency: Option<String>,
    pub legal_basis: Option<String>,
    pub software_id: Option<String>,
    pub software_version: Option<String>,
    /// As it was sent, verified where it came in (RFC 7591 §3.2.1: returned unmodified).
    pub software_statement: Option<String>,
}

impl Client {
    /// Registered, and within the profile.
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant) && self.rules.profile.allows(grant)
    }

    /// What introspection answers are signed with (RFC 9701 §6).
    pub fn introspection_alg(&self) -> SigningAlg {
        self.responses.introspection.signed.unwrap_or_else(|| self.rules.profile.default_alg(self.id_token_alg))
    }

    /// Pages mark a client that nobody here has verified.
    pub fn is_verified(&self) -> bool {
        self.registered_by == RegisteredBy::Operator
    }

    /// `via_provider` clients ask the person each time; for others consent is remembered.
    pub fn asks_each_time(&self) -> bool {
        self.rules.rp_class == Some(RpClass::ViaProvider)
    }

    /// Where this client's sign-in begins from outside (OpenID Connect Core §4), with our name.
    pub fn initiate_login(&self, issuer: &str) -> Option<String> {
        self.sign_in.initiate_login_uri.as_deref().map(|uri| query_location(uri, &[("iss", issuer)]))
    }

    /// What a frame of the signed-out page opens, so that the client forgets the session (Front-Channel Logout 1.0 §2). Both
    /// parameters always, whether the client requires them or not: one that has several sessions cannot do without.
    pub fn frontchannel_logout(&self, issuer: &str, sid: &str) -> Option<String> {
        let uri = self.logout.frontchannel_logout_uri.as_deref()?;
        Some(query_location(uri, &[("iss", issuer), ("sid", sid)]))
    }

    pub fn matches_redirect_uri(&self, requested: &str) -> bool {
        self.redirect_uris.iter().any(|registered| registered.matches(requested))
    }

    /// `post_logout_redirect_uri` (RP-Initiated Logout 1.0 §3): the same comparison as at authorization.
    pub fn matches_post_logout_redirect_uri(&self, requested: &str) -> bool {
        self.logout.post_logout_redirect_uris.iter().any(|registered| registered.matches(requested))
    }
}
