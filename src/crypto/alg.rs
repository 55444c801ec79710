//! The signature algorithms there are here (RFC 7518 §3.1, RFC 8037 §3.1). `none` and the HMAC ones have no variant, so
//! no table of keys can be talked into them.

use std::fmt;

use aws_lc_rs::{
    digest::{self, SHA256, SHA384, SHA512},
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
        RSA_PSS_2048_8192_SHA256, RsaParameters, VerificationAlgorithm,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Alg {
    Rs256,
    Ps256,
    Es256,
    /// Verified only: clients may sign with it, we do not.
    Es384,
    EdDsa,
}

impl Alg {
    /// What we sign with; RS256 first, as discovery lists it.
    pub const SIGNING: [Self; 4] = [Self::Rs256, Self::Es256, Self::EdDsa, Self::Ps256];
    pub const ALL: [Self; 5] = [Self::Rs256, Self::Es256, Self::Es384, Self::EdDsa, Self::Ps256];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alg| alg.name() == name)
    }

    pub(super) const fn rsa(self) -> Option<&'static RsaParameters> {
        match self {
            Self::Rs256 => Some(&RSA_PKCS1_2048_8192_SHA256),
            Self::Ps256 => Some(&RSA_PSS_2048_8192_SHA256),
            Self::Es256 | Self::Es384 | Self::EdDsa => None,
        }
    }

    pub(super) fn verification(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            Self::Ps256 => &RSA_PSS_2048_8192_SHA256,
            Self::Es256 => &ECDSA_P256_SHA256_FIXED,
            Self::Es384 => &ECDSA_P384_SHA384_FIXED,
            Self::EdDsa => &ED25519,
        }
    }

    /// `at_hash` and `c_hash` (OIDC Core §3.1.3.6, §3.3.2.11): the left half of the hash that the signature uses; for
    /// Ed25519 that is SHA-512.
    pub fn half_hash(self, text: &str) -> String {
        let algorithm = match self {
            Self::Rs256 | Self::Ps256 | Self::Es256 => &SHA256,
            Self::Es384 => &SHA384,
            Self::EdDsa => &SHA512,
        };
        let hash = digest::digest(algorithm, text.as_bytes());
        let (left, _) = hash.as_ref().split_at_checked(hash.as_ref().len() / 2).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(left)
    }
}

impl fmt::Display for Alg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_the_dangerous_ones_are_unknown() {
        for alg in Alg::ALL {
            assert_eq!(Alg::parse(alg.name()), Some(alg));
        }
        for name in ["none", "None", "NONE", "", "HS256", "HS384", "HS512", "rs256", "RS1", "ES256K", "RS256 "] {
            assert_eq!(Alg::parse(name), None, "{name}");
        }
        assert!(!Alg::SIGNING.contains(&Alg::Es384));
    }

    /// OIDC Core A.3's example of `c_hash` and `at_hash` values with RS256.
    #[test]
    fn half_hashes_of_the_specification() {
        assert_eq!(Alg::Rs256.half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(
            Alg::Es256.half_hash("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"),
            "LDktKdoQak3Pk0cnXxCltA"
        );
        assert_eq!(Alg::EdDsa.half_hash("abc").len(), 43);
        assert_eq!(Alg::Es384.half_hash("abc").len(), 32);
    }
}
