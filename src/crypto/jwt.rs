//! Compact JWS, read strictly: one form for each token, no header that steers the verifier, no algorithm by choice of
//! the sender. Signature and shape only; times, audiences and issuers are judged where `now` and the expectation are.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::{
    alg::Alg,
    jwk::{JwkError, PublicKey},
    jwk_set::ParsedJwks,
};
use crate::{base::json, oidc::token_kind::media_type_matches};

/// Longer than any assertion with a sane set of claims.
const MAX_TOKEN: usize = 16 * 1024;
/// Of the header in base64url; one that carries a key is still shorter.
const MAX_HEADER: usize = 2 * 1024;

/// Why a token was refused. The texts go to the developer who made it; none repeats what it contained.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    #[error("the token is longer than {MAX_TOKEN} characters")]
    TooLong,
    #[error("a signed token has three parts with a point between")]
    NotThreeParts,
    #[error("the token's {0} is not base64url without padding")]
    NotBase64Url(&'static str),
    #[error("the token's {0} is not a JSON object in which each name stands once")]
    NotJson(&'static str),
    #[error("the token's header must not have \"{0}\"")]
    HeaderMember(&'static str),
    #[error("the token's header has no usable \"{0}\"")]
    HeaderLacks(&'static str),
    #[error("the token's \"alg\" must be one of {0}")]
    Alg(String),
    #[error("the token's \"typ\" must be {0}")]
    Typ(String),
    #[error("no key of the signer fits the token's \"kid\" and \"alg\"")]
    NoKey,
    #[error("the token's \"jwk\" is refused: {0}")]
    HeaderKey(JwkError),
    #[error("the token's signature is wrong")]
    Signature,
}

/// Whether the signer may bring the key in the header (`jwk`), as a DPoP proof does (RFC 9449 §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderKey {
    Refused,
    Required,
}

/// What a token's `typ` may be.
#[derive(Clone, Copy, Debug)]
pub enum TypRule<'a> {
    /// One of these, letter by letter: what this very place is for.
    Required(&'a [&'a str]),
    /// One of these media types (RFC 7515 §4.1.9: in any case, with `application/` before it or not), or none at all.
    IfPresent(&'a [&'a str]),
}

/// What is asked of a token's header.
#[derive(Clone, Copy, Debug)]
pub struct Expect<'a> {
    pub algs: &'a [Alg],
    pub typ: TypRule<'a>,
}

impl Expect<'_> {
    /// Whether the header is what is asked for; says nothing about the signature.
    pub fn check(&self, header: &Header) -> Result<(), JwtError> {
        if !self.algs.contains(&header.alg) {
            return Err(JwtError::Alg(self.algs.iter().map(|alg| alg.name()).collect::<Vec<_>>().join(", ")));
        }
        let typ = header.typ.as_deref();
        let (names, fits) = match self.typ {
            TypRule::Required(names) => (names, typ.is_some_and(|typ| names.contains(&typ))),
            TypRule::IfPresent(names) => {
                (names, typ.is_none_or(|typ| names.iter().any(|name| media_type_matches(typ, name))))
            }
        };
        if fits { Ok(()) } else { Err(JwtError::Typ(names.join(" or "))) }
    }
}

/// The header, as far as it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub alg: Alg,
    pub kid: Option<String>,
    pub typ: Option<String>,
    pub jwk: Option<PublicKey>,
}

/// A token of the right shape whose signature nobody has looked at yet.
#[derive(Clone, Debug)]
pub struct Unverified<'a> {
    header: Header,
    payload: Vec<u8>,
    signing_input: &'a [u8],
    signature: Vec<u8>,
}

