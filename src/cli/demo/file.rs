//! `demo.json`: who can sign in and where, for scripts and tests; the same as is printed.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use serde::{Deserialize, Serialize};

/// Passwords and seeds of people who never lived; still nobody else's business on a shared machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DemoFile {
    pub issuer: String,
    /// The page with the codes that were sent and everybody's current one-time code; its path cannot be guessed.
    pub helper: String,
    /// Answers a backchannel request (CIBA) in a person's place, for automated runs; `{auth_req_id}` and `{action}` (approve,
    /// deny) are to be filled in.
    #[serde(default)]
    pub ciba_approval: String,
    pub seed: u64,
    pub population: u64,
    pub portals: Vec<PortalEntry>,
    /// The API that the portals call, as a client: it can introspect the tokens that are for it.
    #[serde(default)]
    pub resource_server: Option<ResourceEntry>,
    /// Who can sign in.
    pub citizens: Vec<Citizen>,
    /// Who has an account and is refused all the same.
    pub refused: Vec<Citizen>,
    /// Who can register.
    pub registrable: Vec<Registrable>,
    pub operators: Vec<Operator>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortalEntry {
    pub name: String,
    pub url: String,
    pub client_id: String,
    pub client_secret: String,
    pub redirect_uris: Vec<String>,
}

/// `resource` is what tokens name in `aud`; `paths` are what it answers, with what each needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceEntry {
    pub name: String,
    pub url: String,
    pub resource: String,
    pub client_id: String,
    pub client_secret: String,
    pub paths: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citizen {
    pub number: String,
    pub name: String,
    pub birth_date: String,
    pub password: String,
    /// Base32; `null` for somebody without a second factor.
    pub totp_secret: Option<String>,
    pub recovery_codes: Vec<String>,
    pub account_level: String,
    pub phone: Option<String>,
    pub email: Option<String>,
    /// Which of the demo's people this is: `level-01`, `locked`, …
    pub part: String,
}

/// What the registration page asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registrable {
    pub number: String,
    pub name: String,
    pub birth_date: String,
    pub card_issued_on: String,
    pub phone: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    pub name: String,
    pub password: String,
    pub totp_secret: String,
    pub roles: Vec<String>,
}

impl DemoFile {
    /// `None` when there is none; an error when it cannot be read or is something else.
    pub fn read(path: &Path) -> io::Result<Option<Self>> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        serde_json::from_slice(&text).map(Some).map_err(io::Error::from)
    }

    /// Whole or not at all, and for its owner alone.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        let fresh = path.with_extension("json.new");
        // One that a stopped run left would keep the mode it was made with.
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&fresh, path)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn it_is_private_comes_back_and_replaces_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("demo.json");
        assert!(DemoFile::read(&path).unwrap().is_none());
        let mut file = DemoFile {
            issuer: "http://localhost:8080".into(),
            helper: "http://localhost:8080/x".into(),
            ciba_approval: String::new(),
            seed: 1,
            population: 10,
            portals: Vec::new(),
            resource_server: None,
            citizens: Vec::new(),
            refused: Vec::new(),
            registrable: Vec::new(),
            operators: Vec::new(),
        };
        file.write(&path).unwrap();
        file.issuer = "http://localhost:9090".into();
        file.write(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(DemoFile::read(&path).unwrap().unwrap().issuer, "http://localhost:9090");
        fs::write(&path, "[]").unwrap();
        assert!(DemoFile::read(&path).is_err());
    }
}
