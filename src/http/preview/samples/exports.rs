//! The pages of exports.

use super::{NOON, Sample, desk, sample};
use crate::{
    http::{
        console::{
            exports_view::{ExportPage, ExportProblem, ExportRow, ExportSaid, ExportsPage},
            field_problems::FieldProblems,
        },
        lang::Lang,
    },
    store::export_proposals::ExportState,
};

fn export(state: ExportState, said: Option<ExportSaid>) -> ExportPage {
    let decided = !matches!(state, ExportState::Proposed | ExportState::Withdrawn);
    let written = matches!(state, ExportState::Ready | ExportState::Taken);
    ExportPage {
        unit: (state != ExportState::Failed).then(|| "Phường Ba Đình (00004)".to_owned()),
        format: "csv".to_owned(),
        sensitive: state == ExportState::Ready,
        reason: "Công văn 12/UBND ngày 20/11/2026".to_owned(),
        state,
        over: false,
        version: 2,
        by: "operator:canbo.thu".to_owned(),
        at: NOON,
        decided_by: decided.then(|| "operator:canbo.duyet".to_owned()),
        decided_at: decided.then_some(NOON),
        decision: (state == ExportState::Rejected).then(|| "Không đúng thẩm quyền".to_owned()),
        people: 12_345,
        without_number: 3,
        not_alive: 2,
        sha256: written.then(|| "3c".repeat(32)),
        bytes: 3_456_789,
        until: written.then_some(NOON),
        taken_at: (state == ExportState::Taken).then_some(NOON),
        decides: state == ExportState::Proposed,
        withdraws: state == ExportState::Proposed,
        fetches: state == ExportState::Ready,
        kept: String::new(),
        said,
    }
}

pub fn all(lang: Lang) -> Vec<Sample> {
    let frame = desk(lang);
    let row = |state, over| ExportRow {
        href: "/console/exports/x".to_owned(),
        unit: (state != ExportState::Ready).then(|| "Phường Ba Đình (00004)".to_owned()),
        state,
        over,
        by: "operator:canbo.thu".to_owned(),
        at: NOON,
    };
    let list = |rows, problems| ExportsPage {
        form: "x".to_owned(),
        offered: true,
        unit: "Hà Nội".to_owned(),
        format: "csv",
        sensitive: false,
        reason: "Công văn 12".to_owned(),
        rows,
        problems,
    };
    let mut rows = ExportState::ALL.map(|state| row(state, false)).to_vec();
    rows.push(row(ExportState::Ready, true));
    let wrong = FieldProblems(ExportProblem::ALL.map(ExportProblem::at_field).to_vec());
    let elsewhere = FieldProblems(vec![ExportProblem::Elsewhere.at_field()]);
    let over = ExportPage { over: true, fetches: false, ..export(ExportState::Ready, None) };
    let state = |name, state, said| sample(name, export(state, said).render(&frame));
    vec![
        sample("console-exports", list(rows, FieldProblems::default()).render(&frame)),
        sample("console-exports-none", list(Vec::new(), FieldProblems::default()).render(&frame)),
        sample("console-exports-wrong", list(Vec::new(), wrong).render(&frame)),
        sample("console-exports-elsewhere", list(Vec::new(), elsewhere).render(&frame)),
        state("console-export", ExportState::Proposed, None),
        state("console-export-reason", ExportState::Proposed, Some(ExportSaid::ReasonMissing)),
        state("console-export-approved", ExportState::Approved, Some(ExportSaid::Done)),
        state("console-export-ready", ExportState::Ready, None),
        state("console-export-taken", ExportState::Taken, Some(ExportSaid::Gone)),
        state("console-export-rejected", ExportState::Rejected, Some(ExportSaid::TooLate)),
        state("console-export-withdrawn", ExportState::Withdrawn, None),
        state("console-export-failed", ExportState::Failed, None),
        sample("console-export-over", over.render(&frame)),
    ]
}
