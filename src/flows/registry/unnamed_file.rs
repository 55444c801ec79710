//! A file that gets its name when it is whole: whoever finds the name never reads half of it.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// `NAME.part` beside `NAME`; gone with the value unless it got its name.
pub struct UnnamedFile {
    part: PathBuf,
    path: PathBuf,
}

impl UnnamedFile {
    pub fn beside(path: &Path) -> Self {
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        Self { part: PathBuf::from(part), path: path.to_owned() }
    }

    /// `mode` holds from the file's first byte; what an earlier run left there goes, whoever may read it.
    pub fn create(&self, mode: u32) -> io::Result<File> {
        if let Err(error) = fs::remove_file(&self.part)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        OpenOptions::new().write(true).create_new(true).mode(mode).open(&self.part)
    }

    pub fn name(self) -> io::Result<()> {
        // Dropped afterwards, when nothing is left under the other name.
        fs::rename(&self.part, &self.path)
    }
}

impl Drop for UnnamedFile {
    fn drop(&mut self) {
        let _named_or_never_made = fs::remove_file(&self.part);
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn it_is_there_when_it_is_whole_and_leaves_nothing_otherwise() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("people.csv");
        let left = |expected: &[&str]| {
            let mut names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|one| one.unwrap().file_name()).collect();
            names.sort();
            assert_eq!(names, expected);
        };
        fs::write(dir.path().join("people.csv.part"), "of an earlier run").unwrap();
        let broken_off = UnnamedFile::beside(&path);
        broken_off.create(0o600).unwrap().write_all(b"half").unwrap();
        left(&["people.csv.part"]);
        drop(broken_off);
        left(&[]);
        let whole = UnnamedFile::beside(&path);
        whole.create(0o600).unwrap().write_all(b"all").unwrap();
        whole.name().unwrap();
        left(&["people.csv"]);
        assert_eq!(fs::read(&path).unwrap(), b"all");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
