//! The `demo` command: what it makes, keeps, refuses; and a running one for the other journeys.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::support::watched::{quick, signal};

/// A demo at work; killed when dropped.
pub struct Demo {
    pub file: Value,
    child: Child,
    /// Kept open: a closed pipe is one more thing that could go wrong.
    _out: BufReader<std::process::ChildStdout>,
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dinhdanh"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.args(["demo", "--json", "--data"]).arg(folder).args(args).stdin(Stdio::null());
    command
}

impl Demo {
    /// On free ports, once it says that it is ready.
    pub fn start(folder: &Path) -> Self {
        let mut command = command(folder, &["--listen", "127.0.0.1:0", "--population", "300"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let file = serde_json::from_str(&line).unwrap_or_else(|_| panic!("demo did not start: {line}"));
        Self { file, child, _out: out }
    }

    pub fn portal(&self, at: usize) -> String {
        self.file["portals"][at]["url"].as_str().unwrap().to_owned()
    }

    pub fn citizen(&self, part: &str) -> &Value {
        let lists = [&self.file["citizens"], &self.file["refused"]];
        lists.iter().flat_map(|list| list.as_array().unwrap()).find(|citizen| citizen["part"] == part).unwrap()
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(mut self) -> Option<i32> {
        assert!(signal(self.child.id(), "-TERM"));
        self.child.wait().unwrap().code()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _already_ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

#[test]
fn the_folder_is_private_and_kept_and_the_portals_follow_the_ports() {
    let folder = tempfile::tempdir_in(quick()).unwrap();
    let data = folder.path().join("demo data?");
    let first = Demo::start(&data);
    for name in ["demo.json", "kek"] {
        assert_eq!(fs::metadata(data.join(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    let written: Value = serde_json::from_slice(&fs::read(data.join("demo.json")).unwrap()).unwrap();
    assert_eq!(written, first.file);
    assert_eq!(written["citizens"].as_array().unwrap().len(), 4);
    assert!(!data.join(".unfinished").exists());
    let before = first.file.clone();
    assert_eq!(first.stop(), Some(0));

    let second = Demo::start(&data);
    for kept in ["citizens", "refused", "registrable", "operators", "seed", "population"] {
        assert_eq!(second.file[kept], before[kept], "{kept}");
    }
    for at in 0..3 {
        let (now, was) = (&second.file["portals"][at], &before["portals"][at]);
        assert_eq!((&now["client_id"], &now["client_secret"]), (&was["client_id"], &was["client_secret"]));
        assert_eq!(now["redirect_uris"][0], format!("{}/callback", second.portal(at)));
    }
    // The same path, whatever the port.
    let path = |file: &Value| file["helper"].as_str().unwrap().rsplit_once('/').unwrap().1.to_owned();
    assert_eq!(path(&second.file), path(&before));
}

#[test]
fn an_interrupted_first_run_begins_anew_and_a_foreign_folder_is_left_alone() {
    let folder = tempfile::tempdir_in(quick()).unwrap();
    let half = folder.path().join("half");
    fs::create_dir(&half).unwrap();
    for name in [".unfinished", "dinhdanh.db", "kek"] {
        fs::write(half.join(name), b"torn").unwrap();
    }
    drop(Demo::start(&half));
    assert!(!half.join(".unfinished").exists());

    let foreign = folder.path().join("foreign");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("dinhdanh.db"), b"somebody's").unwrap();
    let ran = command(&foreign, &["--listen", "127.0.0.1:0"]).output().unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(!ran.status.success() && said.contains("demo.json is missing"), "{said}");
    assert_eq!(fs::read(foreign.join("dinhdanh.db")).unwrap(), b"somebody's");
}

#[test]
fn the_same_seed_makes_the_same_people() {
    let folder = tempfile::tempdir_in(quick()).unwrap();
    let people = |name: &str, seed: &str| {
        let mut command = command(&folder.path().join(name), &["--listen", "127.0.0.1:0", "--population", "0"]);
        let mut child = command.args(["--seed", seed]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let file: Value = serde_json::from_str(&line).unwrap();
        (file["citizens"].clone(), file["portals"][0]["client_secret"].clone())
    };
    let (one, same, other) = (people("a", "7"), people("b", "7"), people("c", "8"));
    assert_eq!(one.0, same.0);
    assert_ne!(one.0, other.0);
    assert_ne!(one.1, same.1, "secrets come from the system's randomness");
}

#[test]
fn it_listens_on_loopback_alone() {
    let folder = tempfile::tempdir_in(quick()).unwrap();
    let data = folder.path().join("never");
    let ran = command(&data, &["--listen", "0.0.0.0:18080"]).output().unwrap();
    assert!(!ran.status.success());
    assert!(String::from_utf8(ran.stderr).unwrap().contains("--listen"));
    assert!(!data.exists());
}
