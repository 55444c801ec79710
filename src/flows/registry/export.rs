//! A selection of people into a file: streamed, counted, digested, and audited before the file gets its name.

mod citizens_xml;

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use serde_json::json;
use thiserror::Error;

use super::{
    import::on_a_thread,
    person_file::{Part, PersonFile},
    source_file::Format,
    unnamed_file::UnnamedFile,
    vault::{PersonVault, Sensitive},
};
use crate::{
    base::{Clock, Fault, Timestamp, hex},
    crypto::digest::Sha256,
    registry::{
        EmailAddress, Field, PersonRecord, PhoneNumber, SourceRow, Vital,
        household::{Membership, ResidenceFile},
        particulars::Particulars,
        person::Relatives,
        record::{BloodGroup, Marital},
        search::Within,
    },
    store::{
        AuditEvent, Class, Db, LaneKey, Outcome, Tx, Unit, Writer,
        audit::Actor,
        contacts::ContactKind,
        exporting::{self, ExportedTo},
        relations::Kinship,
    },
};

/// What is taken, and why: the reason is audited in the words it was given.
#[derive(Clone, Debug)]
pub struct Selection {
    pub within: Option<Within>,
    /// Ethnicity, religion, blood group, telephone and e-mail too (Decree 356/2025).
    pub sensitive: bool,
    pub reason: String,
}

#[derive(Debug, Error)]
pub enum ExportError {
    #[error("the file cannot be written: {0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Record(#[from] Fault),
}

pub struct Export<'a> {
    pub db: &'a Db,
    pub writer: &'a Writer,
    pub vault: &'a PersonVault,
    pub clock: &'a Clock,
    pub actor: Actor,
}

#[derive(Clone, Copy, Debug)]
pub struct Exported {
    pub people: u64,
    /// Their number was cancelled and no new one set: a file of this form cannot name them.
    pub without_number: u64,
    /// Dead or missing, in a form that would say that they live.
    pub not_alive: u64,
    pub sha256: [u8; 32],
    pub bytes: u64,
}

const PAGE: i64 = 500;
/// Not the other members of a household: of a dormitory each would bring all.
const PARTS: [Part; 6] =
    [Part::Numbers, Part::Cards, Part::Residences, Part::Contacts, Part::Membership, Part::Relations];

impl Export<'_> {
    /// Writes to a file beside `path` and renames it when the audit event is committed: no data leaves without a trace.
    pub async fn run(
        &self,
        (path, format): (&Path, Format),
        selection: &Selection,
        mut progress: impl FnMut(u64),
    ) -> Result<Exported, ExportError> {
        let unnamed = UnnamedFile::beside(path);
        let mut file = RowsOut::new(unnamed.create(0o600)?, format)?;
        let (mut after, mut done) = (
            ExportedTo::before(selection.within.as_ref()),
            Exported { people: 0, without_number: 0, not_alive: 0, sha256: [0; 32], bytes: 0 },
        );
        loop {
            let page = exporting::page(&mut self.db.read().await?, selection.within.as_ref(), &after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.clone();
            for one in &page {
                match self.record(one, selection.sensitive).await? {
                    // The citizens' message has no word for it, and whoever reads it would bring them to life.
                    Some(record) if format == Format::Xml && record.vital != Vital::Alive => done.not_alive += 1,
                    Some(record) => {
                        file.write(&record)?;
                        done.people += 1;
                    }
                    None => done.without_number += 1,
                }
            }
            progress(done.people);
        }
        // Waiting for the disk would hold up whatever else runs on this thread.
        (done.sha256, done.bytes) = on_a_thread(move || file.finish()).await??;
        let now = self.clock.now();
        self.writer.submit(NoteExport { done, selection: selection.clone(), actor: self.actor.clone(), now }).await?;
        unnamed.name()?;
        Ok(done)
    }

    async fn record(&self, one: &ExportedTo, sensitive: bool) -> Result<Option<PersonRecord>, Fault> {
        let mut conn = self.db.read().await?;
        let Some(file) = PersonFile::load(&mut conn, one.id, &PARTS).await? else { return Ok(None) };
        record_of(one, &file, (self.vault, sensitive))
    }
}

