//! A real socket and a client that may misbehave.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use dinhdanh::http::{
    address::Networks,
    server::{App, Drained, ServerSettings, serve},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};

/// A served [`App`] on a free port of loopback.
pub struct Wired {
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Drained>,
}

/// Deadlines that a test can wait for.
pub fn short() -> ServerSettings {
    ServerSettings {
        first_byte: Duration::from_millis(300),
        header: Duration::from_millis(300),
        write_stall: Duration::from_millis(300),
        max_header_bytes: 16 * 1024,
        max_connections: 1_000,
        max_connections_per_address: 500,
        uncapped: Networks::default(),
        drain: Duration::from_secs(2),
        tls: None,
    }
}

/// As patient as a real server, for tests that are not about deadlines: a peer on a busy machine takes its time.
pub fn unhurried() -> ServerSettings {
    let long = Duration::from_mins(1);
    ServerSettings { first_byte: long, header: long, write_stall: long, ..short() }
}

impl Wired {
    pub async fn start(app: App, settings: ServerSettings) -> Self {
        Self::serve(TcpListener::bind("127.0.0.1:0").await.unwrap(), app, settings)
    }

    /// On a socket that is already bound.
    pub fn serve(listener: TcpListener, app: App, settings: ServerSettings) -> Self {
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = tokio::spawn(serve(listener, app, settings, async {
            let _dropped_is_stop_too = stopped.await;
        }));
        Self { address, stop, ended }
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    pub async fn send(&self, text: &str) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    /// Starts the drain and waits for its end.
    pub async fn stop(self) -> Drained {
        self.stop.send(()).unwrap();
        self.ended.await.unwrap()
    }

    /// Starts the drain; the handle resolves at its end.
    pub fn begin_stop(self) -> JoinHandle<Drained> {
        self.stop.send(()).unwrap();
        self.ended
    }
}

/// Everything until the peer closes, and how long that took; fails after twenty seconds.
pub async fn until_closed(stream: &mut TcpStream) -> (String, Duration) {
    let started = Instant::now();
    let mut read = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut read)).await;
    let _reset_is_closed_too = ended.expect("the connection is still open after twenty seconds");
    (String::from_utf8_lossy(&read).into_owned(), started.elapsed())
}

/// One answer's head and the given length of body from a connection that stays open.
pub async fn one_answer(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    loop {
        let mut part = [0; 4_096];
        let count = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut part)).await.unwrap().unwrap();
        read.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok())
                .unwrap_or(0);
            if body.len() >= length {
                return text;
            }
        }
        assert_ne!(count, 0, "closed in the middle of {text}");
    }
}
