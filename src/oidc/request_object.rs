//! Signed requests (RFC 9101, OpenID Connect Core §6, CIBA Core §7.1.1), after the signature was verified with a key of the
//! client: who signed, for whom, until when, and the parameters inside, which are the only ones that count.

use serde_json::{Map, Value};

use super::{
    error::{OAuthError, OAuthErrorCode},
    numeric_date,
    params::Params,
};
use crate::base::{Span, Timestamp, ids::ClientId};

/// What the `typ` header may be; none at all is accepted too (RFC 9101 §10.8).
pub const TYPES: &[&str] = &["oauth-authz-req+jwt", "JWT"];

/// `nbf` further back, and `exp` further after it, are refused.
const WINDOW: Span = Span::minutes(60);
/// A client's clock may run this much ahead of ours.
const AHEAD: Span = Span::secs(60);
/// And this much behind.
const SKEW: Span = Span::secs(10);

/// Claims of the JWT itself, which are no parameters (RFC 7519 §4.1).
const OF_THE_JWT: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// Parameters that have one text as their value, some of them a number as well (OpenID Connect Core §6.1, CIBA Core §7.1.1).
const TEXTS: [&str; 24] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "response_mode",
    "display",
    "prompt",
    "max_age",
    "ui_locales",
    "claims_locales",
    "id_token_hint",
    "login_hint",
    "acr_values",
    "code_challenge",
    "code_challenge_method",
    "dpop_jkt",
    "audience",
    "binding_message",
    "client_notification_token",
    "login_hint_token",
    "requested_expiry",
    "user_code",
];

/// Those that are numbers where the client writes them so.
const NUMBERS: [&str; 2] = ["max_age", "requested_expiry"];

/// What an object is measured by.
#[derive(Clone, Copy, Debug)]
pub struct ObjectRules<'a> {
    /// The client that the request names outside the object, and whose key verified the signature.
    pub client_id: &'a ClientId,
    pub issuer: &'a str,
    pub needs: Needs,
    pub now: Timestamp,
}

/// What must stand in an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// `aud`, `nbf` and `exp` are checked where they are.
    WhatIsThere,
    /// They must be there (FAPI 2.0 Message Signing §5.3.1).
    AudienceAndTimes,
    /// And `iss` and `iat` (CIBA Core §7.1.1).
    Everything,
}

