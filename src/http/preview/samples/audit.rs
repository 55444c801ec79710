//! The auditors' pages.

use super::{NOON, Sample, desk, sample};
use crate::http::{
    console::{
        field_problems::FieldProblems,
        flags_view::{FlagPage, FlagRow, FlagSaid, FlagsPage},
        trail_view::{TrailPage, TrailRow},
    },
    lang::Lang,
};

const PATTERNS: [&str; 9] = [
    "many_people",
    "many_searches",
    "fruitless_searches",
    "many_people_one_dossier",
    "guessing",
    "one_person_often",
    "many_people_an_hour",
    "many_wrong_answers",
    "client_wrong_answers",
];

fn flags(systems: bool, seen: bool) -> FlagsPage {
    let row = |pattern: &&str| FlagRow {
        href: "/console/flag/x".to_owned(),
        pattern: (*pattern).to_owned(),
        who: "canbo.thu".to_owned(),
        agency: systems.then(|| "H05.12".to_owned()),
        at: NOON,
    };
    let rows = if seen { Vec::new() } else { PATTERNS.iter().map(row).collect() };
    FlagsPage { country: !seen, systems, seen, rows, next: Some("/console/flags?after=x".to_owned()) }
}

fn flag(said: Option<FlagSaid>) -> FlagPage {
    let seen = said == Some(FlagSaid::Seen);
    FlagPage {
        pattern: "many_people".to_owned(),
        who: "canbo.thu".to_owned(),
        at: NOON,
        system: None,
        day: Some((212, 40, 3)),
        trail: Some("/console/trail/x".to_owned()),
        seen_by: seen.then(|| "kiemtra.an".to_owned()),
        seen_at: seen.then_some(NOON),
        finding: seen.then(|| "Đã hỏi trưởng bộ phận: đợt cấp thẻ lưu động".to_owned()),
        judges: matches!(said, Some(FlagSaid::FindingMissing)),
        kept: "Đã hỏi".to_owned(),
        said,
    }
}

fn trail(problems: FieldProblems) -> TrailPage {
    let row = |action: &str, refused: bool| TrailRow {
        at: NOON,
        action: action.to_owned(),
        refused,
        by: "operator:canbo.thu".to_owned(),
        client: None,
        person: Some("/console/person/x".to_owned()),
        detail: vec!["hits: 3".to_owned()],
    };
    let rows = vec![row("registry.person_read", false), row("operator.code", true), row("keys.rotated", true)];
    TrailPage {
        operator: "canbo.thu".to_owned(),
        rows: problems.is_empty().then_some(rows),
        problems,
        next: Some("/console/trail/y".to_owned()),
        ..TrailPage::default()
    }
}

pub fn all(lang: Lang) -> Vec<Sample> {
    let frame = desk(lang);
    let wrong = vec![
        ("operator", "console-trail-no-operator"),
        ("operator", "console-trail-nobody"),
        ("person", "console-trail-both"),
        ("person", "console-trail-no-person"),
        ("until", "console-trail-backwards"),
    ];
    let system = Some(("thue".to_owned(), "H05.12".to_owned(), "HS-1".to_owned()));
    vec![
        sample("console-flags", flags(false, false).render(&frame)),
        sample("console-flags-systems", flags(true, false).render(&frame)),
        sample("console-flags-seen", flags(false, true).render(&frame)),
        sample("console-flag-own", flag(None).render(&frame)),
        sample("console-flag-system", FlagPage { system, day: None, trail: None, ..flag(None) }.render(&frame)),
        sample("console-flag-seen", flag(Some(FlagSaid::Seen)).render(&frame)),
        sample("console-flag-late", flag(Some(FlagSaid::TooLate)).render(&frame)),
        sample("console-flag-finding", flag(Some(FlagSaid::FindingMissing)).render(&frame)),
        sample("console-trail", TrailPage::default().render(&frame)),
        sample("console-trail-unit", TrailPage { unit: true, ..TrailPage::default() }.render(&frame)),
        sample("console-trail-found", trail(FieldProblems::default()).render(&frame)),
        sample("console-trail-none", TrailPage { rows: Some(Vec::new()), ..TrailPage::default() }.render(&frame)),
        sample("console-trail-wrong", trail(FieldProblems(wrong)).render(&frame)),
    ]
}
