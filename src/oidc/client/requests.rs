//! What a client's authorization requests are like, and how they are answered: pushed (RFC 9126 §6), signed (RFC 9101 §9,
//! OpenID Connect Registration §2), answers signed (JARM §3).

use serde_json::{Map, Value};

use super::{
    members::{Members, MetadataError},
    vocabulary::Profile,
};
use crate::{
    base::ids::ClientId,
    oidc::{
        alg::SigningAlg,
        authorization_details::{DELEGATION, TYPES},
        encryption::{ContentAlg, Encryption, KeyAlg},
        redirect_uri::{ApplicationType, RedirectUri},
    },
};

const ENCRYPTION_ALG: &str = "request_object_encryption_alg";
const ENCRYPTION_ENC: &str = "request_object_encryption_enc";

/// How the client asks, and how it wants to be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requests {
    /// `require_pushed_authorization_requests`.
    pub must_be_pushed: bool,
    /// `require_signed_request_object`.
    pub must_be_signed: bool,
    /// `request_object_signing_alg`; `None`: any that we support.
    pub signing_alg: Option<SigningAlg>,
    /// `request_object_encryption_alg` and `_enc`: what the client may encrypt its objects with. Others that we open are taken all
    /// the same, as signed ones without encryption are (OpenID Connect Registration §2).
    pub encryption: Option<Encryption>,
    /// `request_uris`: where request objects may be fetched.
    pub request_uris: Vec<String>,
    /// `authorization_signed_response_alg`; RS256 when omitted (JARM §3).
    pub response_alg: SigningAlg,
    /// `authorization_details_types` (RFC 9396 §10).
    pub details_types: Vec<&'static str>,
    /// `delegates`: the clients that a `delegation` may name as those who will act (RFC 8693 §4.4).
    pub delegates: Vec<ClientId>,
}

/// A profile's own defaults are those that it demands; what a client says against them is refused with the profile's reason.
pub(super) fn read(
    members: Members<'_>,
    profile: Profile,
    id_token_alg: SigningAlg,
) -> Result<Requests, MetadataError> {
    let default_alg = profile.default_alg(id_token_alg);
    let alg = |field| members.word(field, &SigningAlg::ALL, SigningAlg::as_str);
    let request_uris = members.texts("request_uris", 2_000)?.unwrap_or_default();
    let details_types = members.words("authorization_details_types", &TYPES, |name| name)?.unwrap_or_default();
    Ok(Requests {
        delegates: delegates(members, &details_types)?,
        must_be_pushed: members.flag("require_pushed_authorization_requests")?.unwrap_or(profile.is_fapi2()),
        must_be_signed: members.flag("require_signed_request_object")?.unwrap_or(profile.signs_messages()),
        signing_alg: alg("request_object_signing_alg")?,
        encryption: encryption(members)?,
        request_uris: request_uris.into_iter().map(request_uri).collect::<Result<_, _>>()?,
        response_alg: alg("authorization_signed_response_alg")?.unwrap_or(default_alg),
        details_types,
    })
}

/// `alg` without `enc` means A128CBC-HS256 (OpenID Connect Registration §2).
fn encryption(members: Members<'_>) -> Result<Option<Encryption>, MetadataError> {
    let alg = members.word(ENCRYPTION_ALG, KeyAlg::ALL, KeyAlg::as_str)?;
    let enc = members.word(ENCRYPTION_ENC, ContentAlg::ALL, ContentAlg::as_str)?;
    match (alg, enc) {
        (None, Some(_)) => Err(MetadataError::new(ENCRYPTION_ENC, "stands without request_object_encryption_alg")),
        (Some(alg), enc) => Ok(Some(Encryption { alg, enc: enc.unwrap_or(ContentAlg::A128CbcHs256) })),
        (None, None) => Ok(None),
    }
}

fn delegates(members: Members<'_>, details_types: &[&str]) -> Result<Vec<ClientId>, MetadataError> {
    let named = members.texts("delegates", 128)?.unwrap_or_default();
    if !named.is_empty() && !details_types.contains(&DELEGATION) {
        let reason = "stands without the type delegation in authorization_details_types";
        return Err(MetadataError::new("delegates", reason));
    }
    Ok(named.into_iter().map(ClientId::from).collect())
}

/// As any address that this service calls, with a fragment where the client wants one (OpenID Connect Registration §2).
fn request_uri(text: &str) -> Result<String, MetadataError> {
    let wrong = |why: String| MetadataError::new("request_uris", format!("{text}: {why}"));
    let fragment = text.split_once('#').map_or("", |(_, fragment)| fragment);
    if !fragment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(&byte)) {
        return Err(wrong("has a character that no URI may have (RFC 3986 §2)".to_owned()));
    }
    RedirectUri::register(without_fragment(text), ApplicationType::Web).map_err(|error| wrong(error.to_string()))?;
    Ok(text.to_owned())
}