impl<'a> Unverified<'a> {
    pub fn parse(token: &'a str, header_key: HeaderKey) -> Result<Self, JwtError> {
        if token.len() > MAX_TOKEN {
            return Err(JwtError::TooLong);
        }
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(JwtError::NotThreeParts);
        };
        if header.len() > MAX_HEADER {
            return Err(JwtError::TooLong);
        }
        let decode = |name, text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| JwtError::NotBase64Url(name));
        let header_bytes = decode("header", header)?;
        let header_members = json::object(&header_bytes).map_err(|_| JwtError::NotJson("header"))?;
        let signing_input = token.as_bytes().get(..header.len() + 1 + payload.len()).unwrap_or_default();
        Ok(Self {
            header: Header::read(&header_members, header_key)?,
            payload: decode("payload", payload)?,
            signing_input,
            signature: decode("signature", signature)?,
        })
    }

    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Claims that anybody may have written: good for finding out whose keys to ask, and for nothing else.
    pub fn unverified_claims(&self) -> Result<Map<String, Value>, JwtError> {
        json::object(&self.payload).map_err(|_| JwtError::NotJson("payload"))
    }

    /// The claims, when one of these keys signed them.
    pub fn verify(&self, keys: &ParsedJwks, expect: &Expect<'_>) -> Result<Map<String, Value>, JwtError> {
        expect.check(&self.header)?;
        let mut candidates = keys.candidates(self.header.alg, self.header.kid.as_deref()).peekable();
        if candidates.peek().is_none() {
            return Err(JwtError::NoKey);
        }
        if candidates.any(|key| key.verifies(self.signing_input, &self.signature)) {
            self.unverified_claims()
        } else {
            Err(JwtError::Signature)
        }
    }

    /// The key that the header brought and the claims that it signed: proof of having that key, and of nothing more.
    pub fn verify_by_header_key(&self, expect: &Expect<'_>) -> Result<(PublicKey, Map<String, Value>), JwtError> {
        expect.check(&self.header)?;
        let public = self.header.jwk.as_ref().ok_or(JwtError::HeaderLacks("jwk"))?;
        let key = public.parse_for(self.header.alg).map_err(JwtError::HeaderKey)?;
        if !key.verifies(self.signing_input, &self.signature) {
            return Err(JwtError::Signature);
        }
        Ok((public.clone(), self.unverified_claims()?))
    }

    /// For the key ring, which looks keys up by `kid`.
    pub(super) fn signed_by(&self, key: &super::jwk::VerifyingKey) -> bool {
        key.alg() == self.header.alg && key.verifies(self.signing_input, &self.signature)
    }

    pub(super) fn into_payload(self) -> Vec<u8> {
        self.payload
    }
}

impl Header {
    fn read(members: &Map<String, Value>, header_key: HeaderKey) -> Result<Self, JwtError> {
        // RFC 7515 §4.1.11: what is critical and not understood is refused, and we understand none. The others would
        // let the sender name the key (jku, x5u) or change what is signed (b64, RFC 7797).
        for refused in ["crit", "b64", "jku", "x5u"] {
            if members.contains_key(refused) {
                return Err(JwtError::HeaderMember(refused));
            }
        }
        let jwk = match (members.get("jwk"), header_key) {
            (Some(_), HeaderKey::Refused) => return Err(JwtError::HeaderMember("jwk")),
            (None, HeaderKey::Required) => return Err(JwtError::HeaderLacks("jwk")),
            (None, HeaderKey::Refused) => None,
            (Some(jwk), HeaderKey::Required) => {
                let members = jwk.as_object().ok_or(JwtError::HeaderLacks("jwk"))?;
                Some(PublicKey::from_members(members).map_err(JwtError::HeaderKey)?)
            }
        };
        let alg = members.get("alg").and_then(Value::as_str).ok_or(JwtError::HeaderLacks("alg"))?;
        let alg = Alg::parse(alg)
            .ok_or_else(|| JwtError::Alg(Alg::ALL.iter().map(|alg| alg.name()).collect::<Vec<_>>().join(", ")))?;
        let text = |name: &'static str| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(JwtError::HeaderLacks(name)),
        };
        Ok(Self { alg, kid: text("kid")?, typ: text("typ")?, jwk })
    }
}

#[cfg(test)]
#[path = "jwt_tests.rs"]
mod tests;