/// As a source would report the person; None without a number.
fn record_of(
    one: &ExportedTo,
    file: &PersonFile,
    (vault, sensitive): (&PersonVault, bool),
) -> Result<Option<PersonRecord>, Fault> {
    let person = &file.person.person;
    let Some(number) = person.number else { return Ok(None) };
    let opened = |kind: ContactKind| -> Result<Option<String>, Fault> {
        let found = file.contacts.iter().find(|contact| sensitive && contact.kind == kind);
        Ok(found.map(|contact| vault.open_contact(contact)).transpose()?.map(|text| text.reveal().to_owned()))
    };
    let relative = |kinship: Kinship| {
        let found = file.relations.iter().find(|relation| relation.kinship == kinship);
        found.and_then(|relation| relation.relative_number.as_deref()?.parse().ok())
    };
    let household = file.household.as_ref().and_then(|(household, _)| {
        Some(Membership { file: ResidenceFile::parse(&household.residence_file).ok()?, relation: household.relation })
    });
    let sealed =
        if sensitive { vault.open_sensitive(person.id, file.person.sealed.as_deref())? } else { Sensitive::default() };
    Ok(Some(PersonRecord {
        number,
        former_numbers: file.numbers.iter().filter(|one| !one.active).map(|one| one.number).collect(),
        name: person.name.clone(),
        birth: person.birth,
        sex: person.sex,
        vital: person.vital,
        // Who lost the only one is nobody's citizen, and least of all this country's (XX: of no state, ISO 3166-1 §8.1.3).
        nationality: person.nationalities.first().map_or_else(|| "XX".to_owned(), Clone::clone),
        ethnicity: sealed.ethnicity,
        card: file.newest_card().cloned(),
        residences: file.residences.clone(),
        phone: opened(ContactKind::Phone)?.and_then(|text| PhoneNumber::parse(&text).ok()),
        email: opened(ContactKind::Email)?.and_then(|text| EmailAddress::parse(&text).ok()),
        household,
        relatives: Relatives {
            father: relative(Kinship::Father),
            mother: relative(Kinship::Mother),
            spouse: relative(Kinship::Spouse),
            representative: relative(Kinship::Representative),
        },
        particulars: Particulars {
            old_number: one.cmnd9.clone(),
            religion: sealed.religion,
            blood_group: sealed.blood_group.as_deref().and_then(BloodGroup::from_code),
            marital: one.marital.as_deref().and_then(Marital::from_code).unwrap_or_default(),
            birth_place: one.places.birth.clone(),
            registration_place: one.places.registration.clone(),
            ancestral_home: one.places.home.clone(),
        },
    }))
}

/// A spreadsheet runs a cell that begins so, also in the wide letters of East Asia; with an apostrophe before it, it shows the
/// text. Our own reader takes it off again ([`unguarded`]).
pub fn guarded(cell: &str) -> String {
    if runs(cell) { format!("'{cell}") } else { cell.to_owned() }
}

/// The cell as it was before it was guarded.
pub fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| runs(rest)).unwrap_or(cell)
}

fn runs(cell: &str) -> bool {
    // An apostrophe that is there already is guarded once more, or reading would take it away.
    let bare = cell.trim_start_matches('\'');
    bare.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// The file, with its digest taken on the way.
struct Digested {
    inner: BufWriter<File>,
    digest: Sha256,
    bytes: u64,
}

impl Write for Digested {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.digest.update(bytes.get(..count).unwrap_or_default());
        self.bytes += u64::try_from(count).unwrap_or(0);
        Ok(count)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

enum RowsOut {
    Csv(Box<csv::Writer<Digested>>),
    Ndjson(Digested),
    /// QCVN 109:2017/BTTTT.
    Xml(Digested),
}

impl RowsOut {
    fn new(file: File, format: Format) -> io::Result<Self> {
        let mut out = Digested { inner: BufWriter::with_capacity(1 << 20, file), digest: Sha256::new(), bytes: 0 };
        match format {
            Format::Csv => {
                let mut csv = csv::Writer::from_writer(out);
                csv.write_record(Field::ALL.map(Field::column))?;
                Ok(Self::Csv(Box::new(csv)))
            }
            Format::Ndjson => Ok(Self::Ndjson(out)),
            Format::Xml => {
                out.write_all(citizens_xml::HEAD.as_bytes())?;
                Ok(Self::Xml(out))
            }
        }
    }

    fn write(&mut self, record: &PersonRecord) -> io::Result<()> {
        let row = SourceRow::of(record);
        match self {
            Self::Csv(csv) => Ok(csv.write_record(row.cells().map(guarded))?),
            Self::Ndjson(out) => {
                serde_json::to_writer(&mut *out, &row)?;
                out.write_all(b"\n")
            }
            Self::Xml(out) => citizens_xml::write(out, record),
        }
    }

    fn finish(self) -> io::Result<([u8; 32], u64)> {
        let mut out = match self {
            Self::Csv(csv) => csv.into_inner().map_err(|error| io::Error::other(error.to_string()))?,
            Self::Ndjson(out) => out,
            Self::Xml(mut out) => {
                out.write_all(citizens_xml::FOOT.as_bytes())?;
                out
            }
        };
        out.flush()?;
        out.inner.get_ref().sync_all()?;
        Ok((out.digest.finish(), out.bytes))
    }
}

struct NoteExport {
    done: Exported,
    selection: Selection,
    actor: Actor,
    now: Timestamp,
}

impl Unit for NoteExport {
    type Out = ();
    const KIND: &'static str = "registry.export";
    const CLASS: Class = Class::Bulk;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"registry.export")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        let within = self.selection.within.as_ref();
        let detail = json!({
            "people": self.done.people, "sha256": hex(&self.done.sha256), "sensitive": self.selection.sensitive,
            "province": within.map(|within| &within.province), "commune": within.and_then(|within| within.commune.as_ref()),
            "reason": self.selection.reason,
        });
        tx.record(AuditEvent::new(self.now, "registry.exported", Outcome::Done, self.actor.clone()).detail(detail));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{guarded, unguarded};

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        for (cell, written) in [
            ("=1+1", "'=1+1"),
            ("+84", "'+84"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\n=1", "'\n=1"),
            ("＝1+1", "'＝1+1"),
            ("'=1", "''=1"),
            ("'Nam", "'Nam"),
            ("Số 1", "Số 1"),
            ("", ""),
        ] {
            assert_eq!(guarded(cell), written);
            assert_eq!(unguarded(written), cell);
        }
    }
}
