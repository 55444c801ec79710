//! The `claims` parameter (OpenID Connect Core §5.5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    error::OAuthError,
    nul,
    predicate::SAME_PERSON_AS,
    verified_claims::{self, VerifiedRequests},
};
use crate::base::json;

/// `{"id_token":{"acr":{"values":["…"]}}}` needs four levels; the record behind an evidence inside `verified_claims` twelve.
const MAX_DEPTH: usize = 12;
const MAX_BYTES: usize = 8 * 1024;
/// In each of the two places; the registry has fewer.
const MAX_CLAIMS: usize = 64;

/// Claims asked for by name, for each place where they may be delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub userinfo: BTreeMap<String, ClaimRequest>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub id_token: BTreeMap<String, ClaimRequest>,
    /// `verified_claims` of either place (OpenID Connect for Identity Assurance 1.0 §6).
    #[serde(default, skip_serializing_if = "VerifiedRequests::is_empty")]
    pub verified: VerifiedRequests,
}

/// How one claim is asked for (OpenID Connect Core §5.5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRequest {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub essential: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Value>>,
}

impl ClaimRequest {
    /// The values that are texts, `value` first; `acr` and `sub` have no others.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.value.iter().chain(self.values.iter().flatten()).filter_map(Value::as_str)
    }

    /// Whether any value was named at all, of whatever kind.
    pub fn names_values(&self) -> bool {
        self.value.is_some() || self.values.as_ref().is_some_and(|values| !values.is_empty())
    }
}

impl ClaimsRequest {
    /// Members that we don't know are ignored (OpenID Connect Core §5.5); what we know must have its form.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        if text.len() > MAX_BYTES {
            return Err(OAuthError::invalid_request("claims is larger than 8 KiB"));
        }
        // Before any recursive parser sees it.
        if depth(text) > MAX_DEPTH {
            return Err(OAuthError::invalid_request("claims is nested deeper than 12 levels"));
        }
        // What stands twice is meant twice: one reader takes the first and another the last.
        let Ok(members) = json::object(text.as_bytes()) else {
            return Err(OAuthError::invalid_request("claims is not a JSON object in which each name stands once"));
        };
        // JSON can write what no parameter may have and no database keeps.
        if members.iter().any(|(name, value)| name.contains('\0') || nul::is_in(value)) {
            return Err(OAuthError::invalid_request("claims contains a NUL character"));
        }
        let verified =
            VerifiedRequests { userinfo: verified(&members, "userinfo")?, id_token: verified(&members, "id_token")? };
        let request = Self { userinfo: place(&members, "userinfo")?, id_token: place(&members, "id_token")?, verified };
        // One answer goes to both places, so that there is one question.
        let asked = |place: &BTreeMap<String, ClaimRequest>| place.get(SAME_PERSON_AS).map(|claim| claim.value.clone());
        match (asked(&request.userinfo), asked(&request.id_token)) {
            (Some(one), Some(other)) if one != other => {
                Err(OAuthError::invalid_request("claims asks for same_person_as twice with different values"))
            }
            _ => Ok(request),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty() && self.verified.is_empty()
    }

    /// Whether it states something about the person and asks whether that is right. Each statement is a question of its own: who
    /// agreed to an answer once has not agreed to one for whatever is stated next.
    pub fn states_something(&self) -> bool {
        [&self.userinfo, &self.id_token].iter().any(|place| place.contains_key(SAME_PERSON_AS))
    }

    /// Nothing is asked for in the ID token.
    pub fn is_nothing_in_id_token(&self) -> bool {
        self.id_token.is_empty() && self.verified.id_token.is_empty()
    }

    /// Keeps the claims of both places that satisfy the condition.
    pub fn filtered(&self, keep: impl Fn(&str) -> bool) -> Self {
        let kept = |place: &BTreeMap<String, ClaimRequest>| {
            place.iter().filter(|(name, _)| keep(name)).map(|(name, claim)| (name.clone(), claim.clone())).collect()
        };
        Self { userinfo: kept(&self.userinfo), id_token: kept(&self.id_token), verified: self.verified.filtered(&keep) }
    }

    /// The names asked for in either place, each once, in order; those of verified claims last.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let mut names: Vec<&str> = Vec::new();
        let plain = self.userinfo.keys().chain(self.id_token.keys()).map(String::as_str);
        for name in plain.chain(self.verified.names()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.into_iter()
    }
}

