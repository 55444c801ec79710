//! Access tokens as they arrive at a resource, by either scheme (RFC 6750 §2, RFC 9449 §7.1), and the challenge that answers
//! a refusal.

use super::{
    alg::SigningAlg,
    error::{OAuthError, OAuthErrorCode},
    params::Params,
};
use crate::base::Secret;

/// How an access token is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Bearer,
    /// With a proof beside it (RFC 9449 §7.1).
    Dpop,
}

impl Scheme {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

/// An access token as it arrived.
#[derive(Clone, Debug)]
pub struct Presented {
    pub token: Secret,
    pub scheme: Scheme,
}

/// A token that opens nothing, with the scheme whose challenge tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub error: OAuthError,
    pub scheme: Scheme,
}

/// Reads the access token from the one `Authorization` header or from a form body. `body` is `None` unless the request is
/// a POST whose content type is `application/x-www-form-urlencoded` (§2.2). `Ok(None)`: the request carries no token and
/// is answered with a bare challenge (§3.1).
pub fn extract(
    authorization: Option<&str>,
    query: &Params,
    body: Option<&Params>,
) -> Result<Option<Presented>, OAuthError> {
    // §5.3, RFC 9700 §4.3.2: a token in an address ends up in logs and histories, so that place is not read at all.
    if query.iter().any(|(name, _)| name == "access_token") {
        return Err(OAuthError::invalid_request(
            "an access token is never sent in the query; send it in the Authorization header",
        ));
    }
    let from_header = authorization.map(from_header).transpose()?.flatten();
    let from_body = match body {
        Some(form) => form.one("access_token")?.map(b64token).transpose()?,
        None => None,
    };
    let from_body = from_body.map(|token| Presented { token, scheme: Scheme::Bearer });
    match (from_header, from_body) {
        // §2: not more than one method in a request.
        (Some(_), Some(_)) => Err(OAuthError::invalid_request("the access token is sent in more than one way")),
        (token, None) | (None, token) => Ok(token),
    }
}

/// §2.1: `credentials = "Bearer" 1*SP b64token`, and the same with `DPoP` (RFC 9449 §7.1). Another scheme carries no token.
fn from_header(header: &str) -> Result<Option<Presented>, OAuthError> {
    const SCHEMES: [Scheme; 2] = [Scheme::Bearer, Scheme::Dpop];
    // A tab, a comma or nothing after the word is not another scheme, but a broken header.
    let begins = |name: &str| header.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    let word = SCHEMES.iter().any(|scheme| begins(scheme.name()));
    let Some((name, token)) = scheme_and_rest(header) else {
        return Err(malformed());
    };
    match SCHEMES.into_iter().find(|scheme| name.eq_ignore_ascii_case(scheme.name())) {
        Some(scheme) => b64token(token).map(|token| Some(Presented { token, scheme })),
        None if !word => Ok(None),
        None => Err(malformed()),
    }
}

/// `b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`
pub fn is_b64token(text: &str) -> bool {
    b64token(text).is_ok()
}

fn b64token(text: &str) -> Result<Secret, OAuthError> {
    let body = text.trim_end_matches('=');
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    if body.is_empty() || !body.bytes().all(is_token) {
        return Err(malformed());
    }
    Ok(Secret::new(text))
}

fn malformed() -> OAuthError {
    OAuthError::invalid_request("the Authorization header or access_token is not a bearer token (RFC 6750 2.1)")
}

/// `auth-scheme 1*SP rest`: the scheme is a token (RFC 9110 §11.1, §5.6.2), the rest is not empty. Tabs are no spaces.
pub(super) fn scheme_and_rest(header: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = header.split_once(' ')?;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let rest = rest.trim_start_matches(' ');
    (!scheme.is_empty() && scheme.bytes().all(is_token) && !rest.is_empty()).then_some((scheme, rest))
}

/// The inside of a quoted-string (RFC 9110 §5.6.4), only printable ASCII, so that no value can end a header.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            _ => out.push('?'),
        }
    }
    out
}

/// The `WWW-Authenticate` value of §3, and of RFC 9449 §7.1.
#[derive(Clone, Copy, Debug)]
pub struct Challenge<'a> {
    pub scheme: Scheme,
    pub realm: &'a str,
    /// `None` when the request carried no token: then no error is told (§3.1).
    pub error: Option<&'a OAuthError>,
    /// What the resource needs, space-separated; told with `insufficient_scope` (§3.1) and with a bare challenge.
    pub scope: Option<&'a str>,
}

