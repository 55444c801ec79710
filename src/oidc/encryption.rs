//! The encryption algorithms of this service, by their JOSE names (RFC 7518 §4.1, §5.1). RSA1_5 and `dir` are not among
//! them: the one leaks by its errors, the other needs a shared secret.

use std::fmt;

macro_rules! algorithms {
    ($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$item])* $variant,)+
        }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// Case matters (RFC 7516 §4.1.1).
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|alg| alg.as_str() == name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

algorithms! {
    /// How the content's key reaches the recipient: `alg`.
    KeyAlg {
        RsaOaep256 = "RSA-OAEP-256",
        EcdhEs = "ECDH-ES",
        EcdhEsA256Kw = "ECDH-ES+A256KW",
    }
}

algorithms! {
    /// How the content is encrypted: `enc`.
    ContentAlg {
        A256Gcm = "A256GCM",
        /// What an `alg` without `enc` means (OpenID Connect Registration §2).
        A128CbcHs256 = "A128CBC-HS256",
    }
}

/// How a client wants something encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encryption {
    pub alg: KeyAlg,
    pub enc: ContentAlg,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back_and_the_dangerous_ones_are_unknown() {
        for alg in KeyAlg::ALL {
            assert_eq!(KeyAlg::parse(alg.as_str()), Some(*alg));
        }
        for enc in ContentAlg::ALL {
            assert_eq!(ContentAlg::parse(enc.as_str()), Some(*enc));
        }
        for name in ["RSA1_5", "RSA-OAEP", "dir", "A256KW", "PBES2-HS256+A128KW", "none", "", "rsa-oaep-256"] {
            assert_eq!(KeyAlg::parse(name), None, "{name}");
            assert_eq!(ContentAlg::parse(name), None, "{name}");
        }
    }
}
