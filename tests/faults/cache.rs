//! F4, F5, F6: Redis is killed, emptied, or hangs. Slower, never weaker, and nobody sees an error.

use std::time::{Duration, Instant};

use http::StatusCode;

use super::nation::{Asked, Nation, cookies, token_request};
use crate::support::{
    app::{CALLBACK, PORTAL, PORTAL_SECRET, VERIFIER, authorize, hidden, query_of},
    binary::Serving,
    database::TestDb,
    people::PASSWORD,
    redis::Redis,
};

const AT_PORTAL: (&str, &str) = (PORTAL, PORTAL_SECRET);
const ANONYMOUS: usize = 30;
const WRONG: &str = "một mật khẩu khác hẳn";

/// A whole visit to the portal; each step answered as ever.
async fn visit(cookie: &str, at: &Serving) -> Duration {
    let began = Instant::now();
    let asked = Asked::get(&authorize(&[("scope", "openid")]), &[("cookie", cookie)]);
    let code = query_of(asked.send(at.address).await.unwrap().location()).remove("code").unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let tokens = token_request(AT_PORTAL, &fields).send(at.address).await.unwrap();
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    let bearer = format!("Bearer {}", tokens.text("access_token"));
    let answer = Asked::get("/userinfo", &[("authorization", &bearer)]).send(at.address).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    began.elapsed()
}

/// A browser at the page that asks for this person's password; the form with it.
async fn at_password<'a>(nation: &'a Nation, number: &str) -> impl Fn(&str) -> Asked + use<'a> {
    let mut browser = nation.app.browser();
    let path = browser.get(&authorize(&[("scope", "openid")])).await.location().to_owned();
    let page = browser.get(&path).await;
    browser.submit(&path, &page, &[("action", "continue"), ("username", number)]).await;
    let csrf = hidden(&browser.get(&path).await.body, "csrf").unwrap();
    move |password| {
        Asked::form(&browser, &path, &[("csrf", csrf.as_str()), ("action", "continue"), ("password", password)])
    }
}

async fn lets_in(asked: &Asked, at: &Serving) -> bool {
    let answer = asked.send(at.address).await.unwrap();
    answer.headers.get_all("set-cookie").iter().any(|cookie| cookie.to_str().unwrap().contains("session="))
}

/// Wrong passwords, until somebody says that it is enough; how many that took.
async fn guesses(wrong: &Asked, at: &Serving) -> usize {
    for tried in 0..=ANONYMOUS + 5 {
        let answer = wrong.send(at.address).await.unwrap();
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            return tried;
        }
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    }
    panic!("nobody stops a guesser");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_it_is_slower_and_not_weaker() {
    let redis = tokio::task::block_in_place(Redis::start);
    let nation = Nation::on(TestDb::postgres().await)
        .await
        .with("DINHDANH_REDIS_URL", &redis.url())
        .with("DINHDANH_LIMITS_ANONYMOUS_POSTS", &ANONYMOUS.to_string());
    let holder = nation.app.holder().await;
    let cookie = cookies(&nation.signed_in(&holder, "openid").await);
    let (one, two) = (nation.serve(), nation.serve());
    visit(&cookie, &one).await;

    redis.server().signal("-STOP");
    for serving in [&one, &two] {
        // Three requests, each with the budget of a few calls at most; Redis itself answers nothing before it is woken.
        let took = visit(&cookie, serving).await;
        assert!(took < Duration::from_secs(20), "{took:?}");
    }
    redis.server().signal("-CONT");
    visit(&cookie, &one).await;

    redis.server().signal("-KILL");
    for serving in [&one, &two, &one] {
        let took = visit(&cookie, serving).await;
        assert!(took < Duration::from_secs(20), "{took:?}");
    }
    // The account's own counters are in the database: five wrong ones at the one process, and the right one waits at the other.
    let other = nation.holder(2).await;
    let asked = at_password(&nation, &other.number).await;
    for _ in 0..5 {
        assert!(!lets_in(&asked(WRONG), &one).await);
    }
    assert!(!lets_in(&asked(PASSWORD), &two).await, "the account waits after so many guesses");
    // And each process goes on limiting by itself.
    assert!(guesses(&asked(WRONG), &two).await <= ANONYMOUS);
    // Somebody whom nobody guessed at, at a process that has not been asked so often.
    let third = nation.holder(3).await;
    assert!(lets_in(&at_password(&nation, &third.number).await(PASSWORD), &one).await);
    nation.assert_audit_whole().await;
}
