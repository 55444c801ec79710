//! Client authentication at the endpoints where clients call (RFC 6749 §2.3): which client says it is there, and with
//! what it means to prove it. The proof itself is checked later, against what the client registered.

use super::{
    basic_credentials,
    error::{OAuthError, OAuthErrorCode},
    params::Params,
};
use crate::base::{Secret, ids::ClientId};

/// The only `client_assertion_type` taken (RFC 7523 §2.2).
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What the request brought to prove who the client is.
#[derive(Clone, Debug)]
pub enum Proof {
    /// `client_secret_basic` (RFC 6749 §2.3.1).
    Basic { client_id: ClientId, secret: Secret },
    /// `client_secret_post` (RFC 6749 §2.3.1).
    Post { client_id: ClientId, secret: Secret },
    /// `private_key_jwt` (RFC 7523 §2.2). A `client_id` beside it is optional and must be the assertion's `sub`
    /// (RFC 7521 §4.2), which only its payload can tell.
    Assertion { jwt: Secret, client_id: Option<ClientId> },
    /// `none`: a public client says its name (RFC 6749 §3.2.1). A client that shows a certificate says it in the same way
    /// (RFC 8705 §2).
    None { client_id: ClientId },
}

impl Proof {
    /// The value of `token_endpoint_auth_method` (RFC 7591 §2) that this is an instance of.
    pub const fn method(&self) -> &'static str {
        match self {
            Self::Basic { .. } => "client_secret_basic",
            Self::Post { .. } => "client_secret_post",
            Self::Assertion { .. } => "private_key_jwt",
            Self::None { .. } => "none",
        }
    }

    /// The client named outside the proof; an assertion may name it only inside.
    pub const fn client_id(&self) -> Option<&ClientId> {
        match self {
            Self::Basic { client_id, .. } | Self::Post { client_id, .. } | Self::None { client_id } => Some(client_id),
            Self::Assertion { client_id, .. } => client_id.as_ref(),
        }
    }
}

/// A refusal that remembers how the client tried: a 401 repeats the scheme when it used `Authorization` (RFC 6749 §5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientAuthRefusal {
    pub error: OAuthError,
    pub via: Via,
}

/// Where the client put its authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    Header,
    Body,
}

impl Via {
    /// The `WWW-Authenticate` value of an `invalid_client`, which RFC 6749 §5.2 asks for only after a header was used.
    /// Basic is the one scheme that clients can use there, whatever they tried.
    pub fn www_authenticate(self, realm: &str) -> Option<String> {
        match self {
            Self::Header => Some(format!("Basic realm=\"{}\", charset=\"UTF-8\"", super::bearer::quoted(realm))),
            Self::Body => None,
        }
    }
}

/// Authentication as read from a request, not yet verified.
#[derive(Clone, Debug)]
pub struct ClientAuth {
    pub proof: Proof,
    pub via: Via,
}

impl ClientAuth {
    /// `authorization` is the value of the one `Authorization` header, `params` the form body.
    pub fn parse(authorization: Option<&str>, params: &Params) -> Result<Self, ClientAuthRefusal> {
        let via = if authorization.is_some() { Via::Header } else { Via::Body };
        Self::read(authorization, params)
            .map(|proof| Self { proof, via })
            .map_err(|error| ClientAuthRefusal { error, via })
    }

    /// The refusal when the proof turns out wrong; one text for every reason, so that nothing can be probed.
    pub fn refused(&self) -> ClientAuthRefusal {
        ClientAuthRefusal { error: invalid_client("client authentication failed"), via: self.via }
    }

    fn read(authorization: Option<&str>, params: &Params) -> Result<Proof, OAuthError> {
        let client_id = params.one("client_id")?;
        let secret = params.one("client_secret")?;
        let assertion = read_assertion(params)?;
        // RFC 6749 §2.3: not more than one method in a request.
        let methods = [authorization.is_some(), secret.is_some(), assertion.is_some()];
        if methods.into_iter().filter(|used| *used).count() > 1 {
            return Err(OAuthError::invalid_request("more than one method of client authentication in one request"));
        }
        let named = client_id.map(checked_client_id).transpose()?;
        if let Some(header) = authorization {
            return read_basic(header, named.as_ref());
        }
        if let Some(jwt) = assertion {
            return Ok(Proof::Assertion { jwt: Secret::new(jwt), client_id: named });
        }
        // RFC 6749 §5.2: "no client authentication included" is invalid_client, and so is a secret of nobody.
        let client_id =
            named.ok_or_else(|| invalid_client("the client did not identify itself: client_id is missing"))?;
        Ok(match secret {
            Some(secret) => Proof::Post { client_id, secret: Secret::new(secret) },
            None => Proof::None { client_id },
        })
    }
}

