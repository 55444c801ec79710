//! The ID token's payload (OIDC Core §2), and reading one back that a client sends as `id_token_hint`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    numeric_date,
    token_kind::{TokenError, TokenKind},
};
use crate::base::{Timestamp, ids::ClientId};

/// What one sign-in tells one client. Members are written in this order, absent ones not at all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdToken {
    pub iss: String,
    /// Pairwise: of this client's sector.
    pub sub: String,
    /// One client (OIDC Core §2: `aud` contains the `client_id`).
    pub aud: ClientId,
    #[serde(with = "numeric_date")]
    pub exp: Timestamp,
    #[serde(with = "numeric_date")]
    pub iat: Timestamp,
    /// The time of the oldest proof that `acr` counts.
    #[serde(with = "numeric_date")]
    pub auth_time: Timestamp,
    /// As it was sent, unmodified (OIDC Core §3.1.2.1). `None` on refresh: §12.2 says it should not be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// `urn:vn:xacthuc:1` … `urn:vn:xacthuc:4` (Decree 69/2024 Art 20).
    pub acr: String,
    /// RFC 8176.
    pub amr: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azp: Option<ClientId>,
    /// OIDC Core §3.1.3.6; computed where the hashes are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// OIDC Back-Channel Logout §2.1: constant per (session, client).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// `01` or `02` (Decree 69/2024 Art 7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_level: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_type: Option<String>,
    /// Claims that the `claims` parameter asked for in the ID token (OIDC Core §5.5).
    #[serde(flatten)]
    pub claims: ExtraClaims,
}

impl IdToken {
    /// The payload to sign: compact JSON.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Reads an `id_token_hint` whose signature has been verified with a key of ours, present or retired. Its `exp` may
    /// have passed: it says who was signed in, not that they are (OIDC Core §3.1.2.1, RP-Initiated Logout §2).
    pub fn from_hint(typ: Option<&str>, payload: &[u8], issuer: &str) -> Result<Self, TokenError> {
        const KIND: TokenKind = TokenKind::Id;
        if !KIND.is_named_by(typ) {
            return Err(TokenError::WrongKind { expected: KIND });
        }
        let token: Self = serde_json::from_slice(payload).map_err(|_| TokenError::Malformed { expected: KIND })?;
        if token.iss != issuer {
            return Err(TokenError::WrongIssuer);
        }
        Ok(token)
    }
}

/// Claims about the person beside the protocol's own, which they can never displace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExtraClaims(Map<String, Value>);

impl ExtraClaims {
    /// Names with a meaning for the protocol (RFC 7519 §4.1, OIDC Core §2 and §3.3.2.11, Back-Channel Logout §2.4,
    /// RFC 7800, RFC 8693, RFC 9068).
    const RESERVED: [&str; 23] = [
        "iss",
        "sub",
        "aud",
        "exp",
        "nbf",
        "iat",
        "jti",
        "auth_time",
        "nonce",
        "acr",
        "amr",
        "azp",
        "at_hash",
        "c_hash",
        "s_hash",
        "sid",
        "account_level",
        "account_type",
        "events",
        "cnf",
        "act",
        "client_id",
        "scope",
    ];

