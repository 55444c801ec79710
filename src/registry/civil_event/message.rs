//! An event as another system tells it: one object, whose texts are the fields of the event's form.

use serde_json::{Map, Value};

use super::{FieldKind, Kind, PAPER_FIELDS, Refusal, Values, form::MOST_CHARS};
use crate::registry::{PersonalNumber, name_keys::is_unseen};

/// What was told; the form in it is not judged yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What the teller calls the event: told twice, it is one.
    pub source_id: String,
    pub kind: Kind,
    pub values: Values,
    /// Who looks after it when it becomes a case whose place nothing else tells.
    pub unit: Option<String>,
    pub note: Option<String>,
}

/// One fault at its place (RFC 6901), in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageFault {
    pub pointer: String,
    pub code: &'static str,
    pub vi: &'static str,
    pub en: &'static str,
}

macro_rules! faults {
    ($($name:ident => $code:literal, $vi:literal, $en:literal;)+) => {
        $(const $name: (&str, &str, &str) = ($code, $vi, $en);)+
    };
}

faults! {
    NOT_JSON => "json", "Dòng này không phải JSON đúng dạng, hoặc có thành phần lặp lại.",
        "This row is no JSON, or a member stands twice in it.";
    OTHER_CONTENT => "other_content", "Mã nguồn này đã được báo với nội dung khác; không có gì thay đổi.",
        "Another content was told under this source id; nothing was changed.";
    TOO_LONG => "row.too_long", "Dòng này dài quá 64 KB.", "This row has more than 64 KB.";
    OBJECT => "object", "Nội dung phải là một đối tượng JSON.", "The content is one JSON object.";
    UNKNOWN_MEMBER => "member.unknown", "Không có thành phần này.", "There is no such member.";
    MISSING => "missing", "Thiếu thành phần này.", "This member is needed.";
    TEXT => "text", "Thành phần này là một chuỗi.", "This member is a text.";
    FIELDS => "fields", "Thành phần này là một đối tượng gồm các chuỗi.", "This member is an object of texts.";
    KIND => "kind.unknown", "Không có loại sự kiện này.", "There is no such kind of event.";
    SOURCE_ID => "source_id.form", "Từ 1 đến 80 chữ cái không dấu, chữ số và . _ ~ -", "1 to 80 letters, digits and . _ ~ -";
    SOURCE_ID_NUMBER => "source_id.number", "Mã nguồn không được là số định danh cá nhân.",
        "A source id is not a personal number.";
    UNIT => "unit.form", "Mã tỉnh có 2 chữ số, mã xã có 5 chữ số.", "A province's code has two digits, a commune's five.";
    NOTE => "note.long", "Ghi chú tối đa 500 ký tự, không có ký tự điều khiển.",
        "A note has at most 500 characters, none of them a control character.";
    UNKNOWN_FIELD => "field.unknown", "Loại sự kiện này không có mục này.", "This kind of event has no such field.";
    NUMBER => "person.number", "Hãy ghi số định danh gồm 12 chữ số.", "A person is named by twelve digits.";
}

const MEMBERS: [&str; 5] = ["source_id", "kind", "fields", "unit", "note"];

