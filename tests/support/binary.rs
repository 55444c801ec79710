//! The built binary, run in a folder of its own with nothing of ours in its environment.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use super::watched::{self, quick};

/// Any 32 bytes that are not one repeated.
pub const KEK: [u8; 32] = *b"a key for tests, 32 bytes of it.";

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

pub struct Binary {
    pub dir: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

impl Binary {
    /// With a key-encryption key, and an embedded database that does not exist yet.
    pub fn new() -> Self {
        let dir = tempfile::tempdir_in(quick()).unwrap();
        let kek = dir.path().join("kek");
        write_private(&kek, &KEK);
        let environment = vec![
            ("DINHDANH_KEK_FILE".to_owned(), kek.display().to_string()),
            ("DINHDANH_DATABASE_URL".to_owned(), format!("sqlite://{}", dir.path().join("test.db").display())),
        ];
        Self { dir, environment }
    }

    /// The same with its database made and its keys in it.
    pub fn ready() -> Self {
        let binary = Self::new();
        binary.prepare();
        binary
    }

    pub fn prepare(&self) {
        for args in [&["migrate"][..], &["keys", "new"]] {
            let ran = self.run(args);
            assert_eq!(ran.status(), 0, "{args:?}: {}", ran.err());
        }
    }

    /// Adds or replaces a variable.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(other, _)| other != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// As the binary gets it.
    pub fn variable(&self, name: &str) -> String {
        self.environment.iter().find(|(other, _)| other == name).unwrap().1.clone()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dinhdanh"));
        command.args(args).current_dir(self.dir.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        let mut command = self.command(args);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (pid, (over, waiting)) = (child.id(), mpsc::channel::<()>());
        // A command that hangs is a failure, not a test run without end.
        let guard = thread::spawn(move || {
            if waiting.recv_timeout(Duration::from_mins(3)) == Err(mpsc::RecvTimeoutError::Timeout) {
                watched::signal(pid, "-KILL");
            }
        });
        let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let stdout = thread::spawn(move || {
            let mut read = Vec::new();
            out.read_to_end(&mut read).unwrap();
            read
        });
        let mut stderr = Vec::new();
        err.read_to_end(&mut stderr).unwrap();
        let output = Output { status: child.wait().unwrap(), stdout: stdout.join().unwrap(), stderr };
        drop(over);
        guard.join().unwrap();
        assert!(output.status.code().is_some(), "{args:?} hangs: {}", String::from_utf8_lossy(&output.stderr));
        Ran(output)
    }

    /// `serve` on a free port, once it says that it serves.
    pub fn serve(&self) -> Serving {
        Self::wait_for(self.command(&SERVE))
    }

    /// The same at this address.
    pub fn serve_at(&self, listen: &str) -> Serving {
        Self::wait_for(self.command(&["serve", "--listen", listen]))
    }

    /// The same, deaf to a signal from its first moment.
    pub fn serve_ignoring(&self, signal: &str) -> Serving {
        let deaf = self.command(&SERVE);
        let mut shell = Command::new("sh");
        shell
            .arg("-c")
            .arg(format!("trap '' {signal}; exec \"$0\" \"$@\""))
            .arg(deaf.get_program())
            .args(deaf.get_args());
        shell.current_dir(self.dir.path()).env_clear();
        shell.envs(deaf.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Self::wait_for(shell)
    }

    #[expect(clippy::zombie_processes, reason = "waited for by `Serving`, or by the panic of a test that failed")]
    fn wait_for(mut command: Command) -> Serving {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut log = BufReader::new(child.stdout.take().unwrap());
        let started = Instant::now();
        let mut said = String::new();
        loop {
            let mut line = String::new();
            let count = log.read_line(&mut line).unwrap();
            said.push_str(&line);
            assert!(count > 0 && started.elapsed() < Duration::from_mins(2), "serve did not start: {said}");
            let event: serde_json::Value = serde_json::from_str(&line).unwrap();
            if event["message"] == "serving" {
                let address = event["listen"].as_str().unwrap().parse().unwrap();
                let log = thread::spawn(move || {
                    let mut rest = String::new();
                    log.read_to_string(&mut rest).unwrap();
                    rest
                });
                return Serving { address, child, log: Some(log) };
            }
        }
    }
}

/// What a command answered.
pub struct Ran(Output);

impl Ran {
    pub fn status(&self) -> i32 {
        self.0.status.code().unwrap()
    }

    pub fn out(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub fn err(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.0.stdout).unwrap_or_else(|_| panic!("no JSON: {} {}", self.out(), self.err()))
    }
}

/// A running service; killed when dropped.
pub struct Serving {
    pub address: SocketAddr,
    pub child: Child,
    /// Read all the time: a full pipe would hold the service.
    log: Option<thread::JoinHandle<String>>,
}

impl Serving {
    pub fn signal(&self, name: &str) {
        assert!(watched::signal(self.child.id(), name));
    }

    /// After the process ended: its status and what it still logged.
    pub fn ended(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().unwrap().code();
        (status, self.log.take().unwrap().join().unwrap())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _already_ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

pub fn write_private(path: &Path, bytes: &[u8]) {
    use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt};
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .unwrap()
        .write_all(bytes)
        .unwrap();
}
