//! How the consent page names and shows each claim: the very value that the portal will get, as a person reads it.

use std::borrow::Cow;

use serde_json::Value;
use time::{Date, format_description::BorrowedFormatItem, macros::format_description};

use super::{Frame, grouped, when};
use crate::{
    base::Timestamp,
    oidc::predicate::Predicate,
    registry::admin_unit::{self, AdminUnit},
};

/// Lines shown of one claim, and levels of objects inside it: a household is long, a hostile value is longer.
const LINES_AT_MOST: usize = 60;
const DEPTH_AT_MOST: usize = 4;

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// Whether a value is shown at once or after a press on "Hiện".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    AtOnce,
    /// Sensitive personal data (Decree 356/2025), other people's, and what opens other doors: the numbers of papers.
    OnPress,
}

/// The language of a value's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wording {
    /// Numbers, or words that follow the page.
    Page,
    /// Names and places, Vietnamese on every page.
    Vietnamese,
}

use Shown::{AtOnce, OnPress};
use Wording::{Page, Vietnamese};

/// Claim, key of its name, how it is shown, what language its value is in.
type Row = (&'static str, &'static str, Shown, Wording);

/// In the order of the consent page.
const CLAIMS: &[Row] = &[
    ("name", "claim-name", AtOnce, Vietnamese),
    ("family_name", "claim-family-name", AtOnce, Vietnamese),
    ("middle_name", "claim-middle-name", AtOnce, Vietnamese),
    ("given_name", "claim-given-name", AtOnce, Vietnamese),
    ("birthdate", "claim-birthdate", AtOnce, Page),
    ("birthdate_precision", "claim-birthdate-precision", AtOnce, Page),
    ("gender", "claim-gender", AtOnce, Page),
    ("nationalities", "claim-nationalities", AtOnce, Page),
    ("id_number", "claim-id-number", OnPress, Page),
    ("previous_id_numbers", "claim-previous-id-numbers", OnPress, Page),
    ("cmnd9", "claim-cmnd9", OnPress, Page),
    ("card", "claim-card", OnPress, Page),
    ("phone_number", "claim-phone-number", AtOnce, Page),
    ("phone_number_verified", "claim-phone-number-verified", AtOnce, Page),
    ("email", "claim-email", AtOnce, Page),
    ("email_verified", "claim-email-verified", AtOnce, Page),
    ("address", "claim-address", AtOnce, Vietnamese),
    ("residence", "claim-residence", AtOnce, Vietnamese),
    ("place_of_birth", "claim-place-of-birth", AtOnce, Vietnamese),
    ("birth_registration_place", "claim-birth-registration-place", AtOnce, Vietnamese),
    ("que_quan", "claim-que-quan", AtOnce, Vietnamese),
    ("parents", "claim-parents", OnPress, Vietnamese),
    ("spouse", "claim-spouse", OnPress, Vietnamese),
    ("children", "claim-children", OnPress, Vietnamese),
    ("representative", "claim-representative", OnPress, Vietnamese),
    ("household", "claim-household", OnPress, Vietnamese),
    ("marital_status", "claim-marital-status", AtOnce, Page),
    ("life_status", "claim-life-status", AtOnce, Page),
    ("ethnicity", "claim-ethnicity", OnPress, Vietnamese),
    ("religion", "claim-religion", OnPress, Vietnamese),
    ("blood_group", "claim-blood-group", OnPress, Page),
    ("age_over_14", "claim-age-over-14", AtOnce, Page),
    ("age_over_16", "claim-age-over-16", AtOnce, Page),
    ("age_over_18", "claim-age-over-18", AtOnce, Page),
    ("age_over_60", "claim-age-over-60", AtOnce, Page),
    ("alive", "claim-alive", AtOnce, Page),
    ("resident_in", "claim-resident-in", AtOnce, Vietnamese),
    ("same_person_as", "claim-same-person-as", AtOnce, Page),
    ("updated_at", "claim-updated-at", AtOnce, Page),
    // What is asked for beside claims (RFC 9396).
    ("identity_check", "claim-identity-check", AtOnce, Page),
    ("delegation", "claim-delegation", AtOnce, Page),
    // Fields inside the claims above.
    ("number", "claim-card-number", AtOnce, Page),
    ("issued_at", "claim-card-issued-at", AtOnce, Page),
    ("issuer", "claim-card-issuer", AtOnce, Vietnamese),
    ("expires_at", "claim-card-expires-at", AtOnce, Page),
    ("status", "claim-card-status", AtOnce, Page),
    ("thuong_tru", "claim-residence-permanent", AtOnce, Vietnamese),
    ("tam_tru", "claim-residence-temporary", AtOnce, Vietnamese),
    ("hien_tai", "claim-residence-present", AtOnce, Vietnamese),
];

