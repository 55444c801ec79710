//! The operators' work on the record.

use serde_json::json;

use super::{NOON, Sample, desk, sample};
use crate::{
    flows::registry::{events::Shown, import_proposals::Lying},
    http::{
        console::{
            cases_view::{CaseLine, CasePage, CaseRow, CaseSaid, CasesPage, ComparedRow},
            event_fields::{choices, problems},
            event_view::{DifferenceRow, EventForm, FieldRow},
            field_problems::FieldProblems,
            find::Typed,
            imports_view::{ImportPage, ImportRow, ImportSaid, ImportsPage, RefusedRow, UploadSaid},
            pairs_view::{LikelyRow, PairLine, PairPage, PairRow, PairSaid, PairSide, PairsPage, ReasonRow, SideRow},
            proposals_view::{ProposalPage, QueuePage, QueueRow, Said},
            view::{EntryRow, FindPage, FoundRow, LineRow, MoveRow, PersonView},
        },
        lang::Lang,
    },
    registry::{
        civil_event::{Kind, PAPER_FIELDS, Refusal, Warning, Why},
        record::Facet,
    },
    store::{civil_events::EventState, import_proposals::ImportState, imports::Tally},
};

fn both(text: &str) -> Shown {
    Shown { vi: vec![text.to_owned()], en: vec![text.to_owned()] }
}

fn difference() -> DifferenceRow {
    DifferenceRow {
        name: "Nguyễn Văn Thử".to_owned(),
        label: Facet::Permanent.label(),
        before: both("Số 1, Phường Ba Đình, Thành phố Hà Nội"),
        after: both("Số 2, Phường Ngọc Hà, Thành phố Hà Nội"),
        from: Some("20/11/2026".to_owned()),
    }
}

fn found() -> FindPage {
    let row = FoundRow {
        href: "/console/person/x".to_owned(),
        name: "Nguyễn Văn Thử".to_owned(),
        number: "900 085 000 001".to_owned(),
        birth: "05/03/1985".to_owned(),
        sex: "male",
        vital: "alive",
        unit: "Phường Ba Đình".to_owned(),
        score: 100,
        why: vec![
            "console-why-number",
            "console-why-former",
            "console-why-cmnd9",
            "console-why-household",
            "console-why-name",
            "console-why-tone",
            "console-why-unmarked",
            "console-why-marks",
            "console-why-order",
            "console-why-beginning",
            "console-why-part",
            "console-why-near",
            "console-why-birth",
            "console-why-birth-part",
            "console-why-unit",
            "console-why-parent",
        ],
    };
    FindPage {
        typed: Typed { who: "nguyen van thu".to_owned(), ..Typed::default() },
        hits: Some(vec![row]),
        next: Some("/console/find/y".to_owned()),
        problems: FieldProblems::default(),
    }
}

fn refused() -> FindPage {
    let problems = [
        ("who", "console-find-bad-number"),
        ("who", "console-find-bad-name"),
        ("who", "console-find-nothing"),
        ("who", "console-find-old"),
        ("who", "console-find-refused"),
        ("birth", "console-find-bad-birth"),
        ("unit", "console-find-bad-unit"),
        ("household", "console-find-bad-household"),
    ];
    FindPage { problems: FieldProblems(problems.to_vec()), hits: None, next: None, ..found() }
}

fn person(entries: Vec<EntryRow>) -> PersonView {
    let line = |facet: Facet, text: &str| LineRow {
        label: facet.label(),
        value: both(text),
        from: Some("20/11/2026".to_owned()),
        learned: NOON,
        event: Some("/console/events/x".to_owned()),
    };
    PersonView {
        name: "Nguyễn Văn Thử".to_owned(),
        number: "900 085 000 001".to_owned(),
        handle: "x".to_owned(),
        as_of: String::new(),
        no_day: entries.is_empty(),
        absorbed: vec![("/console/person/y".to_owned(), "Nguyễn Văn Thứ".to_owned())],
        lines: vec![line(Facet::Name, "Nguyễn Văn Thử"), line(Facet::Permanent, "Số 2, Phường Ngọc Hà")],
        moves: entries
            .iter()
            .map(|_| MoveRow {
                from: "Phường Trúc Bạch, Quận Ba Đình, Thành phố Hà Nội".to_owned(),
                to: "Phường Ba Đình, Thành phố Hà Nội".to_owned(),
                day: "01/07/2025".to_owned(),
                learned: NOON,
            })
            .collect(),
        entries,
        kinds: Kind::ALL.into_iter().take(6).map(|kind| (kind.code(), kind.label())).collect(),
    }
}

fn form(problem: Option<Why>, differences: Vec<DifferenceRow>) -> EventForm {
    form_of(Kind::Birth, problem, differences)
}