/// RFC 7521 §4.2: assertion and type come together; the type is `jwt-bearer`.
fn read_assertion(params: &Params) -> Result<Option<&str>, OAuthError> {
    match (params.one("client_assertion")?, params.one("client_assertion_type")?) {
        (None, None) => Ok(None),
        (Some(jwt), Some(JWT_BEARER)) => Ok(Some(jwt)),
        (Some(_), Some(_)) => {
            Err(invalid_client(format!("client_assertion_type is not supported; expected {JWT_BEARER}")))
        }
        (Some(_), None) => Err(OAuthError::invalid_request(format!(
            "the parameter client_assertion_type is missing; expected {JWT_BEARER}"
        ))),
        (None, Some(_)) => Err(OAuthError::invalid_request("the parameter client_assertion is missing")),
    }
}

/// RFC 6749 §2.3.1. A `client_id` in the body beside the header is no second method, but must name the same client.
fn read_basic(header: &str, named: Option<&ClientId>) -> Result<Proof, OAuthError> {
    let (id, secret) = basic_credentials::parse(header).map_err(|error| invalid_client(error.to_string()))?;
    let client_id = checked_client_id(&id)?;
    if named.is_some_and(|named| *named != client_id) {
        return Err(OAuthError::invalid_request(
            "client_id in the body differs from the one in the Authorization header",
        ));
    }
    Ok(Proof::Basic { client_id, secret })
}

/// RFC 6749 Appendix A.1: `client-id = *VSCHAR`, that is %x20-7E. Whatever else somebody calls one, in a form, a JWT or an
/// address, is nobody's, and is not asked for: no database keeps a NUL.
pub fn client_id(text: &str) -> Option<ClientId> {
    let is_id = !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x20..=0x7E));
    is_id.then(|| ClientId::from(text))
}

fn checked_client_id(text: &str) -> Result<ClientId, OAuthError> {
    client_id(text).ok_or_else(|| invalid_client("client_id is empty or has characters outside printable ASCII"))
}

