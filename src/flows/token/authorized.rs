//! What one authorization granted, as it is kept with the code and then with the grant.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Refusal;
use crate::{
    base::{Fault, Timestamp, ids::PersonId},
    flows::{Provider, authorize::targets, clients::KnownClient},
    oidc::{
        authorization_details::{self, Detail},
        claims_request::ClaimsRequest,
        client::Client,
        confirmation::Confirmation,
        error::{OAuthError, OAuthErrorCode},
        resource::{Aim, invalid_target},
        scope::{Scope, ScopeSet},
        token_request::Narrowing,
    },
};

/// What one access token is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub aim: Aim,
    pub details: Vec<Detail>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorized {
    pub sub: String,
    pub sid: String,
    /// What was granted: floored or refused scopes are not in it.
    pub scopes: ScopeSet,
    #[serde(default, skip_serializing_if = "ClaimsRequest::is_empty")]
    pub claims: ClaimsRequest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    pub acr: String,
    pub amr: Vec<String>,
    pub auth_time: Timestamp,
    /// The key that the code is bound to (RFC 9449 §10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
    /// What the first tokens were bound to: a refresh proves the same, or no less.
    #[serde(default, skip_serializing_if = "Confirmation::is_empty")]
    pub cnf: Confirmation,
    /// Resources that tokens may be for (RFC 8707), each with the name that the person has in its sector.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub resources: BTreeMap<String, String>,
    /// RFC 9396.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
}

impl Authorized {
    pub fn to_value(&self) -> Result<Value, Fault> {
        serde_json::to_value(self).map_err(|error| Fault::internal("an authorization cannot be written", error))
    }

    pub fn from_value(value: &Value, table: &'static str, row: &dyn std::fmt::Display) -> Result<Self, Fault> {
        Self::deserialize(value).map_err(|_| Fault::inconsistent(table, "authorized", row))
    }

    /// Without what the client's registration does not have any more: it changes while grants live.
    #[must_use]
    pub fn within(mut self, client: &Client) -> Self {
        let has = |scope: &str| client.scopes.contains(scope);
        self.scopes = self.scopes.filtered(has);
        self.claims = self.claims.filtered(|claim| Scope::of_claim(claim).is_some_and(|scope| has(scope.name)));
        self.details.retain(|detail| client.requests.details_types.contains(&detail.type_name()));
        self
    }

    /// The same, with the resources that are still served for the client, by the sector that the person was named to.
    pub async fn kept(
        self,
        provider: &Provider,
        client: &KnownClient,
        person: PersonId,
    ) -> Result<Result<Self, Refusal>, Fault> {
        let (had_scopes, had_resources) = (!self.scopes.is_empty(), !self.resources.is_empty());
        let mut kept = self.within(&client.client);
        if had_scopes && kept.scopes.is_empty() {
            let text = "none of the scopes that were granted is the client's any more";
            return Ok(Err(Refusal::Scope(OAuthError::new(OAuthErrorCode::InvalidScope, text))));
        }
        if had_resources {
            kept.resources = targets::kept(provider, client, person, kept.resources).await?;
        }
        // Without any the token would be for this service, which the person was not asked about.
        if had_resources && kept.resources.is_empty() {
            let text = "none of the resources that were authorized is served for this client any more";
            return Ok(Err(Refusal::Narrowing(invalid_target(text.to_owned()))));
        }
        Ok(Ok(kept))
    }

    /// The part of it that one token request asked for.
    pub fn narrowed(&self, narrowing: &Narrowing, issuer: &str) -> Result<Part, OAuthError> {
        Ok(Part {
            aim: Aim::of(&self.resources, &narrowing.resources, (issuer, &self.sub))?,
            details: authorization_details::narrowed(&self.details, narrowing.details.as_deref())?,
        })
    }

    pub fn is_openid(&self) -> bool {
        self.scopes.contains("openid")
    }
}
