//! A copy of a test's PostgreSQL that can take its place: a base backup, or a standby that followed until it was cut off.

use std::{path::PathBuf, process::Command, thread, time::Duration};

use sqlx::{Connection, PgConnection};

use super::{
    postgres::{Cluster, installed},
    watched::{User, Watched, folder, free_port, program},
};

pub struct Copy {
    data: PathBuf,
    dir: PathBuf,
    user: Option<User>,
    server: Option<Watched>,
}

impl Copy {
    /// The files as they are at this moment, with what is needed to follow on.
    pub fn of(cluster: &Cluster) -> Self {
        let user = User::instead_of_root();
        let dir = folder(&std::env::temp_dir(), "dinhdanh-postgres-copy-", user);
        let data = dir.join("data");
        let mut backup = Command::new(program("pg_basebackup", &installed()));
        backup.args(["-h", "127.0.0.1", "-p", &cluster.port().to_string(), "-U", "dinhdanh", "-c", "fast", "-R", "-D"]);
        backup.arg(&data).current_dir(&dir);
        if let Some(user) = user {
            user.run(&mut backup);
        }
        let made = backup.output().unwrap();
        assert!(made.status.success(), "pg_basebackup: {}", String::from_utf8_lossy(&made.stderr));
        Self { data, dir, user, server: None }
    }

    fn start(&mut self, port: u16, more: &[&str]) {
        let settings =
            [format!("port={port}"), "unix_socket_directories=".to_owned(), "max_connections=500".to_owned()];
        let settings = settings.into_iter().chain(more.iter().map(|set| (*set).to_owned()));
        let args: Vec<_> = ["-D".to_owned(), self.data.display().to_string()]
            .into_iter()
            .chain(settings.flat_map(|set| ["-c".to_owned(), set]))
            .collect();
        let mut server = Watched::start(&self.dir, self.user, &program("postgres", &installed()), &args);
        server.wait_until("the copy of PostgreSQL", || told(port, "SELECT true") == Some(true));
        self.server = Some(server);
    }

    fn stop(&mut self) {
        let mut server = self.server.take().unwrap();
        server.end_and_keep();
    }

    /// Follows until it has everything that `cluster` has committed by now, and then no more.
    pub fn follow_and_be_cut_off(&mut self, cluster: &Cluster) {
        let port = free_port();
        self.start(port, &[]);
        // What is committed from here on it need not have; what is committed before, it must.
        let behind =
            "SELECT count(*) = 1 AND bool_and(replay_lsn >= pg_current_wal_flush_lsn()) FROM pg_stat_replication";
        until(|| told(cluster.port(), behind) == Some(true));
        self.stop();
    }

    /// In the place of what it was copied from, which must have stopped: a timeline of its own from here on.
    pub fn take_over(&mut self, port: u16) {
        // It would look for its primary at its own address.
        self.start(port, &["primary_conninfo="]);
        assert_eq!(told(port, "SELECT pg_promote()"), Some(true));
        assert_eq!(told(port, "SELECT NOT pg_is_in_recovery()"), Some(true));
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        drop(self.server.take());
        let _gone_with_its_server = std::fs::remove_dir_all(&self.dir);
    }
}

/// One answer of yes or no; nothing where nobody answers.
fn told(port: u16, sql: &'static str) -> Option<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let url = format!("postgres://dinhdanh@127.0.0.1:{port}/postgres");
        let mut conn = PgConnection::connect(&url).await.ok()?;
        sqlx::query_scalar(sql).fetch_one(&mut conn).await.ok()
    })
}

fn until(mut done: impl FnMut() -> bool) {
    for _ in 0..6_000 {
        if done() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("the copy does not follow");
}
