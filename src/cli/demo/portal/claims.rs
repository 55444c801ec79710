//! What came about the person, as rows that the person can read.

use std::collections::BTreeMap;

use serde_json::Value;
use time::{Date, macros::format_description};

use super::{
    specs::{Text, text},
    tokens::level,
    visits::Session,
};
use crate::{
    base::Timestamp,
    http::{
        frame::{grouped, level::dots, when},
        lang::Lang,
    },
    registry::CardStatus,
};

/// One line of a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) label: String,
    /// The claim's own name, for those who build portals.
    pub(super) claim: String,
    pub(super) value: String,
}

/// Names of claims in both languages; the order is the order of rows. Members of objects are found by path or last name.
const LABELS: [(&str, Text); 59] = [
    ("name", text("Họ và tên", "Full name")),
    ("family_name", text("Họ", "Family name")),
    ("middle_name", text("Chữ đệm", "Middle name")),
    ("given_name", text("Tên", "Given name")),
    ("birthdate", text("Ngày sinh", "Date of birth")),
    ("birthdate_precision", text("Độ chính xác của ngày sinh", "Precision of the date of birth")),
    ("gender", text("Giới tính", "Sex")),
    ("nationalities", text("Quốc tịch", "Nationality")),
    ("id_number", text("Số định danh cá nhân", "Personal identification number")),
    ("previous_id_numbers", text("Số định danh trước đây", "Earlier identification numbers")),
    ("cmnd9", text("Số chứng minh nhân dân 9 số", "Old 9-digit identity card number")),
    ("card", text("Thẻ căn cước", "Identity card")),
    ("card.number", text("Số thẻ", "Number")),
    ("issued_at", text("Ngày cấp", "Issued on")),
    ("issuer", text("Nơi cấp", "Issued by")),
    ("expires_at", text("Có giá trị đến", "Valid until")),
    ("status", text("Tình trạng", "Status")),
    ("address", text("Nơi cư trú", "Place of residence")),
    ("formatted", text("đầy đủ", "in full")),
    ("street_address", text("số nhà, đường", "street")),
    ("locality", text("xã, phường", "commune or ward")),
    ("region", text("tỉnh, thành phố", "province or city")),
    ("country", text("quốc gia", "country")),
    ("residence", text("Thông tin cư trú", "Residence")),
    ("thuong_tru", text("thường trú", "permanent")),
    ("tam_tru", text("tạm trú", "temporary")),
    ("hien_tai", text("nơi ở hiện tại", "present")),
    ("unit_code", text("mã đơn vị hành chính", "administrative unit code")),
    ("unit_version", text("danh mục đơn vị hành chính", "administrative unit list")),
    ("unit_name", text("đơn vị hành chính", "administrative unit")),
    ("detail", text("chi tiết", "detail")),
    ("since", text("từ ngày", "since")),
    ("until", text("đến ngày", "until")),
    ("place_of_birth", text("Nơi sinh", "Place of birth")),
    ("birth_registration_place", text("Nơi đăng ký khai sinh", "Place of birth registration")),
    ("que_quan", text("Quê quán", "Place of origin")),
    ("parents", text("Cha, mẹ", "Parents")),
    ("spouse", text("Vợ, chồng", "Spouse")),
    ("children", text("Con", "Children")),
    ("representative", text("Người đại diện", "Representative")),
    ("household", text("Hộ gia đình", "Household")),
    ("marital_status", text("Tình trạng hôn nhân", "Marital status")),
    ("life_status", text("Tình trạng sống, mất", "Life status")),
    ("ethnicity", text("Dân tộc", "Ethnicity")),
    ("religion", text("Tôn giáo", "Religion")),
    ("blood_group", text("Nhóm máu", "Blood group")),
    ("phone_number", text("Số điện thoại", "Phone number")),
    ("phone_number_verified", text("Số điện thoại đã xác nhận", "Phone number confirmed")),
    ("email", text("Thư điện tử", "E-mail")),
    ("email_verified", text("Thư điện tử đã xác nhận", "E-mail confirmed")),
    ("updated_at", text("Cập nhật lúc", "Updated at")),
    ("account_level", text("Mức độ tài khoản", "Account level")),
    ("account_type", text("Loại tài khoản", "Account type")),
    ("code", text("mã", "code")),
    ("value", text("giá trị", "value")),
    ("number", text("số", "number")),
    ("relation", text("quan hệ", "relation")),
    ("type", text("loại", "type")),
    ("province", text("tỉnh, thành phố", "province or city")),
];

