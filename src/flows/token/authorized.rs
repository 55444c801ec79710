//! What one authorization granted, as it is kept with the code and then with the grant.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    base::{Fault, Timestamp},
    oidc::{
        authorization_details::{self, Detail},
        claims_request::ClaimsRequest,
        confirmation::Confirmation,
        error::OAuthError,
        resource::Aim,
        scope::ScopeSet,
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
