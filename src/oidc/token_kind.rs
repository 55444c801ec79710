//! The kinds of JWT that we sign, told apart by their `typ` header (RFC 8725 §3.11): a token of one kind is never read as
//! another, wherever it is presented.

use std::fmt;

/// A kind of signed token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    Id,
    Access,
    Logout,
}

impl TokenKind {
    pub const ALL: [Self; 3] = [Self::Id, Self::Access, Self::Logout];

    /// The `typ` header that we write.
    pub const fn typ(self) -> &'static str {
        match self {
            // OIDC Core §2 names none; RFC 7519 §5.1 recommends this.
            Self::Id => "JWT",
            // RFC 9068 §2.1
            Self::Access => "at+jwt",
            // OIDC Back-Channel Logout §2.4
            Self::Logout => "logout+jwt",
        }
    }

    /// Whether a `typ` header names this kind: a media type, so without regard to case, and `application/` may stand
    /// before it (RFC 7515 §4.1.9). A token without `typ` is none of ours.
    pub fn is_named_by(self, typ: Option<&str>) -> bool {
        typ.is_some_and(|typ| media_type_matches(typ, self.typ()))
    }
}

impl fmt::Display for TokenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id => "ID token",
            Self::Access => "access token",
            Self::Logout => "logout token",
        })
    }
}

/// RFC 7515 §4.1.9: the prefix `application/` may be left out when nothing else in the value is a slash.
pub fn media_type_matches(typ: &str, expected: &str) -> bool {
    const PREFIX: &str = "application/";
    let bare = match typ.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
        _ => typ,
    };
    bare.eq_ignore_ascii_case(expected)
}

/// Why a token whose signature is ours is still not accepted. For the log and for tests; what the caller tells outside
/// depends on the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("the token's type is not that of an {expected}")]
    WrongKind { expected: TokenKind },
    #[error("the payload is not that of an {expected}")]
    Malformed { expected: TokenKind },
    #[error("the token names another issuer")]
    WrongIssuer,
    #[error("the token is for another audience")]
    WrongAudience,
    #[error("the token has expired")]
    Expired,
    #[error("the token's time of issue lies in the future")]
    FromTheFuture,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typ_names_one_kind_only() {
        for kind in TokenKind::ALL {
            for other in TokenKind::ALL {
                assert_eq!(kind.is_named_by(Some(other.typ())), kind == other, "{kind} by {}", other.typ());
            }
            assert!(!kind.is_named_by(None));
        }
    }

    #[test]
    fn typ_is_a_media_type() {
        let table = [
            ("at+jwt", true),
            ("AT+JWT", true),
            ("application/at+jwt", true),
            ("Application/At+Jwt", true),
            ("application/application/at+jwt", false),
            ("text/at+jwt", false),
            ("at+jwt ", false),
            ("JWT", false),
            ("", false),
            ("đăng+nhập/jwt", false),
        ];
        for (typ, accepted) in table {
            assert_eq!(TokenKind::Access.is_named_by(Some(typ)), accepted, "{typ:?}");
        }
    }
}