/// Why an object is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    #[error("the request object's iss is wrong; expected the client_id {0} (RFC 9101 section 4)")]
    Issuer(String),
    #[error("the request object's client_id is not the client_id beside it (RFC 9101 section 5)")]
    ClientId,
    #[error(
        "the request object's sub is its own client_id, as in a client assertion; leave it out (RFC 9101 section 10.8)"
    )]
    Subject,
    #[error("the request object's aud is missing or wrong; expected {0} (RFC 9101 section 4)")]
    Audience(String),
    #[error("the request object's {0} is missing or not a number")]
    NoTime(&'static str),
    #[error("the request object has expired; expected exp after {}", .0.secs())]
    Expired(Timestamp),
    #[error("the request object's {0} lies in the future")]
    FromTheFuture(&'static str),
    #[error("the request object's nbf is more than 60 minutes old")]
    TooOld,
    #[error("the request object's exp is more than 60 minutes after its nbf")]
    LivesTooLong,
    #[error("the request object has the parameter {0}, which must stand outside it or nowhere (RFC 9101 section 4)")]
    Nested(&'static str),
    #[error("the request object's {0} has not the JSON form of this parameter")]
    Form(String),
    #[error("the response_type beside the request object is not the one inside (OpenID Connect Core section 6.1)")]
    ResponseType,
}

impl From<ObjectError> for OAuthError {
    fn from(error: ObjectError) -> Self {
        Self::new(OAuthErrorCode::InvalidRequestObject, error.to_string())
    }
}

/// The authorization request inside the object. Of what stands beside it nothing is used (RFC 9101 §5, §6.3).
pub fn parameters(
    claims: &Map<String, Value>,
    beside: &Params,
    rules: &ObjectRules<'_>,
) -> Result<Params, ObjectError> {
    let params = inside(claims, rules)?;
    // OpenID Connect Core §6.1: what OAuth wants outside must be what is inside.
    let outside = beside.one("response_type").ok().flatten();
    if outside.is_some() && outside != params.one("response_type").ok().flatten() {
        return Err(ObjectError::ResponseType);
    }
    Ok(params)
}

/// What a signed object of any kind asks for.
pub fn inside(claims: &Map<String, Value>, rules: &ObjectRules<'_>) -> Result<Params, ObjectError> {
    check_parties(claims, rules)?;
    check_times(claims, rules)?;
    for nested in ["request", "request_uri"] {
        if claims.contains_key(nested) {
            return Err(ObjectError::Nested(nested));
        }
    }
    let mut pairs = vec![("client_id".to_owned(), rules.client_id.as_str().to_owned())];
    for (name, value) in claims.iter().filter(|(name, _)| *name != "client_id" && !OF_THE_JWT.contains(&name.as_str()))
    {
        pairs.extend(values(name, value)?.into_iter().map(|value| (name.clone(), value)));
    }
    if pairs.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
        return Err(ObjectError::Form("NUL character".to_owned()));
    }
    Ok(Params::from_pairs(pairs))
}

fn check_parties(claims: &Map<String, Value>, rules: &ObjectRules<'_>) -> Result<(), ObjectError> {
    let client_id = rules.client_id.as_str();
    let is = |name: &str| claims.get(name).map(|value| value.as_str() == Some(client_id));
    if is("iss") == Some(false) || (is("iss").is_none() && rules.needs == Needs::Everything) {
        return Err(ObjectError::Issuer(client_id.to_owned()));
    }
    if is("client_id") == Some(false) {
        return Err(ObjectError::ClientId);
    }
    // An object that could also be a client assertion, or the other way round (RFC 9101 §10.8).
    if is("sub") == Some(true) {
        return Err(ObjectError::Subject);
    }
    let names_us = match claims.get("aud") {
        None => rules.needs == Needs::WhatIsThere,
        Some(Value::String(one)) => one == rules.issuer,
        Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(rules.issuer)),
        Some(_) => false,
    };
    if names_us { Ok(()) } else { Err(ObjectError::Audience(rules.issuer.to_owned())) }
}

fn check_times(claims: &Map<String, Value>, rules: &ObjectRules<'_>) -> Result<(), ObjectError> {
    let now = rules.now;
    let time = |name: &'static str| match claims.get(name) {
        None if rules.needs == Needs::WhatIsThere => Ok(None),
        None if rules.needs == Needs::AudienceAndTimes && name == "iat" => Ok(None),
        None => Err(ObjectError::NoTime(name)),
        Some(value) => numeric_date::from_value(value).map(Some).ok_or(ObjectError::NoTime(name)),
    };
    let (nbf, exp) = (time("nbf")?, time("exp")?);
    for (name, at) in [("nbf", nbf), ("iat", time("iat")?)] {
        if at.is_some_and(|at| at > now + AHEAD) {
            return Err(ObjectError::FromTheFuture(name));
        }
    }
    if nbf.is_some_and(|nbf| now.since(nbf) > WINDOW) {
        return Err(ObjectError::TooOld);
    }
    let Some(exp) = exp else { return Ok(()) };
    if now >= exp + SKEW {
        return Err(ObjectError::Expired(now));
    }
    if exp.since(nbf.unwrap_or(now)) > WINDOW {
        return Err(ObjectError::LivesTooLong);
    }
    Ok(())
}

