//! F12, F34: PostgreSQL is restored to a moment before, or a standby without the last of what was committed takes over. Nothing
//! that was used up, ended or revoked in the lost time lives again, nothing that was given in it opens anything, and people sign
//! in again.

use dinhdanh::{flows::restored::record_noticed, store::epoch::Noticed};
use http::StatusCode;

use super::nation::{Asked, Nation, answered, cookies, token_request};
use crate::support::{
    app::{Answer, CALLBACK, PORTAL, PORTAL_SECRET, VERIFIER, authorize, basic, query_of},
    binary::Serving,
    database::TestDb,
    postgres::Cluster,
    postgres_copy::Copy,
};

const AT_PORTAL: (&str, &str) = (PORTAL, PORTAL_SECRET);
const SCOPE: &str = "openid profile";

/// What was given before the copy, and what was done to it, or given, in the time that the copy does not know.
struct Given {
    /// A browser whose session was ended in the lost time.
    ended: String,
    /// One whose session nobody ended.
    open: String,
    unredeemed: String,
    redeemed: String,
    revoked: Answer,
    /// Rotated in the lost time: the old one, and its successor.
    rotated: (String, Answer),
    own: String,
}

fn redemption(code: &str) -> Asked {
    let fields =
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)];
    token_request(AT_PORTAL, &fields)
}

fn refreshing(token: &str) -> Asked {
    token_request(AT_PORTAL, &[("grant_type", "refresh_token"), ("refresh_token", token)])
}

fn as_portal(path: &str, token: &str) -> Asked {
    Asked::post(path, &[("authorization", &basic(PORTAL, PORTAL_SECRET))], &[("token", token)])
}

async fn ok(asked: &Asked, at: &Serving) -> Answer {
    let answer = answered(asked, at.address).await;
    assert_eq!(answer.status, StatusCode::OK, "{}: {}", asked.path, answer.body);
    answer
}

impl Given {
    /// `copy` is called between what is copied and what is lost.
    async fn on(nation: &Nation, at: &Serving, copy: impl FnOnce()) -> Self {
        let holder = nation.app.holder().await;
        let (mut first, second) = (nation.signed_in(&holder, SCOPE).await, nation.signed_in(&holder, SCOPE).await);
        let tokens = async || ok(&redemption(&nation.app.code(&holder, SCOPE).await), at).await;
        let (revoked, old) = (tokens().await, tokens().await);
        let (unredeemed, redeemed) = (nation.app.code(&holder, SCOPE).await, nation.app.code(&holder, SCOPE).await);
        let own = token_request(AT_PORTAL, &[("grant_type", "client_credentials"), ("scope", "reports:read")]);
        let own = ok(&own, at).await.text("access_token");

        tokio::task::block_in_place(copy);

        ok(&redemption(&redeemed), at).await;
        ok(&as_portal("/revoke", &revoked.text("refresh_token")), at).await;
        ok(&as_portal("/revoke", &own), at).await;
        let old = old.text("refresh_token");
        let next = ok(&refreshing(&old), at).await;
        let ended = cookies(&first);
        let page = first.get("/sign-out").await;
        first.submit("/sign-out", &page, &[("action", "sign_out")]).await;
        assert_eq!(silently(&ended, at).await, Some("login_required".to_owned()));
        assert_eq!(silently(&cookies(&second), at).await, None);
        Self { ended, open: cookies(&second), unredeemed, redeemed, revoked, rotated: (old, next), own }
    }