impl Challenge<'_> {
    pub fn value(&self) -> String {
        let mut value = format!("{} realm=\"{}\"", self.scheme.name(), quoted(self.realm));
        let mut attribute = |name: &str, text: &str| {
            value.extend([", ", name, "=\"", &quoted(text), "\""]);
        };
        if let Some(error) = self.error {
            attribute("error", error.code.as_str());
            attribute("error_description", error.description());
        }
        let tells_scope = self.error.is_none_or(|error| error.code == OAuthErrorCode::InsufficientScope);
        if let Some(scope) = self.scope.filter(|_| tells_scope) {
            attribute("scope", scope);
        }
        if self.scheme == Scheme::Dpop {
            attribute("algs", &SigningAlg::ALL.map(SigningAlg::as_str).join(" "));
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(authorization: Option<&str>, body: Option<&[(&str, &str)]>) -> Result<Option<String>, OAuthErrorCode> {
        let body = body.map(|pairs| Params::from_pairs(pairs.iter().copied()));
        extract(authorization, &Params::default(), body.as_ref())
            .map(|presented| presented.map(|presented| presented.token.reveal().to_owned()))
            .map_err(|error| error.code)
    }

    #[test]
    fn the_header_is_read_by_the_grammar() {
        let good = [
            ("Bearer mF_9.B5f-4.1JqM", "mF_9.B5f-4.1JqM"),
            ("bearer abc", "abc"),
            ("BEARER   abc", "abc"),
            ("Bearer a+/~==", "a+/~=="),
        ];
        for (header, token) in good {
            assert_eq!(read(Some(header), None), Ok(Some(token.to_owned())), "{header:?}");
        }
        let bad = [
            "Bearer",
            "Bearer ",
            "Bearer\tabc",
            "Bearer \tabc",
            "Bearer abc ",
            "Bearer abc def",
            "Bearer a=b",
            "Bearer ==",
            "Bearer abc,Bearer def",
            "Bearer, abc",
            "Bearer \"abc\"",
            "Bearer ă",
            "Bearer:abc",
            " Bearer abc",
            "",
            " ",
            "Bearerabc",
            "\u{0}",
            "abc",
            "DPoP",
            "DPoP ",
            "DPoP\tabc",
            "DPoP abc def",
            "DPoPabc",
            "Bearer DPoP abc",
        ];
        for header in bad {
            assert_eq!(read(Some(header), None), Err(OAuthErrorCode::InvalidRequest), "{header:?}");
        }
        assert_eq!(read(Some("Basic YTpi"), None), Ok(None));
        assert_eq!(read(Some("Digest abc"), None), Ok(None));
        assert_eq!(read(None, None), Ok(None));
    }

    #[test]
    fn the_scheme_is_told() {
        let scheme = |header: &str| extract(Some(header), &Params::default(), None).unwrap().unwrap().scheme;
        assert_eq!(
            (scheme("DPoP abc"), scheme("dpop abc"), scheme("bearer abc")),
            (Scheme::Dpop, Scheme::Dpop, Scheme::Bearer)
        );
        let form = Params::from_pairs([("access_token", "abc")]);
        assert_eq!(extract(None, &Params::default(), Some(&form)).unwrap().unwrap().scheme, Scheme::Bearer);
        assert_eq!(read(Some("DPoP abc"), Some(&[("access_token", "abc")])), Err(OAuthErrorCode::InvalidRequest));
    }

    #[test]
    fn the_form_body_is_the_only_other_place() {
        const BAD: Result<Option<String>, OAuthErrorCode> = Err(OAuthErrorCode::InvalidRequest);
        assert_eq!(read(None, Some(&[("access_token", "abc")])), Ok(Some("abc".to_owned())));
        assert_eq!(read(None, Some(&[("access_token", "")])), Ok(None));
        assert_eq!(read(None, Some(&[("access_token", "a b")])), BAD);
        assert_eq!(read(None, Some(&[("access_token", "abc"), ("access_token", "abc")])), BAD);
        assert_eq!(read(Some("Bearer abc"), Some(&[("access_token", "abc")])), BAD);
        assert_eq!(read(Some("Bearer abc"), Some(&[])), Ok(Some("abc".to_owned())));
        assert_eq!(read(Some("Basic YTpi"), Some(&[("access_token", "abc")])), Ok(Some("abc".to_owned())));
        for query in ["access_token=abc", "access_token="] {
            for header in [None, Some("Bearer abc")] {
                let query = Params::parse(query.as_bytes()).unwrap();
                let error = extract(header, &query, None).unwrap_err();
                assert_eq!(error.code, OAuthErrorCode::InvalidRequest);
            }
        }
    }

    #[test]
    fn the_challenge_tells_what_section_3_allows() {
        let realm = "https://dinhdanh.example";
        let bare = Challenge { scheme: Scheme::Bearer, realm, error: None, scope: Some("openid") };
        assert_eq!(bare.value(), r#"Bearer realm="https://dinhdanh.example", scope="openid""#);
        let expired = OAuthError::new(OAuthErrorCode::InvalidToken, "the token has expired");
        assert_eq!(
            Challenge { scheme: Scheme::Bearer, realm, error: Some(&expired), scope: Some("openid") }.value(),
            concat!(
                r#"Bearer realm="https://dinhdanh.example", error="invalid_token", "#,
                r#"error_description="the token has expired""#
            )
        );
        let scope = OAuthError::new(OAuthErrorCode::InsufficientScope, "the scope openid is needed");
        assert_eq!(
            Challenge { scheme: Scheme::Bearer, realm, error: Some(&scope), scope: Some("openid") }.value(),
            concat!(
                r#"Bearer realm="https://dinhdanh.example", error="insufficient_scope", "#,
                r#"error_description="the scope openid is needed", scope="openid""#
            )
        );
        assert_eq!(
            Challenge { scheme: Scheme::Dpop, realm, error: Some(&expired), scope: None }.value(),
            concat!(
                r#"DPoP realm="https://dinhdanh.example", error="invalid_token", "#,
                r#"error_description="the token has expired", algs="RS256 ES256 PS256 EdDSA""#
            )
        );
    }

    proptest! {
        #[test]
        fn no_value_ends_the_header(realm in any::<String>(), text in any::<String>()) {
            let error = OAuthError::new(OAuthErrorCode::InvalidToken, text);
            let value = Challenge { scheme: Scheme::Dpop, realm: &realm, error: Some(&error), scope: None }.value();
            prop_assert!(value.bytes().all(|byte| matches!(byte, 0x20..=0x7E)));
        }

        #[test]
        fn a_token_is_read_back(token in "[A-Za-z0-9._~+/-]{1,60}={0,2}") {
            prop_assert_eq!(read(Some(&format!("Bearer {token}")), None), Ok(Some(token)));
        }

        #[test]
        fn never_panics(header in any::<String>()) {
            let _ = read(Some(&header), None);
        }
    }
}
