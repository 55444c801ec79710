//! A server process that ends, with its folder, when its holder does: also when the test process is killed.

use std::{
    fmt::Display,
    fs,
    io::{BufRead, BufReader, Write as _},
    net::TcpListener,
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU16, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// The shell waits for its input to end, which it does when the writing end is closed, by whatever. A server that is slow to end
/// on a busy machine is told to leave what it has (PostgreSQL then still gives its shared memory back), and killed last.
const WATCH: &str = r#"
dir=$1; shift
"$@" >"$dir/log" 2>&1 </dev/null &
pid=$!
echo $pid
read -r word
kill -CONT $pid 2>/dev/null; kill -INT $pid 2>/dev/null; kill -TERM $pid 2>/dev/null
( sleep 5; kill -QUIT $pid 2>/dev/null; sleep 10; kill -KILL $pid 2>/dev/null ) & late=$!
wait $pid; kill $late 2>/dev/null
[ "$word" = keep ] || rm -rf "$dir"
"#;

pub struct Watched {
    pub pid: u32,
    dir: PathBuf,
    begin: Begin,
    alive: Option<ChildStdin>,
    shell: Child,
}

/// What is needed to begin again.
struct Begin {
    user: Option<User>,
    program: PathBuf,
    args: Vec<String>,
}

impl Watched {
    /// `dir` is the server's own folder and is removed with it.
    pub fn start(dir: &Path, user: Option<User>, program: &Path, args: &[String]) -> Self {
        Self::begin(dir, Begin { user, program: program.to_owned(), args: args.to_vec() })
    }

    /// Ends it and leaves its folder.
    pub fn end_and_keep(&mut self) {
        let mut alive = self.alive.take().unwrap();
        alive.write_all(b"keep\n").unwrap();
        drop(alive);
        self.shell.wait().unwrap();
    }

    /// After the server ended, by whatever: the same one in the same folder.
    pub fn start_again(&mut self) {
        self.end_and_keep();
        let Begin { user, program, args } = &self.begin;
        let next = Self::begin(&self.dir, Begin { user: *user, program: program.clone(), args: args.clone() });
        // The old one has nothing left to end or to remove.
        let mut old = std::mem::replace(self, next);
        old.alive = None;
    }

    fn begin(dir: &Path, begin: Begin) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", WATCH, "sh"]).arg(dir).arg(&begin.program).args(&begin.args);
        shell.current_dir(dir).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // Its own group: an interrupt at the terminal ends the tests, and the shell then cleans up.
        shell.process_group(0);
        if let Some(user) = begin.user {
            user.run(&mut shell);
        }
        let mut shell = shell.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let pid = line.trim().parse().expect("the shell tells the server's process id");
        Self { pid, dir: dir.to_owned(), begin, alive: shell.stdin.take(), shell }
    }

    /// Sends a signal to the server: `-STOP`, `-CONT`, `-KILL`.
    pub fn signal(&self, name: &str) {
        assert!(signal(self.pid, name));
    }

    /// Until `ready`, or fails with the server's own words.
    pub fn wait_until(&mut self, what: &str, mut ready: impl FnMut() -> bool) {
        let started = Instant::now();
        while !ready() {
            let over = self.shell.try_wait().unwrap();
            assert!(
                over.is_none() && started.elapsed() < Duration::from_mins(3),
                "{what} did not start:\n{}",
                fs::read_to_string(self.dir.join("log")).unwrap_or_default()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        drop(self.alive.take());
        let _status = self.shell.wait();
    }
}

/// Who runs a server that refuses to be run by root.
#[derive(Clone, Copy)]
pub struct User {
    uid: u32,
    gid: u32,
}

impl User {
    /// `None` when this process is not root and can run the server itself.
    pub fn instead_of_root() -> Option<Self> {
        if fs::metadata("/proc/self").unwrap().uid() != 0 {
            return None;
        }
        let accounts = fs::read_to_string("/etc/passwd").unwrap();
        let of = |name: &str| {
            let mut fields =
                accounts.lines().map(|line| line.split(':')).find(|line| line.clone().next() == Some(name))?;
            Some(Self { uid: fields.nth(2)?.parse().ok()?, gid: fields.next()?.parse().ok()? })
        };
        Some(of("postgres").or_else(|| of("nobody")).expect("an account that is not root"))
    }
}

impl User {
    pub fn run(self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }
}

/// Sends a signal by the shell's own `kill`, for small machines have no program of that name; `false` when there is no such
/// process any more.
pub fn signal(pid: impl Display, name: &str) -> bool {
    let mut shell = Command::new("sh");
    shell.args(["-c", "kill \"$1\" \"$2\"", "sh", name]).arg(pid.to_string());
    shell.stdin(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
}

/// Where databases that need not outlive the machine are quick: in memory, when there is room, so that a hundred tests
/// don't wait for one disk. The servers themselves run as durably as in production.
pub fn quick() -> &'static Path {
    static QUICK: OnceLock<PathBuf> = OnceLock::new();
    QUICK.get_or_init(|| {
        let df = Command::new("df").args(["-Pk", "/dev/shm"]).output().map(|df| df.stdout).unwrap_or_default();
        let free =
            String::from_utf8_lossy(&df).lines().nth(1).and_then(|line| line.split_whitespace().nth(3)?.parse().ok());
        let roomy = free.is_some_and(|kilobytes: u64| kilobytes > 2 * 1024 * 1024);
        if roomy { PathBuf::from("/dev/shm") } else { std::env::temp_dir() }
    })
}

/// A folder in `root` that belongs to `user`; the server's shell removes it. Where root's own temporary folder is closed to
/// others, it is made where everybody may.
pub fn folder(root: &Path, prefix: &str, user: Option<User>) -> PathBuf {
    let open = |folder: &Path| fs::metadata(folder).is_ok_and(|seen| seen.mode() & 0o001 != 0);
    let root = if user.is_none() || root.ancestors().all(open) { root } else { Path::new("/tmp") };
    let dir = tempfile::Builder::new().prefix(prefix).tempdir_in(root).unwrap().keep();
    if let Some(user) = user {
        chown(&dir, Some(user.uid), Some(user.gid)).unwrap();
    }
    dir
}

/// A port that nobody else takes between the asking and the server's start, nor while the server is stopped for a while: below
/// those that systems give to whoever asks for any, never the same twice in this process, and begun at another place in each.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const FIRST: u16 = 12_000;
    const SPAN: u16 = 18_000;
    let place = u16::try_from(std::process::id() % u32::from(SPAN)).unwrap();
    loop {
        let port = FIRST + (place + NEXT.fetch_add(1, Ordering::Relaxed) % SPAN) % SPAN;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The program in `PATH` or one of `more` folders.
pub fn program(name: &str, more: &[PathBuf]) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(more.iter().cloned())
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("`{name}` is not installed; `scripts/test` installs it or says how"))
}
