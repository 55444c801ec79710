//! A file of people comes in by two operators' word: one names it, and what it would do is found out first; another decides about
//! it as a whole. Then it is brought in by whichever process comes first, and gone on with when that one dies.

use std::{
    ffi::OsStr,
    fs,
    path::{Component, Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    events::Officer,
    file_work::{BEAT_EVERY, QUIET, always, by_word_of},
    import::{Import, ImportError, Refusal, Watch},
    source_file::{Facts, FileFault, Format},
    uploads::{PREFIX, Uploaded, tidy},
    words,
};
use crate::{
    base::{Clock, Fault, Timestamp, fault::FaultKind, hex},
    flows::Provider,
    registry::Field,
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        import_proposals::{self, ImportState, StoredImport},
        imports::{self, Tally},
    },
};

/// A file that lies in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lying {
    pub name: String,
    pub bytes: u64,
}

/// More files than anybody chooses from.
const MOST_FILES: usize = 200;
/// Refused rows, and likely ones, that the report names: the rest are counted.
const MOST_REPORTED: usize = 100;
/// The code of a row that would be added and is very like somebody.
pub const LIKELY: &str = "likely_there";

/// What can be proposed: plain files of a known kind, none that leads elsewhere.
pub fn lying(folder: &Path) -> Vec<Lying> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<Lying> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .filter(|entry| Format::of_path(&entry.path()).is_some())
        .filter_map(|entry| {
            Some(Lying { name: entry.file_name().into_string().ok()?, bytes: entry.metadata().ok()?.len() })
        })
        .collect();
    files.sort_by(|one, other| one.name.cmp(&other.name));
    files.truncate(MOST_FILES);
    files
}

/// The path of a file that lies there; a name with a way out of the folder names none.
fn path_of(folder: &Path, name: &str) -> Option<PathBuf> {
    // Asked by its own name: more files may lie there than a list shows.
    let mut parts = Path::new(name).components();
    let (Some(Component::Normal(own)), None) = (parts.next(), parts.next()) else { return None };
    let path = folder.join(own);
    let plain = own == OsStr::new(name) && fs::symlink_metadata(&path).is_ok_and(|facts| facts.is_file());
    (plain && Format::of_path(&path).is_some()).then_some(path)
}

/// Begins with the rehearsal. `None` for a file that does not lie there.
pub async fn propose(
    provider: &Provider,
    (folder, file): (&Path, &str),
    (form, officer): (Uuid, &Officer),
    now: Timestamp,
) -> Result<Option<Uuid>, Fault> {
    // Another's uploaded file was proposed with it, and goes when that is settled.
    if file.starts_with(PREFIX) || path_of(folder, file).is_none() {
        return Ok(None);
    }
    written(provider, officer, (form, Step::Propose(file.to_owned(), None)), now).await?;
    Ok(Some(form))
}

/// By an officer who is on duty when it is written.
async fn written(
    provider: &Provider,
    officer: &Officer,
    (id, step): (Uuid, Step),
    now: Timestamp,
) -> Result<bool, Fault> {
    let unit = Write { id, step, actor: officer.actor.clone(), now };
    Ok(officer.submit(provider, unit, now).await?.unwrap_or(false))
}

/// The same of a file that was uploaded for it; `false` when its form was sent before.
pub async fn propose_uploaded(
    provider: &Provider,
    uploaded: &Uploaded,
    (form, officer): (Uuid, &Officer),
    now: Timestamp,
) -> Result<bool, Fault> {
    let known = Some((uploaded.bytes, uploaded.sha256));
    written(provider, officer, (form, Step::Propose(uploaded.name.clone(), known)), now).await
}

/// What somebody says of a proposed import, by the version that they saw.
#[derive(Clone, Debug)]
pub enum Word {
    Approve,
    Reject(String),
    Withdraw,
}

/// `false` when it is decided, changed, or not theirs to decide (any more).
pub async fn say(
    provider: &Provider,
    (id, version): (Uuid, i64),
    word: Word,
    officer: &Officer,
    now: Timestamp,
) -> Result<bool, Fault> {
    written(provider, officer, (id, Step::Say(version, word)), now).await
}

enum Step {
    /// By its name; with size and digest, when it was uploaded.
    Propose(String, Option<(u64, [u8; 32])>),
    Say(i64, Word),
    Beat(Tally),
    Rehearsed {
        sha256: [u8; 32],
        rows: Tally,
        likely: u64,
        report: String,
    },
    Finish {
        to: ImportState,
        rows: Tally,
        failure: Option<&'static str>,
    },
}

struct Write {
    id: Uuid,
    step: Step,
    actor: Actor,
    now: Timestamp,
}

