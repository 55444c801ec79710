//! Proof Key for Code Exchange (RFC 7636), S256 only.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::{OAuthError, OAuthErrorCode};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// `code_challenge`: the base64url form of a SHA-256, 43 characters without padding (RFC 7636 §4.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CodeChallenge(String);

/// Not the base64url form of 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("code_challenge must be the base64url form of a SHA-256: 43 characters without padding")]
pub struct ChallengeSyntax;

impl CodeChallenge {
    pub fn parse(text: &str) -> Result<Self, ChallengeSyntax> {
        let values: Option<Vec<usize>> =
            text.bytes().map(|byte| ALPHABET.iter().position(|&letter| letter == byte)).collect();
        // 32 bytes are 42 characters and a last one of which two bits are always zero; no other text can ever match.
        match values {
            Some(values) if values.len() == 43 && values.last().is_some_and(|last| last % 4 == 0) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(ChallengeSyntax),
        }
    }

    /// The challenge of a verifier whose SHA-256 is given.
    pub fn of_digest(sha256: &[u8; 32]) -> Self {
        let mut text = String::with_capacity(43);
        for group in sha256.chunks(3) {
            let bits =
                group.iter().fold(0usize, |bits, byte| bits << 8 | usize::from(*byte)) << (8 * (3 - group.len()));
            for place in 0..=group.len() {
                let letter = ALPHABET.get(bits >> (18 - 6 * place) & 63).copied().unwrap_or(b'A');
                text.push(char::from(letter));
            }
        }
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CodeChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<CodeChallenge> for String {
    fn from(challenge: CodeChallenge) -> Self {
        challenge.0
    }
}

impl TryFrom<String> for CodeChallenge {
    type Error = ChallengeSyntax;
    fn try_from(text: String) -> Result<Self, ChallengeSyntax> {
        Self::parse(&text)
    }
}

/// `code_verifier`: 43 to 128 unreserved characters (RFC 7636 §4.1). The caller hashes [`CodeVerifier::as_bytes`].
#[derive(Clone, PartialEq, Eq)]
pub struct CodeVerifier(String);

impl CodeVerifier {
    /// A text that no client may make is `invalid_grant`, as one that doesn't match (RFC 7636 §4.6).
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        if (43..=128).contains(&text.len()) && text.bytes().all(unreserved) {
            Ok(Self(text.to_owned()))
        } else {
            Err(invalid_grant("code_verifier must be 43 to 128 letters, digits or -._~"))
        }
    }

    /// What the SHA-256 is taken of: the ASCII of the verifier (RFC 7636 §4.2).
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeVerifier(…)")
    }
}

/// Compares what was stored with the code and the SHA-256 of the verifier sent with it. A challenge that was sent is
/// always verified, and a verifier without a challenge is a downgrade that somebody tried (RFC 9700 §4.8.2).
pub fn verify(stored: Option<&CodeChallenge>, verifier_sha256: Option<&[u8; 32]>) -> Result<(), OAuthError> {
    match (stored, verifier_sha256) {
        (None, None) => Ok(()),
        (Some(_), None) => {
            Err(invalid_grant("code_verifier is missing: the authorization request had a code_challenge"))
        }
        (None, Some(_)) => {
            Err(invalid_grant("code_verifier was sent, but the authorization request had no code_challenge"))
        }
        (Some(challenge), Some(sha256)) if *challenge == CodeChallenge::of_digest(sha256) => Ok(()),
        (Some(_), Some(_)) => Err(invalid_grant("code_verifier does not match the code_challenge")),
    }
}

fn invalid_grant(description: &'static str) -> OAuthError {
    OAuthError::new(OAuthErrorCode::InvalidGrant, description)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // RFC 7636 Appendix B.
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const SHA256: [u8; 32] = [
        19, 211, 30, 150, 26, 26, 216, 236, 47, 22, 177, 12, 76, 152, 46, 8, 118, 168, 120, 173, 109, 241, 68, 86, 110,
        225, 137, 74, 203, 112, 249, 195,
    ];

    #[test]
    fn the_example_of_the_rfc() {
        let challenge = CodeChallenge::parse(CHALLENGE).unwrap();
        assert_eq!(CodeChallenge::of_digest(&SHA256), challenge);
        assert_eq!(CodeVerifier::parse(VERIFIER).unwrap().as_bytes(), VERIFIER.as_bytes());
        assert_eq!(verify(Some(&challenge), Some(&SHA256)), Ok(()));
    }

    #[test]
    fn downgrade_and_omission_are_invalid_grant() {
        let challenge = CodeChallenge::parse(CHALLENGE).unwrap();
        let other = [7; 32];
        assert_eq!(verify(None, None), Ok(()));
        for (stored, sent) in [(Some(&challenge), None), (None, Some(&SHA256)), (Some(&challenge), Some(&other))] {
            assert_eq!(verify(stored, sent).unwrap_err().code, OAuthErrorCode::InvalidGrant);
        }
    }

    #[test]
    fn grammar_of_challenges() {
        let bad = [
            "",
            &CHALLENGE[1..],
            &format!("{CHALLENGE}="),
            &format!("{CHALLENGE}A"),
            &CHALLENGE.replace('-', "+"),
            &CHALLENGE.replace('-', "."),
            // The last character carries two bits beyond the 32nd byte.
            &format!("{}N", &CHALLENGE[..42]),
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjX~",
        ];
        for text in bad {
            assert_eq!(CodeChallenge::parse(text), Err(ChallengeSyntax), "{text}");
        }
        assert!(serde_json::from_str::<CodeChallenge>("\"short\"").is_err());
    }

    #[test]
    fn grammar_of_verifiers() {
        for (text, fits) in [
            ("a".repeat(42), false),
            ("a".repeat(43), true),
            ("-._~".repeat(32), true),
            ("a".repeat(129), false),
            (format!("{}+", "a".repeat(43)), false),
            (format!("{} ", "a".repeat(43)), false),
            (format!("{}ế", "a".repeat(43)), false),
        ] {
            assert_eq!(CodeVerifier::parse(&text).is_ok(), fits, "{text}");
        }
        assert_eq!(CodeVerifier::parse("short").unwrap_err().code, OAuthErrorCode::InvalidGrant);
        assert_eq!(format!("{:?}", CodeVerifier::parse(VERIFIER).unwrap()), "CodeVerifier(…)");
    }

    proptest! {
        #[test]
        fn only_the_same_digest_matches(a in any::<[u8; 32]>(), b in any::<[u8; 32]>(), bit in 0usize..256) {
            let challenge = CodeChallenge::of_digest(&a);
            prop_assert_eq!(CodeChallenge::parse(challenge.as_str()).unwrap(), challenge.clone());
            prop_assert!(verify(Some(&challenge), Some(&a)).is_ok());
            prop_assert_eq!(verify(Some(&challenge), Some(&b)).is_ok(), a == b);
            let mut flipped = a;
            flipped[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(verify(Some(&challenge), Some(&flipped)).is_err());
        }

        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = (CodeChallenge::parse(&text), CodeVerifier::parse(&text).is_ok());
        }
    }
}
