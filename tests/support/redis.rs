//! A real Redis of the tests' own, as a cache: nothing saved.

use std::{
    net::TcpStream,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use super::watched::{User, Watched, folder, free_port, program, quick};

pub struct Redis {
    /// Ends with this.
    server: Watched,
    port: u16,
    next: AtomicU32,
}

/// The Redis of this test run.
pub fn shared() -> &'static Redis {
    static SHARED: OnceLock<Redis> = OnceLock::new();
    SHARED.get_or_init(Redis::start)
}

impl Redis {
    /// One that a test may kill or pause.
    pub fn start() -> Self {
        let user = User::instead_of_root();
        let dir = folder(quick(), "dinhdanh-redis-", user);
        let port = free_port();
        let mut args: Vec<_> = format!("--port {port} --bind 127.0.0.1 --databases 4096 --appendonly no --dir")
            .split(' ')
            .map(str::to_owned)
            .collect();
        args.extend([dir.display().to_string(), "--save".to_owned(), String::new()]);
        let mut server = Watched::start(&dir, user, &program("redis-server", &[]), &args);
        server.wait_until("Redis", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        Self { server, port, next: AtomicU32::new(0) }
    }

    /// For tests that stop it.
    pub fn server(&self) -> &Watched {
        &self.server
    }

    /// An empty numbered database.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/{}", self.port, self.next.fetch_add(1, Ordering::Relaxed))
    }
}