impl Unit for Write {
    type Out = bool;
    const KIND: &'static str = "registry.import_proposal";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.id)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let by = self.actor.as_text();
        let (done, action, detail) = match &self.step {
            Step::Beat(rows) => return import_proposals::beat(tx, self.id, *rows, self.now).await.map(|()| true),
            Step::Propose(file, known) => {
                let digest = known.as_ref().map(|(_, sha256)| sha256);
                if !import_proposals::insert(tx, self.id, (file, digest, &by), self.now).await? {
                    return Ok(false);
                }
                let (bytes, sha256) = (known.map(|(bytes, _)| bytes), digest.map(|digest| hex(digest)));
                (true, "registry.import_proposed", json!({ "file": file, "bytes": bytes, "sha256": sha256 }))
            }
            Step::Say(version, word) => {
                let of = (self.id, *version);
                let done = match word {
                    Word::Approve => {
                        import_proposals::decide(tx, of, (&by, ImportState::Approved, None), self.now).await?
                    }
                    Word::Reject(reason) => {
                        import_proposals::decide(tx, of, (&by, ImportState::Rejected, Some(reason)), self.now).await?
                    }
                    Word::Withdraw => import_proposals::withdraw(tx, of, &by).await?,
                };
                let to = match word {
                    Word::Approve => "approved",
                    Word::Reject(_) => "rejected",
                    Word::Withdraw => "withdrawn",
                };
                (done, "registry.import_decided", json!({ "to": to }))
            }
            Step::Rehearsed { sha256, rows, likely, report } => {
                let done = import_proposals::rehearsed(tx, self.id, (sha256, *rows, *likely, report)).await?;
                (done, "registry.import_rehearsed", told(*rows, Some(sha256)))
            }
            Step::Finish { to, rows, failure } => {
                let done = import_proposals::finish(tx, self.id, (*to, *rows, *failure), self.now).await?;
                let mut detail = told(*rows, None);
                if let Some(members) = detail.as_object_mut() {
                    members.insert("to".to_owned(), to.code().into());
                    members.insert("failure".to_owned(), json!(failure));
                }
                (done, "registry.import_ended", detail)
            }
        };
        let outcome = if done { Outcome::Done } else { Outcome::Refused };
        let mut detail = detail;
        if let Some(members) = detail.as_object_mut() {
            members.insert("proposal".to_owned(), json!(self.id));
        }
        tx.record(AuditEvent::new(self.now, action, outcome, self.actor.clone()).detail(detail));
        Ok(done)
    }
}

fn told(rows: Tally, sha256: Option<&[u8; 32]>) -> Value {
    json!({
        "added": rows.added, "known": rows.known, "refused": rows.refused,
        "sha256": sha256.map(|digest| hex(digest)),
    })
}

/// Runs for as long as the process lives. What another process began and did not end is taken over when it is quiet.
pub async fn work(provider: Arc<Provider>, folder: PathBuf, clock: Clock) {
    let (provider, folder) = (&*provider, folder.as_path());
    always(&clock, "imports", |now| tidy(provider, folder, now), || work_once(provider, folder, &clock)).await;
}

/// One rehearsal or one import, to its end; `false` when there is nothing to do.
pub async fn work_once(provider: &Provider, folder: &Path, clock: &Clock) -> Result<bool, Fault> {
    let quiet_since = clock.now() - QUIET;
    let Some(id) = import_proposals::waits(&mut provider.db.read().await?, quiet_since).await? else {
        return Ok(false);
    };
    if !provider.writer.submit(Take { id, quiet_since, now: clock.now() }).await? {
        return Ok(true);
    }
    let Some(stored) = import_proposals::find(&mut provider.db.read().await?, id).await? else { return Ok(true) };
    let so_far = Arc::new(SoFar::default());
    let mut ended = std::pin::pin!(worked(provider, (folder, clock), &stored, &so_far));
    let ended = loop {
        tokio::select! {
            ended = &mut ended => break ended,
            () = tokio::time::sleep(BEAT_EVERY) => {
                let rows = so_far_of(provider, &stored, &so_far).await?;
                let beat = Write { id, step: Step::Beat(rows), actor: Actor::Service, now: clock.now() };
                provider.writer.submit(beat).await?;
            }
        }
    };
    let actor = by_word_of(stored.decided_by.as_deref(), &stored.proposed_by);
    provider.writer.submit(Write { id, step: ended?, actor, now: clock.now() }).await?;
    Ok(true)
}

/// A rehearsal counts for itself; an import's batches count what they committed, also before a break.
async fn so_far_of(provider: &Provider, stored: &StoredImport, so_far: &SoFar) -> Result<Tally, Fault> {
    match stored.sha256.filter(|_| stored.state == ImportState::Approved) {
        Some(sha256) => imports::tally_of(&mut provider.db.read().await?, &sha256).await,
        None => Ok(so_far.tally()),
    }
}

