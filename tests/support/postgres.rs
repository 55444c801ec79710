//! A real PostgreSQL of the tests' own, from the installed programs, with everything durable as in production.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
};

use dinhdanh::store::{Db, DbSettings, migrations};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::watched::{User, Watched, folder, free_port, program, quick};

/// Migrated once; each test's database is a copy of it.
const TEMPLATE: &str = "migrated";

pub struct Cluster {
    server: Watched,
    port: u16,
    clerk: mpsc::Sender<Ask>,
    next: AtomicU32,
}

enum Ask {
    Create(String, mpsc::Sender<()>),
    Drop(String),
}

/// One database of a test's own, gone with it.
pub struct Database {
    pub url: String,
    name: String,
    clerk: mpsc::Sender<Ask>,
}

impl Drop for Database {
    fn drop(&mut self) {
        let _a_dead_cluster_has_none = self.clerk.send(Ask::Drop(self.name.clone()));
    }
}

/// The cluster of this test run.
pub fn shared() -> &'static Cluster {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    SHARED.get_or_init(|| Cluster::start_in(quick()))
}

impl Cluster {
    /// A cluster that a test may stop, kill or fill; on a disk, where a commit takes its time.
    pub fn start() -> Self {
        Self::start_in(&std::env::temp_dir())
    }

    fn start_in(root: &Path) -> Self {
        let user = User::instead_of_root();
        let dir = folder(root, "dinhdanh-postgres-", user);
        let data = dir.join("data").display().to_string();
        let mut initdb = Command::new(program("initdb", &installed()));
        // `--no-sync` is about this folder's making only; the server itself runs with fsync.
        initdb.args(["-D", &data, "-U", "dinhdanh", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]);
        initdb.current_dir(&dir);
        if let Some(user) = user {
            user.run(&mut initdb);
        }
        let made = initdb.output().unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let port = free_port();
        let settings = [
            format!("port={port}"),
            // None: their paths may have no more than a hundred letters.
            "unix_socket_directories=".to_owned(),
            "listen_addresses=127.0.0.1".to_owned(),
            "max_connections=500".to_owned(),
            "shared_buffers=64MB".to_owned(),
            "fsync=on".to_owned(),
            "full_page_writes=on".to_owned(),
            "synchronous_commit=on".to_owned(),
            "log_min_messages=warning".to_owned(),
        ];
        // What a bench gives it besides; the last of a name counts.
        let more = std::env::var("TEST_POSTGRES").unwrap_or_default();
        let more = more.split_whitespace().map(str::to_owned);
        let args: Vec<_> = ["-D".to_owned(), data]
            .into_iter()
            .chain(settings.into_iter().chain(more).flat_map(|set| ["-c".to_owned(), set]))
            .collect();
        let mut server = Watched::start(&dir, user, &program("postgres", &installed()), &args);
        let (clerk, asked) = mpsc::channel();
        let (open, opened) = mpsc::channel();
        thread::spawn(move || work(port, &open, &asked));
        server.wait_until("PostgreSQL", || match opened.try_recv() {
            Ok(()) => true,
            Err(mpsc::TryRecvError::Empty) => false,
            Err(mpsc::TryRecvError::Disconnected) => panic!("the template could not be made"),
        });
        Self { server, port, clerk, next: AtomicU32::new(1) }
    }

    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The postmaster, for tests that stop it.
    pub fn server(&self) -> &Watched {
        &self.server
    }

    /// Stops it as `signal` does (`-INT` fast, `-QUIT` at once, as a crash would); it stays stopped.
    pub fn stop(&self, signal: &str) {
        let pid = self.server.pid;
        self.server.signal(signal);
        // Its shell has not asked for its status yet: a zombie is gone too.
        let gone = || !std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
        let began = std::time::Instant::now();
        while !gone() {
            assert!(began.elapsed().as_secs() < 90, "PostgreSQL does not stop");
            thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    /// After [`Self::stop`]; waits until it answers.
    pub fn start_again(&mut self) {
        self.server.start_again();
        let (port, runtime) = (self.port, tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap());
        self.server.wait_until("PostgreSQL", || {
            runtime.block_on(async { PgConnection::connect(&url(port, TEMPLATE)).await.is_ok() })
        });
    }

    /// A fresh, migrated database.
    pub fn database(&self) -> Database {
        let name = format!("test_{}", self.next.fetch_add(1, Ordering::Relaxed));
        let (done, wait) = mpsc::channel();
        self.clerk.send(Ask::Create(name.clone(), done)).unwrap();
        wait.recv().expect("the database is created");
        Database { url: url(self.port, &name), name, clerk: self.clerk.clone() }
    }
}

fn url(port: u16, name: &str) -> String {
    format!("postgres://dinhdanh@127.0.0.1:{port}/{name}")
}

/// Debian keeps the server's programs out of `PATH`; the newest version wins.
pub fn installed() -> Vec<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<_> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))))
        .collect();
    folders.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    folders.into_iter().map(|(_, folder)| folder).collect()
}

/// Creates and drops databases, one at a time, on a thread and runtime of its own: each test has another runtime.
fn work(port: u16, open: &mpsc::Sender<()>, asked: &mpsc::Receiver<Ask>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut admin = loop {
        match runtime.block_on(PgConnection::connect(&url(port, "postgres"))) {
            Ok(admin) => break admin,
            Err(_not_yet) => thread::sleep(std::time::Duration::from_millis(20)),
        }
    };
    let mut run = |sql: String| runtime.block_on(sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin));
    run(format!("CREATE DATABASE {TEMPLATE}")).unwrap();
    runtime.block_on(async {
        let settings =
            DbSettings { url: url(port, TEMPLATE), read_connections: 1, postgres_lanes: 1, notices_restores: true };
        let db = Db::open(&settings).await.unwrap();
        migrations::migrate(&db).await.unwrap();
        db.close().await;
    });
    open.send(()).unwrap();
    while let Ok(ask) = asked.recv() {
        match ask {
            Ask::Create(name, done) => {
                run(format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}")).unwrap();
                done.send(()).unwrap();
            }
            Ask::Drop(name) => {
                let _a_stopped_server_keeps_it = run(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
            }
        }
    }
}