fn without_fragment(uri: &str) -> &str {
    uri.split('#').next().unwrap_or(uri)
}

impl Requests {
    /// Whether an object may be fetched there: registered byte for byte. A fragment only says which version of the content is
    /// meant (OpenID Connect Core §6.2).
    pub fn knows_uri(&self, uri: &str) -> bool {
        self.request_uris.iter().any(|own| without_fragment(own) == without_fragment(uri))
    }

    pub(super) fn write(&self, into: &mut Map<String, Value>) {
        let mut put = |name: &str, value: Value| into.insert(name.to_owned(), value);
        put("require_pushed_authorization_requests", self.must_be_pushed.into());
        put("require_signed_request_object", self.must_be_signed.into());
        if let Some(alg) = self.signing_alg {
            put("request_object_signing_alg", alg.as_str().into());
        }
        if let Some(Encryption { alg, enc }) = self.encryption {
            put(ENCRYPTION_ALG, alg.as_str().into());
            put(ENCRYPTION_ENC, enc.as_str().into());
        }
        if !self.request_uris.is_empty() {
            put("request_uris", self.request_uris.clone().into());
        }
        put("authorization_signed_response_alg", self.response_alg.as_str().into());
        if !self.details_types.is_empty() {
            put("authorization_details_types", self.details_types.clone().into());
        }
        if !self.delegates.is_empty() {
            put("delegates", self.delegates.iter().map(ClientId::as_str).collect::<Vec<_>>().into());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(metadata: &Value) -> Result<Requests, MetadataError> {
        read(Members(metadata.as_object().unwrap()), Profile::Oidc, SigningAlg::Es256)
    }

    #[test]
    fn only_registered_addresses_are_known() {
        let requests =
            of(&json!({"request_uris": ["https://rp.example/r?a=1#v1", "https://rp.example/plain"]})).unwrap();
        for known in ["https://rp.example/r?a=1", "https://rp.example/r?a=1#v2", "https://rp.example/plain#x"] {
            assert!(requests.knows_uri(known), "{known}");
        }
        for other in [
            "https://rp.example/r",
            "https://rp.example/r?a=1&b=2",
            "HTTPS://rp.example/plain",
            "https://evil.example/plain",
            "",
        ] {
            assert!(!requests.knows_uri(other), "{other}");
        }
    }

    #[test]
    fn what_cannot_be_registered() {
        for (metadata, field) in [
            (json!({"request_uris": ["http://rp.example/r"]}), "request_uris"),
            (json!({"request_uris": ["vn.example:/r"]}), "request_uris"),
            (json!({"request_uris": ["https://rp.example/r#a b"]}), "request_uris"),
            (json!({"request_uris": "https://rp.example/r"}), "request_uris"),
            (json!({"request_object_signing_alg": "none"}), "request_object_signing_alg"),
            (json!({"request_object_signing_alg": "HS256"}), "request_object_signing_alg"),
            (json!({"request_object_encryption_alg": "RSA1_5"}), "request_object_encryption_alg"),
            (json!({"request_object_encryption_enc": "A256GCM"}), "request_object_encryption_enc"),
            (json!({"authorization_signed_response_alg": "none"}), "authorization_signed_response_alg"),
            (json!({"authorization_details_types": ["payment"]}), "authorization_details_types"),
            (json!({"delegates": ["office"]}), "delegates"),
            (json!({"delegates": "office", "authorization_details_types": ["delegation"]}), "delegates"),
            (json!({"require_signed_request_object": "yes"}), "require_signed_request_object"),
        ] {
            assert_eq!(of(&metadata).unwrap_err().field, field, "{metadata}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for metadata in [
            json!({}),
            json!({
                "require_pushed_authorization_requests": true, "require_signed_request_object": true,
                "request_object_signing_alg": "PS256", "request_object_encryption_alg": "ECDH-ES",
                "request_object_encryption_enc": "A256GCM", "request_uris": ["http://localhost:9/r#v"],
                "authorization_signed_response_alg": "ES256",
                "authorization_details_types": ["delegation", "identity_check"], "delegates": ["office"]
            }),
        ] {
            let read_once = of(&metadata).unwrap();
            let mut written = Map::new();
            read_once.write(&mut written);
            assert_eq!(of(&Value::Object(written)).unwrap(), read_once);
        }
    }
}
