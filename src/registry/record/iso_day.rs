//! Days in stored JSON: `2026-11-22`.

use serde::{Deserialize, Deserializer, Serializer, de::Error as _};
use time::{Date, macros::format_description};

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's shape")]
pub fn serialize<S: Serializer>(day: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&day.to_string())
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    read(&String::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("no day written as YYYY-MM-DD"))
}

/// A day written as YYYY-MM-DD.
pub fn read(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

pub mod option {
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};
    use time::Date;

    #[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde's shape")]
    pub fn serialize<S: Serializer>(day: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
        match day {
            Some(day) => super::serialize(day, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| super::read(&text).ok_or_else(|| D::Error::custom("no day written as YYYY-MM-DD"))).transpose()
    }
}
