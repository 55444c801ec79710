//! The provider as a portal knows it: its published metadata and keys, fetched when first needed, again after an hour, and
//! again when a token names a key that is not among them (OIDC Core §10.1.1).

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::{Arc, PoisonError, RwLock},
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use openidconnect::{
    AdditionalClaims, AdditionalProviderMetadata, Client, ClientId, ClientSecret, EmptyExtraTokenFields, EndSessionUrl,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdToken, IdTokenClaims, IdTokenFields, IdTokenVerifier, IssuerUrl,
    ProviderMetadata, RedirectUrl, StandardErrorResponse, StandardTokenResponse, UserInfoClaims,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreErrorResponseType,
        CoreGenderClaim, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
        CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType, CoreRevocableToken,
        CoreRevocationErrorResponse, CoreSubjectIdentifierType, CoreTokenIntrospectionResponse, CoreTokenType,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{PortalSettings, calls::Calls};
use crate::base::{Fault, Span, Timestamp};

/// How long metadata and keys are used without asking again.
const KEEP: Span = Span::hours(1);
/// Unknown keys make us ask again so many times a minute and no more: anybody may post a token that names one.
const REFRESHES_A_MINUTE: NonZeroU32 = NonZeroU32::new(6).unwrap();
/// What the portals registered; a token with another algorithm was not signed for them.
pub(super) const SIGNING_ALG: CoreJwsSigningAlgorithm = CoreJwsSigningAlgorithm::EcdsaP256Sha256;

/// Claims beyond the standard ones, as they come.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct MoreClaims {
    #[serde(flatten)]
    pub(super) all: BTreeMap<String, Value>,
}

impl AdditionalClaims for MoreClaims {}

/// Metadata of the specifications that the library does not cover.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct MoreMetadata {
    /// RP-Initiated Logout §2.1.
    pub(super) end_session_endpoint: Option<EndSessionUrl>,
    /// RFC 9207 §3.
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for MoreMetadata {}

type Metadata = ProviderMetadata<
    MoreMetadata,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

pub(super) type PortalIdToken =
    IdToken<MoreClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
pub(super) type PortalClaims = IdTokenClaims<MoreClaims, CoreGenderClaim>;
pub(super) type PortalUserInfo = UserInfoClaims<MoreClaims, CoreGenderClaim>;
pub(super) type PortalErrorResponse = StandardErrorResponse<CoreErrorResponseType>;

type TokenFields = IdTokenFields<
    MoreClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

type PortalClient = Client<
    MoreClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    PortalErrorResponse,
    StandardTokenResponse<TokenFields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What was fetched, and the library's client made of it.
pub(super) struct Known {
    pub(super) metadata: Metadata,
    pub(super) client: PortalClient,
    fetched_at: Timestamp,
}

impl Known {
    /// Verifies ID tokens by the registered algorithm alone, whatever else the provider supports.
    pub(super) fn id_token_verifier(&self) -> IdTokenVerifier<'_, CoreJsonWebKey> {
        self.client.id_token_verifier().set_allowed_algs([SIGNING_ALG])
    }

    /// Whether anybody can reach this `acr` here; a provider that lists none might.
    pub(super) fn offers(&self, acr: &str) -> bool {
        self.metadata.acr_values_supported().is_none_or(|values| values.iter().any(|value| value.as_str() == acr))
    }
}

/// The metadata could not be had.
#[derive(Debug)]
pub(super) struct Unreachable;

pub(super) struct Provider {
    pub(super) calls: Calls,
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: ClientSecret,
    redirect_uri: RedirectUrl,
    known: RwLock<Option<Arc<Known>>>,
    /// One fetch at a time; the others wait and use its result.
    fetching: tokio::sync::Mutex<()>,
    refreshes: DefaultDirectRateLimiter,
}

impl Provider {
    pub(super) fn new(settings: &PortalSettings) -> Result<Self, Fault> {
        let unusable = |error| Fault::internal("a portal's address or its issuer is no URL", error);
        Ok(Self {
            calls: Calls::new(&settings.issuer, settings.extra_ca_pem.as_deref())?,
            issuer: IssuerUrl::new(settings.issuer.clone()).map_err(unusable)?,
            client_id: ClientId::new(settings.client_id.clone()),
            client_secret: ClientSecret::new(settings.client_secret.reveal().to_owned()),
            redirect_uri: RedirectUrl::new(format!("{}/callback", settings.origin())).map_err(unusable)?,
            known: RwLock::default(),
            fetching: tokio::sync::Mutex::default(),
            refreshes: RateLimiter::direct(Quota::per_minute(REFRESHES_A_MINUTE)),
        })
    }

    pub(super) fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    pub(super) fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// Metadata and keys, fetched when there are none or they are old.
    pub(super) async fn known(&self, now: Timestamp) -> Result<Arc<Known>, Unreachable> {
        if let Some(known) = self.fresh(now) {
            return Ok(known);
        }
        let _one_at_a_time = self.fetching.lock().await;
        match self.fresh(now) {
            Some(known) => Ok(known),
            None => self.fetch(now).await,
        }
    }

    /// For a token whose key is not in `seen`: what is newer than that, asked for now unless it was asked too often.
    pub(super) async fn newer_than(&self, seen: &Arc<Known>, now: Timestamp) -> Result<Arc<Known>, Unreachable> {
        let _one_at_a_time = self.fetching.lock().await;
        match self.current() {
            Some(known) if !Arc::ptr_eq(&known, seen) => Ok(known),
            _ if self.refreshes.check().is_err() => Ok(seen.clone()),
            _ => self.fetch(now).await,
        }
    }

    fn current(&self) -> Option<Arc<Known>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn fresh(&self, now: Timestamp) -> Option<Arc<Known>> {
        self.current().filter(|known| now.since(known.fetched_at) < KEEP)
    }

    async fn fetch(&self, now: Timestamp) -> Result<Arc<Known>, Unreachable> {
        let metadata = Metadata::discover_async(self.issuer.clone(), &self.calls).await.map_err(|error| {
            tracing::warn!(issuer = self.issuer(), error = %chain(&error), "a portal cannot read the provider's metadata");
            Unreachable
        })?;
        let client =
            Client::from_provider_metadata(metadata.clone(), self.client_id.clone(), Some(self.client_secret.clone()))
                .set_redirect_uri(self.redirect_uri.clone());
        let known = Arc::new(Known { metadata, client, fetched_at: now });
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
        Ok(known)
    }
}

/// An error with its causes on one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        line.push_str(": ");
        line.push_str(&source.to_string());
        cause = source.source();
    }
    line
}
