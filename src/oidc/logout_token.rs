//! Logout tokens (OIDC Back-Channel Logout 1.0): what we post to a client when its session ends.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    audience::Audience,
    numeric_date,
    token_kind::{TokenError, TokenKind},
};
use crate::base::{Span, Timestamp, ids::ClientId};

/// The member of `events` that makes a JWT a logout token (§2.4).
pub const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The payload, in the order in which it is written (§2.4). There is never a `nonce` in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogoutToken {
    pub iss: String,
    pub aud: Audience,
    #[serde(with = "numeric_date")]
    pub iat: Timestamp,
    #[serde(with = "numeric_date")]
    pub exp: Timestamp,
    pub jti: String,
    events: Map<String, Value>,
    /// The pairwise subject that this client knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    /// The session of this client; absent when all the person's sessions there end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
}

impl LogoutToken {
    /// §4 recommends at most two minutes.
    pub const LIFETIME: Span = Span::minutes(2);

    /// Clocks of two machines differ; FAPI 2.0 §5.3.2.1 draws the same line.
    const SKEW: Span = Span::secs(10);

    /// Always with `sub` (§2.4 wants `sub` or `sid`); with `sid` it ends that session, without it all of them.
    pub fn new(issuer: &str, client: &ClientId, sub: &str, sid: Option<&str>, jti: &str, now: Timestamp) -> Self {
        Self {
            iss: issuer.to_owned(),
            aud: Audience::one(client.as_str()),
            iat: now,
            exp: now + Self::LIFETIME,
            jti: jti.to_owned(),
            events: Map::from_iter([(EVENT.to_owned(), Value::Object(Map::new()))]),
            sub: Some(sub.to_owned()),
            sid: sid.map(str::to_owned),
        }
    }

    pub fn sub(&self) -> Option<&str> {
        self.sub.as_deref()
    }

    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// The payload to sign: compact JSON.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// The checks that a client makes after it verified the signature (§2.6), for relying parties of our own. That the
    /// `jti` is new is the caller's to know.
    pub fn parse(
        typ: Option<&str>,
        payload: &[u8],
        issuer: &str,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<Self, TokenError> {
        const KIND: TokenKind = TokenKind::Logout;
        const MALFORMED: TokenError = TokenError::Malformed { expected: KIND };
        if !KIND.is_named_by(typ) {
            return Err(TokenError::WrongKind { expected: KIND });
        }
        let members: Map<String, Value> = serde_json::from_slice(payload).map_err(|_| MALFORMED)?;
        // §2.4: with a `nonce` it could be taken for an ID token.
        if members.contains_key("nonce") {
            return Err(MALFORMED);
        }
        let token: Self = serde_json::from_value(Value::Object(members)).map_err(|_| MALFORMED)?;
        let names_the_event = token.events.get(EVENT).is_some_and(Value::is_object);
        if !names_the_event || (token.sub.is_none() && token.sid.is_none()) {
            return Err(MALFORMED);
        }
        if token.iss != issuer {
            return Err(TokenError::WrongIssuer);
        }
        if !token.aud.contains(client.as_str()) {
            return Err(TokenError::WrongAudience);
        }
        if now >= token.exp + Self::SKEW {
            return Err(TokenError::Expired);
        }
        if token.iat > now + Self::SKEW {
            return Err(TokenError::FromTheFuture);
        }
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://dinhdanh.example";
    const NOW: Timestamp = Timestamp::from_secs(1_795_366_800);

    fn client() -> ClientId {
        ClientId::from("portal")
    }

    fn token() -> LogoutToken {
        LogoutToken::new(ISSUER, &client(), "a1", Some("s1"), "j1", NOW)
    }

    #[test]
    fn the_payload_is_that_of_section_2_4() {
        assert_eq!(
            String::from_utf8(token().to_json().unwrap()).unwrap(),
            concat!(
                r#"{"iss":"https://dinhdanh.example","aud":"portal","iat":1795366800,"exp":1795366920,"jti":"j1","#,
                r#""events":{"http://schemas.openid.net/event/backchannel-logout":{}},"sub":"a1","sid":"s1"}"#
            )
        );
        let everywhere = LogoutToken::new(ISSUER, &client(), "a1", None, "j1", NOW);
        assert!(!String::from_utf8(everywhere.to_json().unwrap()).unwrap().contains("sid"));
    }

    #[test]
    fn it_is_read_back_within_its_time() {
        let payload = token().to_json().unwrap();
        let read = |now| LogoutToken::parse(Some("logout+jwt"), &payload, ISSUER, &client(), now);
        assert_eq!(read(NOW), Ok(token()));
        assert_eq!(read(NOW - Span::secs(10)), Ok(token()));
        assert_eq!(read(NOW - Span::secs(11)), Err(TokenError::FromTheFuture));
        assert_eq!(read(NOW + Span::secs(129)), Ok(token()));
        assert_eq!(read(NOW + Span::secs(130)), Err(TokenError::Expired));
    }

    #[test]
    fn each_check_of_section_2_6_refuses() {
        const MALFORMED: TokenError = TokenError::Malformed { expected: TokenKind::Logout };
        fn with(name: &str, value: Value) -> Vec<u8> {
            let mut payload: Value = serde_json::from_slice(&token().to_json().unwrap()).unwrap();
            payload[name] = value;
            payload.to_string().into_bytes()
        }
        fn without(names: &[&str]) -> Vec<u8> {
            let mut payload: Value = serde_json::from_slice(&token().to_json().unwrap()).unwrap();
            for name in names {
                payload.as_object_mut().unwrap().remove(*name).unwrap();
            }
            payload.to_string().into_bytes()
        }
        let table = [
            ("nonce", with("nonce", json!("n")), MALFORMED),
            ("null nonce", with("nonce", Value::Null), MALFORMED),
            ("other event", with("events", json!({ "http://example.com/event": {} })), MALFORMED),
            ("event is no object", with("events", json!({ EVENT: true })), MALFORMED),
            ("no events", without(&["events"]), MALFORMED),
            ("nobody named", without(&["sub", "sid"]), MALFORMED),
            ("no jti", without(&["jti"]), MALFORMED),
            ("no exp", without(&["exp"]), MALFORMED),
            ("no iat", without(&["iat"]), MALFORMED),
            ("other issuer", with("iss", json!("https://other.example")), TokenError::WrongIssuer),
            ("other client", with("aud", json!(["other"])), TokenError::WrongAudience),
        ];
        for (what, payload, expected) in table {
            let read = LogoutToken::parse(Some("logout+jwt"), &payload, ISSUER, &client(), NOW);
            assert_eq!(read, Err(expected), "{what}");
        }
        let sid_alone = LogoutToken::parse(Some("logout+jwt"), &without(&["sub"]), ISSUER, &client(), NOW).unwrap();
        assert_eq!((sid_alone.sub(), sid_alone.sid()), (None, Some("s1")));
        for typ in [None, Some("JWT"), Some("at+jwt")] {
            let read = LogoutToken::parse(typ, &token().to_json().unwrap(), ISSUER, &client(), NOW);
            assert_eq!(read, Err(TokenError::WrongKind { expected: TokenKind::Logout }), "{typ:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(LogoutToken::parse(Some("logout+jwt"), &payload, ISSUER, &client(), NOW).is_err());
        }
    }
}
