//! UserInfo under the Vietnamese claim names that portals used before OpenID Connect's: a new name for what leaves, decided
//! after scope, floor, consent and audit. A portal that moves over registers `userinfo_view` and changes nothing else.

use serde_json::{Map, Value};

/// Ours, and the old name.
const NAMES: [(&str, &str); 9] = [
    ("sub", "TechID"),
    ("id_number", "SoDinhDanh"),
    ("cmnd9", "SoCMND"),
    ("name", "HoVaTen"),
    ("account_type", "LoaiTaiKhoan"),
    ("gender", "GioiTinh"),
    ("address", "DiaChi"),
    ("phone_number", "SoDienThoai"),
    ("email", "ThuDienTu"),
];

/// The document under the old names; what never had one keeps its own. `sub` stays beside `TechID`, which is the same: OpenID
/// Connect Core §5.3.2 needs it.
pub fn renamed(document: Map<String, Value>) -> Map<String, Value> {
    let mut view = Map::new();
    for (name, value) in document {
        match NAMES.iter().find(|(ours, _)| *ours == name) {
            Some((_, old)) => {
                if name == "sub" {
                    view.insert(name.clone(), value.clone());
                }
                view.insert((*old).to_owned(), as_it_was(&name, value));
            }
            None => {
                view.insert(name, value);
            }
        }
    }
    view
}

/// An address was one text, a citizen's account `1`.
fn as_it_was(name: &str, value: Value) -> Value {
    match (name, value) {
        ("address", Value::Object(mut parts)) => parts.remove("formatted").unwrap_or(Value::Object(parts)),
        ("account_type", Value::String(text)) if text == "citizen" => 1.into(),
        (_, value) => value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_leaves_has_the_old_names_and_nothing_else_is_added() {
        let document = json!({
            "sub": "s1", "name": "Nguyễn Văn Thử", "gender": "male", "account_type": "citizen", "account_level": "02",
            "address": {"formatted": "Số 1\nPhường Thử", "country": "VN"}, "birthdate": "1985-03-05",
        });
        let expected = json!({
            "sub": "s1", "TechID": "s1", "HoVaTen": "Nguyễn Văn Thử", "GioiTinh": "male", "LoaiTaiKhoan": 1,
            "account_level": "02", "DiaChi": "Số 1\nPhường Thử", "birthdate": "1985-03-05",
        });
        assert_eq!(Value::Object(renamed(document.as_object().unwrap().clone())), expected);
        assert!(renamed(Map::new()).is_empty());
    }
}
