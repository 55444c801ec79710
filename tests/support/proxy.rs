//! A wire between a service and its database that a test can cut.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU8, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::Notify,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Wire {
    Whole,
    /// What is asked arrives; a COMMIT's answer does not: the connection is reset in its place.
    CutAfterCommit,
    /// Nothing arrives any more in either direction, and nobody is told.
    Silent,
}

pub struct Proxy {
    pub port: u16,
    wire: Arc<AtomicU8>,
    changed: Arc<Notify>,
}

impl Proxy {
    /// In front of a port of loopback.
    pub async fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (wire, changed) = (Arc::new(AtomicU8::new(Wire::Whole as u8)), Arc::new(Notify::new()));
        let (of_all, changes) = (Arc::clone(&wire), Arc::clone(&changed));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (cut, cutting) = Default::default();
                let link = Link { wire: Arc::clone(&of_all), changed: Arc::clone(&changes), cut, cutting };
                tokio::spawn(link.carry(client, server));
            }
        });
        Self { port, wire, changed }
    }

    pub fn set(&self, wire: Wire) {
        self.wire.store(wire as u8, Ordering::SeqCst);
        self.changed.notify_waiters();
    }
}

#[derive(Clone)]
struct Link {
    wire: Arc<AtomicU8>,
    changed: Arc<Notify>,
    cut: Arc<Notify>,
    cutting: Arc<AtomicBool>,
}

impl Link {
    fn is(&self, wire: Wire) -> bool {
        self.wire.load(Ordering::SeqCst) == wire as u8
    }

    async fn carry(self, client: TcpStream, server: u16) {
        let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { return };
        let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
        tokio::select! {
            () = self.clone().asked(from_client, to_server) => {}
            () = self.clone().answered(from_server, to_client) => {}
            // The server has carried it out by now: its answer came, and goes no further.
            () = self.cut.notified() => {}
        }
    }

    async fn asked(self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let mut part = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from.read(&mut part).await {
            self.while_silent().await;
            if self.is(Wire::CutAfterCommit) && part[..count].windows(6).any(|six| six == b"COMMIT") {
                self.cutting.store(true, Ordering::SeqCst);
            }
            if to.write_all(&part[..count]).await.is_err() {
                return;
            }
        }
    }

    async fn answered(self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let mut part = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from.read(&mut part).await {
            self.while_silent().await;
            // A lane asks for one thing at a time: what comes after COMMIT was asked is its answer.
            if self.cutting.load(Ordering::SeqCst) {
                self.cut.notify_one();
            } else if to.write_all(&part[..count]).await.is_err() {
                return;
            }
        }
    }

    async fn while_silent(&self) {
        loop {
            let changed = self.changed.notified();
            if !self.is(Wire::Silent) {
                return;
            }
            changed.await;
        }
    }
}
