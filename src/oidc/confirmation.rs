//! `cnf` (RFC 7800 §3): what the sender of a token must prove to have.

use serde::{Deserialize, Serialize};

/// Both members may stand together; then both must be proven.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The thumbprint of a DPoP key (RFC 9449 §6.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jkt: Option<String>,
    /// The hash of a certificate (RFC 8705 §3.1).
    #[serde(default, rename = "x5t#S256", skip_serializing_if = "Option::is_none")]
    pub x5t_s256: Option<String>,
}

impl Confirmation {
    pub const fn is_empty(&self) -> bool {
        self.jkt.is_none() && self.x5t_s256.is_none()
    }

    /// `token_type` of a token that is bound so (RFC 9449 §5; RFC 8705 §3 leaves Bearer).
    pub const fn token_type(&self) -> &'static str {
        if self.jkt.is_some() { "DPoP" } else { "Bearer" }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_have_their_registered_names() {
        let both = Confirmation { jkt: Some("a".to_owned()), x5t_s256: Some("b".to_owned()) };
        assert_eq!(serde_json::to_value(&both).unwrap(), json!({"jkt": "a", "x5t#S256": "b"}));
        assert_eq!(serde_json::from_value::<Confirmation>(json!({"x5t#S256": "b", "kid": "c"})).unwrap().jkt, None);
        assert_eq!(both.token_type(), "DPoP");
        assert_eq!(Confirmation { jkt: None, ..both }.token_type(), "Bearer");
        assert!(Confirmation::default().is_empty());
    }
}
