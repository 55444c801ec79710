//! Token introspection (RFC 7662), with the members that say how the person signed in (RFC 9470 §6.2).

use serde::Serialize;
use serde_json::Value;

use super::{
    access_token::{AccessToken, Authentication},
    audience::Audience,
    confirmation::Confirmation,
    error::OAuthError,
    numeric_date,
    params::Params,
    token_exchange::{Actor, MayAct},
    token_hint::TokenTypeHint,
};
use crate::base::{Secret, Timestamp, ids::ClientId};

/// §2.1.
#[derive(Clone, Debug)]
pub struct IntrospectionRequest {
    pub token: Secret,
    /// Only where to look first: without success the other kinds are tried too (§2.1).
    pub hint: Option<TokenTypeHint>,
}

impl IntrospectionRequest {
    pub fn parse(params: &Params) -> Result<Self, OAuthError> {
        let hint = TokenTypeHint::parse(params)?;
        Ok(Self { token: Secret::new(params.required("token")?), hint })
    }
}

/// §2.2. Whether a token is alive, of this asker's business and unrevoked is decided before; this is only the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IntrospectionResponse {
    active: bool,
    #[serde(flatten)]
    token: Option<Described>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Described {
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    client_id: ClientId,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    #[serde(with = "numeric_date::optional", skip_serializing_if = "Option::is_none")]
    exp: Option<Timestamp>,
    #[serde(with = "numeric_date")]
    iat: Timestamp,
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<Audience>,
    iss: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    /// RFC 9449 §6.2, RFC 8705 §3.2: the resource demands the proof.
    #[serde(skip_serializing_if = "Confirmation::is_empty")]
    cnf: Confirmation,
    #[serde(flatten)]
    authentication: Authentication,
    /// RFC 9396 §9.2.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authorization_details: Vec<Value>,
    /// RFC 8693 §4.1, §4.4.
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<Actor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    may_act: Option<MayAct>,
}

/// A living refresh token as the client that holds it may see it.
#[derive(Clone, Debug)]
pub struct RefreshTokenState<'a> {
    pub issuer: &'a str,
    pub client_id: &'a ClientId,
    pub sub: &'a str,
    pub scope: &'a str,
    pub issued_at: Timestamp,
    /// `None` when it ends with the session and not at a time.
    pub expires_at: Option<Timestamp>,
    /// RFC 9396 §9.2, as resources may see them.
    pub authorization_details: Vec<Value>,
    /// What a refresh must prove.
    pub cnf: Confirmation,
}

impl IntrospectionResponse {
    /// §2.2: nothing but `active` is told of a token that is dead, unknown or not the asker's.
    pub const INACTIVE: Self = Self { active: false, token: None };

    pub fn access_token(token: &AccessToken) -> Self {
        let described = Described {
            scope: token.scope.clone(),
            client_id: token.client_id.clone(),
            token_type: Some(token.cnf.token_type()),
            exp: Some(token.exp),
            iat: token.iat,
            sub: token.sub.clone(),
            aud: Some(token.aud.clone()),
            iss: token.iss.clone(),
            jti: Some(token.jti.clone()),
            cnf: token.cnf.clone(),
            authentication: token.authentication.clone(),
            authorization_details: token.authorization_details.clone(),
            act: token.acting.act.clone(),
            may_act: token.acting.may_act.clone(),
        };
        Self { active: true, token: Some(described) }
    }

    /// Without `token_type`, so that no resource takes it for an access token.
    pub fn refresh_token(state: RefreshTokenState<'_>) -> Self {
        let described = Described {
            scope: (!state.scope.is_empty()).then(|| state.scope.to_owned()),
            client_id: state.client_id.clone(),
            token_type: None,
            exp: state.expires_at,
            iat: state.issued_at,
            sub: state.sub.to_owned(),
            aud: None,
            iss: state.issuer.to_owned(),
            jti: None,
            cnf: state.cnf,
            authentication: Authentication::default(),
            authorization_details: state.authorization_details,
            act: None,
            may_act: None,
        };
        Self { active: true, token: Some(described) }
    }

    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::oidc::{error::OAuthErrorCode, token_exchange::Acting};