    async fn open_nothing(&self, at: &Serving) {
        for code in [&self.unredeemed, &self.redeemed] {
            refused(&redemption(code), at, (StatusCode::BAD_REQUEST, "invalid_grant")).await;
        }
        let (old, next) = &self.rotated;
        for token in [&self.revoked.text("refresh_token"), &next.text("refresh_token"), old] {
            refused(&refreshing(token), at, (StatusCode::BAD_REQUEST, "invalid_grant")).await;
            assert_eq!(ok(&as_portal("/introspect", token), at).await.body, r#"{"active":false}"#);
        }
        for token in [&self.revoked.text("access_token"), &next.text("access_token")] {
            let bearer = format!("Bearer {token}");
            let seen = answered(&Asked::get("/userinfo", &[("authorization", &bearer)]), at.address).await;
            assert_eq!(seen.status, StatusCode::UNAUTHORIZED, "{}", seen.body);
            assert_eq!(ok(&as_portal("/introspect", token), at).await.body, r#"{"active":false}"#);
        }
        assert_eq!(ok(&as_portal("/introspect", &self.own), at).await.body, r#"{"active":false}"#);
        for cookie in [&self.ended, &self.open] {
            assert_eq!(silently(cookie, at).await, Some("login_required".to_owned()));
        }
    }
}

/// The error of a request that may ask the person nothing; none where it was let in.
async fn silently(cookie: &str, at: &Serving) -> Option<String> {
    let asked = Asked::get(&authorize(&[("scope", SCOPE), ("prompt", "none")]), &[("cookie", cookie)]);
    let answer = answered(&asked, at.address).await;
    query_of(answer.location()).remove("error")
}

async fn refused(asked: &Asked, at: &Serving, (status, error): (StatusCode, &str)) {
    let answer = answered(asked, at.address).await;
    assert_eq!((answer.status, answer.error().as_str()), (status, error), "{}", answer.body);
}

/// This process's connections broke too, and say so when they are used.
async fn recorded(nation: &Nation) -> Option<Noticed> {
    for _ in 0..50 {
        if let Ok(noticed) = record_noticed(&nation.app.at.provider).await {
            return noticed;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    panic!("the database does not come back")
}

/// Whoever signs in again is served as ever, and the audit log says what happened, once.
async fn goes_on(nation: &Nation, at: &Serving) {
    let other = nation.holder(77).await;
    let tokens = ok(&redemption(&nation.app.code(&other, SCOPE).await), at).await;
    let tokens = ok(&refreshing(&tokens.text("refresh_token")), at).await;
    let bearer = format!("Bearer {}", tokens.text("access_token"));
    ok(&Asked::get("/userinfo", &[("authorization", &bearer)]), at).await;
    let own = token_request(AT_PORTAL, &[("grant_type", "client_credentials"), ("scope", "reports:read")]);
    // Its `iat` is in whole seconds: one later than the restore's is after it.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let own = ok(&own, at).await.text("access_token");
    assert_eq!(ok(&as_portal("/introspect", &own), at).await.json()["active"], true);
    nation.assert_audit_whole().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_lacks_the_last_seconds_brings_nothing_back_to_life() {
    let cluster = tokio::task::block_in_place(Cluster::start);
    let nation = Nation::on(TestDb::of(&cluster).await).await;
    let serving = nation.serve();
    let mut standby = tokio::task::block_in_place(|| Copy::of(&cluster));
    let given = Given::on(&nation, &serving, || standby.follow_and_be_cut_off(&cluster)).await;
    let port = cluster.port();
    tokio::task::block_in_place(|| {
        cluster.stop("-QUIT");
        standby.take_over(port);
    });
    // The process that was there before, and never stopped.
    given.open_nothing(&serving).await;
    let noticed = recorded(&nation).await.expect("another timeline");
    assert!(noticed.lineage.ends_with("/00000002"), "{}", noticed.lineage);
    assert_eq!(recorded(&nation).await, None, "once");
    assert_eq!(nation.app.at.audited("database.restored", "done").await, 1);
    goes_on(&nation, &serving).await;
    drop((serving, standby));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_restored_to_a_moment_before_brings_nothing_back_to_life() {
    let cluster = tokio::task::block_in_place(Cluster::start);
    let nation = Nation::on(TestDb::of(&cluster).await).await;
    let before = nation.serve();
    let mut backup = None;
    let given = Given::on(&nation, &before, || backup = Some(Copy::of(&cluster))).await;
    let (port, mut backup) = (cluster.port(), backup.unwrap());
    drop(before);
    tokio::task::block_in_place(|| {
        cluster.stop("-QUIT");
        backup.take_over(port);
    });
    let serving = nation.serve();
    given.open_nothing(&serving).await;
    recorded(&nation).await;
    assert_eq!(nation.app.at.audited("database.restored", "done").await, 1, "by whoever came first");
    goes_on(&nation, &serving).await;
    drop((serving, backup));
}

/// By command, where nobody can notice it: a file that was copied back, or a dump.
#[tokio::test(flavor = "multi_thread")]
async fn by_somebodys_word_all_that_was_given_ends() {
    for nation in Nation::each().await {
        let serving = nation.serve();
        let given = Given::on(&nation, &serving, || ()).await;
        let last = nation.app.at.count("SELECT last FROM change_feed").await;
        let ran =
            tokio::task::block_in_place(|| nation.binary.run(&["restored", "--reason", "sao lưu 02:00, lệnh 17"]));
        assert_eq!(ran.status(), 0, "{}", ran.err());
        given.open_nothing(&serving).await;
        assert_eq!(nation.app.at.audited("database.restored", "done").await, 1);
        assert_eq!(recorded(&nation).await, None, "it is in the log already");
        let jumped = nation.app.at.count("SELECT last FROM change_feed").await - last;
        assert_eq!(jumped, 1_000_000_000, "places that subscribers have seen are not given again");
        goes_on(&nation, &serving).await;
    }
}