fn verified(members: &Map<String, Value>, name: &str) -> Result<Vec<verified_claims::VerifiedRequest>, OAuthError> {
    match members.get(name).and_then(|place| place.get("verified_claims")) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(value) => verified_claims::parse(name, value),
    }
}

fn place(members: &Map<String, Value>, name: &str) -> Result<BTreeMap<String, ClaimRequest>, OAuthError> {
    let claims = match members.get(name) {
        None | Some(Value::Null) => return Ok(BTreeMap::new()),
        Some(Value::Object(claims)) => claims,
        Some(_) => return Err(OAuthError::invalid_request(format!("claims.{name} is not a JSON object"))),
    };
    if claims.len() > MAX_CLAIMS {
        return Err(OAuthError::invalid_request(format!("claims.{name} names more than {MAX_CLAIMS} claims")));
    }
    let plain = claims.iter().filter(|(claim, _)| *claim != "verified_claims");
    plain.map(|(claim, wanted)| Ok((claim.clone(), claim_request(name, claim, wanted)?))).collect()
}

pub(super) fn claim_request(place: &str, claim: &str, wanted: &Value) -> Result<ClaimRequest, OAuthError> {
    let malformed = |what: &str| OAuthError::invalid_request(format!("claims.{place}.{claim}{what}"));
    let members = match wanted {
        // §5.5.1: null asks for the claim in the default manner, as a voluntary one.
        Value::Null => return Ok(ClaimRequest::default()),
        Value::Object(members) => members,
        _ => return Err(malformed(" is neither null nor a JSON object")),
    };
    let essential = match members.get("essential") {
        None => false,
        Some(Value::Bool(essential)) => *essential,
        Some(_) => return Err(malformed(".essential is not a boolean")),
    };
    let values = match members.get("values") {
        None => None,
        Some(Value::Array(values)) => Some(values.clone()),
        Some(_) => return Err(malformed(".values is not an array")),
    };
    let value = members.get("value").filter(|value| !value.is_null()).cloned();
    Ok(ClaimRequest { essential, value, values })
}