/// Ways of authentication (RFC 8176 §2).
const METHODS: [(&str, Text); 8] = [
    ("pwd", text("mật khẩu", "password")),
    ("otp", text("mã dùng một lần", "one-time code")),
    ("sms", text("mã gửi đến điện thoại", "code sent to the phone")),
    ("mfa", text("nhiều yếu tố", "more than one factor")),
    ("hwk", text("khóa phần cứng", "hardware key")),
    ("swk", text("khóa phần mềm", "software key")),
    ("face", text("khuôn mặt", "face")),
    ("fpt", text("vân tay", "fingerprint")),
];

/// UserInfo's claims, objects opened, in the order of [`LABELS`], unknown ones last.
pub(super) fn rows(claims: &BTreeMap<String, Value>, lang: Lang) -> Vec<Row> {
    let mut rows: Vec<_> = Vec::new();
    // `sub` is not about the person; it stands among the facts of the session.
    for (name, value) in claims.iter().filter(|(name, _)| *name != "sub") {
        open(name, "", value, lang, &mut rows);
    }
    rows.sort_by_key(|row| {
        let first = row.claim.split('.').next().unwrap_or_default();
        LABELS.iter().position(|(name, _)| *name == first).unwrap_or(LABELS.len())
    });
    rows
}

fn open(path: &str, above: &str, value: &Value, lang: Lang, rows: &mut Vec<Row>) {
    let own = label(path, lang);
    let label = if above.is_empty() { own } else { format!("{above}: {own}") };
    match value {
        Value::Null => {}
        Value::Object(members) => {
            for (name, value) in members {
                open(&format!("{path}.{name}"), &label, value, lang, rows);
            }
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (at, item) in (1..).zip(items) {
                open(&format!("{path}.{at}"), &label, item, lang, rows);
            }
        }
        Value::Array(items) => {
            let all: Vec<_> = items.iter().map(|item| plain(path, item, lang)).collect();
            rows.push(Row { label, claim: path.to_owned(), value: all.join(", ") });
        }
        single => rows.push(Row { label, claim: path.to_owned(), value: plain(path, single, lang) }),
    }
}

fn label(path: &str, lang: Lang) -> String {
    let last = path.rsplit('.').next().unwrap_or_default();
    LABELS
        .iter()
        .find(|(name, _)| *name == path)
        .or_else(|| LABELS.iter().find(|(name, _)| *name == last))
        .map_or_else(|| last.to_owned(), |(_, label)| label.on(lang).to_owned())
}

/// A value as people write it.
fn plain(path: &str, value: &Value, lang: Lang) -> String {
    match (path, value) {
        (_, Value::Bool(yes)) => if *yes { text("Có", "Yes") } else { text("Không", "No") }.on(lang).to_owned(),
        ("gender", Value::String(value)) if value == "male" => text("Nam", "Male").on(lang).to_owned(),
        ("gender", Value::String(value)) if value == "female" => text("Nữ", "Female").on(lang).to_owned(),
        ("nationalities", Value::String(value)) if value == "VNM" => text("Việt Nam", "Vietnamese").on(lang).to_owned(),
        ("updated_at", Value::Number(at)) => {
            at.as_i64().map_or_else(|| at.to_string(), |at| when::time_and_day(lang, Timestamp::from_secs(at)))
        }
        ("card.status", Value::String(value)) => {
            card_status(value).map_or_else(|| value.clone(), |word| word.on(lang).to_owned())
        }
        (_, Value::String(value)) => match Date::parse(value, format_description!("[year]-[month]-[day]")) {
            Ok(date) => when::day(lang, date),
            Err(_) => grouped(value),
        },
        (_, other) => other.to_string(),
    }
}

fn card_status(code: &str) -> Option<Text> {
    Some(match CardStatus::from_code(code)? {
        CardStatus::Valid => text("Còn giá trị", "Valid"),
        CardStatus::Held => text("Đang bị tạm giữ", "Held"),
        CardStatus::Revoked => text("Đã bị thu hồi", "Withdrawn"),
        CardStatus::Replaced => text("Đã được đổi thẻ mới", "Replaced by a new card"),
        CardStatus::Lost => text("Đã báo mất", "Reported lost"),
        CardStatus::Void => text("Không còn giá trị", "No longer valid"),
    })
}

