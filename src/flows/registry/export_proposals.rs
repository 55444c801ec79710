//! A selection of people leaves the registry by two operators' word: one says what and why, another decides. The file is written
//! by whichever process comes first, lies there for a day, and is fetched once, by who proposed it.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Value, json};
use tokio::fs::{self, File};
use uuid::Uuid;

use super::{
    events::{Officer, decide::may_decide},
    export::{Export, ExportError, Exported, Selection},
    file_work::{BEAT_EVERY, QUIET, always, by_word_of},
    import_proposals::Word,
    source_file::Format,
    uploads::is_old,
};
use crate::{
    base::{Clock, Fault, Span, Timestamp, fault::FaultKind, hex},
    flows::Provider,
    registry::search::Within,
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        export_proposals::{self, ExportFile, ExportState, NewExport, StoredExport},
    },
};

/// The file lies there so long for who proposed it.
pub const FETCHED_WITHIN: Span = Span::hours(24);
/// A shorter reason says nothing.
pub const LEAST_REASON: usize = 8;
/// How names of our files begin: nothing else in the folder is touched.
const PREFIX: &str = "export-";

/// What somebody asks for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// A province or commune of today; None for the whole country.
    pub unit: Option<String>,
    pub format: Format,
    pub sensitive: bool,
    pub reason: String,
}

/// `false` when it is not of the officer's part of the country, or says why in too few words. Sent twice it is one.
pub async fn propose(
    provider: &Provider,
    officer: &Officer,
    (form, wanted): (Uuid, &Wanted),
    now: Timestamp,
) -> Result<bool, Fault> {
    if !may_decide(officer, wanted.unit.as_deref(), now) || wanted.reason.trim().chars().count() < LEAST_REASON {
        return Ok(false);
    }
    let new = NewExport {
        id: form,
        unit: wanted.unit.clone(),
        format: wanted.format.ending(),
        sensitive: wanted.sensitive,
        reason: wanted.reason.trim().to_owned(),
        by: officer.text(),
        at: now,
    };
    let unit = Write { id: form, step: Step::Propose(new), actor: officer.actor.clone(), now };
    Ok(officer.submit(provider, unit, now).await?.is_some())
}

/// One that lies in the officer's part of the country.
pub async fn find(
    provider: &Provider,
    officer: &Officer,
    id: Uuid,
    now: Timestamp,
) -> Result<Option<StoredExport>, Fault> {
    let found = export_proposals::find(&mut provider.db.read().await?, id).await?;
    Ok(found.filter(|found| may_decide(officer, found.unit.as_deref(), now)))
}

/// `false` when it is decided, changed, elsewhere, or not theirs to decide.
pub async fn say(
    provider: &Provider,
    officer: &Officer,
    (id, version, word): (Uuid, i64, Word),
    now: Timestamp,
) -> Result<bool, Fault> {
    if find(provider, officer, id, now).await?.is_none() {
        return Ok(false);
    }
    let unit = Write { id, step: Step::Say(version, word), actor: officer.actor.clone(), now };
    Ok(officer.submit(provider, unit, now).await?.unwrap_or(false))
}

/// Whether its time to be fetched is over.
pub fn is_over(stored: &StoredExport, now: Timestamp) -> bool {
    stored.ready_at.is_some_and(|ready| ready + FETCHED_WITHIN <= now)
}

/// The file on its way to who proposed it.
pub struct Fetched {
    pub file: File,
    pub stored: StoredExport,
}

/// Once, in its time, by who proposed it and may still: the file has no name any more when this answers.
pub async fn fetch(
    provider: &Provider,
    folder: &Path,
    (officer, id): (&Officer, Uuid),
    now: Timestamp,
) -> Result<Option<Fetched>, Fault> {
    let Some(stored) = find(provider, officer, id, now).await? else { return Ok(None) };
    let Some(written) = stored.file.clone().filter(|_| stored.proposed_by == officer.text()) else { return Ok(None) };
    let path = folder.join(&written.name);
    // Opened first: what cannot be read is not given out, and is not noted as given out.
    let file = match File::open(&path).await {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Fault::internal("opening an export", error)),
    };
    let unit = Write { id, step: Step::Take(written, stored.people), actor: officer.actor.clone(), now };
    if officer.submit(provider, unit, now).await? != Some(true) {
        return Ok(None);
    }
    if let Err(error) = fs::remove_file(&path).await {
        tracing::warn!(%error, "an export that was fetched could not be taken away yet");
    }
    Ok(Some(Fetched { file, stored }))
}