/// A claim as the texts of a parameter (RFC 9101 §4, OpenID Connect Core §6.1). Members that are no parameter we know and no
/// text are ignored, as unknown parameters are.
fn values(name: &str, value: &Value) -> Result<Vec<String>, ObjectError> {
    let wrong = || ObjectError::Form(name.to_owned());
    match (name, value) {
        (_, Value::Null) => Ok(Vec::new()),
        // RFC 8707 §2: one or several.
        ("resource", Value::Array(several)) => {
            several.iter().map(|one| one.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        ("claims" | "registration", Value::Object(_)) | ("authorization_details", Value::Array(_)) => {
            Ok(vec![value.to_string()])
        }
        (_, Value::String(text)) => Ok(vec![text.clone()]),
        (_, Value::Number(seconds)) if NUMBERS.contains(&name) => {
            seconds.as_u64().map(|n| vec![n.to_string()]).ok_or_else(wrong)
        }
        ("claims" | "registration" | "authorization_details" | "resource", _) => Err(wrong()),
        _ if TEXTS.contains(&name) => Err(wrong()),
        _ => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://dinhdanh.example";
    const NOW: Timestamp = Timestamp::from_secs(1_795_366_800);

    fn read(over: &Value, beside: &str, needs: Needs) -> Result<Params, ObjectError> {
        let now = NOW.secs();
        let mut claims = json!({
            "iss": "portal", "aud": ISSUER, "nbf": now, "exp": now + 300, "client_id": "portal",
            "response_type": "code", "scope": "openid", "redirect_uri": "https://rp.example/cb"
        });
        let claims = claims.as_object_mut().unwrap();
        for (name, value) in over.as_object().unwrap() {
            claims.insert(name.clone(), value.clone());
            if value == "absent" {
                claims.remove(name);
            }
        }
        let client_id = ClientId::from("portal");
        let rules = ObjectRules { client_id: &client_id, issuer: ISSUER, needs, now: NOW };
        parameters(claims, &Params::parse(beside.as_bytes()).unwrap(), &rules)
    }

    fn refused(over: &Value) -> ObjectError {
        read(over, "", Needs::AudienceAndTimes).expect_err(&over.to_string())
    }

    #[test]
    fn only_what_is_inside_counts() {
        let beside = "client_id=portal&scope=profile&state=outside&nonce=outside&response_type=code";
        let params = read(&json!({"state": "inside", "max_age": 60}), beside, Needs::AudienceAndTimes).unwrap();
        assert_eq!(params.one("client_id").unwrap(), Some("portal"));
        assert_eq!(params.one("state").unwrap(), Some("inside"));
        assert_eq!(params.one("nonce").unwrap(), None);
        assert_eq!((params.one("scope").unwrap(), params.one("max_age").unwrap()), (Some("openid"), Some("60")));
        for of_the_jwt in OF_THE_JWT {
            assert!(params.one(of_the_jwt).unwrap().is_none(), "{of_the_jwt}");
        }
    }

    #[test]
    fn structures_become_texts() {
        let over = json!({
            "claims": {"id_token": {"acr": {"essential": true}}}, "resource": ["https://a.example", "https://b.example"],
            "authorization_details": [{"type": "delegation"}], "unknown": {"a": [1]}, "flag": true, "state": null
        });
        let params = read(&over, "", Needs::WhatIsThere).unwrap();
        assert_eq!(params.one("claims").unwrap(), Some(r#"{"id_token":{"acr":{"essential":true}}}"#));
        assert_eq!(params.all("resource").collect::<Vec<_>>(), ["https://a.example", "https://b.example"]);
        assert_eq!(params.one("authorization_details").unwrap(), Some(r#"[{"type":"delegation"}]"#));
        assert!(["unknown", "flag", "state"].iter().all(|name| params.one(name).unwrap().is_none()));
    }

    #[test]
    fn each_refusal() {
        use ObjectError as E;
        let now = NOW.secs();
        let table = [
            (json!({"iss": "other"}), E::Issuer("portal".to_owned())),
            (json!({"iss": 1}), E::Issuer("portal".to_owned())),
            (json!({"client_id": "other"}), E::ClientId),
            (json!({"client_id": ["portal"]}), E::ClientId),
            (json!({"sub": "portal"}), E::Subject),
            (json!({"aud": "absent"}), E::Audience(ISSUER.to_owned())),
            (json!({"aud": "https://other.example"}), E::Audience(ISSUER.to_owned())),
            (json!({"aud": ["https://other.example"]}), E::Audience(ISSUER.to_owned())),
            (json!({"aud": format!("{ISSUER}/")}), E::Audience(ISSUER.to_owned())),
            (json!({"aud": {}}), E::Audience(ISSUER.to_owned())),
            (json!({"exp": "absent"}), E::NoTime("exp")),
            (json!({"nbf": "absent"}), E::NoTime("nbf")),
            (json!({"exp": "1795366860"}), E::NoTime("exp")),
            (json!({"iat": "now"}), E::NoTime("iat")),
            (json!({"nbf": now - 400, "exp": now - 10}), E::Expired(NOW)),
            (json!({"nbf": now + 61, "exp": now + 300}), E::FromTheFuture("nbf")),
            (json!({"iat": now + 61}), E::FromTheFuture("iat")),
            (json!({"nbf": now - 3_601, "exp": now}), E::TooOld),
            (json!({"nbf": now, "exp": now + 3_601}), E::LivesTooLong),
            (json!({"nbf": now - 1_800, "exp": now + 1_801}), E::LivesTooLong),
            (json!({"exp": 1e300}), E::LivesTooLong),
            (json!({"request": "x"}), E::Nested("request")),
            (json!({"request_uri": "https://rp.example/"}), E::Nested("request_uri")),
            (json!({"scope": ["openid"]}), E::Form("scope".to_owned())),
            (json!({"max_age": -1}), E::Form("max_age".to_owned())),
            (json!({"requested_expiry": 1.5}), E::Form("requested_expiry".to_owned())),
            (json!({"binding_message": 7}), E::Form("binding_message".to_owned())),
            (json!({"state": 7}), E::Form("state".to_owned())),
            (json!({"claims": []}), E::Form("claims".to_owned())),
            (json!({"resource": [1]}), E::Form("resource".to_owned())),
            (json!({"authorization_details": {}}), E::Form("authorization_details".to_owned())),
            (json!({"state": "a\u{0}b"}), E::Form("NUL character".to_owned())),
        ];
        for (over, error) in table {
            assert_eq!(refused(&over), error, "{over}");
            let told = OAuthError::from(error);
            assert_eq!(told.code, OAuthErrorCode::InvalidRequestObject);
        }
        let beside = read(&json!({}), "response_type=token", Needs::AudienceAndTimes);
        assert_eq!(beside, Err(E::ResponseType));
        let inside = read(&json!({"response_type": "absent"}), "response_type=code", Needs::AudienceAndTimes);
        assert_eq!(inside, Err(E::ResponseType), "nothing is taken from outside");
    }

    #[test]
    fn what_an_ordinary_client_may_leave_out() {
        for absent in ["iss", "aud", "exp", "nbf", "client_id"] {
            assert!(read(&json!({absent: "absent"}), "", Needs::WhatIsThere).is_ok(), "{absent}");
        }
        assert!(read(&json!({"aud": ["https://other.example", ISSUER]}), "", Needs::AudienceAndTimes).is_ok());
        assert!(read(&json!({"sub": "somebody"}), "", Needs::AudienceAndTimes).is_ok());
    }

    proptest! {
        #[test]
        fn never_panics_and_never_takes_from_outside(name in "[a-z_]{1,12}", value in any::<i64>(), outer in "[a-z]{1,8}") {
            let over = json!({ name.clone(): value });
            let beside = format!("state={outer}&nonce={outer}");
            if let Ok(params) = read(&over, &beside, Needs::AudienceAndTimes) {
                prop_assert_eq!(params.one("nonce").unwrap(), None);
            }
        }
    }
}
