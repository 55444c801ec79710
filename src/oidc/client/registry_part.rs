//! `registry_events` and `registry_changes`: which part of the population registry a client may tell of, and hear of.
//!
//! The words are the registry's; here they are only well formed. What a registration does not name it does not open.

use serde_json::{Map, Value, json};

use super::members::{Members, MetadataError, text_value};

/// A part of what happens in the registry. A list with `*` means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistryPart {
    /// Codes of kinds of events.
    pub kinds: Vec<String>,
    /// Codes of provinces or communes; empty is the whole country.
    pub units: Vec<String>,
    /// Which fields of a record are named; only of changes.
    pub fields: Vec<String>,
    pub people: PeopleBy,
}

/// How a subscriber is told whom a change is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PeopleBy {
    /// The pairwise `sub` under which the client knows people; who has none there is told as nobody.
    #[default]
    Subject,
    /// The personal number.
    Number,
}

impl PeopleBy {
    const ALL: &'static [Self] = &[Self::Subject, Self::Number];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "sub",
            Self::Number => "number",
        }
    }
}

/// More than there are kinds, fields or provinces.
const MOST: usize = 100;

impl RegistryPart {
    pub(super) fn read(members: Members<'_>, field: &str) -> Result<Option<Self>, MetadataError> {
        let Some(value) = members.get(field) else { return Ok(None) };
        let map = value.as_object().ok_or_else(|| MetadataError::new(field, "is not an object"))?;
        if let Some(name) = map.keys().find(|name| !["kinds", "units", "fields", "people"].contains(&name.as_str())) {
            return Err(MetadataError::new(field, format!("has no member {name}")));
        }
        let part = Self {
            kinds: words(field, map, "kinds", is_word)?,
            units: words(field, map, "units", is_unit)?,
            fields: words(field, map, "fields", is_word)?,
            people: Members(map).word("people", PeopleBy::ALL, PeopleBy::as_str)?.unwrap_or_default(),
        };
        if part.kinds.is_empty() {
            return Err(MetadataError::new(field, "names the kinds of events it is about, or \"*\""));
        }
        Ok(Some(part))
    }

    pub(super) fn value(&self) -> Value {
        let mut into = Map::new();
        for (name, list) in [("kinds", &self.kinds), ("units", &self.units), ("fields", &self.fields)] {
            if !list.is_empty() {
                into.insert(name.to_owned(), json!(list));
            }
        }
        if self.people != PeopleBy::default() {
            into.insert("people".to_owned(), json!(self.people.as_str()));
        }
        Value::Object(into)
    }

    pub fn has_kind(&self, code: &str) -> bool {
        has(&self.kinds, code)
    }

    pub fn has_field(&self, code: &str) -> bool {
        has(&self.fields, code)
    }
}

fn has(list: &[String], code: &str) -> bool {
    list.iter().any(|one| one == "*" || one == code)
}

fn words(
    field: &str,
    map: &Map<String, Value>,
    name: &str,
    sound: fn(&str) -> bool,
) -> Result<Vec<String>, MetadataError> {
    let bad = |reason: String| MetadataError::new(field.to_owned(), reason);
    let Some(value) = map.get(name).filter(|value| !value.is_null()) else { return Ok(Vec::new()) };
    let list = value.as_array().ok_or_else(|| bad(format!("has in {name} no array")))?;
    if list.len() > MOST {
        return Err(bad(format!("has in {name} more than {MOST} entries")));
    }
    let mut found: Vec<String> = Vec::new();
    for entry in list {
        let text = text_value(field, entry, 40)?;
        if !sound(text) {
            return Err(bad(format!("has in {name} something that is no code: {text}")));
        }
        if !found.iter().any(|one| one == text) {
            found.push(text.to_owned());
        }
    }
    Ok(found)
}

fn is_word(text: &str) -> bool {
    text == "*" || text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn is_unit(text: &str) -> bool {
    matches!(text.len(), 2 | 5) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> Result<Option<RegistryPart>, MetadataError> {
        let map: Map<String, Value> = [("registry_events".to_owned(), value)].into_iter().collect();
        RegistryPart::read(Members(&map), "registry_events")
    }

    #[test]
    fn a_part_is_read_and_written_back() {
        let value = json!({ "kinds": ["death", "birth"], "units": ["01", "00004"], "people": "number" });
        let part = read(value.clone()).unwrap().unwrap();
        assert_eq!(part.value(), value);
        assert!(part.has_kind("death") && !part.has_kind("marriage") && !part.has_field("name"));
        let all = read(json!({ "kinds": ["*"], "fields": ["*"], "people": "sub" })).unwrap().unwrap();
        assert_eq!(all.value(), json!({ "kinds": ["*"], "fields": ["*"] }));
        assert!(all.has_kind("anything") && all.has_field("name"));
        assert_eq!(read(Value::Null).unwrap(), None);
    }

    #[test]
    fn what_is_no_part_is_refused() {
        let many: Vec<String> = (0..101).map(|at| format!("k{at}")).collect();
        for value in [
            json!([]),
            json!({}),
            json!({ "kinds": [] }),
            json!({ "kinds": "death" }),
            json!({ "kinds": [1] }),
            json!({ "kinds": ["Death"] }),
            json!({ "kinds": ["death"], "units": ["1"] }),
            json!({ "kinds": ["death"], "units": ["*"] }),
            json!({ "kinds": ["death"], "people": "name" }),
            json!({ "kinds": ["death"], "other": [] }),
            json!({ "kinds": many }),
        ] {
            assert!(read(value.clone()).is_err(), "{value}");
        }
    }
}
