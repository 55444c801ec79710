//! What one authorization granted, as it is kept with the code and then with the grant.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    base::{Fault, Timestamp},
    oidc::{claims_request::ClaimsRequest, confirmation::Confirmation, scope::ScopeSet},
};

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
}

impl Authorized {
    pub fn to_value(&self) -> Result<Value, Fault> {
        serde_json::to_value(self).map_err(|error| Fault::internal("an authorization cannot be written", error))
    }

    pub fn from_value(value: &Value, table: &'static str, row: &dyn std::fmt::Display) -> Result<Self, Fault> {
        Self::deserialize(value).map_err(|_| Fault::inconsistent(table, "authorized", row))
    }

    pub fn is_openid(&self) -> bool {
        self.scopes.contains("openid")
    }
}
