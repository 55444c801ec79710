//! The key-encryption key, and the keys derived from it.
//!
//! One file holds 32 random bytes; each use has its own key, derived by HKDF-SHA-256 (RFC 5869) under its own label, so
//! that no use can be turned against another. The file is never in the database, nor in its backups.

use std::{
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use aws_lc_rs::hkdf;
use zeroize::Zeroizing;

use crate::base::{Entropy, SecretBytes};

const LENGTH: usize = 32;
/// Public and constant: domain separation from whatever else this key may be fed to.
const SALT: &[u8] = b"dinhdanh/kek/v1";

/// What a derived key is for. A label is part of what it protects: none is ever changed or used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Sealing columns at rest ([`super::Sealer`]).
    Seal,
    /// Finding a row by a sealed value ([`super::BlindIndex`]); one key a column.
    BlindIndex(&'static str),
    /// Refresh tokens ([`super::RefreshKey`]).
    Refresh,
    /// Short codes, stored keyed ([`super::code_key::CodeKey`]).
    Codes,
    /// Nonces for DPoP proofs ([`super::NonceKey`]).
    DpopNonce,
}

impl Label {
    fn info(self) -> [&'static [u8]; 2] {
        match self {
            Self::Seal => [b"seal/v1", b""],
            Self::BlindIndex(column) => [b"blind-index/v1/", column.as_bytes()],
            Self::Refresh => [b"refresh/v1", b""],
            Self::Codes => [b"codes/v1", b""],
            Self::DpopNonce => [b"dpop-nonce/v1", b""],
        }
    }
}

/// Why the key-encryption key could not be had. Each names the file, and [`KekError::cure`] says what to do.
#[derive(Debug, thiserror::Error)]
pub enum KekError {
    #[error("there is no key-encryption key at {}", .0.display())]
    Missing(PathBuf),
    #[error("the key-encryption key {} cannot be read: {source}", .path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} is not a file", .0.display())]
    NotAFile(PathBuf),
    #[error("the key-encryption key {} is open to others (mode {mode:04o})", .path.display())]
    TooOpen { path: PathBuf, mode: u32 },
    #[error("the key-encryption key {} has {} bytes and must have exactly {LENGTH} raw bytes (not hex, not base64, no line end)", .path.display(), found_bytes(*.found))]
    Length { path: PathBuf, found: usize },
    #[error("the key-encryption key {} is one byte repeated", .0.display())]
    Degenerate(PathBuf),
    #[error("{} exists already and is left as it is: everything sealed depends on it", .0.display())]
    Exists(PathBuf),
    #[error("the key-encryption key {} cannot be written: {source}", .path.display())]
    Unwritable { path: PathBuf, source: io::Error },
}

impl KekError {
    /// What to do about it.
    pub fn cure(&self) -> String {
        match self {
            Self::Missing(path) => format!(
                "name its file in DINHDANH_KEK_FILE, or restore it from its backup; a service that has none yet makes one \
                 with `dinhdanh keys new --kek {}`",
                path.display()
            ),
            Self::Unreadable { .. } => "let the user that runs this read the file and enter its folders".to_owned(),
            Self::NotAFile(_) => format!("name a file of {LENGTH} bytes in DINHDANH_KEK_FILE"),
            Self::TooOpen { path, .. } => format!("run `chmod 600 {}`", path.display()),
            Self::Length { .. } | Self::Degenerate(_) => {
                "restore it from its backup: what is sealed opens under the very bytes that it was sealed under"
                    .to_owned()
            }
            Self::Exists(_) => "name a file that does not exist yet".to_owned(),
            Self::Unwritable { .. } => "name a file in a folder that is there and where this user may write".to_owned(),
        }
    }
}

fn found_bytes(found: usize) -> String {
    if found > LENGTH { format!("more than {LENGTH}") } else { found.to_string() }
}

/// The key-encryption key itself.
pub struct Kek(hkdf::Prk);

impl Kek {
    pub fn from_bytes(bytes: &[u8; LENGTH]) -> Self {
        Self(hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(bytes))
    }

    /// Reads the key after making sure that nobody else can.
    pub fn load(path: &Path) -> Result<Self, KekError> {
        let unreadable = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => KekError::Missing(path.to_owned()),
            _ => KekError::Unreadable { path: path.to_owned(), source },
        };
        let file = fs::File::open(path).map_err(unreadable)?;
        // Of the file that is open, not of the name: they could be exchanged in between.
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(KekError::NotAFile(path.to_owned()));
        }
        check_mode(path, &metadata)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(LENGTH + 1));
        file.take(LENGTH as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        let key: Zeroizing<[u8; LENGTH]> = match bytes.as_slice().try_into() {
            Ok(key) => Zeroizing::new(key),
            Err(_) => return Err(KekError::Length { path: path.to_owned(), found: bytes.len() }),
        };
        if key.iter().all(|byte| Some(byte) == key.first()) {
            return Err(KekError::Degenerate(path.to_owned()));
        }
        Ok(Self::from_bytes(&key))
    }

    /// Makes a new key in a file that must not exist yet: replacing a key would make everything sealed unreadable.
    pub fn create(path: &Path, entropy: &Entropy) -> Result<Self, KekError> {
        let unwritable = |source: io::Error| match source.kind() {
            io::ErrorKind::AlreadyExists => KekError::Exists(path.to_owned()),
            _ => KekError::Unwritable { path: path.to_owned(), source },
        };
        let key = Zeroizing::new(entropy.bytes::<LENGTH>());
        let mut file = private_file(path).map_err(unwritable)?;
        let written = file.write_all(key.as_slice()).and_then(|()| file.sync_all()).and_then(|()| sync_folder(path));
        if let Err(error) = written {
            // A torn key must not be found at the next start.
            drop(fs::remove_file(path));
            return Err(unwritable(error));
        }
        Ok(Self::from_bytes(&key))
    }

    /// The key for one use.
    pub fn derive(&self, label: Label) -> SecretBytes {
        struct Length;
        impl hkdf::KeyType for Length {
            fn len(&self) -> usize {
                LENGTH
            }
        }
        let mut key = vec![0; LENGTH];
        let info = label.info();
        if self.0.expand(&info, Length).and_then(|okm| okm.fill(&mut key)).is_err() {
            // Only a length that HKDF cannot give fails, and this one it can: no key of zeros may ever leave here.
            std::process::abort();
        }
        SecretBytes::new(key)
    }
}

