//! `--data`: the record of a demo, instead of the one that the settings name.

#[cfg(feature = "demo")]
use std::path::{Path, PathBuf};

#[cfg(feature = "demo")]
use super::demo::layout::Layout;
use super::failure::Failure;

/// As [`super::context::Context::load`] takes them.
pub type Flags = Vec<(&'static str, &'static str, String)>;

#[derive(clap::Args)]
pub struct DemoData {
    /// The data folder of a demo, instead of the settings' database.
    #[cfg(feature = "demo")]
    #[arg(long = "data", global = true, value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl DemoData {
    /// The settings that lead into the folder, where one is named; it must hold a demo.
    #[cfg(feature = "demo")]
    pub fn flags(&self) -> Result<Flags, Failure> {
        self.folder.as_deref().map_or_else(|| Ok(Vec::new()), of_folder)
    }

    #[cfg(not(feature = "demo"))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "the same call with the demo left out")]
    pub fn flags(&self) -> Result<Flags, Failure> {
        Ok(Vec::new())
    }
}

#[cfg(feature = "demo")]
fn of_folder(folder: &Path) -> Result<Flags, Failure> {
    let layout = Layout::new(folder);
    if layout.database().exists() && layout.kek().exists() {
        return Ok(layout.flags());
    }
    let (place, cure) =
        (folder.display(), "name the folder where a demo ran, or begin one there: `dinhdanh demo --data");
    Err(Failure::new(format!("--data {place}"), "no demo keeps its things there", format!("{cure} {place}`")))
}
