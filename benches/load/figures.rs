//! Which figures there are, in the order in which they are measured.

use std::{path::Path, sync::Arc, time::Duration};

use serde_json::{Map, Value, json};

use super::{
    Engine,
    acts::{Fixed, Refresh, SignIn, SingleSignOn, Tokens, User},
    drive::{Figure, Rounds, drive},
    people, postgres,
    report::note,
    seed::{Cast, PASSWORD, seed},
    service::{Cpu, Running, Site, on_first_core, sqlite_url},
    watched::free_port,
    wire::{Trouble, Wire, get, post},
};

pub struct Bench {
    pub rounds: Rounds,
    pub quick: bool,
    pub users: usize,
    /// Empty: all.
    pub only: Vec<String>,
}

/// People with sessions: more than lanes or connections.
const PEOPLE: u32 = 64;

/// A figure's name, each user's request, and the limits that it stands beside.
type Measured<'a> = (&'a str, Vec<Vec<u8>>, &'a [&'a str]);

impl Bench {
    fn wants(&self, figure: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == figure)
    }

    pub async fn run(&self, engine: Engine) -> Result<Value, Trouble> {
        let folder = tempfile::tempdir()?;
        let limits = self.limits(folder.path()).await?;
        let mut engines = Map::new();
        if engine != Engine::Postgres {
            note("SQLite")?;
            let own = folder.path().join("sqlite");
            std::fs::create_dir(&own)?;
            let site = Site { database: sqlite_url(&own), folder: own, port: free_port() };
            engines.insert("sqlite".to_owned(), self.engine(&site, &limits).await?);
        }
        if engine != Engine::Sqlite {
            note("PostgreSQL")?;
            let own = folder.path().join("postgres");
            std::fs::create_dir(&own)?;
            // Its own threads have runtimes of their own.
            let cluster =
                std::thread::spawn(postgres::Cluster::start).join().map_err(|_| "PostgreSQL did not start")?;
            let database = cluster.database();
            let site = Site { database: database.url.clone(), folder: own, port: free_port() };
            engines.insert("postgres".to_owned(), self.engine(&site, &limits).await?);
        }
        if self.wants("start") {
            note("start of the demo")?;
            engines.insert("demo".to_owned(), json!({"start": people::demo_start(folder.path()).await?}));
        }
        Ok(json!({"limits": limits, "engines": engines}))
    }

    async fn limits(&self, folder: &Path) -> Result<Map<String, Value>, Trouble> {
        note("limits")?;
        let this = std::env::current_exe()?;
        let mut command = on_first_core(&this);
        if self.quick {
            command.arg("--quick");
        }
        let output = command.arg("--raw").arg(folder).output()?;
        let mut limits: Map<String, Value> = serde_json::from_slice(&output.stdout)?;
        let port = free_port();
        let mut command = on_first_core(&this);
        command.args(["--bare", &port.to_string()]);
        let (running, _) = Running::start(command, port, "/plain").await?;
        for (name, path) in [("bare_server_plain", "/plain"), ("bare_server_signed", "/signed")] {
            let figure = self.fixed(&running, get(path, "")).await?;
            limits.insert(name.to_owned(), figure.json());
        }
        Ok(limits)
    }

    async fn fixed(&self, running: &Running, request: Vec<u8>) -> Result<Figure, Trouble> {
        let users = fixed_users(running.port, &request, self.users, Duration::ZERO).await?;
        drive(users, self.rounds, &running.cpu()).await
    }

    async fn engine(&self, site: &Site, limits: &Map<String, Value>) -> Result<Value, Trouble> {
        let mut cast = seed(site, PEOPLE).await?;
        let (running, started) = Running::start(site.command(&["serve"])?, site.port, "/health/ready").await?;
        let mut found = Map::new();
        found.insert("ready".to_owned(), json!({"ms": started.as_millis(), "memory_mib": running.memory().0.round()}));
        let subject = Subject { bench: self, running, limits, sessions: Vec::new() };
        let measured = subject.measure(&mut cast, &mut found).await;
        measured.map_err(|error| format!("{error}\n{}", site.last_words()))?;
        // PostgreSQL's has a bench of its own, `registry`.
        if self.wants("import") && site.database.starts_with("sqlite:") {
            note("registry import")?;
            let rows = if self.quick { 20_000 } else { 1_000_000 };
            found.insert("import".to_owned(), people::import(site, rows).await?);
        }
        Ok(Value::Object(found))
    }
}