async fn worked(
    provider: &Provider,
    (folder, clock): (&Path, &Clock),
    stored: &StoredImport,
    so_far: &Arc<SoFar>,
) -> Result<Step, Fault> {
    let path = path_of(folder, &stored.file_name);
    let format = path.as_deref().and_then(Format::of_path);
    let (Some(path), Some(format)) = (path, format) else { return Ok(failed("gone")) };
    let import = Import {
        db: provider.db.clone(),
        writer: provider.writer.clone(),
        vault: Arc::clone(&provider.secrets.vault),
        clock: clock.clone(),
        entropy: provider.entropy.clone(),
        actor: by_word_of(stored.decided_by.as_deref(), &stored.proposed_by),
        decided: true,
    };
    let mut watch = Looking { so_far: Arc::clone(so_far), facts: None, refused: 0, likely: 0, report: Vec::new() };
    let result = if stored.state == ImportState::Rehearsing {
        import.rehearse(path, format, stored.sha256, &mut watch).await
    } else {
        import.run(path, format, stored.sha256, &mut watch).await
    };
    match (result, watch.facts) {
        (Ok(rows), Some(facts)) if stored.state == ImportState::Rehearsing => {
            let (likely, report) = (watch.likely, Value::from(watch.report).to_string());
            Ok(Step::Rehearsed { sha256: facts.sha256, rows, likely, report })
        }
        (Ok(_), _) => {
            let rows = so_far_of(provider, stored, so_far).await?;
            Ok(Step::Finish { to: ImportState::Done, rows, failure: None })
        }
        // What another try does not mend ends here, and is told: it would be tried again for ever.
        (Err(ImportError::Record(fault)), _) if matches!(fault.kind, FaultKind::Inconsistent | FaultKind::Internal) => {
            tracing::error!(%fault, import = %stored.id, "an import failed");
            let rows = so_far_of(provider, stored, so_far).await?;
            Ok(Step::Finish { to: ImportState::Failed, rows, failure: Some("ours") })
        }
        (Err(ImportError::Record(fault)), _) => Err(fault),
        (Err(ImportError::Digest { .. } | ImportError::File(FileFault::Changed)), _) => Ok(failed("changed")),
        (Err(ImportError::File(_)), _) => Ok(failed("unreadable")),
        (Err(ImportError::NotFirst), _) => Ok(failed("undecided")),
    }
}

const fn failed(why: &'static str) -> Step {
    Step::Finish { to: ImportState::Failed, rows: Tally { added: 0, known: 0, refused: 0 }, failure: Some(why) }
}

struct Take {
    id: Uuid,
    quiet_since: Timestamp,
    now: Timestamp,
}

impl Unit for Take {
    type Out = bool;
    const KIND: &'static str = "registry.take_import";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.id)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        import_proposals::take(tx, self.id, (self.quiet_since, self.now)).await
    }
}

/// How far it came, for the page.
#[derive(Default)]
struct SoFar {
    added: AtomicU64,
    known: AtomicU64,
    refused: AtomicU64,
}

impl SoFar {
    fn tally(&self) -> Tally {
        let [added, known, refused] = [&self.added, &self.known, &self.refused].map(|one| one.load(Ordering::Relaxed));
        Tally { added, known, refused }
    }
}

struct Looking {
    so_far: Arc<SoFar>,
    facts: Option<Facts>,
    refused: usize,
    likely: u64,
    report: Vec<Value>,
}

impl Watch for Looking {
    fn surveyed(&mut self, facts: &Facts) {
        self.facts = Some(*facts);
    }

    /// Line, field and reason; never what stood there.
    fn refused(&mut self, refusal: &Refusal) {
        self.refused += 1;
        if self.refused <= MOST_REPORTED {
            let Refusal { line, field, reason } = refusal;
            self.report.push(json!({
                "line": line, "field": field.column(), "code": words::code(reason), "vi": words::vietnamese(reason),
                "en": reason.to_string(),
            }));
        }
    }

    fn likely(&mut self, line: u64) {
        self.likely += 1;
        if self.likely <= u64::try_from(MOST_REPORTED).unwrap_or(0) {
            self.report.push(json!({ "line": line, "field": Field::Number.column(), "code": LIKELY }));
        }
    }

    fn progressed(&mut self, _bytes: u64, rows: Tally) {
        self.so_far.added.store(rows.added, Ordering::Relaxed);
        self.so_far.known.store(rows.known, Ordering::Relaxed);
        self.so_far.refused.store(rows.refused, Ordering::Relaxed);
    }
}
