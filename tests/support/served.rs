//! A document of a relying party, served on loopback: what it says can change, and how often it was asked is counted.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, extract::State, routing::get};
use dinhdanh::http::server::App;
use http::StatusCode;
use tokio::net::TcpListener;

use super::wire::{Wired, unhurried};

#[derive(Clone)]
pub struct Served {
    pub url: String,
    said: Arc<Said>,
    _wired: Arc<Wired>,
}

struct Said {
    answer: Mutex<(StatusCode, String)>,
    asked: AtomicUsize,
}

impl Served {
    pub async fn start(body: impl Into<String>) -> Self {
        let said = Arc::new(Said { answer: Mutex::new((StatusCode::OK, body.into())), asked: AtomicUsize::new(0) });
        let answer = async |State(said): State<Arc<Said>>| {
            said.asked.fetch_add(1, Ordering::SeqCst);
            // Long enough for others to arrive meanwhile.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            said.answer.lock().unwrap().clone()
        };
        let router = Router::new().route("/document", get(answer)).with_state(said.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/document", listener.local_addr().unwrap());
        let wired = Wired::serve(listener, App::new(Arc::default(), router), unhurried());
        Self { url, said, _wired: Arc::new(wired) }
    }

    pub fn say(&self, status: u16, body: impl Into<String>) {
        *self.said.answer.lock().unwrap() = (StatusCode::from_u16(status).unwrap(), body.into());
    }

    pub fn asked(&self) -> usize {
        self.said.asked.load(Ordering::SeqCst)
    }
}