/// A language tag (`name#vi`, OIDC Core §5.2) changes nothing about a claim's name.
fn row(claim: &str) -> Option<(usize, &'static Row)> {
    let name = claim.split(['#', ':']).next().unwrap_or_default();
    CLAIMS.iter().enumerate().find(|(_, (known, ..))| *known == name)
}

/// The claim's name in words; a name that we have no words for stays as it is.
pub fn label(f: &Frame, claim: &str) -> Cow<'static, str> {
    row(claim).map_or_else(|| Cow::Owned(claim.to_owned()), |(_, (_, key, ..))| f.t(key))
}

/// Whether the value waits behind a press; a claim that we don't know does.
pub fn is_sensitive(claim: &str) -> bool {
    row(claim).is_none_or(|(_, (_, _, shown, _))| *shown == OnPress)
}

/// Values that are Vietnamese words whatever language the page speaks.
pub fn is_vietnamese(claim: &str) -> bool {
    row(claim).is_some_and(|(_, (.., wording))| *wording == Vietnamese)
}

/// Where the claim stands on the page; unknown ones come last.
pub fn place(claim: &str) -> usize {
    row(claim).map_or(CLAIMS.len(), |(place, _)| place)
}

/// The value in lines. `claim` decides how it is read: `gender` in words, `birthdate` as a day, numbers in groups.
pub fn lines(f: &Frame, claim: &str, value: &Value) -> Vec<String> {
    // The question is what the person agrees to, whatever the answer is on the day it is given.
    if Predicate::is_named(claim) {
        let place = claim.split_once(':').and_then(|(_, code)| admin_unit::latest(code)).map(AdminUnit::in_full);
        return place.into_iter().chain([f.t("claim-yes-or-no").into_owned()]).collect();
    }
    let mut lines = Vec::new();
    collect(f, claim, value, DEPTH_AT_MOST, &mut lines);
    lines.truncate(LINES_AT_MOST);
    lines
}

/// What a portal says that the person stated, read as the claim of that name is.
pub fn stated(f: &Frame, claim: &str, text: &str) -> String {
    one(f, claim, text)
}

/// What is shown of a question, before it is answered.
pub fn question(f: &Frame, claim: &str) -> Vec<String> {
    lines(f, claim, &Value::Null)
}

fn collect(f: &Frame, claim: &str, value: &Value, depth: usize, lines: &mut Vec<String>) {
    if lines.len() >= LINES_AT_MOST {
        return;
    }
    match value {
        Value::Null => {}
        Value::Bool(yes) => lines.push(f.t(if *yes { "claim-yes" } else { "claim-no" }).into_owned()),
        Value::Number(number) => lines.push(match (claim, number.as_i64()) {
            ("updated_at", Some(at)) => when::time_and_day(f.lang(), Timestamp::from_secs(at)),
            _ => number.to_string(),
        }),
        Value::String(text) => lines.push(one(f, claim, text)),
        Value::Array(values) if depth > 0 => {
            for value in values {
                collect(f, claim, value, depth - 1, lines);
            }
        }
        // OIDC Core §5.1.1: `formatted` is the whole address; the other members are the same in parts.
        Value::Object(fields) if depth > 0 && fields.contains_key("formatted") => {
            if let Some(formatted) = fields.get("formatted").and_then(Value::as_str) {
                lines.extend(formatted.lines().map(str::to_owned));
            }
        }
        Value::Object(fields) if depth > 0 => {
            for (name, value) in fields {
                let mut inner = Vec::new();
                collect(f, name, value, depth - 1, &mut inner);
                lines.extend(inner.into_iter().map(|line| format!("{}: {line}", label(f, name))));
            }
        }
        Value::Array(_) | Value::Object(_) => lines.push(value.to_string()),
    }
}

