//! What a key of ours is for: to sign with, or to be encrypted to. Never both (RFC 7517 §4.2).

use super::alg::Alg;
use crate::oidc::encryption::KeyAlg;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyPurpose {
    Sign(Alg),
    /// By the first algorithm that a key of its kind serves; a P-256 key serves both of ECDH-ES.
    Open(KeyAlg),
}

impl KeyPurpose {
    pub const ALL: [Self; 6] = [
        Self::Sign(Alg::Rs256),
        Self::Sign(Alg::Es256),
        Self::Sign(Alg::EdDsa),
        Self::Sign(Alg::Ps256),
        Self::Open(KeyAlg::RsaOaep256),
        Self::Open(KeyAlg::EcdhEs),
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Sign(alg) => alg.name(),
            Self::Open(alg) => alg.as_str(),
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }

    /// `use` (RFC 7517 §4.2).
    pub const fn key_use(self) -> &'static str {
        match self {
            Self::Sign(_) => "sig",
            Self::Open(_) => "enc",
        }
    }
}

impl From<Alg> for KeyPurpose {
    fn from(alg: Alg) -> Self {
        Self::Sign(alg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_each_use_is_there() {
        for purpose in KeyPurpose::ALL {
            assert_eq!(KeyPurpose::parse(purpose.name()), Some(purpose));
        }
        for alg in Alg::SIGNING {
            assert!(KeyPurpose::ALL.contains(&alg.into()), "{}", alg.name());
        }
        for name in ["ES384", "ECDH-ES+A256KW", "RSA1_5", "none", ""] {
            assert_eq!(KeyPurpose::parse(name), None, "{name}");
        }
    }
}