    /// Leaves out reserved names and nulls (OIDC Core §5.3.2: a claim that is not returned is omitted).
    pub fn new(claims: Map<String, Value>) -> Self {
        Self(
            claims
                .into_iter()
                .filter(|(name, value)| !value.is_null() && !Self::RESERVED.contains(&name.as_str()))
                .collect(),
        )
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://dinhdanh.example";

    fn token() -> IdToken {
        IdToken {
            iss: ISSUER.to_owned(),
            sub: "a1".to_owned(),
            aud: ClientId::from("portal"),
            exp: Timestamp::from_secs(1_795_367_100),
            iat: Timestamp::from_micros(1_795_366_800_999_999),
            auth_time: Timestamp::from_secs(1_795_366_799),
            nonce: None,
            acr: "urn:vn:xacthuc:1".to_owned(),
            amr: vec!["pwd".to_owned()],
            azp: None,
            at_hash: None,
            sid: None,
            account_level: None,
            account_type: None,
            claims: ExtraClaims::default(),
        }
    }

    #[test]
    fn members_keep_their_order_and_absent_ones_are_not_written() {
        let bare = String::from_utf8(token().to_json().unwrap()).unwrap();
        assert_eq!(
            bare,
            concat!(
                r#"{"iss":"https://dinhdanh.example","sub":"a1","aud":"portal","exp":1795367100,"iat":1795366800,"#,
                r#""auth_time":1795366799,"acr":"urn:vn:xacthuc:1","amr":["pwd"]}"#
            )
        );
        let full = IdToken {
            nonce: Some("n-0S6_WzA2Mj".to_owned()),
            azp: Some(ClientId::from("portal")),
            at_hash: Some("77QmUPtjPfzWtF2AnpK9RQ".to_owned()),
            sid: Some("s1".to_owned()),
            account_level: Some("02".to_owned()),
            account_type: Some("citizen".to_owned()),
            claims: ExtraClaims::new(json!({ "name": "Nguyễn Văn Thử" }).as_object().unwrap().clone()),
            ..token()
        };
        let full = String::from_utf8(full.to_json().unwrap()).unwrap();
        assert_eq!(
            full,
            concat!(
                r#"{"iss":"https://dinhdanh.example","sub":"a1","aud":"portal","exp":1795367100,"iat":1795366800,"#,
                r#""auth_time":1795366799,"nonce":"n-0S6_WzA2Mj","acr":"urn:vn:xacthuc:1","amr":["pwd"],"azp":"portal","#,
                r#""at_hash":"77QmUPtjPfzWtF2AnpK9RQ","sid":"s1","account_level":"02","account_type":"citizen","#,
                r#""name":"Nguyễn Văn Thử"}"#
            )
        );
    }

    #[test]
    fn extra_claims_never_displace_the_protocols() {
        let mut wanted = Map::new();
        for name in ExtraClaims::RESERVED {
            wanted.insert(name.to_owned(), json!("forged"));
        }
        wanted.insert("gender".to_owned(), json!("female"));
        wanted.insert("birthdate".to_owned(), Value::Null);
        let claims = ExtraClaims::new(wanted);
        assert_eq!(claims.get("gender"), Some(&json!("female")));
        let token = IdToken { claims, ..token() };
        let written: Value = serde_json::from_slice(&token.to_json().unwrap()).unwrap();
        assert!(!written.to_string().contains("forged"));
        assert!(written.get("birthdate").is_none());
        assert_eq!(written["gender"], "female");
    }

    #[test]
    fn a_hint_is_ours_and_an_id_token_but_may_be_old() {
        let payload = token().to_json().unwrap();
        let read = IdToken::from_hint(Some("JWT"), &payload, ISSUER).unwrap();
        assert_eq!(read, IdToken { iat: Timestamp::from_secs(1_795_366_800), ..token() });

        let wrong_kind = TokenError::WrongKind { expected: TokenKind::Id };
        let malformed = TokenError::Malformed { expected: TokenKind::Id };
        let no_auth_time =
            br#"{"iss":"https://dinhdanh.example","sub":"a","aud":"b","exp":1,"iat":1,"acr":"x","amr":[]}"#;
        let two_audiences = String::from_utf8(payload.clone()).unwrap().replace(r#""portal""#, r#"["portal","x"]"#);
        let table: [(Option<&str>, &[u8], &str, TokenError); 8] = [
            (Some("at+jwt"), &payload, ISSUER, wrong_kind),
            (Some("logout+jwt"), &payload, ISSUER, wrong_kind),
            (None, &payload, ISSUER, wrong_kind),
            (Some("JWT"), &payload, "https://dinhdanh.example/", TokenError::WrongIssuer),
            (Some("JWT"), b"", ISSUER, malformed),
            (Some("JWT"), b"[]", ISSUER, malformed),
            (Some("JWT"), no_auth_time, ISSUER, malformed),
            (Some("JWT"), two_audiences.as_bytes(), ISSUER, malformed),
        ];
        for (typ, payload, issuer, expected) in table {
            assert_eq!(IdToken::from_hint(typ, payload, issuer), Err(expected), "{typ:?} {issuer}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            sub in ".{0,40}", nonce in proptest::option::of(".{0,40}"), sid in proptest::option::of("[a-z]{0,9}"),
            amr in proptest::collection::vec("[a-z]{1,5}", 0..4), exp in 0_i64..4_000_000_000,
        ) {
            let token = IdToken {
                sub, nonce, sid, amr,
                exp: Timestamp::from_secs(exp),
                iat: Timestamp::from_secs(1),
                claims: ExtraClaims::new(json!({ "card": { "number": "1" } }).as_object().unwrap().clone()),
                ..token()
            };
            prop_assert_eq!(IdToken::from_hint(Some("JWT"), &token.to_json().unwrap(), ISSUER), Ok(token));
        }

        #[test]
        fn no_bytes_make_it_panic(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(IdToken::from_hint(Some("JWT"), &payload, ISSUER).is_err());
        }
    }
}
