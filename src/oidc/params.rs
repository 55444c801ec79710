//! Request parameters as they were sent: in order, repeated ones visible. Every endpoint reads these and nothing else, so
//! that a missing or doubled field gets the RFC's error instead of a framework's.

use serde::{Deserialize, Serialize};

use super::error::OAuthError;

/// More than any request of the supported protocols has.
const MAX_PARAMS: usize = 100;
/// The HTTP edge has stricter limits for single endpoints; this is the most that any of them hands down.
const MAX_BYTES: usize = 64 * 1024;

/// An ordered multimap of decoded `application/x-www-form-urlencoded` parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Decodes a query or a form body (RFC 6749 Appendix B: UTF-8, then form-urlencoded). A broken percent sign, bytes
    /// that are not UTF-8, or a NUL (which no text column can keep) are `invalid_request`, never guessed at.
    pub fn parse(bytes: &[u8]) -> Result<Self, OAuthError> {
        if bytes.len() > MAX_BYTES {
            return Err(OAuthError::invalid_request("the request is larger than 64 KiB"));
        }
        let mut pairs = Vec::new();
        for piece in bytes.split(|&byte| byte == b'&').filter(|piece| !piece.is_empty()) {
            if pairs.len() == MAX_PARAMS {
                return Err(OAuthError::invalid_request("the request has more than 100 parameters"));
            }
            let mut halves = piece.splitn(2, |&byte| byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// The value of a parameter that may be sent once. A parameter without a value counts as omitted, and one sent more
    /// than once is refused (RFC 6749 §3.1, §3.2), also when one of the two is empty.
    pub fn one(&self, name: &str) -> Result<Option<&str>, OAuthError> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            return Err(OAuthError::invalid_request(format!("the parameter {name} is repeated")));
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// [`Params::one`] for a parameter that must be there.
    pub fn required(&self, name: &str) -> Result<&str, OAuthError> {
        self.one(name)?.ok_or_else(|| OAuthError::invalid_request(format!("the parameter {name} is missing")))
    }

    /// Every value of a parameter that may be repeated (`resource`, RFC 8707 §2), empty ones left out.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// The first name, in the order sent, that occurs more than once and is not among those that may.
    pub fn repeated(&self, may_repeat: &[&str]) -> Option<&str> {
        self.0
            .iter()
            .enumerate()
            .find(|(at, (name, _))| {
                !may_repeat.contains(&name.as_str()) && self.0.iter().take(*at).any(|(earlier, _)| earlier == name)
            })
            .map(|(_, (name, _))| name.as_str())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The form that [`Params::parse`] reads back to the same value.
    pub fn encode(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(self.iter()).finish()
    }
}

fn decode(text: &[u8]) -> Result<String, OAuthError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter().copied();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => match (rest.next().and_then(hex), rest.next().and_then(hex)) {
                (Some(high), Some(low)) => high << 4 | low,
                _ => {
                    return Err(OAuthError::invalid_request(
                        "a percent sign is not followed by two hexadecimal digits",
                    ));
                }
            },
            // Raw bytes outside ASCII occur in hand-written links; UTF-8 is the only encoding there is (Appendix B).
            0x20..=0x7E | 0x80.. => byte,
            _ => return Err(OAuthError::invalid_request("a control character is not percent-encoded")),
        });
    }
    let decoded =
        String::from_utf8(bytes).map_err(|_| OAuthError::invalid_request("a parameter is not encoded in UTF-8"))?;
    if decoded.contains('\0') {
        return Err(OAuthError::invalid_request("a parameter contains a NUL character"));
    }
    Ok(decoded)
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::oidc::error::OAuthErrorCode;

    fn pairs(text: &str) -> Vec<(String, String)> {
        Params::parse(text.as_bytes()).unwrap().0
    }

    #[test]
    fn decodes_forms_in_order() {
        let owned = |list: &[(&str, &str)]| Params::from_pairs(list.iter().copied()).0;
        assert_eq!(pairs("a=1&b=2&a=3"), owned(&[("a", "1"), ("b", "2"), ("a", "3")]));
        assert_eq!(pairs("scope=openid+profile%20email"), owned(&[("scope", "openid profile email")]));
        assert_eq!(pairs("&&a&b=&=c&d=e=f&"), owned(&[("a", ""), ("b", ""), ("", "c"), ("d", "e=f")]));
        assert_eq!(pairs("name=Nguy%E1%BB%85n%2B"), owned(&[("name", "Nguyễn+")]));
        assert_eq!(pairs(""), owned(&[]));
    }

    #[test]
    fn broken_encodings_are_invalid_requests() {
        let bad: &[&[u8]] = &[
            b"a=%",
            b"a=%4",
            b"a=%zz",
            b"a=%4g",
            b"%=1",
            b"a=%FF",
            b"a=\xFF",
            b"a=%C0%80",
            b"a=%00",
            b"a=\0",
            b"a=1\n",
        ];
        for bytes in bad {
            let error = Params::parse(bytes).expect_err("refused");
            assert_eq!(error.code, OAuthErrorCode::InvalidRequest, "{bytes:?}");
        }
    }

    #[test]
    fn size_and_number_are_bounded() {
        assert!(Params::parse("a=1&".repeat(MAX_PARAMS).as_bytes()).is_ok());
        assert!(Params::parse("a=1&".repeat(MAX_PARAMS + 1).as_bytes()).is_err());
        assert!(Params::parse(&vec![b'a'; MAX_BYTES]).is_ok());
        assert!(Params::parse(&vec![b'a'; MAX_BYTES + 1]).is_err());
    }

    #[test]
    fn one_refuses_repetition_and_reads_empty_as_omitted() {
        let params = Params::parse(b"a=1&b=&c=1&c=1&d=&d=2").unwrap();
        assert_eq!(params.one("a"), Ok(Some("1")));
        assert_eq!(params.one("b"), Ok(None));
        assert_eq!(params.one("z"), Ok(None));
        for name in ["c", "d"] {
            let error = params.one(name).unwrap_err();
            assert_eq!(error.code, OAuthErrorCode::InvalidRequest);
            assert_eq!(error.description(), format!("the parameter {name} is repeated"));
        }
        assert_eq!(params.required("b").unwrap_err().description(), "the parameter b is missing");
        assert_eq!(params.required("a"), Ok("1"));
    }

    #[test]
    fn repeated_names_are_found_unless_they_may_repeat() {
        let params = Params::parse(b"resource=a&x=1&resource=b&x=2").unwrap();
        assert_eq!(params.repeated(&[]), Some("resource"));
        assert_eq!(params.repeated(&["resource"]), Some("x"));
        assert_eq!(params.repeated(&["resource", "x"]), None);
        assert_eq!(params.all("resource").collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn stored_as_a_list_of_pairs() {
        let params = Params::from_pairs([("a", "1"), ("a", "2")]);
        let json = serde_json::to_string(&params).unwrap();
        assert_eq!(json, r#"[["a","1"],["a","2"]]"#);
        assert_eq!(serde_json::from_str::<Params>(&json).unwrap(), params);
    }

    proptest! {
        #[test]
        fn never_panics_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(params) = Params::parse(&bytes) {
                for (name, _) in params.iter() {
                    let _ = params.one(name);
                }
            }
        }

        #[test]
        fn what_is_encoded_parses_to_the_same(
            list in proptest::collection::vec(("[^\0]{0,8}", "[^\0]{0,20}"), 0..10)
        ) {
            // A pair of two empty texts is written as `=`.
            let params = Params::from_pairs(list);
            prop_assert_eq!(Params::parse(params.encode().as_bytes()).unwrap(), params);
        }
    }
}