/// How deep the brackets of a JSON text go, counted without recursion and without a care for its other syntax.
fn depth(text: &str) -> usize {
    let (mut now, mut deepest) = (0usize, 0usize);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                now += 1;
                deepest = deepest.max(now);
            }
            b'}' | b']' if !in_string => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::oidc::error::OAuthErrorCode;

    /// OpenID Connect Core §5.5.
    const EXAMPLE: &str = r#"{
        "userinfo": {"given_name": {"essential": true}, "nickname": null, "email": {"essential": true},
                     "http://example.info/claims/groups": null},
        "id_token": {"auth_time": {"essential": true}, "acr": {"values": ["urn:vn:xacthuc:2"]}},
        "future": 1
    }"#;

    #[test]
    fn the_example_of_the_specification() {
        let request = ClaimsRequest::parse(EXAMPLE).unwrap();
        assert!(request.userinfo["given_name"].essential);
        assert_eq!(request.userinfo["nickname"], ClaimRequest::default());
        assert_eq!(request.id_token["acr"].texts().collect::<Vec<_>>(), ["urn:vn:xacthuc:2"]);
        assert!(request.id_token["acr"].names_values() && !request.id_token["auth_time"].names_values());
        assert_eq!(
            request.names().collect::<Vec<_>>(),
            ["email", "given_name", "http://example.info/claims/groups", "nickname", "acr", "auth_time"]
        );
        let json = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<ClaimsRequest>(&json).unwrap(), request);
        assert_eq!(ClaimsRequest::parse(&json).unwrap(), request);
        let only = request.filtered(|name| name == "email");
        assert_eq!(only.names().collect::<Vec<_>>(), ["email"]);
        assert!(only.filtered(|_| false).is_empty());
    }

    #[test]
    fn value_and_values() {
        let request =
            ClaimsRequest::parse(r#"{"id_token":{"sub":{"value":"a"},"acr":{"value":1,"values":["b","c"]}}}"#);
        let request = request.unwrap();
        assert_eq!(request.id_token["sub"].texts().collect::<Vec<_>>(), ["a"]);
        assert_eq!(request.id_token["acr"].texts().collect::<Vec<_>>(), ["b", "c"]);
        let empty = ClaimsRequest::parse(r#"{"id_token":{"acr":{"values":[],"value":null}}}"#).unwrap();
        assert!(!empty.id_token["acr"].names_values());
        assert!(ClaimsRequest::parse("{}").unwrap().is_empty());
        assert!(ClaimsRequest::parse(r#"{"userinfo":null}"#).unwrap().is_empty());
    }

    #[test]
    fn malformed_requests_name_the_place() {
        for (text, description) in [
            ("", "claims is not a JSON object in which each name stands once"),
            ("[]", "claims is not a JSON object in which each name stands once"),
            ("{", "claims is not a JSON object in which each name stands once"),
            ("\"x\"", "claims is not a JSON object in which each name stands once"),
            (
                r#"{"id_token":{"acr":{"value":"a","value":"b"}}}"#,
                "claims is not a JSON object in which each name stands once",
            ),
            (
                r#"{"userinfo":{"email":null},"userinfo":{}}"#,
                "claims is not a JSON object in which each name stands once",
            ),
            (r#"{"userinfo":[]}"#, "claims.userinfo is not a JSON object"),
            (r#"{"id_token":"acr"}"#, "claims.id_token is not a JSON object"),
            (r#"{"id_token":{"acr":true}}"#, "claims.id_token.acr is neither null nor a JSON object"),
            (r#"{"id_token":{"acr":{"essential":"yes"}}}"#, "claims.id_token.acr.essential is not a boolean"),
            (
                r#"{"id_token":{"same_person_as":{"value":{"id_number":"1"}}},"userinfo":{"same_person_as":null}}"#,
                "claims asks for same_person_as twice with different values",
            ),
            (r#"{"userinfo":{"verified_claims":{}}}"#, "claims.userinfo.verified_claims has no object verification"),
            (r#"{"id_token":{"acr":{"values":"2"}}}"#, "claims.id_token.acr.values is not an array"),
            (r#"{"id_token":{"acr":{"values":[[[[[[[[[[]]]]]]]]]]}}}"#, "claims is nested deeper than 12 levels"),
        ] {
            let error = ClaimsRequest::parse(text).expect_err(text);
            assert_eq!((error.code, error.description()), (OAuthErrorCode::InvalidRequest, description), "{text}");
        }
    }

    #[test]
    fn size_depth_and_number_are_bounded() {
        let nested = format!("{}{}", "[".repeat(4_000), "]".repeat(4_000));
        assert_eq!(ClaimsRequest::parse(&nested).unwrap_err().description(), "claims is nested deeper than 12 levels");
        let large = format!(r#"{{"x":"{}"}}"#, "a".repeat(MAX_BYTES));
        assert_eq!(ClaimsRequest::parse(&large).unwrap_err().description(), "claims is larger than 8 KiB");
        let many = |count: usize| {
            let names: Vec<String> = (0..count).map(|n| format!("\"c{n}\":null")).collect();
            ClaimsRequest::parse(&format!(r#"{{"userinfo":{{{}}}}}"#, names.join(",")))
        };
        assert!(many(MAX_CLAIMS).is_ok() && many(MAX_CLAIMS + 1).is_err());
        // Brackets inside texts do not count.
        assert!(ClaimsRequest::parse(r#"{"x":"[[[[[[[[\"[["}"#).is_ok());
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>(), json in "[\\[\\]{}\":,a-z\\\\0-9 ]{0,80}") {
            let _ = ClaimsRequest::parse(&text);
            if let Ok(request) = ClaimsRequest::parse(&json) {
                let printed = serde_json::to_string(&request).unwrap();
                prop_assert_eq!(ClaimsRequest::parse(&printed).unwrap(), request);
            }
        }
    }
}