fn form_of(kind: Kind, problem: Option<Why>, differences: Vec<DifferenceRow>) -> EventForm {
    let fields = kind.fields().iter().chain(&PAPER_FIELDS).map(|spec| FieldRow {
        spec: *spec,
        value: String::new(),
        known: (spec.name == "mother").then(|| "Nguyễn Văn Thử".to_owned()),
        choices: choices(kind, spec),
        problem: problem.filter(|_| spec.name == "on").map(|why| (why.vietnamese(), why.english())),
    });
    let fields: Vec<_> = fields.collect();
    let refusals: Vec<_> = problem.map(|why| Refusal::new("on", why)).into_iter().collect();
    EventForm {
        kind: kind.label(),
        code: kind.code(),
        form: "x".to_owned(),
        again: String::new(),
        seen: "y".to_owned(),
        other: !differences.is_empty(),
        problems: problems(&fields, &refusals),
        fields,
        differences,
        warnings: vec![Warning::RegisteredLate, Warning::BirthsTooNear, Warning::LikelyThere, Warning::NumberDisagrees],
        likely: match problem {
            Some(Why::LikelyThere) => vec![LikelyRow {
                href: "/console/person/x".to_owned(),
                name: "Nguyễn Văn Thử".to_owned(),
                number: "900 085 000 001".to_owned(),
                score: 103,
                reasons: reasons(),
            }],
            _ => Vec::new(),
        },
    }
}

/// Every reason, with the weight that it has.
fn reasons() -> Vec<ReasonRow> {
    let all = json!([
        ["same_name", 40],
        ["name_without_marks", 30],
        ["name_with_a_slip", 22],
        ["same_birth_date", 35],
        ["birth_date_as_far_as_known", 18],
        ["birth_date_with_a_slip", 20],
        ["same_sex", 3],
        ["other_sex", -30],
        ["same_parent", 25],
        ["other_parents", -25],
        ["same_contact", 25],
        ["same_old_card", 45],
        ["other_old_card", -20],
        ["same_commune", 8]
    ]);
    ReasonRow::all(&all)
}

fn pair(open: bool) -> PairPage {
    let side = |name: &str| PairSide { href: "/console/person/x".to_owned(), name: name.to_owned() };
    let line =
        |facet: Facet, one: &str, other: &str| PairLine { label: facet.label(), one: both(one), other: both(other) };
    PairPage {
        score: 103,
        reasons: reasons(),
        one: side("Nguyễn Văn Thử"),
        other: side("Nguyễn Văn Thứ"),
        lines: vec![
            line(Facet::Name, "Nguyễn Văn Thử", "Nguyễn Văn Thứ"),
            line(Facet::Birth, "05/03/1985", "05/03/1985"),
        ],
        open,
        note: (!open).then(|| "Đã gặp cả hai người".to_owned()),
        kept: String::new(),
        said: Some(if open { PairSaid::ReasonMissing } else { PairSaid::TooLate }),
        proposes: true,
    }
}

fn pairs() -> PairsPage {
    let side = |name: &str| SideRow { name: name.to_owned(), number: Some("900 085 000 001".to_owned()) };
    let row = PairRow {
        href: "/console/pairs/x".to_owned(),
        score: 103,
        one: side("Nguyễn Văn Thử"),
        other: side("Nguyễn Văn Thứ"),
        reasons: reasons(),
    };
    PairsPage { rows: vec![row], next: Some("/console/pairs?after=x".to_owned()) }
}

fn queue(title: &'static str, rows: usize) -> QueuePage {
    let row = |(at, state): (usize, EventState)| QueueRow {
        href: "/console/events/x".to_owned(),
        kind: Kind::PermanentResidence.label(),
        state,
        by: "operator:canbo.thu".to_owned(),
        at: NOON,
        due: "24/11/2026".to_owned(),
        late: at == 0,
    };
    let empty = if title == "console-mine-title" { "console-mine-empty" } else { "console-queue-empty" };
    let rows: Vec<_> = EventState::ALL.into_iter().enumerate().take(rows).map(row).collect();
    let next = (!rows.is_empty()).then(|| "/console/queue?after=x".to_owned());
    QueuePage { title, empty, rows, next }
}