impl std::fmt::Debug for Kek {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kek(…)")
    }
}

#[cfg(unix)]
fn check_mode(path: &Path, metadata: &fs::Metadata) -> Result<(), KekError> {
    use std::os::unix::fs::PermissionsExt;
    const OTHERS: u32 = 0o077;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & OTHERS == 0 { Ok(()) } else { Err(KekError::TooOpen { path: path.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn check_mode(_: &Path, _: &fs::Metadata) -> Result<(), KekError> {
    Ok(())
}

#[cfg(unix)]
fn private_file(path: &Path) -> io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().write(true).create_new(true).open(path)
}

/// Without it a crash may leave the folder without the name.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file(bytes: &[u8], mode: u32) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kek");
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[test]
    fn a_new_key_is_private_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kek");
        let made = Kek::create(&path, &Entropy::counted(1)).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let read = Kek::load(&path).unwrap();
        assert_eq!(read.derive(Label::Seal).reveal(), made.derive(Label::Seal).reveal());
    }

    #[test]
    fn a_key_that_exists_is_not_replaced() {
        let (_folder, path) = file(&[3; 32], 0o600);
        let error = Kek::create(&path, &Entropy::counted(1)).unwrap_err();
        assert!(matches!(error, KekError::Exists(_)));
        assert_eq!(fs::read(&path).unwrap(), [3; 32]);
    }

    #[test]
    fn labels_and_keys_give_different_keys() {
        let labels = [
            Label::Seal,
            Label::BlindIndex("contact.value"),
            Label::BlindIndex("person.x"),
            Label::Refresh,
            Label::Codes,
            Label::DpopNonce,
        ];
        let mut keys: Vec<Vec<u8>> = Vec::new();
        for bytes in [[1; 32], [2; 32]] {
            for label in labels {
                keys.push(Kek::from_bytes(&bytes).derive(label).reveal().to_vec());
            }
        }
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 12);
        assert!(keys.iter().all(|key| key.len() == 32));
    }

    /// What is refused names the file and says what to do (security.md F25's table, in miniature).
    #[test]
    fn a_bad_file_is_named_with_its_cure() {
        let mut good: Vec<u8> = (0..32).collect();
        let cases: [(&[u8], u32, &str); 6] = [
            (b"", 0o600, "has 0 bytes and must have exactly 32"),
            (&good[..31], 0o600, "has 31 bytes"),
            (b"0123456789abcdef0123456789abcdef\n", 0o600, "has more than 32 bytes"),
            (&[0; 32], 0o600, "one byte repeated"),
            (&good, 0o640, "(mode 0640) run `chmod 600"),
            (&good, 0o604, "(mode 0604) run `chmod 600"),
        ];
        for (bytes, mode, expected) in cases {
            let (_folder, path) = file(bytes, mode);
            let error = Kek::load(&path).unwrap_err();
            let message = format!("{error} {}", error.cure());
            assert!(message.contains(expected), "{message}");
            assert!(message.contains(path.to_str().unwrap()), "{message}");
        }
        good.rotate_left(1);
        let (folder, path) = file(&good, 0o400);
        assert!(Kek::load(&path).is_ok());
        assert!(matches!(Kek::load(&folder.path().join("none")), Err(KekError::Missing(_))));
        assert!(matches!(Kek::load(folder.path()), Err(KekError::NotAFile(_))));
        let nowhere = folder.path().join("no/such/folder/kek");
        assert!(matches!(Kek::create(&nowhere, &Entropy::counted(1)), Err(KekError::Unwritable { .. })));
    }

    fn hex(bytes: &[u8]) -> String {
        let nibble = |n: u8| char::from_digit(u32::from(n), 16).unwrap();
        bytes.iter().flat_map(|byte| [nibble(byte >> 4), nibble(byte & 15)]).collect()
    }

    /// RFC 5869 A.1, through the same library calls.
    #[test]
    fn hkdf_of_the_rfc() {
        struct Length;
        impl hkdf::KeyType for Length {
            fn len(&self) -> usize {
                42
            }
        }
        let salt: Vec<u8> = (0..=0x0c).collect();
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, &salt).extract(&[0x0b; 22]);
        let mut okm = [0; 42];
        prk.expand(&[&info], Length).unwrap().fill(&mut okm).unwrap();
        assert_eq!(hex(&okm), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    }
}
