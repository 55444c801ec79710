//! Short secrets need a key beside their digest: six digits are guessed from a plain hash in no time.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    derive::{Kek, Label},
    digest::{self, Digest},
    seal::keyed_digest,
};
use crate::base::{Entropy, Secret};

/// The key under which one-time codes sent to phones are stored, and form tokens are made.
pub struct CodeKey(hmac::Key);

impl CodeKey {
    pub fn new(kek: &Kek) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, kek.derive(Label::Codes).reveal()))
    }

    /// The stored form of a code, bound to what it is for: the same digits for another row have another digest.
    pub fn digest(&self, row: &[u8], code: &str) -> Digest {
        keyed_digest(&self.0, &[b"phone-code", &[0], row, &[0], code.trim().as_bytes()])
    }

    /// The synchroniser token of a form: nobody without this browser's cookie can know it.
    pub fn form_token(&self, cookie: &str, purpose: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(keyed_digest(&self.0, &[b"form", &[0], purpose, &[0], cookie.as_bytes()]).as_bytes())
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
        assert!(key.digest(b"row", " 123456 ").matches(&digest));
        for different in [key.digest(b"row2", "123456"), key.digest(b"row", "123457"), other.digest(b"row", "123456")] {
            assert!(!different.matches(&digest));
        }
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