impl MessageFault {
    fn at(pointer: impl Into<String>, (code, vi, en): (&'static str, &'static str, &'static str)) -> Self {
        Self { pointer: pointer.into(), code, vi, en }
    }

    /// A row of a file that is no JSON, or in which something stands twice.
    pub fn not_json() -> Self {
        Self::at("", NOT_JSON)
    }

    /// The same name was told with something else.
    pub fn other_content() -> Self {
        Self::at("/source_id", OTHER_CONTENT)
    }

    /// A row of a file that is longer than any event.
    pub fn too_long() -> Self {
        Self::at("", TOO_LONG)
    }

    /// A fault of the form, at its field.
    pub fn of(refusal: &Refusal) -> Self {
        let why = refusal.why;
        let pointer = format!("/fields/{}", refusal.field);
        Self { pointer, code: why.code(), vi: why.vietnamese(), en: why.english() }
    }
}

impl Message {
    /// Every fault is found.
    pub fn read(value: &Value) -> Result<Self, Vec<MessageFault>> {
        let Some(map) = value.as_object() else { return Err(vec![MessageFault::at("", OBJECT)]) };
        let mut faults = Vec::new();
        for name in map.keys().filter(|name| !MEMBERS.contains(&name.as_str())) {
            faults.push(MessageFault::at(format!("/{}", escaped(name)), UNKNOWN_MEMBER));
        }
        let source_id = needed(map, "source_id", &mut faults).filter(|id| check_id(id, &mut faults));
        let kind = needed(map, "kind", &mut faults).and_then(|code| {
            let kind = Kind::from_code(code).filter(|kind| !kind.is_internal());
            if kind.is_none() {
                faults.push(MessageFault::at("/kind", KIND));
            }
            kind
        });
        let values = fields(map, kind, &mut faults);
        let unit = optional(map, "unit", UNIT, is_unit, &mut faults);
        let note = optional(map, "note", NOTE, is_note, &mut faults);
        match (source_id, kind) {
            (Some(source_id), Some(kind)) if faults.is_empty() => {
                Ok(Self { source_id: source_id.to_owned(), kind, values, unit, note })
            }
            _ => Err(faults),
        }
    }
}

/// So that it can stand in an address without escapes, and says nothing of a person there.
pub fn is_source_id(text: &str) -> bool {
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
    (1..=80).contains(&text.len()) && text.bytes().all(sound) && text.bytes().any(|byte| byte.is_ascii_alphanumeric())
}

fn check_id(id: &str, faults: &mut Vec<MessageFault>) -> bool {
    let fault = match (is_source_id(id), PersonalNumber::parse(id)) {
        (false, _) => SOURCE_ID,
        (true, Ok(_)) => SOURCE_ID_NUMBER,
        (true, Err(_)) => return true,
    };
    faults.push(MessageFault::at("/source_id", fault));
    false
}

fn needed<'v>(map: &'v Map<String, Value>, name: &str, faults: &mut Vec<MessageFault>) -> Option<&'v str> {
    let fault = match map.get(name) {
        Some(Value::String(text)) => return Some(text),
        None | Some(Value::Null) => MISSING,
        Some(_) => TEXT,
    };
    faults.push(MessageFault::at(format!("/{name}"), fault));
    None
}

