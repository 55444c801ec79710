//! Where the demo keeps its things: one folder, made at the first run and kept.
//!
//! | in the folder | holds |
//! |---|---|
//! | `dinhdanh.db` | the record, with its `-wal` and `-shm` beside it |
//! | `kek` | the key-encryption key, 32 bytes, mode 0600 |
//! | `demo.json` | who can sign in and where, mode 0600 |
//! | `.unfinished` | there only while the first run is under way |

use std::path::{Path, PathBuf};

/// Which is used when no other is named.
pub const USUAL: &str = "data/demo";

#[derive(Clone, Debug)]
pub struct Layout {
    folder: PathBuf,
}

impl Layout {
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn database(&self) -> PathBuf {
        self.folder.join("dinhdanh.db")
    }

    pub fn kek(&self) -> PathBuf {
        self.folder.join("kek")
    }

    /// Who can sign in and where, for people and for tests.
    pub fn demo_json(&self) -> PathBuf {
        self.folder.join("demo.json")
    }

    /// While this file is there the folder is only half made, and nothing in it is worth keeping.
    pub fn unfinished(&self) -> PathBuf {
        self.folder.join(".unfinished")
    }

    /// Everything that a first run makes, for one that did not come to its end.
    pub fn made(&self) -> Vec<PathBuf> {
        let beside = |suffix: &str| self.folder.join(format!("dinhdanh.db{suffix}"));
        vec![self.demo_json(), beside("-wal"), beside("-shm"), self.database(), self.kek()]
    }

    /// Where files of people may be laid, to be proposed at the console.
    pub fn imports(&self) -> PathBuf {
        self.folder.join("imports")
    }

    /// Where files lie that two operators decided to take out.
    pub fn exports(&self) -> PathBuf {
        self.folder.join("exports")
    }

    pub fn database_url(&self) -> String {
        // The path stands in a URL: what would begin its query, or an escape, is escaped.
        let path = self.database().display().to_string().replace('%', "%25").replace('?', "%3F");
        format!("sqlite://{path}")
    }

    /// The settings that lead a command into this folder, as flags (`--data`).
    pub fn flags(&self) -> Vec<(&'static str, &'static str, String)> {
        vec![
            ("--data", "database.url", self.database_url()),
            ("--data", "kek_file", self.kek().display().to_string()),
            ("--data", "registry.import_folder", self.imports().display().to_string()),
            ("--data", "registry.export_folder", self.exports().display().to_string()),
            // The demo's short messages arrive on its helper page.
            ("--data", "citizen_registration.open", "true".to_owned()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_marks_of_a_url_in_its_name_is_still_a_folder() {
        let layout = Layout::new("/tmp/50% off?");
        assert_eq!(layout.database_url(), "sqlite:///tmp/50%25 off%3F/dinhdanh.db");
        assert!(layout.made().contains(&layout.database()) && layout.made().contains(&layout.kek()));
        assert_eq!(layout.flags().len(), 5);
    }
}
