//! F1, F8, F22: the process is killed, replaced, and PostgreSQL is killed, at any moment under load. What was answered stands
//! afterwards (R1), and nothing that ended lives again (R2).

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use http::StatusCode;
use tokio::sync::watch;

use super::nation::{Asked, Nation, answered, cookies, token_request};
use crate::support::{
    app::{Answer, CALLBACK, PORTAL, PORTAL_SECRET, VERIFIER, authorize, query_of},
    binary::Serving,
    database::TestDb,
    postgres::Cluster,
};

const AT_PORTAL: (&str, &str) = (PORTAL, PORTAL_SECRET);
const USERS: u32 = 6;
const SCOPE: &str = "openid profile";

/// What a user was told, in the order of the telling.
#[derive(Default)]
struct Ledger {
    cookie: String,
    /// Codes for which tokens were given.
    spent: Vec<String>,
    /// Refresh tokens for which a successor was given.
    rotated: Vec<String>,
    /// The newest of each family that nobody revoked.
    live: Vec<String>,
    /// Refresh and access tokens of families whose revocation was acknowledged.
    revoked: Vec<(String, String)>,
    unheard: usize,
    /// Told to come back, after as long as a write may wait: by a machine that is busy, and not by a process that leaves.
    busy: usize,
}

/// A person who goes to the portal again and again, wherever the service is at the moment.
struct User {
    at: watch::Receiver<SocketAddr>,
    over: Arc<AtomicBool>,
    heard: Arc<AtomicUsize>,
    network: reqwest::Client,
    ledger: Ledger,
}

impl User {
    /// The answer, or nothing: then it is not known what happened.
    async fn ask(&mut self, asked: &Asked) -> Option<Answer> {
        let at = *self.at.borrow();
        let began = Instant::now();
        let answer = asked.send_by(&self.network, at).await.ok();
        match answer {
            Some(answer) if answer.status != StatusCode::SERVICE_UNAVAILABLE => {
                self.heard.fetch_add(1, Ordering::Relaxed);
                Some(answer)
            }
            Some(_) if began.elapsed() > Duration::from_millis(900) => {
                self.ledger.busy += 1;
                None
            }
            _ => {
                self.ledger.unheard += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
                None
            }
        }
    }

    async fn live(mut self) -> Ledger {
        let mut visits = 0;
        while !self.over.load(Ordering::Relaxed) {
            self.visit(visits).await;
            visits += 1;
        }
        self.ledger
    }

    /// Code, tokens, a refresh or two; every third family is revoked.
    async fn visit(&mut self, number: usize) -> Option<()> {
        let asked = Asked::get(&authorize(&[("scope", SCOPE)]), &[("cookie", &self.ledger.cookie)]);
        let answer = self.ask(&asked).await?;
        let code = query_of(answer.location()).remove("code").unwrap_or_else(|| panic!("{}", answer.location()));
        let tokens = self.ask(&redemption(&code)).await?;
        assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
        self.ledger.spent.push(code);
        let (mut refresh, mut access) = (tokens.text("refresh_token"), tokens.text("access_token"));
        for _ in 0..2 {
            // Unheard: it may have been rotated, and its family is nobody's from then on.
            let next = self.ask(&refreshing(&refresh)).await?;
            assert_eq!(next.status, StatusCode::OK, "{}", next.body);
            self.ledger.rotated.push(refresh);
            (refresh, access) = (next.text("refresh_token"), next.text("access_token"));
        }
        if number.is_multiple_of(3) {
            let asked = Asked::post("/revoke", &[("authorization", &basic())], &[("token", &refresh)]);
            let revoked = self.ask(&asked).await?;
            assert_eq!(revoked.status, StatusCode::OK, "{}", revoked.body);
            self.ledger.revoked.push((refresh, access));
        } else {
            self.ledger.live.push(refresh);
        }
        Some(())
    }
}

fn basic() -> String {
    crate::support::app::basic(PORTAL, PORTAL_SECRET)
}

fn redemption(code: &str) -> Asked {
    let fields =
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)];
    token_request(AT_PORTAL, &fields)
}

fn refreshing(token: &str) -> Asked {
    token_request(AT_PORTAL, &[("grant_type", "refresh_token"), ("refresh_token", token)])
}

/// Users at work on a service that moves from address to address.
struct Load {
    move_to: watch::Sender<SocketAddr>,
    over: Arc<AtomicBool>,
    heard: Arc<AtomicUsize>,
    users: Vec<tokio::task::JoinHandle<Ledger>>,
}

impl Load {
    async fn on(nation: &Nation, at: SocketAddr) -> Self {
        let (move_to, at) = watch::channel(at);
        let (over, network) = (Arc::new(AtomicBool::new(false)), reqwest::Client::builder());
        let network = network.redirect(reqwest::redirect::Policy::none()).no_proxy().timeout(Duration::from_secs(30));
        let network = network.build().unwrap();
        let (heard, mut ledgers) = (Arc::new(AtomicUsize::new(0)), Vec::new());
        for serial in 1..=USERS {
            let holder = nation.holder(serial).await;
            let browser = nation.signed_in(&holder, SCOPE).await;
            ledgers.push(Ledger { cookie: cookies(&browser), ..Ledger::default() });
        }
        // All at once, afterwards: who signs in beside a load at the same file waits longer than a write may.
        let begin = |ledger| {
            let (over, heard) = (Arc::clone(&over), Arc::clone(&heard));
            tokio::spawn(User { at: at.clone(), over, heard, network: network.clone(), ledger }.live())
        };
        let users = ledgers.into_iter().map(begin).collect();
        Self { move_to, over, heard, users }
    }

