//! F8, F9, F13, F15, F16: a service whose PostgreSQL is down, hangs, is full or refuses, seen from outside.

use std::{
    fs,
    time::{Duration, Instant},
};

use http::StatusCode;

use super::nation::{Asked, Nation, cookies, token_request};
use crate::support::{
    app::{Answer, OTHER, OTHER_SECRET, PORTAL, PORTAL_SECRET, authorize, query_of},
    binary::Serving,
    database::TestDb,
    postgres::Cluster,
    watched::signal,
};

fn client_credentials() -> Asked {
    token_request((PORTAL, PORTAL_SECRET), &[("grant_type", "client_credentials"), ("scope", "reports:read")])
}

/// Asks, and says how long the answer took.
async fn timed(asked: &Asked, at: &Serving) -> (Answer, Duration) {
    let began = Instant::now();
    let answer = asked.send(at.address).await.unwrap();
    (answer, began.elapsed())
}

fn assert_come_back(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.body);
    assert!(answer.header("retry-after").is_some(), "{:?}", answer.headers);
}

/// Told to come back, before the ten seconds of the request are over; a busy machine does not stand still three times.
async fn refused_within(most: Duration, asked: &Asked, at: &Serving) {
    let mut soonest = Duration::MAX;
    for _ in 0..3 {
        let (answer, took) = timed(asked, at).await;
        assert_come_back(&answer);
        soonest = soonest.min(took);
        if soonest < most {
            return;
        }
    }
    panic!("{}: {soonest:?}", asked.path);
}

/// What needs no database is answered as ever.
async fn assert_documents(at: &Serving) {
    for path in ["/.well-known/openid-configuration", "/jwks", "/health/live"] {
        // Whoever asks the database waits for it every time; a busy machine does not stand still three times.
        let mut soonest = Duration::MAX;
        for _ in 0..3 {
            let (answer, took) = timed(&Asked::get(path, &[]), at).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            soonest = soonest.min(took);
        }
        assert!(soonest < Duration::from_secs(2), "{path}: {soonest:?}");
    }
}

/// Tries until it works.
async fn until_ok(asked: &Asked, at: &Serving) {
    let began = Instant::now();
    loop {
        let answer = asked.send(at.address).await.unwrap();
        if answer.status == StatusCode::OK {
            return;
        }
        assert_come_back(&answer);
        assert!(began.elapsed() < Duration::from_mins(1), "it does not heal");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Down for a while, hung for a while: 503 within the time that was promised, everything else answered, healed without a
/// restart, and the code that could not be redeemed is not burnt.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_down_or_hangs_is_survived() {
    let mut cluster = tokio::task::block_in_place(Cluster::start);
    let nation = Nation::on(TestDb::of(&cluster).await).await;
    let holder = nation.app.holder().await;
    let code = nation.app.code(&holder, "openid").await;
    let cookies = cookies(&nation.signed_in(&holder, "openid").await);
    let serving = nation.serve();
    let silent = Asked::get(&authorize(&[("scope", "openid"), ("prompt", "none")]), &[("cookie", &cookies)]);
    let redemption = token_request(
        (PORTAL, PORTAL_SECRET),
        &[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", crate::support::app::CALLBACK),
            ("code_verifier", crate::support::app::VERIFIER),
        ],
    );
    assert_eq!(timed(&client_credentials(), &serving).await.0.status, StatusCode::OK);

    tokio::task::block_in_place(|| cluster.stop("-QUIT"));
    for asked in [&client_credentials(), &redemption, &silent] {
        refused_within(Duration::from_secs(5), asked, &serving).await;
    }
    assert_documents(&serving).await;
    let (ready, _) = timed(&Asked::get("/health/ready", &[]), &serving).await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    tokio::task::block_in_place(|| cluster.start_again());
    until_ok(&client_credentials(), &serving).await;
    assert_eq!(timed(&redemption, &serving).await.0.status, StatusCode::OK, "the code was not burnt");

    // Frozen as a whole, with everything that was connected to it.
    let group = freeze(&cluster, "-STOP");
    let began = Instant::now();
    for asked in [&client_credentials(), &silent, &client_credentials()] {
        refused_within(Duration::from_secs(8), asked, &serving).await;
    }
    assert_documents(&serving).await;
    while began.elapsed() < Duration::from_secs(6) {
        assert_come_back(&timed(&client_credentials(), &serving).await.0);
    }
    for pid in &group {
        signal(pid, "-CONT");
    }
    until_ok(&client_credentials(), &serving).await;
    let back = silent.send(serving.address).await.unwrap();
    assert!(query_of(back.location()).contains_key("code"), "{}", back.location());
    nation.assert_audit_whole().await;
}

/// The processes that this one started, as long as they live; from the fourth field of `/proc/…/stat`, whose second is in
/// brackets and may hold anything (proc(5)). Small machines have no `ps`.
fn children(pid: u32) -> Vec<u32> {
    let parent = |child: &u32| -> Option<u32> {
        let stat = fs::read_to_string(format!("/proc/{child}/stat")).ok()?;
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
    };
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    numbers.filter(|child| parent(child) == Some(pid)).collect()
}

/// The postmaster and its children.
fn freeze(cluster: &Cluster, name: &str) -> Vec<u32> {
    let mut pids = vec![cluster.server().pid];
    pids.extend(children(cluster.server().pid));
    assert!(pids.len() > 4, "a postmaster has children: {pids:?}");
    for pid in &pids {
        let _a_child_may_have_ended = signal(pid, name);
    }
    pids
}

/// F15: one statement that fails is its own request's fault alone; F16: a full disk is a reason to come back.
#[tokio::test(flavor = "multi_thread")]
async fn one_requests_trouble_is_not_its_neighbours() {
    let nation = Nation::on(TestDb::postgres().await).await;
    let serving = nation.serve();
    let as_other =
        token_request((OTHER, OTHER_SECRET), &[("grant_type", "client_credentials"), ("scope", "reports:read")]);
    let at = &nation.app.at;
    at.change(
        "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS \
         'BEGIN IF new.client_id = ''other'' THEN RAISE ''poison''; END IF; RETURN new; END'",
    )
    .await;
    at.change("CREATE TRIGGER poison BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION poison()").await;
    let mut asked = Vec::new();
    for _ in 0..8 {
        asked.extend([client_credentials(), as_other.clone()]);
    }
    let answers = futures_util::future::join_all(asked.iter().map(|one| one.send(serving.address))).await;
    for (number, answer) in answers.into_iter().enumerate() {
        let answer = answer.unwrap();
        if number % 2 == 0 {
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        } else {
            assert!(answer.status.is_server_error(), "no token without its record: {}", answer.body);
            assert!(!answer.body.contains("poison"), "{}", answer.body);
        }
    }
    at.change("DROP TRIGGER poison ON audit_event").await;
    assert_eq!(timed(&as_other, &serving).await.0.status, StatusCode::OK);

    at.change(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS \
         'BEGIN RAISE ''No space left on device'' USING ERRCODE = ''53100''; END'",
    )
    .await;
    at.change("CREATE TRIGGER full_disk BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION full_disk()").await;
    assert_come_back(&timed(&client_credentials(), &serving).await.0);
    at.change("DROP TRIGGER full_disk ON audit_event").await;
    assert_eq!(timed(&client_credentials(), &serving).await.0.status, StatusCode::OK);
    nation.assert_audit_whole().await;
}
