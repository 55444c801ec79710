//! Access tokens as signed JWTs (RFC 9068).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    audience::Audience,
    confirmation::Confirmation,
    numeric_date,
    token_exchange::Acting,
    token_kind::{TokenError, TokenKind},
};
use crate::base::{Timestamp, ids::ClientId};

/// The payload, in the order in which it is written. RFC 9068 §2.2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    pub iss: String,
    #[serde(with = "numeric_date")]
    pub exp: Timestamp,
    /// Where no `resource` was named: the issuer itself, that is its UserInfo endpoint (RFC 9068 §3).
    pub aud: Audience,
    /// Of the audience's sector; for a client that acts for itself its `client_id` (RFC 9068 §2.2).
    pub sub: String,
    pub client_id: ClientId,
    #[serde(with = "numeric_date")]
    pub iat: Timestamp,
    pub jti: String,
    /// Space-separated; absent when no scope was granted (RFC 9068 §2.2.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// What the sender must prove to have (RFC 9449 §6.1, RFC 8705 §3.1).
    #[serde(default, skip_serializing_if = "Confirmation::is_empty")]
    pub cnf: Confirmation,
    #[serde(flatten)]
    pub authentication: Authentication,
    /// RFC 9396 §9.1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_details: Vec<Value>,
    #[serde(flatten)]
    pub acting: Acting,
}

/// How the person signed in (RFC 9068 §2.2.1). All absent in a token of the client credentials grant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    #[serde(default, with = "numeric_date::optional", skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
}

impl AccessToken {
    /// The payload to sign: compact JSON.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Reads a token whose signature has been verified with a key of ours. It may have expired, and it may be for
    /// another audience: introspection and revocation read those too. A place that lets it open something also calls
    /// [`Self::check_use`].
    pub fn parse(typ: Option<&str>, payload: &[u8], issuer: &str) -> Result<Self, TokenError> {
        const KIND: TokenKind = TokenKind::Access;
        // RFC 9068 §4: any other `typ` is rejected, or an ID token would open the resource.
        if !KIND.is_named_by(typ) {
            return Err(TokenError::WrongKind { expected: KIND });
        }
        let token: Self = serde_json::from_slice(payload).map_err(|_| TokenError::Malformed { expected: KIND })?;
        // RFC 9068 §4: `iss` must match exactly.
        if token.iss != issuer {
            return Err(TokenError::WrongIssuer);
        }
        Ok(token)
    }

    /// RFC 9068 §4: `aud` must name the resource, and the time must be before `exp`.
    pub fn check_use(&self, audience: &str, now: Timestamp) -> Result<(), TokenError> {
        if !self.aud.contains(audience) {
            return Err(TokenError::WrongAudience);
        }
        self.check_time(now)
    }

    /// The time alone: for who tells others about a token, as introspection does.
    pub fn check_time(&self, now: Timestamp) -> Result<(), TokenError> {
        if now >= self.exp {
            return Err(TokenError::Expired);
        }
        Ok(())
    }

