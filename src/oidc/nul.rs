//! NUL in JSON: a text of JSON can be written with one (`\u0000`), and no text or JSON column of PostgreSQL keeps it. Whatever is
//! stored as it came is asked first.

use serde_json::Value;

/// In a name or a text, however deep; the depth of what is asked about is bounded before.
pub fn is_in(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(list) => list.iter().any(is_in),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || is_in(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_wherever_it_stands() {
        for with in [r#""a\u0000""#, r#"["a",["\u0000"]]"#, r#"{"a":{"\u0000":1}}"#, r#"{"a":[{"b":"\u0000"}]}"#] {
            assert!(is_in(&serde_json::from_str(with).unwrap()), "{with}");
        }
        for without in [r#""\\u0000""#, "null", "[0, 1.5, true]", r#"{"a":"0"}"#] {
            assert!(!is_in(&serde_json::from_str(without).unwrap()), "{without}");
        }
    }
}
