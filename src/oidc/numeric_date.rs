//! `NumericDate` (RFC 7519 §2): seconds since 1970-01-01T00:00:00Z as a JSON number, for `#[serde(with = "…")]`.

use serde::{Deserialize, Deserializer, Serializer, de::Error};
use serde_json::Value;

use crate::base::Timestamp;

/// Reads a JSON number, with or without a fraction (RFC 7519 §2 allows both); rounds down. `None` for anything else.
pub fn from_value(value: &Value) -> Option<Timestamp> {
    let Value::Number(number) = value else { return None };
    if let Some(secs) = number.as_i64() {
        return Some(Timestamp::from_secs(secs));
    }
    number.as_f64().map(|secs| Timestamp::from_secs(whole(secs)))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the cast saturates, and a date beyond i64 seconds is refused later"
)]
fn whole(secs: f64) -> i64 {
    secs.floor() as i64
}

pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(at.secs())
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let value = Value::deserialize(deserializer)?;
    from_value(&value).ok_or_else(|| D::Error::custom("a NumericDate (RFC 7519 §2) is a JSON number"))
}

/// The same for a claim that may be absent; the field also needs `default` and `skip_serializing_if`.
pub mod optional {
    use super::{Deserializer, Serializer, Timestamp};

    pub fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => super::serialize(at, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        super::deserialize(deserializer).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_seconds_and_nothing_else_is_a_date() {
        let table = [
            (json!(0), Some(Timestamp::from_secs(0))),
            (json!(1_300_819_380), Some(Timestamp::from_secs(1_300_819_380))),
            (json!(1_300_819_380.9), Some(Timestamp::from_secs(1_300_819_380))),
            (json!(-1.5), Some(Timestamp::from_secs(-2))),
            (json!(u64::MAX), Some(Timestamp::from_secs(i64::MAX))),
            (json!(1e300), Some(Timestamp::from_secs(i64::MAX))),
            (json!("1300819380"), None),
            (json!(null), None),
            (json!([1]), None),
            (json!(true), None),
        ];
        for (value, expected) in table {
            assert_eq!(from_value(&value), expected, "{value}");
        }
    }
}