    /// Whether a client got it for itself (RFC 6749 §4.4), so that no person stands behind it.
    pub fn is_for_the_client_itself(&self) -> bool {
        self.authentication.auth_time.is_none() && self.sub == self.client_id.as_str()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::Span;

    const ISSUER: &str = "https://dinhdanh.example";

    fn of_a_client() -> AccessToken {
        AccessToken {
            iss: ISSUER.to_owned(),
            exp: Timestamp::from_secs(1_795_367_100),
            aud: Audience::one(ISSUER),
            sub: "portal".to_owned(),
            client_id: ClientId::from("portal"),
            iat: Timestamp::from_secs(1_795_366_800),
            jti: "j1".to_owned(),
            scope: None,
            cnf: Confirmation::default(),
            authentication: Authentication::default(),
            authorization_details: Vec::new(),
            acting: Acting::default(),
        }
    }

    fn of_a_person() -> AccessToken {
        AccessToken {
            sub: "a1".to_owned(),
            scope: Some("openid profile".to_owned()),
            authentication: Authentication {
                auth_time: Some(Timestamp::from_secs(1_795_366_799)),
                acr: Some("urn:vn:xacthuc:2".to_owned()),
                amr: vec!["pwd".to_owned(), "otp".to_owned()],
                sid: Some("s1".to_owned()),
            },
            ..of_a_client()
        }
    }

    #[test]
    fn members_keep_their_order_and_absent_ones_are_not_written() {
        assert_eq!(
            String::from_utf8(of_a_person().to_json().unwrap()).unwrap(),
            concat!(
                r#"{"iss":"https://dinhdanh.example","exp":1795367100,"aud":"https://dinhdanh.example","sub":"a1","#,
                r#""client_id":"portal","iat":1795366800,"jti":"j1","scope":"openid profile","auth_time":1795366799,"#,
                r#""acr":"urn:vn:xacthuc:2","amr":["pwd","otp"],"sid":"s1"}"#
            )
        );
        assert_eq!(
            String::from_utf8(of_a_client().to_json().unwrap()).unwrap(),
            concat!(
                r#"{"iss":"https://dinhdanh.example","exp":1795367100,"aud":"https://dinhdanh.example","sub":"portal","#,
                r#""client_id":"portal","iat":1795366800,"jti":"j1"}"#
            )
        );
        assert!(of_a_client().is_for_the_client_itself());
        assert!(!of_a_person().is_for_the_client_itself());
    }

    #[test]
    fn only_an_access_token_of_this_issuer_is_read() {
        for token in [of_a_client(), of_a_person()] {
            let payload = token.to_json().unwrap();
            assert_eq!(AccessToken::parse(Some("at+jwt"), &payload, ISSUER), Ok(token.clone()));
            assert_eq!(AccessToken::parse(Some("application/at+jwt"), &payload, ISSUER), Ok(token));
            for typ in [None, Some("JWT"), Some("logout+jwt"), Some("")] {
                let expected = TokenError::WrongKind { expected: TokenKind::Access };
                assert_eq!(AccessToken::parse(typ, &payload, ISSUER), Err(expected), "{typ:?}");
            }
            assert_eq!(AccessToken::parse(Some("at+jwt"), &payload, "https://other"), Err(TokenError::WrongIssuer));
        }
        // RFC 9068 §2.2: each of these is required.
        for required in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"] {
            let mut payload: serde_json::Value = serde_json::from_slice(&of_a_person().to_json().unwrap()).unwrap();
            payload.as_object_mut().unwrap().remove(required).unwrap();
            assert_eq!(
                AccessToken::parse(Some("at+jwt"), payload.to_string().as_bytes(), ISSUER),
                Err(TokenError::Malformed { expected: TokenKind::Access }),
                "{required}"
            );
        }
    }

    #[test]
    fn a_token_opens_its_audience_until_it_expires() {
        let token = of_a_person();
        let last = token.exp - Span::micros(1);
        assert_eq!(token.check_use(ISSUER, last), Ok(()));
        assert_eq!(token.check_use(ISSUER, token.exp), Err(TokenError::Expired));
        assert_eq!(token.check_use("https://api.example", last), Err(TokenError::WrongAudience));
        let many =
            AccessToken { aud: Audience::Many(vec!["https://api.example".to_owned(), ISSUER.to_owned()]), ..token };
        assert_eq!(many.check_use(ISSUER, last), Ok(()));
        assert_eq!(many.check_use("https://api.example", last), Ok(()));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            sub in ".{0,40}", jti in ".{1,40}", scope in proptest::option::of("[a-z]{1,9}( [a-z]{1,9}){0,3}"),
            sid in proptest::option::of(".{0,9}"), auth_time in proptest::option::of(0_i64..4_000_000_000),
            amr in proptest::collection::vec("[a-z]{1,5}", 0..4),
        ) {
            let authentication = Authentication { auth_time: auth_time.map(Timestamp::from_secs), acr: None, amr, sid };
            let token = AccessToken { sub, jti, scope, authentication, ..of_a_client() };
            prop_assert_eq!(AccessToken::parse(Some("at+jwt"), &token.to_json().unwrap(), ISSUER), Ok(token));
        }

        #[test]
        fn no_bytes_make_it_panic(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(AccessToken::parse(Some("at+jwt"), &payload, ISSUER).is_err());
        }
    }
}