async fn fixed_users(port: u16, request: &[u8], users: usize, rest: Duration) -> Result<Vec<Fixed>, Trouble> {
    let mut all = Vec::new();
    for _ in 0..users {
        all.push(Fixed { wire: Wire::open(port).await?, request: request.to_vec(), status: 200, rest });
    }
    Ok(all)
}

/// One service under load.
struct Subject<'a> {
    bench: &'a Bench,
    running: Running,
    limits: &'a Map<String, Value>,
    sessions: Vec<String>,
}

impl Subject<'_> {
    async fn wire(&self) -> Result<Wire, Trouble> {
        Wire::open(self.running.port).await
    }

    fn limit(&self, name: &str) -> f64 {
        let limit = self.limits.get(name).map(|limit| limit.get("per_second").unwrap_or(limit));
        limit.and_then(Value::as_f64).unwrap_or(f64::NAN)
    }

    /// The figure beside the limits it is made of.
    fn beside(&self, figure: &Figure, limits: &[&str]) -> Value {
        let mut value = figure.json();
        let shares =
            limits.iter().map(|name| format!("{:.1} % of {name}", figure.per_second / self.limit(name) * 100.0));
        if let Some(members) = value.as_object_mut() {
            members.insert("share".to_owned(), shares.collect::<Vec<_>>().join(", ").into());
        }
        value
    }

    async fn load<U: User>(&self, users: Vec<U>) -> Result<Figure, Trouble> {
        drive(users, self.bench.rounds, &self.running.cpu()).await
    }

    async fn measure(mut self, cast: &mut Cast, found: &mut Map<String, Value>) -> Result<(), Trouble> {
        note("sessions")?;
        let mut browser = self.browser(cast, 0).await?;
        for _ in 0..cast.numbers.len() {
            self.sessions.push(browser.session().await?);
        }
        self.documents(found).await?;
        let tokens = self.tokens(cast).await?;
        self.tokens_in_use(cast, &tokens, found).await?;
        if self.bench.wants("sso") {
            note("sso")?;
            let users = self.single_sign_on(cast).await?;
            let figure = self.load(users).await?;
            let limits = ["bare_server_signed", "es256_sign", "fdatasync"];
            found.insert("sso".to_owned(), self.beside(&figure, &limits));
        }
        if self.bench.wants("refresh") {
            note("refresh")?;
            let mut users = Vec::new();
            for own in tokens {
                users.push(Refresh { wire: self.wire().await?, portal: cast.portal.clone(), token: own.refresh });
            }
            let figure = self.load(users).await?;
            found.insert("refresh".to_owned(), self.beside(&figure, &["bare_server_signed"]));
        }
        self.passwords(cast, found).await
    }

    async fn documents(&self, found: &mut Map<String, Value>) -> Result<(), Trouble> {
        for (name, path) in [("discovery", "/.well-known/openid-configuration"), ("jwks", "/jwks")] {
            if self.bench.wants(name) {
                note(name)?;
                let figure = self.bench.fixed(&self.running, get(path, "")).await?;
                found.insert(name.to_owned(), self.beside(&figure, &["bare_server_plain"]));
            }
        }
        Ok(())
    }

    async fn single_sign_on(&self, cast: &Cast) -> Result<Vec<SingleSignOn>, Trouble> {
        let mut users = Vec::new();
        for session in self.sessions.iter().cycle().take(self.bench.users).cloned() {
            users.push(SingleSignOn { wire: self.wire().await?, portal: cast.portal.clone(), session });
        }
        Ok(users)
    }

    /// Of as many grants as there are users.
    async fn tokens(&self, cast: &Cast) -> Result<Vec<Tokens>, Trouble> {
        let mut tokens = Vec::new();
        for mut user in self.single_sign_on(cast).await? {
            user.once().await?;
            tokens.push(user.tokens().await?);
        }
        Ok(tokens)
    }

    async fn tokens_in_use(
        &self,
        cast: &Cast,
        tokens: &[Tokens],
        found: &mut Map<String, Value>,
    ) -> Result<(), Trouble> {
        let basic = &cast.portal.basic;
        let own = post("/token", basic, "grant_type=client_credentials&scope=bench.read");
        let with_own_token = |request: &dyn Fn(&str) -> Vec<u8>| -> Vec<Vec<u8>> {
            tokens.iter().map(|tokens| request(&tokens.access)).collect()
        };
        let push = post("/par", basic, cast.portal.authorize.split('?').nth(1).unwrap_or_default());
        let figures: [Measured<'_>; 4] = [
            ("pushed_requests", vec![push; self.bench.users], &["bare_server_plain", "fdatasync"]),
            ("client_credentials", vec![own; self.bench.users], &["bare_server_signed", "es256_sign"]),
            (
                "userinfo",
                with_own_token(&|token| get("/userinfo", &format!("authorization: Bearer {token}\r\n"))),
                &["bare_server_plain", "es256_verify"],
            ),
            (
                "introspection",
                with_own_token(&|token| post("/introspect", basic, &format!("token={token}"))),
                &["bare_server_plain", "es256_verify"],
            ),
        ];
        for (name, requests, limits) in figures {
            if self.bench.wants(name) {
                note(name)?;
                let mut users = Vec::new();
                for request in requests {
                    let status = if name == "pushed_requests" { 201 } else { 200 };
                    users.push(Fixed { wire: self.wire().await?, request, status, rest: Duration::ZERO });
                }
                let figure = self.load(users).await?;
                found.insert(name.to_owned(), self.beside(&figure, limits));
            }
        }
        Ok(())
    }

    async fn browser(&self, cast: &Cast, at: usize) -> Result<SignIn, Trouble> {
        Ok(SignIn {
            wire: self.wire().await?,
            portal: Arc::clone(&cast.portal),
            numbers: cast.numbers.clone(),
            password: PASSWORD.replace(' ', "+"),
            at,
        })
    }

    /// Fresh sign-ins by password, and what everybody else feels of them.
    async fn passwords(&self, cast: &Cast, found: &mut Map<String, Value>) -> Result<(), Trouble> {
        let mut done = self.sessions.len();
        if self.bench.wants("sign_in") {
            note("sign_in")?;
            let others = post("/token", &cast.portal.basic, "grant_type=client_credentials&scope=bench.read");
            let rest = Duration::from_millis(5);
            let idle = self.load(fixed_users(self.running.port, &others, 2, rest).await?).await?;
            let mut users = Vec::new();
            // No more than the password threads let wait.
            for number in 0..4 {
                users.push(self.browser(cast, number * 16).await?);
            }
            let others = fixed_users(self.running.port, &others, 2, rest).await?;
            let nobody = Cpu(None);
            let (flood, during) = tokio::try_join!(self.load(users), drive(others, self.bench.rounds, &nobody))?;
            done += flood.done;
            found.insert("sign_in".to_owned(), self.beside(&flood, &["argon2id"]));
            let mut beside = during.json();
            let share = format!("p99 {:.2} ms without them: {:.1} times", idle.p99, during.p99 / idle.p99.max(0.001));
            if let Some(members) = beside.as_object_mut() {
                members.insert("share".to_owned(), share.into());
            }
            found.insert("others meanwhile".to_owned(), beside);
        }
        if self.bench.wants("memory") {
            note("memory")?;
            let all = if self.bench.quick { 100 } else { 1_000 };
            let mut browser = self.browser(cast, 0).await?;
            while done < all {
                browser.once().await?;
                done += 1;
            }
            let (now, most) = self.running.memory();
            let value = json!({"sign_ins": done, "resident_mib": now.round(), "at_most_mib": most.round()});
            found.insert("memory".to_owned(), value);
        }
        Ok(())
    }
}
