//! Files of people that operators send from their own machines: written beside the others in the folder of imports, under a
//! name of ours, and taken away again when what became of them is settled.

use std::{
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use tokio::{
    fs::{self, File, OpenOptions},
    io::AsyncWriteExt as _,
};

use super::source_file::Format;
use crate::{
    base::{Fault, Span, Timestamp},
    crypto::digest::Sha256,
    flows::Provider,
    store::import_proposals::{self, ImportState},
};

/// How names of uploaded files begin. What an operator calls a file may name people: it is not kept.
pub const PREFIX: &str = "upload-";
/// What is on its way has another kind, and is offered to nobody.
const PART: &str = "part";
/// More files than anybody decides about at once.
const MOST: usize = 20;
/// Of what nobody proposed or what broke off, nothing is left after so long.
const FORGOTTEN: Span = Span::hours(1);

/// A whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    pub name: String,
    pub bytes: u64,
    pub sha256: [u8; 32],
}

/// A file on its way. What is not ended is taken away.
pub struct Upload {
    folder: PathBuf,
    name: String,
    part: PathBuf,
    /// None once it is whole.
    going: Option<(File, Sha256)>,
    bytes: u64,
}

/// Whether there is room for another. What is on its way has its place already.
pub async fn has_room(folder: &Path) -> bool {
    ours(folder).await.len() < MOST
}

fn failed(what: &'static str) -> impl FnOnce(std::io::Error) -> Fault {
    move |error| Fault::internal(what, error)
}

impl Upload {
    /// The format follows from what the operator calls the file; nothing else of that name is used.
    pub async fn begin(provider: &Provider, folder: &Path, format: Format, now: Timestamp) -> Result<Self, Fault> {
        let (id, ending) = (provider.entropy.uuid(now).simple(), format.ending());
        let name = format!("{PREFIX}{}-{id}.{ending}", now.vietnam_date());
        let part = folder.join(format!("{name}.{PART}"));
        // People's data: nobody else on the machine reads it.
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).await;
        let file = file.map_err(failed("making a file in the folder of imports"))?;
        Ok(Self { folder: folder.to_owned(), name, part, going: Some((file, Sha256::new())), bytes: 0 })
    }

    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let Some((file, digest)) = &mut self.going else { return Ok(()) };
        digest.update(bytes);
        self.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        file.write_all(bytes).await.map_err(failed("writing a file of people"))
    }

    /// On the disk, under its name.
    pub async fn end(mut self) -> Result<Uploaded, Fault> {
        let Some((mut file, digest)) = self.going.take() else {
            return Err(Fault::unavailable("an upload was ended twice"));
        };
        let whole = async {
            file.flush().await?;
            file.sync_all().await?;
            drop(file);
            fs::rename(&self.part, self.folder.join(&self.name)).await?;
            File::open(&self.folder).await?.sync_all().await
        };
        let whole = whole.await;
        if whole.is_err() {
            // It is taken away by who cleans up.
            let _left = fs::remove_file(&self.part).await;
        }
        whole.map_err(failed("finishing a file of people"))?;
        Ok(Uploaded { name: self.name.clone(), bytes: self.bytes, sha256: digest.finish() })
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if self.going.take().is_some() {
            let _left = std::fs::remove_file(&self.part);
        }
    }
}

/// Takes an uploaded file away.
pub async fn forget(folder: &Path, name: &str) {
    if name.starts_with(PREFIX)
        && !name.contains(['/', '\\'])
        && let Err(error) = fs::remove_file(folder.join(name)).await
    {
        tracing::warn!(%error, "an uploaded file could not be taken away");
    }
}

/// Takes away what is settled, what nobody proposed, and what broke off with its process. The folder's other files are their
/// owners'.
pub async fn tidy(provider: &Provider, folder: &Path, now: Timestamp) -> Result<(), Fault> {
    for name in ours(folder).await {
        let state = import_proposals::state_of_file(&mut provider.db.read().await?, &name).await?;
        let over = match state {
            Some(ImportState::Rehearsing | ImportState::Proposed | ImportState::Approved) => false,
            Some(_) => true,
            None => is_old(&folder.join(&name), now).await,
        };
        if over {
            forget(folder, &name).await;
        }
    }
    Ok(())
}

async fn ours(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let Ok(mut entries) = fs::read_dir(folder).await else { return names };
    while let Ok(Some(entry)) = entries.next_entry().await {
        names.extend(entry.file_name().into_string().ok().filter(|name| name.starts_with(PREFIX)));
    }
    names
}

/// Whether a file was last written long ago.
pub(super) async fn is_old(path: &Path, now: Timestamp) -> bool {
    let Ok(facts) = fs::metadata(path).await else { return false };
    let written = facts.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let written = written.and_then(|since| i64::try_from(since.as_secs()).ok());
    written.is_some_and(|secs| Timestamp::from_secs(secs) + FORGOTTEN < now)
}
