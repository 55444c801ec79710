//! The request: `verified_claims` inside `userinfo` or `id_token` of the `claims` parameter (§6).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::oidc::{
    claims_request::{ClaimRequest, claim_request},
    error::OAuthError,
};

/// More sets of requirements than anybody has.
const MOST: usize = 10;

/// One set of claims under one set of requirements.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedRequest {
    /// As sent: which parts of the verification are wanted, and what they must be.
    pub verification: Value,
    pub claims: BTreeMap<String, ClaimRequest>,
}

/// For each place where they may be delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedRequests {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub userinfo: Vec<VerifiedRequest>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub id_token: Vec<VerifiedRequest>,
}

impl VerifiedRequests {
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }

    /// Names of claims, in the order of the requests.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.userinfo.iter().chain(&self.id_token).flat_map(|one| one.claims.keys().map(String::as_str))
    }

    /// Keeps the claims that satisfy the condition; a set without claims asks for nothing (§6.7.5).
    pub fn filtered(&self, keep: impl Fn(&str) -> bool) -> Self {
        let kept = |all: &[VerifiedRequest]| {
            let one = |one: &VerifiedRequest| VerifiedRequest {
                verification: one.verification.clone(),
                claims: one.claims.iter().filter(|(name, _)| keep(name)).map(|(n, c)| (n.clone(), c.clone())).collect(),
            };
            all.iter().map(one).filter(|one| !one.claims.is_empty()).collect()
        };
        Self { userinfo: kept(&self.userinfo), id_token: kept(&self.id_token) }
    }
}

/// One object, or an array of them (§6.6).
pub fn parse(place: &str, value: &Value) -> Result<Vec<VerifiedRequest>, OAuthError> {
    let bad = |what: &str| OAuthError::invalid_request(format!("claims.{place}.verified_claims{what}"));
    match value {
        Value::Object(one) => Ok(vec![element(place, one)?]),
        Value::Array(all) if (1..=MOST).contains(&all.len()) => {
            all.iter().map(|one| element(place, one.as_object().ok_or_else(|| bad(" holds no object"))?)).collect()
        }
        Value::Array(_) => Err(bad(&format!(" has no element, or more than {MOST}"))),
        _ => Err(bad(" is neither an object nor an array")),
    }
}

/// §6.1, §6.3: `verification` with its `trust_framework`, and at least one claim.
fn element(place: &str, one: &Map<String, Value>) -> Result<VerifiedRequest, OAuthError> {
    let bad = |what: &str| OAuthError::invalid_request(format!("claims.{place}.verified_claims{what}"));
    let verification = one.get("verification").and_then(Value::as_object);
    let verification = verification.ok_or_else(|| bad(" has no object verification"))?;
    if !verification.contains_key("trust_framework") {
        return Err(bad(".verification has no trust_framework"));
    }
    check_constraints(&Value::Object(verification.clone())).map_err(|what| bad(&format!(".verification {what}")))?;
    check_evidence(verification.get("evidence")).map_err(|what| bad(&format!(".verification.evidence {what}")))?;
    let claims = one.get("claims").and_then(Value::as_object).filter(|claims| !claims.is_empty());
    let claims = claims.ok_or_else(|| bad(".claims names no claim"))?;
    let read = |(name, wanted): (&String, &Value)| Ok((name.clone(), claim_request(place, name, wanted)?));
    Ok(VerifiedRequest {
        verification: Value::Object(verification.clone()),
        claims: claims.iter().map(read).collect::<Result<_, OAuthError>>()?,
    })
}

/// The members with a meaning, wherever they stand (OpenID Connect Core §5.5.1, and §6.5.2 for `max_age`).
fn check_constraints(value: &Value) -> Result<(), &'static str> {
    match value {
        Value::Object(members) => members.iter().try_for_each(|(name, value)| match (name.as_str(), value) {
            ("max_age", Value::Number(age)) if age.as_f64().is_some_and(|age| age >= 0.0) => Ok(()),
            ("max_age", _) => Err("has a max_age that is not a number of seconds"),
            ("values", Value::Array(_)) | ("essential", Value::Bool(_)) | ("value", _) => Ok(()),
            ("values", _) => Err("has values that are not an array"),
            ("essential", _) => Err("has an essential that is not a boolean"),
            (_, Value::Object(_) | Value::Array(_)) => check_constraints(value),
            (_, Value::Null) => Ok(()),
            _ => Err("has a member that is neither null nor an object nor an array"),
        }),
        Value::Array(all) => all.iter().try_for_each(check_constraints),
        _ => Ok(()),
    }
}

/// §6.4: an entry filters by its `type`, which has one `value` and no `values`.
fn check_evidence(evidence: Option<&Value>) -> Result<(), &'static str> {
    let Some(Value::Array(entries)) = evidence else { return Ok(()) };
    let typed = |entry: &Value| {
        let kind = entry.get("type");
        kind.is_some_and(|kind| kind.get("value").is_some_and(Value::is_string) && kind.get("values").is_none())
    };
    if entries.iter().all(typed) { Ok(()) } else { Err("has an entry without the one value of its type") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_set_or_several() {
        let one = json!({"verification": {"trust_framework": null}, "claims": {"name": null, "birthdate": {"value": "1985"}}});
        let read = parse("userinfo", &one).unwrap();
        assert_eq!(read[0].claims.len(), 2);
        assert_eq!(parse("userinfo", &json!([one, one])).unwrap().len(), 2);
        let all = VerifiedRequests { userinfo: read, id_token: Vec::new() };
        assert_eq!(all.names().collect::<Vec<_>>(), ["birthdate", "name"]);
        assert_eq!(all.filtered(|name| name == "name").names().collect::<Vec<_>>(), ["name"]);
        assert!(all.filtered(|_| false).is_empty());
    }

    #[test]
    fn what_is_malformed_is_named() {
        let with = |verification: Value| json!({"verification": verification, "claims": {"name": null}});
        for (value, says) in [
            (json!(null), "neither an object nor an array"),
            (json!([]), "no element"),
            (json!([1]), "holds no object"),
            (json!({"claims": {"name": null}}), "has no object verification"),
            (with(json!(null)), "has no object verification"),
            (with(json!({})), "has no trust_framework"),
            (json!({"verification": {"trust_framework": null}}), ".claims names no claim"),
            (json!({"verification": {"trust_framework": null}, "claims": {}}), ".claims names no claim"),
            (json!({"verification": {"trust_framework": null}, "claims": {"name": 1}}), "neither null nor"),
            (with(json!({"trust_framework": "gold"})), "neither null nor an object nor an array"),
            (with(json!({"trust_framework": {"values": "gold"}})), "values that are not an array"),
            (with(json!({"trust_framework": null, "time": {"max_age": "1"}})), "max_age"),
            (with(json!({"trust_framework": null, "time": {"max_age": -1}})), "max_age"),
            (with(json!({"trust_framework": null, "evidence": [{}]})), "type"),
            (with(json!({"trust_framework": null, "evidence": [{"type": null}]})), "type"),
            (with(json!({"trust_framework": null, "evidence": [{"type": {"values": ["a"]}}]})), "type"),
        ] {
            let error = parse("id_token", &value).expect_err(&value.to_string());
            assert!(error.description().contains(says), "{value}: {}", error.description());
        }
    }
}
