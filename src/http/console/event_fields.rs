//! The rows of an event's form: what stands in each field, who is named by it, how it is written, and what is wrong with it.

use std::sync::LazyLock;

use super::{
    case_detail::{both, grouped},
    cases_view::CaseLine,
    event_view::{FieldRow, ProblemRow},
    view::Pair,
};
use crate::{
    base::Fault,
    flows::registry::events::{self, Shown},
    http::state::AppState,
    registry::{
        civil_event::{FieldKind, FieldSpec, Kind, PAPER_FIELDS, Refusal, Values, Who, Why},
        ethnicity,
        record::Facet,
    },
};

type Choice = (&'static str, &'static str, &'static str);

static ETHNIC_GROUPS: LazyLock<Vec<Choice>> =
    LazyLock::new(|| ethnicity::all().iter().map(|group| (group.code, group.name, group.name)).collect());

pub async fn rows(
    state: &AppState,
    kind: Kind,
    (values, refusals): (&Values, &[Refusal]),
) -> Result<Vec<FieldRow>, Fault> {
    let mut rows = Vec::new();
    for field in kind.fields().iter().chain(&PAPER_FIELDS) {
        let value = values.get(field.name).cloned().unwrap_or_default();
        let problem = refusals.iter().find(|one| one.field == field.name);
        rows.push(FieldRow {
            spec: *field,
            known: named(state, field, &value).await?,
            value,
            choices: choices(kind, field),
            problem: problem.map(|one| words(field.kind, one.why)),
        });
    }
    Ok(rows)
}

/// The name of whom a field names by the registry's own id, or by a number that is somebody's.
async fn named(state: &AppState, field: &FieldSpec, value: &str) -> Result<Option<String>, Fault> {
    match Who::parse(value).filter(|_| field.kind == FieldKind::Person) {
        Some(who) => Ok(events::who_is(&state.provider, &who).await?.map(|(_, name)| name)),
        None => Ok(None),
    }
}

pub fn choices(kind: Kind, field: &FieldSpec) -> &'static [Choice] {
    match field.kind {
        FieldKind::Choice([]) => kind.papers(),
        FieldKind::Choice(list) => list,
        FieldKind::Ethnicity => &ETHNIC_GROUPS,
        _ => &[],
    }
}

/// A filled form in words: choices by their names, numbers in groups.
pub fn as_typed(kind: Kind, values: &Values) -> impl Iterator<Item = (&'static FieldSpec, CaseLine)> {
    let fields = kind.fields().iter().chain(&PAPER_FIELDS);
    fields.filter_map(move |field| {
        let typed = values.get(field.name)?;
        let choice = choices(kind, field).iter().find(|choice| choice.0 == typed);
        let value = match choice {
            Some((_, vi, en)) => Shown { vi: vec![(*vi).to_owned()], en: vec![(*en).to_owned()] },
            None if field.kind == FieldKind::Person => both(grouped(typed)),
            None => both(typed),
        };
        Some((field, CaseLine { label: (field.vi, field.en), value }))
    })
}

/// The same with the names of those whom the form names.
pub async fn typed(state: &AppState, kind: Kind, values: &Values) -> Result<Vec<CaseLine>, Fault> {
    let mut lines = Vec::new();
    for (field, mut line) in as_typed(kind, values) {
        let typed = values.get(field.name).map(String::as_str).unwrap_or_default();
        if let Some(name) = named(state, field, typed).await? {
            // The registry's own id says nothing to anybody.
            let number = Who::parse(typed).filter(|who| matches!(who, Who::Number(_))).map(|_| grouped(typed));
            line.value = both([Some(name), number].into_iter().flatten().collect::<Vec<_>>().join(" · "));
        }
        lines.push(line);
    }
    Ok(lines)
}

/// What is wrong, each with the field that it is about; what hangs on no field of this form leads to its beginning.
pub fn problems(fields: &[FieldRow], refusals: &[Refusal]) -> Vec<ProblemRow> {
    let row = |one: &Refusal| {
        let field = fields.iter().find(|field| field.spec.name == one.field);
        ProblemRow {
            anchor: field.map_or("main", |field| field.spec.name),
            label: field.map(|field| (field.spec.vi, field.spec.en)),
            words: field.map_or((one.why.vietnamese(), one.why.english()), |field| words(field.spec.kind, one.why)),
            about: one.facet.map(Facet::label),
        }
    };
    refusals.iter().map(row).collect()
}

/// What to do about it, as far as the kind of field says more than the reason.
const fn words(kind: FieldKind, why: Why) -> Pair {
    match (kind, why) {
        (FieldKind::Day, Why::Unreadable) => {
            ("Hãy ghi ngày, tháng, năm, ví dụ 05/03/2026.", "Write day, month and year, for example 05/03/2026.")
        }
        (FieldKind::BirthDate, Why::Unreadable) => (
            "Hãy ghi ngày sinh, ví dụ 05/03/1985; nếu chỉ biết năm, ghi 1985.",
            "Write the birth date, for example 05/03/1985; where only the year is known, 1985.",
        ),
        (FieldKind::Person, Why::Unreadable) => {
            ("Hãy ghi số định danh cá nhân, đủ 12 chữ số.", "Write the personal number, all 12 digits.")
        }
        (FieldKind::Household | FieldKind::NewHousehold, Why::Unreadable) => (
            "Số hồ sơ cư trú chỉ gồm chữ không dấu, chữ số và các dấu . - / (tối đa 40 ký tự).",
            "A residence file number has plain letters, digits and . - / only, at most 40.",
        ),
        (FieldKind::Country, Why::Unreadable) => {
            ("Hãy ghi hai chữ cái in hoa, ví dụ VN.", "Write two capital letters, for example VN.")
        }
        _ => (why.vietnamese(), why.english()),
    }
}
