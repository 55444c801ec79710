//! How the client wants what is answered to it: signed and encrypted (OpenID Connect Registration §2, RFC 9701 §6,
//! JARM §3).

use serde_json::{Map, Value};

use super::{
    KeySource,
    members::{Members, MetadataError},
};
use crate::oidc::{
    alg::SigningAlg,
    encryption::{ContentAlg, Encryption, KeyAlg},
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Responses {
    /// ID tokens are always signed.
    pub id_token: Option<Encryption>,
    pub userinfo: ResponseForm,
    pub introspection: ResponseForm,
    /// Authorization responses of the JWT modes (JARM §3), which are always signed.
    pub authorization: Option<Encryption>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResponseForm {
    pub signed: Option<SigningAlg>,
    pub encrypted: Option<Encryption>,
}

const ID_TOKEN: &str = "id_token";
const USERINFO: &str = "userinfo";
const INTROSPECTION: &str = "introspection";
const AUTHORIZATION: &str = "authorization";

pub(super) fn read(members: Members<'_>, keys: &KeySource) -> Result<Responses, MetadataError> {
    let form = |what: &str| {
        let signed = members.word(&format!("{what}_signed_response_alg"), &SigningAlg::ALL, SigningAlg::as_str)?;
        Ok::<_, MetadataError>(ResponseForm { signed, encrypted: encryption(members, what, keys)? })
    };
    Ok(Responses {
        id_token: encryption(members, ID_TOKEN, keys)?,
        userinfo: form(USERINFO)?,
        introspection: form(INTROSPECTION)?,
        authorization: encryption(members, AUTHORIZATION, keys)?,
    })
}

/// `alg` without `enc` means A128CBC-HS256; `enc` without `alg` is an error (OpenID Connect Registration §2).
fn encryption(members: Members<'_>, what: &str, keys: &KeySource) -> Result<Option<Encryption>, MetadataError> {
    let (alg_field, enc_field) = (format!("{what}_encrypted_response_alg"), format!("{what}_encrypted_response_enc"));
    let alg = members.word(&alg_field, KeyAlg::ALL, KeyAlg::as_str)?;
    let enc = members.word(&enc_field, ContentAlg::ALL, ContentAlg::as_str)?;
    match (alg, enc) {
        (None, Some(_)) => Err(MetadataError::new(enc_field, format!("stands without {alg_field}"))),
        (Some(_), _) if *keys == KeySource::None => {
            Err(MetadataError::new(alg_field, "needs jwks or jwks_uri with a key to encrypt to (use enc)"))
        }
        (Some(alg), enc) => Ok(Some(Encryption { alg, enc: enc.unwrap_or(ContentAlg::A128CbcHs256) })),
        (None, None) => Ok(None),
    }
}

impl Responses {
    /// Every encryption that is asked for, with the member that asks.
    pub fn encryptions(&self) -> impl Iterator<Item = (&'static str, Encryption)> {
        [
            ("id_token_encrypted_response_alg", self.id_token),
            ("userinfo_encrypted_response_alg", self.userinfo.encrypted),
            ("introspection_encrypted_response_alg", self.introspection.encrypted),
            ("authorization_encrypted_response_alg", self.authorization),
        ]
        .into_iter()
        .filter_map(|(member, how)| Some((member, how?)))
    }

    pub(super) fn write(self, into: &mut Map<String, Value>) {
        let mut put = |what: &str, rest: &str, value: &str| {
            into.insert(format!("{what}_{rest}"), value.into());
        };
        for (what, signed) in [(USERINFO, self.userinfo.signed), (INTROSPECTION, self.introspection.signed)] {
            if let Some(alg) = signed {
                put(what, "signed_response_alg", alg.as_str());
            }
        }
        for (what, encrypted) in [
            (ID_TOKEN, self.id_token),
            (USERINFO, self.userinfo.encrypted),
            (INTROSPECTION, self.introspection.encrypted),
            (AUTHORIZATION, self.authorization),
        ] {
            if let Some(Encryption { alg, enc }) = encrypted {
                put(what, "encrypted_response_alg", alg.as_str());
                put(what, "encrypted_response_enc", enc.as_str());
            }
        }
    }
}
