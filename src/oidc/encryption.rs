//! The encryption algorithms of this service, by their JOSE names (RFC 7518 §4.1, §5.1). RSA1_5 and `dir` are not among
//! them: the one leaks by its errors, the other needs a shared secret.

use super::words::words;

words! {
    /// How the content's key reaches the recipient: `alg`.
    KeyAlg {
        RsaOaep256 = "RSA-OAEP-256",
        EcdhEs = "ECDH-ES",
        EcdhEsA256Kw = "ECDH-ES+A256KW",
    }
}

words! {
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
