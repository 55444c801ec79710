//! Metadata in several languages: `client_name`, `client_name#vi`, … (RFC 7591 §2.2, BCP 47 tags).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::members::{Members, MetadataError, text_value};
use crate::oidc::redirect_uri::{ApplicationType, RedirectUri};

/// One member with its variants by language tag, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Localized {
    untagged: Option<String>,
    tagged: BTreeMap<String, String>,
}

impl Localized {
    pub(super) fn texts(members: Members<'_>, field: &str, max_chars: usize) -> Result<Self, MetadataError> {
        Self::read(members, field, |name, value| text_value(name, value, max_chars).map(str::to_owned))
    }

    /// Web pages that are shown as links; a fragment is all right there.
    pub(super) fn pages(members: Members<'_>, field: &str) -> Result<Self, MetadataError> {
        Self::read(members, field, |name, value| {
            let text = text_value(name, value, 2_000)?;
            let page = text.split('#').next().unwrap_or_default();
            match RedirectUri::register(page, ApplicationType::Web) {
                Ok(_) if text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"\\`".contains(&byte)) => {
                    Ok(text.to_owned())
                }
                Ok(_) => Err(MetadataError::new(name, "has a character that no URI may have (RFC 3986 §2)")),
                Err(error) => Err(MetadataError::new(name, error.to_string())),
            }
        })
    }

    fn read(
        members: Members<'_>,
        field: &str,
        value_of: impl Fn(&str, &Value) -> Result<String, MetadataError>,
    ) -> Result<Self, MetadataError> {
        let mut all = Self::default();
        for (name, value) in members.iter() {
            if name == field {
                all.untagged = Some(value_of(name, value)?);
            } else if let Some(tag) = name.strip_prefix(field).and_then(|rest| rest.strip_prefix('#')) {
                if !is_language_tag(tag) {
                    return Err(MetadataError::new(name, "has no language tag (BCP 47) after its #"));
                }
                all.tagged.insert(tag.to_owned(), value_of(name, value)?);
            }
        }
        Ok(all)
    }

    /// The best variant for a language: the exact tag, a variant of the same language, the untagged one, Vietnamese, any.
    pub fn get(&self, language: &str) -> Option<&str> {
        let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let exact = self.tagged.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(language));
        let related = || self.tagged.iter().find(|(tag, _)| primary(tag) == primary(language));
        let found = exact.or_else(related).map(|(_, value)| value);
        let vietnamese = || self.tagged.iter().find(|(tag, _)| primary(tag) == "vi").map(|(_, value)| value);
        found.or(self.untagged.as_ref()).or_else(vietnamese).or_else(|| self.tagged.values().next()).map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.untagged.is_none() && self.tagged.is_empty()
    }

    pub(super) fn write(&self, field: &str, into: &mut Map<String, Value>) {
        if let Some(text) = &self.untagged {
            into.insert(field.to_owned(), text.as_str().into());
        }
        for (tag, text) in &self.tagged {
            into.insert(format!("{field}#{tag}"), text.as_str().into());
        }
    }
}

fn is_language_tag(tag: &str) -> bool {
    tag.len() <= 35
        && tag.split('-').all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
        && tag.split('-').next().is_some_and(|first| first.len() >= 2 && first.bytes().all(|b| b.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(value: &Value) -> Result<Localized, MetadataError> {
        Localized::texts(Members(value.as_object().unwrap()), "client_name", 20)
    }

    #[test]
    fn chooses_by_language() {
        let name =
            texts(&json!({"client_name": "Portal", "client_name#vi": "Cổng", "client_name#en-GB": "Gateway"})).unwrap();
        for (language, expected) in [
            ("vi", "Cổng"),
            ("VI", "Cổng"),
            ("vi-VN", "Cổng"),
            ("en", "Gateway"),
            ("en-GB", "Gateway"),
            ("fr", "Portal"),
        ] {
            assert_eq!(name.get(language), Some(expected), "{language}");
        }
        let tagged = texts(&json!({"client_name#en": "Gateway", "client_name#vi": "Cổng"})).unwrap();
        assert_eq!(tagged.get("fr"), Some("Cổng"));
        assert_eq!(Localized::default().get("vi"), None);
    }

    #[test]
    fn refuses_what_would_mislead() {
        for bad in [
            json!({"client_name": 1}),
            json!({"client_name": ""}),
            json!({"client_name": "x".repeat(21)}),
            json!({"client_name": "a\nb"}),
            json!({"client_name#vi": "a\u{202E}b"}),
            json!({"client_name#": "x"}),
            json!({"client_name#x": "x"}),
            json!({"client_name#vi VN": "x"}),
        ] {
            assert!(texts(&bad).is_err(), "{bad}");
        }
        assert!(texts(&json!({"client_name": null, "client_names": 1})).unwrap().is_empty());
    }

    #[test]
    fn pages_are_web_addresses() {
        let pages = |text: &str| Localized::pages(Members(json!({"tos_uri": text}).as_object().unwrap()), "tos_uri");
        assert_eq!(pages("https://rp.example/tos#part-2").unwrap().get("vi"), Some("https://rp.example/tos#part-2"));
        for bad in
            ["javascript:alert(1)", "http://rp.example/", "https://rp.example/#<x>", "https://a@b.example/", "tos"]
        {
            assert!(pages(bad).is_err(), "{bad}");
        }
    }
}