fn proposal(said: Option<Said>) -> ProposalPage {
    ProposalPage {
        kind: Kind::PermanentResidence.label(),
        state: EventState::Proposed,
        version: 1,
        by: if said.is_none() { "agency:tu-phap" } else { "operator:canbo.thu" }.to_owned(),
        at: NOON,
        due: "24/11/2026".to_owned(),
        note: Some("H05.12 · canbo.a · H05-0001 · Liên thông khai tử".to_owned()),
        decided_by: Some("operator:canbo.duyet".to_owned()),
        decided_at: Some(NOON),
        reason: Some(
            match said {
                Some(Said::Stale) => "stale",
                Some(Said::Returned) => "impossible: vital.dead",
                _ => "Thiếu giấy tờ",
            }
            .to_owned(),
        ),
        typed: vec![CaseLine { label: ("Số giấy tờ", "Number of the paper"), value: both("12/2026") }],
        people: vec![("/console/person/x".to_owned(), "Nguyễn Văn Thử".to_owned())],
        kept: "Thiếu giấy".to_owned(),
        list: Some(("/console/queue", "console-queue-title")),
        differences: vec![difference()],
        warnings: Vec::new(),
        problems: vec![Refusal::new("on", Why::OutOfOrder)],
        stale: true,
        decides: true,
        withdraws: true,
        again: Some("/console/propose/x".to_owned()),
        said,
    }
}

fn case(kind: &str, resolved: bool) -> CasePage {
    CasePage {
        kind: kind.to_owned(),
        version: 1,
        at: NOON,
        due: "24/11/2026".to_owned(),
        lines: vec![CaseLine {
            label: ("Việc cần làm", "What is to be done"), value: both("Hộ không còn chủ hộ")
        }],
        compared: [true, false]
            .map(|differs| ComparedRow {
                label: Facet::Name.label(),
                theirs: both("Nguyễn Văn Thử"),
                ours: both("Nguyễn Văn Thừ"),
                differs,
            })
            .to_vec(),
        person: Some("/console/person/x".to_owned()),
        event: Some("/console/events/x".to_owned()),
        again: Some("/console/propose/divorce?again=x".to_owned()),
        refuses: kind == "event_refused",
        decides: true,
        assigned_to: Some("operator:canbo.thu".to_owned()),
        resolution: resolved.then(|| "record_stands".to_owned()),
        reason: resolved.then(|| "Đã xác minh".to_owned()),
        kept: String::new(),
        said: None,
    }
}

fn wrong_and_likely(lang: Lang) -> Vec<Sample> {
    let frame = desk(lang);
    vec![
        sample("console-form-wrong", form(Some(Why::NoSuchDay), Vec::new()).render(&frame)),
        sample("console-form-correction", form_of(Kind::BirthCorrection, None, Vec::new()).render(&frame)),
        sample("console-form-likely", form(Some(Why::LikelyThere), Vec::new()).render(&frame)),
        sample("console-pairs", pairs().render(&frame)),
        sample("console-pairs-none", PairsPage { rows: Vec::new(), next: None }.render(&frame)),
        sample("console-pair", pair(true).render(&frame)),
        sample("console-pair-decided", pair(false).render(&frame)),
    ]
}

fn import(state: ImportState, failure: Option<&str>, said: Option<ImportSaid>) -> ImportPage {
    let rows = Tally { added: 12, known: 3, refused: 1 };
    let rehearsed = state != ImportState::Rehearsing;
    ImportPage {
        file: Some("quan-huyen.csv".to_owned()),
        sha256: rehearsed.then(|| "3c".repeat(32)),
        state,
        version: 2,
        by: "operator:canbo.thu".to_owned(),
        at: NOON,
        rehearsed: if rehearsed { rows } else { Tally::default() },
        likely: 2,
        likely_lines: vec![4, 17],
        done: if state == ImportState::Proposed { Tally::default() } else { rows },
        refused: vec![RefusedRow {
            line: 7,
            field: "birth_date".to_owned(),
            vi: "Không có ngày này.".to_owned(),
            en: "There is no such day.".to_owned(),
        }],
        decided_by: Some("operator:canbo.duyet".to_owned()),
        decided_at: Some(NOON),
        reason: (state == ImportState::Rejected).then(|| "Sai nguồn".to_owned()),
        kept: String::new(),
        failure: failure.map(str::to_owned),
        decides: state == ImportState::Proposed,
        withdraws: state == ImportState::Proposed,
        said,
    }
}

