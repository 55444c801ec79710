//! A known number with other facts is neither taken nor lost: it becomes a case for a person.

use std::sync::Arc;

use serde_json::json;

use super::super::{
    add_people::Batch,
    cases::{CaseDraft, CaseKind, new_case},
};
use crate::{
    base::{Fault, Timestamp, hex},
    registry::{Field, Reason},
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        cases::{self, NewCase},
        intake::NewPerson,
        persons,
    },
};

/// Opens a case for each row that was refused because the registry knows its number otherwise. The same file's same line
/// opens one case, however often the file comes.
pub(super) async fn open_cases(
    import: &super::Import,
    batch: &Arc<Batch>,
    refused: &[(u64, Field, Reason)],
    now: Timestamp,
) -> Result<(), Fault> {
    let mut cases = Vec::new();
    for (line, field, reason) in refused {
        if !matches!(reason, Reason::KnownDifferently | Reason::LeadsToAnother) {
            continue;
        }
        let Some((_, person)) = batch.people.iter().find(|(own, _)| own == line) else { continue };
        cases.push(case(import, (batch, *line, person), *field, now).await?);
    }
    if cases.is_empty() {
        return Ok(());
    }
    let unit = OpenCases { cases, file: Arc::clone(batch), actor: import.actor.clone(), now };
    import.writer.submit(unit).await
}

async fn case(
    import: &super::Import,
    (batch, line, person): (&Batch, u64, &NewPerson),
    field: Field,
    now: Timestamp,
) -> Result<NewCase, Fault> {
    let record = &person.record;
    let numbers = std::iter::once(&record.number).chain(&record.former_numbers);
    let mut known = None;
    for number in numbers {
        known = persons::find_by_number(&mut import.db.read().await?, number).await?;
        if known.is_some() {
            break;
        }
    }
    let draft = CaseDraft {
        kind: CaseKind::ImportDiffers,
        source: format!("import:{}", hex(&batch.file.sha256)),
        source_id: line.to_string(),
        person: known.map(|known| known.person.id),
        event: None,
        unit_code: person.home.as_ref().and_then(|home| home.commune.clone()),
        detail: json!({
            "file": batch.file.name, "line": line, "field": field.column(), "number": record.number,
            "former_numbers": record.former_numbers, "name": record.name.full(),
            "birth_date": record.birth.to_string(), "sex": record.sex.code(),
        }),
    };
    new_case(draft, &import.vault, &import.actor, (&import.entropy, now))
}

struct OpenCases {
    cases: Vec<NewCase>,
    file: Arc<Batch>,
    actor: Actor,
    now: Timestamp,
}

impl Unit for OpenCases {
    type Out = ();
    const KIND: &'static str = "registry.open_import_cases";
    const CLASS: Class = Class::Bulk;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.file.file.id)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        let mut opened = 0;
        for case in &self.cases {
            opened += u64::from(cases::open(tx, case, self.now).await?);
        }
        if opened > 0 {
            let event = AuditEvent::new(self.now, "registry.import_cases_opened", Outcome::Done, self.actor.clone());
            tx.record(event.detail(json!({ "import": self.file.file.id, "cases": opened })));
        }
        Ok(())
    }
}
