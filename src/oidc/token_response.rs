//! The token endpoint's answer (RFC 6749 §5.1, OIDC Core §3.1.3.3). It is sent with `Cache-Control: no-store`.

use serde::Serialize;
use serde_json::{Map, Value};

use super::confirmation::Confirmation;
use crate::base::{Fault, Span};

/// Written in this order, absent members not at all. Holds live tokens, so it has no `Debug`.
#[derive(Serialize)]
pub struct TokenResponse {
    access_token: String,
    /// Of an exchange alone (RFC 8693 §2.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<&'static str>,
    token_type: &'static str,
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    /// As granted, and enriched (RFC 9396 §7).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authorization_details: Vec<Value>,
}

impl TokenResponse {
    /// A token bound to a key or a certificate says its own `token_type` (RFC 9449 §5).
    pub fn bound(cnf: &Confirmation, access_token: String, expires_in: Span, scope: &str) -> Self {
        Self { token_type: cnf.token_type(), ..Self::bearer(access_token, expires_in, scope) }
    }

    /// `scope` is what was granted, always told: §5.1 wants it wherever it differs from what was asked, and a scope may
    /// have been left out because of its floor. Nothing granted is no member, since the grammar has no empty scope (§3.3).
    pub fn bearer(access_token: String, expires_in: Span, scope: &str) -> Self {
        Self {
            access_token,
            issued_token_type: None,
            token_type: "Bearer",
            expires_in: expires_in.as_secs().max(0),
            refresh_token: None,
            scope: (!scope.is_empty()).then(|| scope.to_owned()),
            id_token: None,
            authorization_details: Vec::new(),
        }
    }

    /// Of the exchange for a token of this type.
    pub fn exchanged(mut self, issued: &'static str) -> Self {
        self.issued_token_type = Some(issued);
        self
    }

    pub fn with_refresh_token(mut self, token: Option<String>) -> Self {
        self.refresh_token = token;
        self
    }

    pub fn with_id_token(mut self, token: Option<String>) -> Self {
        self.id_token = token;
        self
    }

    pub fn with_details(mut self, details: Vec<Value>) -> Self {
        self.authorization_details = details;
        self
    }

    /// The members, for an answer that has more of its own.
    pub fn to_map(&self) -> Result<Map<String, Value>, Fault> {
        let written = serde_json::to_value(self).map_err(|error| Fault::internal("tokens cannot be written", error))?;
        match written {
            Value::Object(members) => Ok(members),
            _ => Ok(Map::new()),
        }
    }

    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(response: &TokenResponse) -> String {
        String::from_utf8(response.to_json().unwrap()).unwrap()
    }

    #[test]
    fn members_are_those_of_the_specification() {
        let full = TokenResponse::bearer("at".to_owned(), Span::secs(300), "openid profile")
            .with_refresh_token(Some("rt".to_owned()))
            .with_id_token(Some("a.b.c".to_owned()));
        assert_eq!(
            written(&full),
            concat!(
                r#"{"access_token":"at","token_type":"Bearer","expires_in":300,"refresh_token":"rt","#,
                r#""scope":"openid profile","id_token":"a.b.c"}"#
            )
        );
        let bare =
            TokenResponse::bearer("at".to_owned(), Span::secs(-1), "").with_refresh_token(None).with_id_token(None);
        assert_eq!(written(&bare), r#"{"access_token":"at","token_type":"Bearer","expires_in":0}"#);
    }
}