fn one(f: &Frame, claim: &str, text: &str) -> String {
    let word = match (claim, text) {
        ("gender", "male") => Some("claim-gender-male"),
        ("gender", "female") => Some("claim-gender-female"),
        ("nationalities", "VNM") => Some("claim-nationality-vnm"),
        ("life_status", "alive") => Some("claim-life-alive"),
        ("status", "valid") => Some("claim-card-valid"),
        ("birthdate_precision", "month") => Some("claim-precision-month"),
        ("birthdate_precision", "year") => Some("claim-precision-year"),
        _ => None,
    };
    if let Some(key) = word {
        return f.t(key).into_owned();
    }
    match claim {
        "id_number" | "previous_id_numbers" => grouped(text),
        _ => Date::parse(text, DAY).map_or_else(|_| text.to_owned(), |date| when::day(f.lang(), date)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::lang::{Choice, Lang};

    fn frame(lang: Lang) -> Frame {
        Frame { choice: Choice { lang, portal_wished: false }, ..Frame::default() }
    }

    #[test]
    fn values_read_as_people_write_them() {
        let (vi, en) = (frame(Lang::Vi), frame(Lang::En));
        assert_eq!(lines(&vi, "birthdate", &json!("1985-03-05")), ["05/03/1985"]);
        assert_eq!(lines(&en, "birthdate", &json!("1985-03-05")), ["5 March 1985"]);
        assert_eq!(lines(&vi, "birthdate", &json!("1985")), ["1985"]);
        assert_eq!(lines(&vi, "gender", &json!("female")), ["Nữ"]);
        assert_eq!(lines(&vi, "id_number", &json!("900085000001")), ["900 085 000 001"]);
        assert_eq!([stated(&vi, "gender", "male"), stated(&vi, "birthdate", "1985-03-05")], ["Nam", "05/03/1985"]);
        assert_eq!([stated(&en, "birthdate", "1985-13-05"), stated(&vi, "name", "male")], ["1985-13-05", "male"]);
        assert_eq!(lines(&vi, "nationalities", &json!(["VNM", "FRA"])), ["Việt Nam", "FRA"]);
        assert_eq!(lines(&vi, "phone_number_verified", &json!(true)), ["Có"]);
        let told = "chỉ được trả lời có hoặc không";
        assert_eq!(lines(&vi, "age_over_18", &json!({"result": true, "as_of": "2026-11-22T05:00:00Z"})), [told]);
        assert_eq!(lines(&vi, "resident_in:01", &json!({"result": false})), ["Thành phố Hà Nội", told]);
    }

    #[test]
    fn objects_are_told_field_by_field() {
        let vi = frame(Lang::Vi);
        let address = json!({"formatted": "Số 1\nPhường Thử", "country": "VN"});
        assert_eq!(lines(&vi, "address", &address), ["Số 1", "Phường Thử"]);
        let card = json!({"issued_at": "2021-05-01", "number": "900085000001"});
        assert_eq!(lines(&vi, "card", &card), ["Ngày cấp: 01/05/2021", "Số: 900085000001"]);
    }

    #[test]
    fn a_hostile_value_stays_small() {
        let mut deep = json!("x");
        for _ in 0..50 {
            deep = json!({ "a": deep });
        }
        assert_eq!(lines(&frame(Lang::Vi), "x", &deep).len(), 1);
        assert_eq!(lines(&frame(Lang::Vi), "x", &json!(vec!["y"; 5_000])).len(), LINES_AT_MOST);
    }

    #[test]
    fn a_claim_without_words_keeps_its_name() {
        assert_eq!(label(&frame(Lang::Vi), "future_claim"), "future_claim");
        assert_eq!(label(&frame(Lang::Vi), "name#vi"), "Họ và tên");
        assert!(is_sensitive("future_claim") && is_sensitive("id_number") && !is_sensitive("name"));
    }
}
