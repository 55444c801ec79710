//! `session_state` (OpenID Connect Session Management 1.0 §2, §3.2): a relying party's page asks a frame of ours whether the
//! sign-in that it knows is still the browser's, without a request for each question.
//!
//! The frame's script reads a cookie of its own, the browser state. It is keyed from the session, so that it is the same for as long
//! as the session lives and says nothing about it; without a session it is random.

use url::Url;

use crate::{
    base::{Entropy, hex, ids::SessionId},
    crypto::digest::sha256,
    flows::Provider,
};

/// How a browser state begins: of a session, or of nobody's.
const SESSION: char = 's';
const NOBODY: char = 'n';
/// The letter, and 32 bytes in hexadecimal.
const LENGTH: usize = 65;

/// The browser state that goes with a session, or with none: then the one that the browser has, unless a session left it behind.
pub fn browser_state(provider: &Provider, session: Option<SessionId>, cookie: Option<&str>) -> String {
    match (session, cookie) {
        (Some(id), _) => {
            let digest = provider.secrets.browser_state.of(id.0.as_bytes());
            format!("{SESSION}{}", hex(digest.as_bytes()))
        }
        (None, Some(own)) if is_nobodys(own) => own.to_owned(),
        (None, _) => fresh(&provider.entropy),
    }
}

/// Another one: whoever was signed in is not any more.
pub fn fresh(entropy: &Entropy) -> String {
    format!("{NOBODY}{}", hex(&entropy.bytes::<32>()))
}

fn is_nobodys(text: &str) -> bool {
    text.len() == LENGTH
        && text.starts_with(NOBODY)
        && text.chars().skip(1).all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
}

/// What the response says (§3.2): a salted digest of client, its origin, and the browser state. `None` for an app, which has no origin.
pub fn session_state(client: &str, redirect_uri: &str, browser_state: &str, entropy: &Entropy) -> Option<String> {
    let origin = Url::parse(redirect_uri).ok()?.origin();
    if !origin.is_tuple() {
        return None;
    }
    let salt = hex(&entropy.bytes::<8>());
    let digest = sha256(format!("{client} {} {browser_state} {salt}", origin.ascii_serialization()).as_bytes());
    Some(format!("{}.{salt}", hex(digest.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_specifications() {
        let entropy = Entropy::counted(3);
        let said = session_state("c1", "https://rp.example:8443/cb?x=1", "n0", &entropy).unwrap();
        let (digest, salt) = said.split_once('.').unwrap();
        let expected = sha256(format!("c1 https://rp.example:8443 n0 {salt}").as_bytes());
        assert_eq!((digest, salt.len()), (hex(expected.as_bytes()).as_str(), 16));
        assert_ne!(session_state("c1", "https://rp.example:8443/cb", "n0", &entropy), Some(said), "salted anew");
        assert_eq!(session_state("c1", "vn.example.app:/cb", "n0", &entropy), None);
    }

    #[test]
    fn only_a_state_of_nobody_is_kept() {
        let own = fresh(&Entropy::counted(1));
        assert!(is_nobodys(&own));
        for other in ["", "n", &own[1..], &own.replacen('n', "s", 1), &own.to_uppercase(), &format!("{own}0")] {
            assert!(!is_nobodys(other), "{other}");
        }
    }
}