fn optional(
    map: &Map<String, Value>,
    name: &str,
    fault: (&'static str, &'static str, &'static str),
    sound: fn(&str) -> bool,
    faults: &mut Vec<MessageFault>,
) -> Option<String> {
    let value = map.get(name).filter(|value| !value.is_null())?;
    let text = value.as_str().filter(|text| sound(text));
    if text.is_none() {
        faults.push(MessageFault::at(format!("/{name}"), fault));
    }
    text.map(str::to_owned)
}

fn is_unit(text: &str) -> bool {
    matches!(text.len(), 2 | 5) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_note(text: &str) -> bool {
    text.chars().count() <= 500 && !text.chars().any(is_unseen)
}

fn fields(map: &Map<String, Value>, kind: Option<Kind>, faults: &mut Vec<MessageFault>) -> Values {
    let mut values = Values::new();
    let Some(told) = map.get("fields").and_then(Value::as_object) else {
        let fault = if map.get("fields").is_some_and(|value| !value.is_null()) { FIELDS } else { MISSING };
        faults.push(MessageFault::at("/fields", fault));
        return values;
    };
    for (name, value) in told {
        let pointer = format!("/fields/{}", escaped(name));
        let spec = kind.map(|kind| kind.fields().iter().chain(&PAPER_FIELDS).find(|field| field.name == name));
        match (spec, value) {
            // Without a kind nobody knows the fields: only their form is looked at.
            (Some(None), _) => faults.push(MessageFault::at(pointer, UNKNOWN_FIELD)),
            (None, Value::String(_)) | (_, Value::Null) => {}
            (Some(Some(spec)), Value::String(text)) => {
                // Another system knows people by their numbers; the registry's own ids are its own.
                if spec.kind == FieldKind::Person && !are_numbers(text) {
                    faults.push(MessageFault::at(pointer, NUMBER));
                }
                values.insert(name.clone(), text.clone());
            }
            _ => faults.push(MessageFault::at(pointer, TEXT)),
        }
    }
    values
}

/// As many as the form's field takes: whoever is named is looked up before the form is judged.
fn are_numbers(text: &str) -> bool {
    let fits = text.len() <= MOST_CHARS;
    text.trim().is_empty() || fits && text.split([',', ';']).all(|one| PersonalNumber::parse(one.trim()).is_ok())
}

fn escaped(name: &str) -> String {
    // Nobody's megabyte of a name comes back.
    let short: String = name.chars().take(60).collect();
    short.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn told() -> Value {
        json!({
            "source_id": "HT-2026.17", "kind": "death", "unit": "00004", "note": "Liên thông",
            "fields": { "subject": "900085000001", "on": "2026-11-20", "paper": "x", "cause": null },
        })
    }

    fn pointers(value: &Value) -> Vec<(String, &'static str)> {
        Message::read(value).unwrap_err().into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    #[test]
    fn a_message_is_read() {
        let mut value = told();
        value["fields"].as_object_mut().unwrap().remove("cause");
        let read = Message::read(&value).unwrap();
        assert_eq!(
            (read.source_id.as_str(), read.kind, read.unit.as_deref()),
            ("HT-2026.17", Kind::Death, Some("00004"))
        );
        assert_eq!(read.values.len(), 3);
    }

    #[test]
    fn every_fault_is_named_at_its_place() {
        assert_eq!(pointers(&json!([])), [(String::new(), "object")]);
        let all = pointers(&json!({ "a/b": 1 }));
        let missing = ["/source_id", "/kind", "/fields"].map(|at| (at.to_owned(), "missing"));
        assert_eq!(all[0], ("/a~1b".to_owned(), "member.unknown"));
        assert_eq!(all[1..], missing);
        for (member, value, fault) in [
            ("source_id", json!("a b"), "source_id.form"),
            ("source_id", json!("---"), "source_id.form"),
            ("source_id", json!("x".repeat(81)), "source_id.form"),
            ("source_id", json!("900085000001"), "source_id.number"),
            ("source_id", json!(1), "text"),
            ("kind", json!("flight"), "kind.unknown"),
            ("kind", json!("record_merge"), "kind.unknown"),
            ("fields", json!([]), "fields"),
            ("unit", json!("1"), "unit.form"),
            ("unit", json!(1), "unit.form"),
            ("note", json!("a\u{0}"), "note.long"),
            ("note", json!("x".repeat(501)), "note.long"),
            ("note", json!("a\u{202E}b"), "note.long"),
        ] {
            let mut message = told();
            message["fields"] = json!({ "subject": "900085000001" });
            message[member] = value.clone();
            assert_eq!(pointers(&message), [(format!("/{member}"), fault)], "{value}");
        }
        for (field, value, fault) in [
            ("surprise", json!("x"), "field.unknown"),
            ("on", json!(20_261_120), "text"),
            ("subject", json!("0195fd2e-7a2b-7000-8000-000000000001"), "person.number"),
            ("subject", json!("Nguyễn Văn Thử"), "person.number"),
            ("subject", json!("900085000001,".repeat(5_000) + "900085000001"), "person.number"),
        ] {
            let mut message = told();
            message["fields"] = json!({ field: value });
            assert_eq!(pointers(&message), [(format!("/fields/{field}"), fault)], "{value}");
        }
    }

    proptest! {
        #[test]
        fn any_document_is_read_or_refused(name in ".{0,20}", text in ".{0,50}") {
            let mut message = told();
            message["fields"][&name] = json!(text);
            let _ = Message::read(&message);
            message[&name] = json!(text);
            let _ = Message::read(&message);
        }
    }
}