/// What the ID token says of this sign-in.
pub(super) fn facts(session: &Session, lang: Lang) -> Vec<Row> {
    let row = |claim: &str, label: Text, value: String| Row {
        label: label.on(lang).to_owned(),
        claim: claim.to_owned(),
        value,
    };
    let unknown = || text("không được cho biết", "not told").on(lang).to_owned();
    let reached = level(session.acr.as_deref());
    let acr = match (reached, &session.acr) {
        (0, Some(other)) => other.clone(),
        (0, None) => unknown(),
        (level, _) => format!("{level} {}", dots(level)),
    };
    let when_proven = session.auth_time.map_or_else(unknown, |at| when::time_and_day(lang, Timestamp::from_secs(at)));
    let mut facts = vec![
        row("acr", text("Mức độ xác thực", "Authentication level"), acr),
        row("amr", text("Cách xác thực", "How you were authenticated"), methods(&session.amr, lang)),
        row("auth_time", text("Xác thực lúc", "Authenticated at"), when_proven),
        row(
            "account_level",
            text("Mức độ tài khoản", "Account level"),
            session.account_level.clone().unwrap_or_else(unknown),
        ),
        row("scope", text("Phạm vi được cấp", "Scopes granted"), session.scopes.join(" ")),
        row(
            "sub",
            text("Mã của bạn, riêng cho cổng này", "Your identifier, for this portal only"),
            session.sub.clone(),
        ),
    ];
    if let Some(sid) = &session.sid {
        facts.push(row("sid", text("Mã phiên", "Session identifier"), sid.clone()));
    }
    facts
}

fn methods(amr: &[String], lang: Lang) -> String {
    if amr.is_empty() {
        return text("không được cho biết", "not told").on(lang).to_owned();
    }
    let one = |method: &String| {
        METHODS
            .iter()
            .find(|(code, _)| code == method)
            .map_or_else(|| method.clone(), |(code, name)| format!("{} ({code})", name.on(lang)))
    };
    amr.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(claims: Value, lang: Lang) -> Vec<(String, String)> {
        let claims = serde_json::from_value(claims).unwrap();
        rows(&claims, lang).into_iter().map(|row| (row.label, row.value)).collect()
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn claims_are_rows_in_the_order_of_a_form_with_values_as_people_write_them() {
        let claims = json!({
            "sub": "x1", "birthdate": "1985-03-05", "id_number": "900085000001", "gender": "female",
            "name": "NGUYỄN THỊ THỬ", "nationalities": ["VNM"], "phone_number_verified": true, "hobby": "chess",
            "card": { "number": "900085000001", "expires_at": "2045-03-05" }, "email": null,
        });
        let expected = [
            ("Họ và tên", "NGUYỄN THỊ THỬ"),
            ("Ngày sinh", "05/03/1985"),
            ("Giới tính", "Nữ"),
            ("Quốc tịch", "Việt Nam"),
            ("Số định danh cá nhân", "900 085 000 001"),
            ("Thẻ căn cước: Có giá trị đến", "05/03/2045"),
            ("Thẻ căn cước: Số thẻ", "900 085 000 001"),
            ("Số điện thoại đã xác nhận", "Có"),
            ("hobby", "chess"),
        ];
        assert_eq!(shown(claims, Lang::Vi), pairs(&expected));
    }

    #[test]
    fn lists_of_objects_are_numbered_and_a_year_alone_stays_a_year() {
        let claims = json!({ "birthdate": "1950", "residence": { "tam_tru": [{ "unit_code": "13015" }] } });
        let expected = [("Date of birth", "1950"), ("Residence: temporary: 1: administrative unit code", "13015")];
        assert_eq!(shown(claims, Lang::En), pairs(&expected));
    }

    #[test]
    fn methods_are_named_and_unknown_ones_kept() {
        let amr = ["pwd", "otp", "zzz"].map(str::to_owned);
        assert_eq!(methods(&amr, Lang::Vi), "mật khẩu (pwd), mã dùng một lần (otp), zzz");
    }
}
