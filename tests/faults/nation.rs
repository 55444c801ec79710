//! One database with people and portals, and processes of the built binary that serve it.
//!
//! What a test prepares it does in this process, with the same keys and the same issuer; what it is about goes over sockets to
//! the others.

use std::{
    net::SocketAddr,
    sync::{Arc, LazyLock},
    time::Duration,
};

use dinhdanh::store::audit_log;
use http::StatusCode;
use tokio::sync::Barrier;

use crate::support::{
    app::{Answer, Browser, Holder, ISSUER, TestApp, authorize, basic, encoded, query_of},
    binary::{Binary, Serving},
    database::TestDb,
    people::another,
};

pub struct Nation {
    pub app: TestApp,
    pub binary: Binary,
}

impl Nation {
    /// One on SQLite, one on PostgreSQL.
    pub async fn each() -> Vec<Self> {
        let mut all = Vec::new();
        for test in TestDb::each().await {
            all.push(Self::on(test).await);
        }
        all
    }

    pub async fn on(test: TestDb) -> Self {
        let binary = Binary::new()
            .with("DINHDANH_DATABASE_URL", &test.url)
            .with("DINHDANH_ISSUER", ISSUER)
            .with("DINHDANH_PASSWORD_THREADS", "8")
            .with("DINHDANH_PASSWORD_MEMORY_KIB", "7168")
            .with("DINHDANH_PASSWORD_ITERATIONS", "1")
            .with("DINHDANH_CITIZEN_REGISTRATION_OPEN", "true")
            .with("DINHDANH_CITIZEN_REGISTRATION_PER_NETWORK", "100000")
            .with("DINHDANH_LIMITS_ANONYMOUS_POSTS", "100000");
        Self { app: TestApp::of_today(test).await, binary }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.binary = self.binary.with(name, value);
        self
    }

    /// A process that serves it.
    pub fn serve(&self) -> Serving {
        tokio::task::block_in_place(|| self.binary.serve())
    }

    /// Another person with an account, ready to sign in.
    pub async fn holder(&self, serial: u32) -> Holder {
        self.app.holder_of(another(serial)).await
    }

    /// A browser with a session that has agreed to [`authorize`]'s request.
    pub async fn signed_in(&self, holder: &Holder, scope: &str) -> Browser<'_> {
        let mut browser = self.app.browser();
        let back = browser.walk(&authorize(&[("scope", scope)]), holder).await;
        assert!(query_of(&back).contains_key("code"), "{back}");
        browser
    }

    /// The audit's chains are whole.
    pub async fn assert_audit_whole(&self) {
        let verified = audit_log::verify(&mut self.app.at.conn().await).await.unwrap();
        assert_eq!(verified.broken, [], "of {} events", verified.events);
        assert!(verified.events > 0);
    }
}

/// A request to one of the processes, ready to be sent.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    headers: Vec<(String, String)>,
    form: Option<String>,
}

impl Asked {
    pub fn get(path: &str, headers: &[(&str, &str)]) -> Self {
        Self { path: path.to_owned(), headers: owned(headers), form: None }
    }

    pub fn post(path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Self {
        Self { form: Some(encoded(fields)), ..Self::get(path, headers) }
    }

    /// A form of a page of ours, as this browser sends it.
    pub fn form(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) -> Self {
        let cookies = cookies(browser);
        let headers = [("cookie", cookies.as_str()), ("origin", ISSUER), ("sec-fetch-site", "same-origin")];
        Self::post(path, &headers, fields)
    }

    /// Fails like the network does.
    pub async fn send(&self, to: SocketAddr) -> Result<Answer, reqwest::Error> {
        // Made once, for it takes a busy machine its time; it keeps no connection, which would be of another test's runtime.
        static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(|| {
            let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
            client.pool_max_idle_per_host(0).timeout(Duration::from_mins(1)).build().unwrap()
        });
        self.send_by(&CLIENT, to).await
    }

    /// On a kept connection.
    pub async fn send_by(&self, client: &reqwest::Client, to: SocketAddr) -> Result<Answer, reqwest::Error> {
        let url = format!("http://{to}{}", self.path);
        let mut request = match &self.form {
            None => client.get(url),
            Some(form) => {
                client.post(url).header("content-type", "application/x-www-form-urlencoded").body(form.clone())
            }
        };
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response = request.header("accept", "text/html,*/*").send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Answer { status, headers, body: response.text().await? })
    }
}

pub fn cookies(browser: &Browser<'_>) -> String {
    browser.jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A client's request to the token endpoint, authenticated by its secret.
pub fn token_request((client, secret): (&str, &str), fields: &[(&str, &str)]) -> Asked {
    Asked::post("/token", &[("authorization", &basic(client, secret))], fields)
}

/// All at the same moment, in turn to each process.
pub async fn at_once(processes: &[Serving], asked: Vec<Asked>) -> Vec<Answer> {
    let start = Arc::new(Barrier::new(asked.len()));
    let tasks: Vec<_> = asked
        .into_iter()
        .enumerate()
        .map(|(number, one)| {
            let (start, to) = (Arc::clone(&start), processes[number % processes.len()].address);
            tokio::spawn(async move {
                start.wait().await;
                answered(&one, to).await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    for answer in &answers {
        assert!(!answer.status.is_server_error(), "{}: {}", answer.status, answer.body);
    }
    answers
}

/// As a client does that is told to come back: a crowd may be more than a small machine serves in a second.
pub async fn answered(one: &Asked, to: SocketAddr) -> Answer {
    for _ in 0..20 {
        let answer = one.send(to).await.unwrap();
        if answer.status != StatusCode::SERVICE_UNAVAILABLE {
            return answer;
        }
        assert!(answer.header("retry-after").is_some(), "{:?}", answer.headers);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("twenty times asked to come back")
}

/// How many got this status.
pub fn with_status(answers: &[Answer], status: StatusCode) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}