enum Step {
    Propose(NewExport),
    Say(i64, Word),
    Beat(u64),
    Ready(ExportFile, Exported),
    Fail,
    Take(ExportFile, u64),
}

struct Write {
    id: Uuid,
    step: Step,
    actor: Actor,
    now: Timestamp,
}

impl Unit for Write {
    type Out = bool;
    const KIND: &'static str = "registry.export_proposal";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.id)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let (done, action, mut detail) = match &self.step {
            Step::Beat(people) => {
                return export_proposals::beat(tx, self.id, *people, self.now).await.map(|()| true);
            }
            Step::Propose(new) => {
                if !export_proposals::insert(tx, new).await? {
                    return Ok(false);
                }
                let detail = json!({
                    "unit": new.unit, "format": new.format, "sensitive": new.sensitive, "reason": new.reason,
                });
                (true, "registry.export_proposed", detail)
            }
            Step::Say(version, word) => self.say(tx, *version, word).await?,
            Step::Ready(file, exported) => {
                let counts = (file, exported.people, (exported.without_number, exported.not_alive));
                let done = export_proposals::ready(tx, self.id, counts, self.now).await?;
                (done, "registry.export_ended", told(file, exported.people))
            }
            Step::Fail => {
                (export_proposals::fail(tx, self.id).await?, "registry.export_ended", json!({"failed": true}))
            }
            Step::Take(file, people) => {
                let since = (self.now, self.now - FETCHED_WITHIN);
                let done = export_proposals::take(tx, (self.id, &self.actor.as_text()), since).await?;
                (done, "registry.export_fetched", told(file, *people))
            }
        };
        let outcome = if done { Outcome::Done } else { Outcome::Refused };
        if let Some(members) = detail.as_object_mut() {
            members.insert("proposal".to_owned(), json!(self.id));
        }
        tx.record(AuditEvent::new(self.now, action, outcome, self.actor.clone()).detail(detail));
        Ok(done)
    }
}

impl Write {
    async fn say(&self, tx: &mut Tx, version: i64, word: &Word) -> Result<(bool, &'static str, Value), Fault> {
        let (by, of) = (self.actor.as_text(), (self.id, version));
        let (to, reason) = match word {
            Word::Approve => (ExportState::Approved, None),
            Word::Reject(reason) => (ExportState::Rejected, Some(reason.as_str())),
            Word::Withdraw => (ExportState::Withdrawn, None),
        };
        let done = if to == ExportState::Withdrawn {
            export_proposals::withdraw(tx, of, &by).await?
        } else {
            export_proposals::decide(tx, of, (&by, to, reason), self.now).await?
        };
        Ok((done, "registry.export_decided", json!({ "to": to.code() })))
    }
}

fn told(file: &ExportFile, people: u64) -> Value {
    json!({ "people": people, "sha256": hex(&file.sha256), "bytes": file.bytes })
}

/// Runs for as long as the process lives. What another process began and did not end is begun anew when it is quiet.
pub async fn work(provider: Arc<Provider>, folder: PathBuf, clock: Clock) {
    let (provider, folder) = (&*provider, folder.as_path());
    always(&clock, "exports", |now| tidy(provider, folder, now), || work_once(provider, folder, &clock)).await;
}