    const ISSUER: &str = "https://dinhdanh.example";

    fn written(response: &IntrospectionResponse) -> String {
        String::from_utf8(response.to_json().unwrap()).unwrap()
    }

    #[test]
    fn the_token_is_required_and_the_hint_is_not() {
        type Read<'a> = Result<(&'a str, Option<TokenTypeHint>), OAuthErrorCode>;
        let table: &[(&str, Read<'_>)] = &[
            ("token=t", Ok(("t", None))),
            ("token=t&token_type_hint=access_token", Ok(("t", Some(TokenTypeHint::AccessToken)))),
            ("token=t&token_type_hint=pct", Ok(("t", None))),
            ("token_type_hint=access_token", Err(OAuthErrorCode::InvalidRequest)),
            ("token=t&token=u", Err(OAuthErrorCode::InvalidRequest)),
        ];
        for (form, expected) in table {
            let read = IntrospectionRequest::parse(&Params::parse(form.as_bytes()).unwrap());
            let read = read.as_ref().map(|request| (request.token.reveal(), request.hint)).map_err(|error| error.code);
            assert_eq!(read, *expected, "{form}");
        }
    }

    #[test]
    fn a_dead_token_is_described_by_one_member() {
        assert_eq!(written(&IntrospectionResponse::INACTIVE), r#"{"active":false}"#);
    }

    #[test]
    fn a_living_access_token_is_described() {
        let token = AccessToken {
            iss: ISSUER.to_owned(),
            exp: Timestamp::from_secs(1_795_367_100),
            aud: Audience::one(ISSUER),
            sub: "a1".to_owned(),
            client_id: ClientId::from("portal"),
            iat: Timestamp::from_secs(1_795_366_800),
            jti: "j1".to_owned(),
            cnf: Confirmation::default(),
            scope: Some("openid".to_owned()),
            authentication: Authentication {
                auth_time: Some(Timestamp::from_secs(1_795_366_799)),
                acr: Some("urn:vn:xacthuc:1".to_owned()),
                amr: vec!["pwd".to_owned()],
                sid: Some("s1".to_owned()),
            },
            authorization_details: Vec::new(),
            acting: Acting::default(),
        };
        assert_eq!(
            written(&IntrospectionResponse::access_token(&token)),
            concat!(
                r#"{"active":true,"scope":"openid","client_id":"portal","token_type":"Bearer","exp":1795367100,"#,
                r#""iat":1795366800,"sub":"a1","aud":"https://dinhdanh.example","iss":"https://dinhdanh.example","#,
                r#""jti":"j1","auth_time":1795366799,"acr":"urn:vn:xacthuc:1","amr":["pwd"],"sid":"s1"}"#
            )
        );
    }

    #[test]
    fn a_living_refresh_token_has_no_token_type() {
        let client_id = ClientId::from("portal");
        let state = RefreshTokenState {
            issuer: ISSUER,
            client_id: &client_id,
            sub: "a1",
            scope: "openid offline_access",
            issued_at: Timestamp::from_secs(1_795_366_800),
            expires_at: None,
            authorization_details: vec![json!({"type": "delegation"})],
            cnf: Confirmation { jkt: Some("thumb".to_owned()), ..Confirmation::default() },
        };
        assert_eq!(
            written(&IntrospectionResponse::refresh_token(state)),
            concat!(
                r#"{"active":true,"scope":"openid offline_access","client_id":"portal","iat":1795366800,"sub":"a1","#,
                r#""iss":"https://dinhdanh.example","cnf":{"jkt":"thumb"},"authorization_details":[{"type":"delegation"}]}"#
            )
        );
    }
}