    /// Lets them work for so long, and until they were answered often enough to have something to lose.
    async fn work(&self, length: Duration) {
        let before = self.heard.load(Ordering::Relaxed);
        tokio::time::sleep(length).await;
        for _ in 0..600 {
            if self.heard.load(Ordering::Relaxed) >= before + 40 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("nobody is answered");
    }

    async fn end(self) -> Vec<Ledger> {
        self.over.store(true, Ordering::Relaxed);
        let mut ledgers = Vec::new();
        for user in self.users {
            ledgers.push(user.await.unwrap());
        }
        ledgers
    }
}

async fn status(asked: &Asked, at: &Serving) -> StatusCode {
    answered(asked, at.address).await.status
}

/// What a fresh process on the same database says to all that was told before.
async fn judge(nation: &Nation, ledgers: &[Ledger], at: &Serving) {
    let mut told = 0;
    for ledger in ledgers {
        let silent = Asked::get(&authorize(&[("scope", SCOPE), ("prompt", "none")]), &[("cookie", &ledger.cookie)]);
        let answer = answered(&silent, at.address).await;
        assert!(query_of(answer.location()).contains_key("code"), "the session lives: {}", answer.location());
        for live in &ledger.live {
            assert_eq!(status(&refreshing(live), at).await, StatusCode::OK, "a token that was given works");
        }
        for (refresh, access) in &ledger.revoked {
            let asked = Asked::post("/introspect", &[("authorization", &basic())], &[("token", access)]);
            let answer = answered(&asked, at.address).await;
            assert_eq!(answer.json()["active"], false, "revoked stays revoked");
            assert_eq!(status(&refreshing(refresh), at).await, StatusCode::BAD_REQUEST, "revoked stays revoked");
        }
        told += ledger.spent.len() + ledger.rotated.len() + ledger.live.len() + ledger.revoked.len();
    }
    // The answer to a rotation is repeated for ten seconds; afterwards, and to spent codes at once, nothing is given.
    tokio::time::sleep(Duration::from_millis(10_100)).await;
    for ledger in ledgers {
        for spent in
            ledger.spent.iter().map(|code| redemption(code)).chain(ledger.rotated.iter().map(|old| refreshing(old)))
        {
            assert_eq!(status(&spent, at).await, StatusCode::BAD_REQUEST, "spent stays spent");
        }
    }
    nation.assert_audit_whole().await;
    let unheard: usize = ledgers.iter().map(|ledger| ledger.unheard + ledger.busy).sum();
    println!("{told} things told, {unheard} requests without an answer");
    assert!(told > 60, "too little happened: {told}");
    assert!(unheard > 0, "nothing was interrupted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_loses_nothing_that_it_answered() {
    for nation in Nation::each().await {
        let mut serving = nation.serve();
        let load = Load::on(&nation, serving.address).await;
        for round in 0..6_u64 {
            load.work(Duration::from_millis(300 + round * 170)).await;
            serving.signal("-KILL");
            serving = nation.serve();
            load.move_to.send(serving.address).unwrap();
        }
        load.work(Duration::from_millis(300)).await;
        let ledgers = load.end().await;
        judge(&nation, &ledgers, &serving).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_crashes_loses_nothing_that_was_answered() {
    let mut cluster = tokio::task::block_in_place(Cluster::start);
    let nation = Nation::on(TestDb::of(&cluster).await).await;
    let serving = nation.serve();
    let load = Load::on(&nation, serving.address).await;
    for round in 0..3_u64 {
        load.work(Duration::from_millis(900 + round * 170)).await;
        tokio::task::block_in_place(|| {
            cluster.stop("-QUIT");
            cluster.start_again();
        });
    }
    load.work(Duration::from_millis(900)).await;
    let ledgers = load.end().await;
    judge(&nation, &ledgers, &serving).await;
}

/// R4: a process takes another's place while everybody works, and nobody notices.
#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_fails_nobody() {
    for nation in Nation::each().await {
        // What a balancer needs to hear that it leaves, and a slow machine to send what was on its way.
        let nation = nation.with("DINHDANH_SHUTDOWN_NOTICE", "3s");
        let mut serving = nation.serve();
        let load = Load::on(&nation, serving.address).await;
        for _ in 0..3 {
            load.work(Duration::from_millis(300)).await;
            let next = nation.serve();
            load.move_to.send(next.address).unwrap();
            let before = std::mem::replace(&mut serving, next);
            before.signal("-TERM");
            let (status, log) = tokio::task::block_in_place(|| before.ended());
            assert_eq!(status, Some(0), "{log}");
            assert!(!log.contains("\"level\":\"ERROR\""), "{log}");
        }
        load.work(Duration::from_millis(300)).await;
        let ledgers = load.end().await;
        let (unheard, spent) =
            ledgers.iter().fold((0, 0), |(unheard, spent), own| (unheard + own.unheard, spent + own.spent.len()));
        assert_eq!(unheard, 0, "nobody is turned away");
        assert!(spent > 10, "too little happened: {spent}");
        nation.assert_audit_whole().await;
    }
}
