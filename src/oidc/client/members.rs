//! Typed reading of metadata members: an absent one and `null` are the same (RFC 7592 §2.2), a wrong type is an error that
//! names the member.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::{Map, Value};

use crate::oidc::{
    acr::AcrLevel,
    error::{OAuthError, OAuthErrorCode},
    redirect_uri::{ApplicationType, RedirectUri},
    visible,
};

/// What is wrong with which member.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {reason}")]
pub struct MetadataError {
    pub field: String,
    pub reason: Cow<'static, str>,
}

impl MetadataError {
    pub fn new(field: impl Into<String>, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { field: field.into(), reason: reason.into() }
    }

    /// RFC 7591 §3.2.2.
    pub fn oauth(&self) -> OAuthError {
        let code = match self.field.as_str() {
            "redirect_uris" => OAuthErrorCode::InvalidRedirectUri,
            _ => OAuthErrorCode::InvalidClientMetadata,
        };
        OAuthError::new(code, self.to_string())
    }
}

type Read<T> = Result<Option<T>, MetadataError>;

/// More entries than any real client has in one list.
const MAX_LIST: usize = 50;

#[derive(Clone, Copy)]
pub(super) struct Members<'a>(pub &'a Map<String, Value>);

impl<'a> Members<'a> {
    pub fn get(self, field: &str) -> Option<&'a Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    pub fn iter(self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.0.iter().filter(|(_, value)| !value.is_null()).map(|(field, value)| (field.as_str(), value))
    }

    /// A text that people may see: short, and without characters that change how its surroundings are read.
    pub fn text(self, field: &str, max_chars: usize) -> Read<&'a str> {
        self.get(field).map(|value| text_value(field, value, max_chars)).transpose()
    }

    pub fn flag(self, field: &str) -> Read<bool> {
        self.get(field)
            .map(|value| value.as_bool().ok_or_else(|| MetadataError::new(field, "is not a boolean")))
            .transpose()
    }

    pub fn number(self, field: &str) -> Read<u64> {
        self.get(field)
            .map(|value| value.as_u64().ok_or_else(|| MetadataError::new(field, "is not a whole number of seconds")))
            .transpose()
    }

    pub fn texts(self, field: &str, max_chars: usize) -> Read<Vec<&'a str>> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let list = value.as_array().ok_or_else(|| MetadataError::new(field, "is not an array"))?;
        if list.len() > MAX_LIST {
            return Err(MetadataError::new(field, format!("has more than {MAX_LIST} entries")));
        }
        list.iter().map(|entry| text_value(field, entry, max_chars)).collect::<Result<_, _>>().map(Some)
    }

    /// A word of a closed list.
    pub fn word<T: Copy>(self, field: &str, words: &[T], name: fn(T) -> &'static str) -> Read<T> {
        self.text(field, 100)?.map(|text| find_word(field, text, words, name)).transpose()
    }

    /// Words of a closed list, each once, in the order given.
    pub fn words<T: Copy + PartialEq>(self, field: &str, words: &[T], name: fn(T) -> &'static str) -> Read<Vec<T>> {
        let Some(texts) = self.texts(field, 100)? else { return Ok(None) };
        let mut found = Vec::new();
        for text in texts {
            let word = find_word(field, text, words, name)?;
            if !found.contains(&word) {
                found.push(word);
            }
        }
        Ok(Some(found))
    }

    pub fn level(self, field: &str) -> Read<AcrLevel> {
        self.get(field).map(|value| level_value(field, value)).transpose()
    }

    pub fn levels_by_name(self, field: &str) -> Result<BTreeMap<String, AcrLevel>, MetadataError> {
        let Some(value) = self.get(field) else { return Ok(BTreeMap::new()) };
        let map = value.as_object().ok_or_else(|| MetadataError::new(field, "is not an object"))?;
        map.iter().map(|(name, level)| Ok((name.clone(), level_value(field, level)?))).collect()
    }

    /// An https URL, or http on a loopback host, that this service or a browser will open.
    pub fn web_uri(self, field: &str) -> Read<String> {
        let Some(text) = self.text(field, 2_000)? else { return Ok(None) };
        match RedirectUri::register(text, ApplicationType::Web) {
            Ok(uri) => Ok(Some(uri.to_string())),
            Err(error) => Err(MetadataError::new(field, error.to_string())),
        }
    }

    pub fn redirect_uris(self, field: &str, application: ApplicationType) -> Result<Vec<RedirectUri>, MetadataError> {
        let mut uris: Vec<RedirectUri> = Vec::new();
        for text in self.texts(field, 2_000)?.unwrap_or_default() {
            let uri = RedirectUri::register(text, application)
                .map_err(|error| MetadataError::new(field, format!("{text}: {error}")))?;
            if !uris.contains(&uri) {
                uris.push(uri);
            }
        }
        Ok(uris)
    }
}

pub(super) fn text_value<'a>(field: &str, value: &'a Value, max_chars: usize) -> Result<&'a str, MetadataError> {
    let text = value.as_str().ok_or_else(|| MetadataError::new(field, "is not a text"))?;
    if text.is_empty() || text.chars().count() > max_chars {
        return Err(MetadataError::new(field, format!("is not of 1 to {max_chars} characters")));
    }
    if !visible::is_plain(text) {
        return Err(MetadataError::new(field, "has a control character"));
    }
    Ok(text)
}

fn find_word<T: Copy>(field: &str, text: &str, words: &[T], name: fn(T) -> &'static str) -> Result<T, MetadataError> {
    words.iter().copied().find(|word| name(*word) == text).ok_or_else(|| {
        let known: Vec<&str> = words.iter().map(|word| name(*word)).collect();
        MetadataError::new(field, format!("does not support {text}; supported: {}", known.join(", ")))
    })
}

fn level_value(field: &str, value: &Value) -> Result<AcrLevel, MetadataError> {
    value.as_str().and_then(AcrLevel::parse).ok_or_else(|| {
        MetadataError::new(field, "is not an authentication level: use urn:vn:xacthuc:1 to urn:vn:xacthuc:4")
    })
}
