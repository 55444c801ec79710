//! The programs under load, on the first core; the generator has the second.

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::wire::{Trouble, Wire, get};

/// The program to measure: the one that was built with this one, unless another is named, to compare.
pub fn dinhdanh() -> OsString {
    std::env::var_os("BENCH_SERVER").unwrap_or_else(|| env!("CARGO_BIN_EXE_dinhdanh").into())
}

/// A program on the first core, where the machine has two.
pub fn on_first_core(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(program).stdin(Stdio::null());
    command
}

/// A running server; it ends with its holder.
pub struct Running {
    child: Child,
    pub port: u16,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Asked first, so that a profiler's or the database's last words are written.
        let _asked = Command::new("kill").arg(self.child.id().to_string()).status();
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(5) && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _already_gone = self.child.kill();
        let _status = self.child.wait();
    }
}

impl Running {
    /// Starts it and waits until `path` answers 200; the time it took.
    pub async fn start(mut command: Command, port: u16, path: &str) -> Result<(Self, Duration), Trouble> {
        let began = Instant::now();
        let mut running = Self { child: command.spawn()?, port };
        loop {
            if let Ok(mut wire) = Wire::open(port).await
                && wire.ask(&get(path, "")).await.is_ok_and(|answer| answer.status == 200)
            {
                return Ok((running, began.elapsed()));
            }
            if let Some(status) = running.child.try_wait()? {
                return Err(format!("{:?} ended with {status}", command.get_args()).into());
            }
            if began.elapsed() > Duration::from_mins(1) {
                return Err(format!("{:?} is not ready after a minute", command.get_args()).into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub fn cpu(&self) -> Cpu {
        Cpu(Some(format!("/proc/{}/stat", self.child.id()).into()))
    }

    /// Resident now, and at most so far, in MiB.
    pub fn memory(&self) -> (f64, f64) {
        memory_of(self.child.id())
    }
}

pub fn memory_of(pid: u32) -> (f64, f64) {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let mib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or_default() / 1_024.0
    };
    (mib("VmRSS:"), mib("VmHWM:"))
}

/// Where a process's time is read.
pub struct Cpu(pub Option<PathBuf>);

impl Cpu {
    /// Seconds in user and kernel mode; proc(5) counts them in hundredths.
    pub fn used(&self) -> f64 {
        let stat = self.0.as_ref().and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
    }
}

/// The settings of a service on `database`, its key in `folder`.
pub struct Site {
    pub folder: PathBuf,
    pub database: String,
    pub port: u16,
}

impl Site {
    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn kek(&self) -> PathBuf {
        self.folder.join("kek")
    }

    pub fn command(&self, args: &[&str]) -> Result<Command, Trouble> {
        let mut command = on_first_core(dinhdanh());
        let log = fs::OpenOptions::new().create(true).append(true).open(self.folder.join("log"))?;
        command
            .args(args)
            .env("DINHDANH_DATABASE_URL", &self.database)
            .env("DINHDANH_KEK_FILE", self.kek())
            .env("DINHDANH_ISSUER", self.issuer())
            .env("DINHDANH_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("DINHDANH_PASSWORD_THREADS", "1")
            // Everybody comes from one address here.
            .env("DINHDANH_LIMITS_ANONYMOUS_POSTS", "1000000")
            .stdout(log.try_clone()?)
            .stderr(log);
        Ok(command)
    }

    /// Runs a command to its end.
    pub fn run(&self, args: &[&str]) -> Result<(), Trouble> {
        let status = self.command(args)?.status()?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("{args:?} ended with {status}: {}", self.last_words()).into())
        }
    }

    pub fn last_words(&self) -> String {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines.get(lines.len().saturating_sub(5)..).unwrap_or_default().join("\n")
    }
}

pub fn sqlite_url(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("bench.db").display())
}
