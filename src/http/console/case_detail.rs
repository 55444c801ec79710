//! What a case says, in words: what came in, beside what the registry has.

use serde_json::Value;

use super::{
    cases_view::{CaseLine, ComparedRow},
    event_fields::as_typed,
    view::Pair,
};
use crate::{
    flows::registry::{
        cases::OpenedCase,
        events::{Shown, written},
    },
    registry::{
        BirthDate, PersonalNumber,
        civil_event::{Kind, PAPER_FIELDS, Why},
        record::words,
    },
};

pub(super) fn both(text: impl Into<String>) -> Shown {
    let text = text.into();
    Shown { vi: vec![text.clone()], en: vec![text] }
}

fn in_words(code: &str) -> Shown {
    words(code).map_or_else(|| both(code), |(vi, en)| Shown { vi: vec![vi.to_owned()], en: vec![en.to_owned()] })
}

/// What came in, and why it did not fit.
pub fn told(opened: &OpenedCase) -> Vec<CaseLine> {
    match opened.case.kind.as_str() {
        "import_differs" => imported(&opened.detail),
        "event_refused" => refused(opened),
        "follow_up" => {
            vec![CaseLine { label: ("Việc cần làm", "What is to be done"), value: follow_up(&opened.detail) }]
        }
        _ => plain(&opened.detail),
    }
}

const FILE: Pair = ("Tệp, dòng", "File, line");
const AT_ODDS: Pair = ("Mục không khớp", "Field at odds");
const FORMER: Pair = ("Số cũ trong tệp", "Former numbers in the file");

fn imported(detail: &Value) -> Vec<CaseLine> {
    let text = |name: &str| detail.get(name).and_then(Value::as_str).unwrap_or_default();
    let line = detail.get("line").and_then(Value::as_u64).unwrap_or_default();
    let mut lines = vec![
        CaseLine { label: FILE, value: both(format!("{}, {line}", text("file"))) },
        CaseLine { label: AT_ODDS, value: column(text("field")) },
    ];
    let former = detail.get("former_numbers").and_then(Value::as_array).into_iter().flatten();
    let former: Vec<String> = former.filter_map(Value::as_str).map(grouped).collect();
    if !former.is_empty() {
        lines.push(CaseLine { label: FORMER, value: Shown { vi: former.clone(), en: former } });
    }
    lines
}

fn column(name: &str) -> Shown {
    let pair = match name {
        "number" => NUMBER,
        "former_numbers" => ("Số đã hủy", "Cancelled numbers"),
        other => return both(other),
    };
    Shown { vi: vec![pair.0.to_owned()], en: vec![pair.1.to_owned()] }
}

fn refused(opened: &OpenedCase) -> Vec<CaseLine> {
    let detail = &opened.detail;
    let kind = detail.get("kind").and_then(Value::as_str).and_then(Kind::from_code);
    let mut lines = Vec::new();
    if let Some(kind) = kind {
        let (vi, en) = kind.label();
        let value = Shown { vi: vec![vi.to_owned()], en: vec![en.to_owned()] };
        lines.push(CaseLine { label: ("Sự kiện được báo", "The event that was told"), value });
    }
    let fields = || kind.into_iter().flat_map(|kind| kind.fields().iter().chain(&PAPER_FIELDS));
    let label = |name: &str| fields().find(|field| field.name == name).map(|field| (field.vi, field.en));
    for reason in detail.get("reasons").and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| reason.get(name).and_then(Value::as_str).unwrap_or_default();
        let why = Why::ALL.into_iter().find(|why| why.code() == text("why"));
        let value = why.map_or_else(
            || both(text("why")),
            |why| Shown { vi: vec![why.vietnamese().to_owned()], en: vec![why.english().to_owned()] },
        );
        lines.push(CaseLine { label: label(text("field")).unwrap_or(("Lý do", "Reason")), value });
    }
    // The form as it came, for who has to make something of it.
    if let Some(kind) = kind {
        lines.extend(as_typed(kind, &opened.values).map(|(_, line)| line));
    }
    lines
}

fn follow_up(detail: &Value) -> Shown {
    let what = detail.get("what").and_then(Value::as_str).unwrap_or_default();
    let (vi, en) = match what {
        "household_without_head" => (
            "Hộ không còn chủ hộ: hãy lập đề nghị thay đổi chủ hộ.",
            "The household has no head any more: propose a new one.",
        ),
        "ward_without_representative" => (
            "Người này không còn người đại diện hợp pháp: hãy lập đề nghị giám hộ.",
            "This person has no legal representative any more: propose a guardianship.",
        ),
        "number_may_be_reestablished" => (
            "Số định danh không còn khớp với giới tính hoặc năm sinh: hãy hỏi người đó có muốn số mới không.",
            "The number no longer agrees with sex or birth year: ask whether the person wants a new one.",
        ),
        other => return both(other),
    };
    Shown { vi: vec![vi.to_owned()], en: vec![en.to_owned()] }
}

/// Whatever else is kept: its members one by one, never as code.
fn plain(detail: &Value) -> Vec<CaseLine> {
    let members = detail.as_object().into_iter().flatten();
    let line = |(name, value): (&String, &Value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        CaseLine { label: ("Chi tiết", "Detail"), value: both(format!("{name}: {text}")) }
    };
    members.map(line).collect()
}

const NUMBER: Pair = ("Số định danh cá nhân", "Personal number");
const NAME: Pair = ("Họ, chữ đệm và tên khai sinh", "Birth name");
const BIRTH: Pair = ("Ngày, tháng, năm sinh", "Birth date");
const SEX: Pair = ("Giới tính", "Sex");

/// What a file says of somebody, beside what the registry has.
pub fn compared(opened: &OpenedCase) -> Vec<ComparedRow> {
    let Some(known) = opened.known.as_ref().filter(|_| opened.case.kind == "import_differs") else { return Vec::new() };
    let text = |name: &str| opened.detail.get(name).and_then(Value::as_str).unwrap_or_default();
    let birth = |birth: BirthDate| match birth {
        BirthDate::Full(day) => written(day),
        other => other.to_string(),
    };
    let stated = BirthDate::parse(text("birth_date")).map_or_else(|_| text("birth_date").to_owned(), birth);
    let ours = known.number.map(|number| number.grouped()).unwrap_or_default();
    let row = |label, theirs: Shown, ours: Shown| ComparedRow { label, differs: theirs != ours, theirs, ours };
    vec![
        row(NUMBER, both(grouped(text("number"))), both(ours)),
        row(NAME, both(text("name")), both(known.name.full())),
        row(BIRTH, both(stated), both(birth(known.birth))),
        row(SEX, in_words(text("sex")), in_words(known.sex.code())),
    ]
}

pub(super) fn grouped(number: &str) -> String {
    PersonalNumber::parse(number).map_or_else(|_| number.to_owned(), |number| number.grouped())
}