fn invalid_client(description: impl Into<std::borrow::Cow<'static, str>>) -> OAuthError {
    OAuthError::new(OAuthErrorCode::InvalidClient, description)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `portal:s3cret`
    const BASIC: &str = "Basic cG9ydGFsOnMzY3JldA==";

    fn parse(authorization: Option<&str>, pairs: &[(&str, &str)]) -> Result<ClientAuth, ClientAuthRefusal> {
        ClientAuth::parse(authorization, &Params::from_pairs(pairs.iter().copied()))
    }

    #[test]
    fn each_method_is_recognised() {
        let basic = parse(Some(BASIC), &[("grant_type", "client_credentials")]).unwrap();
        assert!(matches!(&basic.proof, Proof::Basic { client_id, secret }
            if client_id.as_str() == "portal" && secret.reveal() == "s3cret"));
        assert_eq!((basic.proof.method(), basic.via), ("client_secret_basic", Via::Header));

        let same_name = parse(Some(BASIC), &[("client_id", "portal")]).unwrap();
        assert_eq!(same_name.proof.method(), "client_secret_basic");

        let post = parse(None, &[("client_id", "portal"), ("client_secret", "s3cret")]).unwrap();
        assert!(matches!(&post.proof, Proof::Post { client_id, secret }
            if client_id.as_str() == "portal" && secret.reveal() == "s3cret"));
        assert_eq!((post.proof.method(), post.via), ("client_secret_post", Via::Body));

        let pairs = [("client_assertion_type", JWT_BEARER), ("client_assertion", "a.b.c")];
        let assertion = parse(None, &pairs).unwrap();
        assert!(matches!(&assertion.proof, Proof::Assertion { jwt, client_id: None } if jwt.reveal() == "a.b.c"));
        assert_eq!((assertion.proof.method(), assertion.via), ("private_key_jwt", Via::Body));
        let assertion = parse(None, &[pairs[0], pairs[1], ("client_id", "portal")]).unwrap();
        assert_eq!(assertion.proof.client_id(), Some(&ClientId::from("portal")));

        // A parameter without a value counts as omitted (RFC 6749 §3.2).
        let none = parse(None, &[("client_id", "app"), ("client_secret", "")]).unwrap();
        assert!(matches!(&none.proof, Proof::None { client_id } if client_id.as_str() == "app"));
        assert_eq!((none.proof.method(), none.via), ("none", Via::Body));
    }

    #[test]
    fn each_refusal_has_its_code_and_remembers_the_header() {
        type Row<'a> = (&'a str, Option<&'a str>, &'a [(&'a str, &'a str)], OAuthErrorCode);
        use OAuthErrorCode::{InvalidClient, InvalidRequest};
        let jwt = [("client_assertion_type", JWT_BEARER), ("client_assertion", "a.b.c")];
        let table: &[Row<'_>] = &[
            ("nothing", None, &[], InvalidClient),
            ("a secret of nobody", None, &[("client_secret", "s")], InvalidClient),
            ("header and secret", Some(BASIC), &[("client_secret", "s3cret")], InvalidRequest),
            ("header and assertion", Some(BASIC), &jwt, InvalidRequest),
            ("other scheme and secret", Some("Bearer x"), &[("client_secret", "s")], InvalidRequest),
            ("secret and assertion", None, &[jwt[0], jwt[1], ("client_secret", "s")], InvalidRequest),
            ("another client in the body", Some(BASIC), &[("client_id", "other")], InvalidRequest),
            ("assertion without type", None, &[jwt[1]], InvalidRequest),
            ("type without assertion", None, &[jwt[0]], InvalidRequest),
            ("saml", None, &[("client_assertion_type", "urn:x:saml2-bearer"), jwt[1]], InvalidClient),
            ("bearer", Some("Bearer abc"), &[("client_id", "portal")], InvalidClient),
            ("broken header", Some("Basic ???"), &[], InvalidClient),
            ("empty header", Some(""), &[("client_id", "portal")], InvalidClient),
            ("repeated client_id", None, &[("client_id", "a"), ("client_id", "a")], InvalidRequest),
            (
                "repeated secret",
                None,
                &[("client_id", "a"), ("client_secret", "s"), ("client_secret", "s")],
                InvalidRequest,
            ),
            ("control character", None, &[("client_id", "a\nb")], InvalidClient),
            ("not ASCII", None, &[("client_id", "cổng")], InvalidClient),
        ];
        for (what, authorization, pairs, code) in table {
            let refusal = parse(*authorization, pairs).expect_err(what);
            assert_eq!(refusal.error.code, *code, "{what}: {}", refusal.error);
            assert_eq!(refusal.via == Via::Header, authorization.is_some(), "{what}");
        }
    }

    #[test]
    fn the_challenge_repeats_the_scheme_only_after_a_header() {
        let refusal = parse(Some(BASIC), &[]).unwrap().refused();
        assert_eq!(refusal.error.code, OAuthErrorCode::InvalidClient);
        assert_eq!(
            refusal.via.www_authenticate("https://dinhdanh.example").unwrap(),
            r#"Basic realm="https://dinhdanh.example", charset="UTF-8""#
        );
        assert_eq!(parse(None, &[]).unwrap_err().via.www_authenticate("x"), None);
    }

    #[test]
    fn secrets_are_not_printed() {
        let post = parse(None, &[("client_id", "portal"), ("client_secret", "s3cret")]).unwrap();
        assert!(!format!("{post:?}").contains("s3cret"));
    }

    proptest! {
        #[test]
        fn never_panics(header in proptest::option::of(any::<String>()),
            pairs in proptest::collection::vec((
                proptest::sample::select(vec!["client_id", "client_secret", "client_assertion", "client_assertion_type"]),
                any::<String>()), 0..5)) {
            if let Ok(auth) = ClientAuth::parse(header.as_deref(), &Params::from_pairs(pairs)) {
                prop_assert_eq!(auth.via == Via::Header, header.is_some());
            }
        }
    }
}
