//! Short secrets need a key beside their digest: six digits are guessed from a plain hash in no time.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    derive::{Kek, Label},
    digest::{self, Digest},
    seal::keyed_digest,
};
use crate::base::{Entropy, Secret};

/// The key under which one-time codes sent to phones and recovery codes are stored, and form tokens are made.
pub struct CodeKey(hmac::Key);

/// What a keyed digest is for: the same text for something else has another digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CodePurpose {
    Phone = 1,
    Recovery = 2,
    Form = 3,
    User = 4,
}

impl std::fmt::Debug for CodeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CodeKey(…)")
    }
}

impl CodeKey {
    pub fn new(kek: &Kek) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, kek.derive(Label::Codes).reveal()))
    }

    /// The stored form of a code sent to a phone, bound to its row. Blanks and hyphens between the digits do not matter.
    pub fn digest(&self, row: &[u8], code: &str) -> Digest {
        let digits: String = code.chars().filter(|c| !matches!(c, ' ' | '-' | '\u{a0}')).take(16).collect();
        self.keyed(CodePurpose::Phone, row, digits.as_bytes())
    }

    /// The stored form of the code that stands on a device (RFC 8628): it is what the row is found by.
    pub fn user_code(&self, letters: &str) -> Digest {
        self.keyed(CodePurpose::User, b"", letters.as_bytes())
    }

    /// The length of what it is bound to stands before it, so that the two cannot be cut differently.
    pub(super) fn keyed(&self, purpose: CodePurpose, bound_to: &[u8], text: &[u8]) -> Digest {
        let length = (bound_to.len() as u64).to_be_bytes();
        keyed_digest(&self.0, &[&[purpose as u8], &length, bound_to, text])
    }

    /// The synchroniser token of a form: nobody without this browser's cookie can know it.
    pub fn form_token(&self, cookie: &str, purpose: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(self.keyed(CodePurpose::Form, purpose, cookie.as_bytes()).as_bytes())
    }

    pub fn is_form_token(&self, cookie: &str, purpose: &[u8], token: &str) -> bool {
        digest::same(self.form_token(cookie, purpose).as_bytes(), token.as_bytes())
    }
}

/// Six digits, each as likely as any other.
pub fn six_digits(entropy: &Entropy) -> Secret {
    Secret::new(format!("{:06}", entropy.below(1_000_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_form_tokens_are_bound_to_what_they_are_for() {
        let key = CodeKey::new(&Kek::from_bytes(&[1; 32]));
        let other = CodeKey::new(&Kek::from_bytes(&[2; 32]));
        let digest = key.digest(b"row", "123456");
        for typed in [" 123456 ", "123 456", "123-456", "123\u{a0}456"] {
            assert!(key.digest(b"row", typed).matches(&digest), "{typed}");
        }
        for different in [
            key.digest(b"row2", "123456"),
            key.digest(b"row1", "23456"),
            key.digest(b"row", "123457"),
            key.digest(b"row", "12345"),
            key.digest(b"row", "1234560"),
            key.digest(b"row", "１２３４５６"),
            other.digest(b"row", "123456"),
            key.keyed(CodePurpose::Recovery, b"row", b"123456"),
        ] {
            assert!(!different.matches(&digest));
        }
        assert!(key.user_code("WDJBMJHT").matches(&key.user_code("WDJBMJHT")));
        assert!(!key.user_code("WDJBMJHT").matches(&other.user_code("WDJBMJHT")));
        assert!(!key.user_code("123456").matches(&key.digest(b"", "123456")));
        let token = key.form_token("cookie", b"sign-in");
        assert!(key.is_form_token("cookie", b"sign-in", &token));
        assert!(!key.is_form_token("cookie2", b"sign-in", &token));
        assert!(!key.is_form_token("cookie", b"register", &token));
        assert!(!key.is_form_token("cookie", b"sign-in", ""));
    }

    #[test]
    fn six_digits_are_six_digits() {
        let entropy = Entropy::counted(9);
        for _ in 0..100 {
            let code = six_digits(&entropy);
            assert!(code.reveal().len() == 6 && code.reveal().bytes().all(|byte| byte.is_ascii_digit()));
        }
    }
}