fn imports(lang: Lang) -> Vec<Sample> {
    let frame = desk(lang);
    let rows = ImportState::ALL.map(|state| ImportRow {
        href: "/console/imports/x".to_owned(),
        file: (state != ImportState::Done).then(|| "quan-huyen.csv".to_owned()),
        state,
        by: "operator:canbo.thu".to_owned(),
        at: NOON,
    });
    let file = Lying { name: "quan-huyen.csv".to_owned(), bytes: 1_234 };
    let list = |files, rows| ImportsPage { form: "x".to_owned(), offered: true, files, said: None, rows };
    let not_taken = |said| ImportsPage { said: Some(said), ..list(Vec::new(), Vec::new()) };
    vec![
        sample("console-imports", list(vec![file], rows.to_vec()).render(&frame)),
        sample("console-imports-none", list(Vec::new(), Vec::new()).render(&frame)),
        sample("console-imports-kind", not_taken(UploadSaid::Kind).render(&frame)),
        sample("console-imports-nothing", not_taken(UploadSaid::Nothing).render(&frame)),
        sample("console-imports-full", not_taken(UploadSaid::Full).render(&frame)),
        sample("console-import-rehearsing", import(ImportState::Rehearsing, None, None).render(&frame)),
        sample("console-import", import(ImportState::Proposed, None, None).render(&frame)),
        sample("console-import-running", import(ImportState::Approved, None, Some(ImportSaid::Done)).render(&frame)),
        sample(
            "console-import-rejected",
            import(ImportState::Rejected, None, Some(ImportSaid::TooLate)).render(&frame),
        ),
        sample(
            "console-import-reason",
            import(ImportState::Proposed, None, Some(ImportSaid::ReasonMissing)).render(&frame),
        ),
        sample("console-import-gone", import(ImportState::Failed, Some("gone"), None).render(&frame)),
        sample("console-import-changed", import(ImportState::Failed, Some("changed"), None).render(&frame)),
        sample("console-import-unreadable", import(ImportState::Failed, Some("unreadable"), None).render(&frame)),
        sample("console-import-ours", import(ImportState::Failed, Some("ours"), None).render(&frame)),
    ]
}

fn cases() -> Vec<CaseRow> {
    let kinds = ["import_differs", "event_refused", "possible_duplicate", "follow_up"];
    let row = |kind: &str| CaseRow {
        href: "/console/cases/x".to_owned(),
        kind: kind.to_owned(),
        at: NOON,
        due: "24/11/2026".to_owned(),
        late: kind == "follow_up",
        assigned_to: None,
    };
    kinds.map(row).to_vec()
}

pub fn all(lang: Lang) -> Vec<Sample> {
    let frame = desk(lang);
    let entry = EntryRow {
        href: "/console/events/x".to_owned(),
        label: Kind::Birth.label(),
        state: EventState::Recorded,
        proposed_by: "operator:canbo.thu".to_owned(),
        proposed_at: NOON,
        decided_by: Some("operator:canbo.duyet".to_owned()),
        decided_at: Some(NOON),
    };
    let mut all = vec![
        sample("console-find", FindPage::default().render(&frame)),
        sample("console-find-found", found().render(&frame)),
        sample("console-find-last", FindPage { next: None, ..found() }.render(&frame)),
        sample("console-find-none", FindPage { next: None, hits: Some(Vec::new()), ..found() }.render(&frame)),
        sample("console-find-refused", refused().render(&frame)),
        sample("console-person", person(vec![entry]).render(&frame)),
        sample("console-person-new", person(Vec::new()).render(&frame)),
        sample("console-form", form(None, Vec::new()).render(&frame)),
        sample("console-form-changes", form(None, vec![difference()]).render(&frame)),
        sample("console-queue", queue("console-queue-title", 6).render(&frame)),
        sample("console-queue-none", queue("console-queue-title", 0).render(&frame)),
        sample("console-mine", queue("console-mine-title", 0).render(&frame)),
        sample("console-proposal", proposal(None).render(&frame)),
        sample(
            "console-cases",
            CasesPage { rows: cases(), next: Some("/console/cases?after=x".to_owned()) }.render(&frame),
        ),
        sample("console-cases-none", CasesPage { rows: Vec::new(), next: None }.render(&frame)),
        sample("console-case", case("follow_up", false).render(&frame)),
        sample("console-case-resolved", case("event_refused", true).render(&frame)),
    ];
    all.extend(wrong_and_likely(lang));
    for (name, said) in [
        ("console-proposal-recorded", Said::Recorded),
        ("console-proposal-rejected", Said::Rejected),
        ("console-proposal-returned", Said::Returned),
        ("console-proposal-withdrawn", Said::Withdrawn),
        ("console-proposal-stale", Said::Stale),
        ("console-proposal-own", Said::Own),
        ("console-proposal-unit", Said::OutsideUnit),
        ("console-proposal-late", Said::TooLate),
        ("console-proposal-reason", Said::ReasonMissing),
        ("console-proposal-sent", Said::SentBefore),
        ("console-proposal-proposed", Said::Proposed),
    ] {
        all.push(sample(name, proposal(Some(said)).render(&frame)));
    }
    all.extend(CaseSaid::ALL.map(|said| {
        sample(said_name(said), CasePage { said: Some(said), ..case("event_refused", false) }.render(&frame))
    }));
    all.extend(imports(lang));
    all
}

const fn said_name(said: CaseSaid) -> &'static str {
    match said {
        CaseSaid::Assigned => "console-case-assigned",
        CaseSaid::Resolved => "console-case-said-resolved",
        CaseSaid::TooLate => "console-case-late",
        CaseSaid::ReasonMissing => "console-case-reason",
    }
}