/// One file, to its end; `false` when there is nothing to do.
pub async fn work_once(provider: &Provider, folder: &Path, clock: &Clock) -> Result<bool, Fault> {
    let quiet_since = clock.now() - QUIET;
    let Some(id) = export_proposals::waits(&mut provider.db.read().await?, quiet_since).await? else {
        return Ok(false);
    };
    if !provider.writer.submit(TakeOn { id, quiet_since, now: clock.now() }).await? {
        return Ok(true);
    }
    let Some(stored) = export_proposals::find(&mut provider.db.read().await?, id).await? else { return Ok(true) };
    let so_far = AtomicU64::new(0);
    // Another process that took it over meanwhile writes under another name.
    let name = format!("{PREFIX}{}.{}", provider.entropy.uuid(clock.now()).simple(), stored.format);
    let mut ended = std::pin::pin!(written(provider, (folder, &name, clock), &stored, &so_far));
    let step = loop {
        tokio::select! {
            ended = &mut ended => break ended?,
            () = tokio::time::sleep(BEAT_EVERY) => {
                let step = Step::Beat(so_far.load(Ordering::Relaxed));
                provider.writer.submit(Write { id, step, actor: Actor::Service, now: clock.now() }).await?;
            }
        }
    };
    let is_file = matches!(step, Step::Ready(..));
    let actor = by_word_of(stored.decided_by.as_deref(), &stored.proposed_by);
    let done = provider.writer.submit(Write { id, step, actor, now: clock.now() }).await;
    if is_file && !matches!(done, Ok(true)) {
        forget(folder, &name).await;
    }
    done.map(|_| true)
}

async fn written(
    provider: &Provider,
    (folder, name, clock): (&Path, &str, &Clock),
    stored: &StoredExport,
    so_far: &AtomicU64,
) -> Result<Step, Fault> {
    let path = folder.join(name);
    // The unit as it was on the day it was named.
    let within = stored.unit.as_deref().map(|unit| Within::parse(unit, stored.proposed_at.vietnam_date())).transpose();
    let (Ok(within), Some(format)) = (within, Format::of_path(&path)) else { return Ok(Step::Fail) };
    let selection = Selection { within, sensitive: stored.sensitive, reason: stored.reason.clone() };
    let (db, writer, vault) = (&provider.db, &provider.writer, &*provider.secrets.vault);
    let actor = by_word_of(stored.decided_by.as_deref(), &stored.proposed_by);
    let export = Export { db, writer, vault, clock, actor };
    let ended = export.run((&path, format), &selection, |people| so_far.store(people, Ordering::Relaxed)).await;
    let whole = match ended {
        Ok(exported) => on_disk(folder).await.map(|()| exported).map_err(ExportError::Io),
        Err(error) => Err(error),
    };
    match whole {
        Ok(exported) => {
            let file = ExportFile { name: name.to_owned(), sha256: exported.sha256, bytes: exported.bytes };
            Ok(Step::Ready(file, exported))
        }
        Err(ExportError::Record(fault)) if !matches!(fault.kind, FaultKind::Inconsistent | FaultKind::Internal) => {
            Err(fault)
        }
        // What another try does not mend ends here, and is told: it would be tried again for ever.
        Err(error) => {
            tracing::error!(%error, export = %stored.id, "an export failed");
            forget(folder, name).await;
            Ok(Step::Fail)
        }
    }
}

/// The name of a new file is on the disk when its folder is.
async fn on_disk(folder: &Path) -> std::io::Result<()> {
    File::open(folder).await?.sync_all().await
}

struct TakeOn {
    id: Uuid,
    quiet_since: Timestamp,
    now: Timestamp,
}

impl Unit for TakeOn {
    type Out = bool;
    const KIND: &'static str = "registry.take_export_on";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.id)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        export_proposals::take_on(tx, self.id, (self.quiet_since, self.now)).await
    }
}

async fn forget(folder: &Path, name: &str) {
    if let Err(error) = fs::remove_file(folder.join(name)).await
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "an exported file could not be taken away");
    }
}

/// Takes away what was fetched, what nobody fetched in its time, and what broke off with its process.
pub async fn tidy(provider: &Provider, folder: &Path, now: Timestamp) -> Result<(), Fault> {
    let Ok(mut entries) = fs::read_dir(folder).await else { return Ok(()) };
    while let Ok(Some(entry)) = entries.next_entry().await {
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !name.starts_with(PREFIX) {
            continue;
        }
        let found = export_proposals::find_by_file(&mut provider.db.read().await?, &name).await?;
        let over = match found {
            Some(stored) => stored.state != ExportState::Ready || is_over(&stored, now),
            None => is_old(&entry.path(), now).await,
        };
        if over {
            forget(folder, &name).await;
        }
    }
    Ok(())
}
