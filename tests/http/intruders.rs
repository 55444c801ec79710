//! Signing in by somebody who should not: guesses, other people's browsers, forms that nobody's page sends. What they are told,
//! and how often they may try.

use std::time::{Duration, Instant};

use axum::body::Body;
use dinhdanh::{
    base::Span,
    crypto::{PasswordPool, password::Costs, totp},
    flows::sign_in::password::SignedIn,
    store::cache::Rate,
};
use http::{Method, Request, StatusCode};

use crate::support::{
    app::{Answer, Browser, CALLBACK, Holder, ISSUER, TestApp, authorize, encoded, hidden, query_of},
    database::TestDb,
    people::{self, NUMBER, PASSWORD, another, person},
    provider::TestProvider,
};

const WRONG: &str = "not the password";
const SESSION: &str = "dinhdanh-8080-session";
const LEVEL_2: (&str, &str) = ("acr_values", "urn:vn:xacthuc:2");

async fn begin(browser: &mut Browser<'_>, more: &[(&str, &str)]) -> String {
    browser.get(&authorize(more)).await.location().to_owned()
}

/// Fills in the page that stands, and shows the one that follows.
async fn next(browser: &mut Browser<'_>, path: &str, fields: &[(&str, &str)]) -> Answer {
    let page = browser.get(path).await;
    let all = [&[("action", "continue")][..], fields].concat();
    assert_eq!(browser.submit(path, &page, &all).await.location(), path);
    browser.get(path).await
}

/// What a person sees, without what differs from one browser to the next.
fn seen(page: &Answer, path: &str) -> String {
    let csrf = hidden(&page.body, "csrf").unwrap_or_else(|| panic!("no form: {}", page.body));
    let mut headers: Vec<_> = page
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id")
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    let (_, id) = path.split_once("?i=").unwrap();
    format!("{} {headers:?} {}", page.status, page.body.replace(&csrf, "TOKEN").replace(id, "ID"))
}

/// Somebody of whom nothing can be had, by a change of the record.
const KNOWN: [(&str, &str); 6] = [
    ("well", "UPDATE account SET version = version"),
    (
        "locked",
        "INSERT INTO account_lock (account_id, reason, since, actor, note) \
                SELECT id, 'SELF', created_at, 'person', '' FROM account",
    ),
    ("dead", "UPDATE person SET vital = 'dead', version = version + 1"),
    ("card withdrawn", "UPDATE card SET state = 'revoked'"),
    ("never activated", "UPDATE account SET state = 'issued', version = version + 1"),
    ("without a password", "UPDATE account SET password_hash = NULL, version = version + 1"),
];

/// CVE-2026-23511, CVE-2024-41952: who exists is told to nobody who has not the password, in no byte of no page.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_password_everybody_looks_the_same() {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for (who, change) in [("nobody", ""), ("in the register alone", "")].into_iter().chain(KNOWN) {
        let app = TestApp::sqlite().await;
        match who {
            "nobody" => {}
            "in the register alone" => drop(people::add(&app.at, person()).await),
            _ => {
                people::with_account(&app.at, person()).await;
                app.at.change(change).await;
            }
        }
        let mut browser = app.browser();
        let path = begin(&mut browser, &[]).await;
        let mut pages = vec![seen(&next(&mut browser, &path, &[("username", NUMBER)]).await, &path)];
        for _ in 0..7 {
            let page = next(&mut browser, &path, &[("password", WRONG)]).await;
            assert!(!browser.jar.contains_key(SESSION), "{who}");
            pages.push(seen(&page, &path));
        }
        assert!(pages[1].contains("chưa đúng") && !pages[1].contains("quá nhiều lần"), "{}", pages[1]);
        assert!(pages[6].contains("thử quá nhiều lần"), "five in a minute are enough: {}", pages[6]);
        all.push((who.to_owned(), pages));
    }
    for (who, pages) in &all[1..] {
        assert_eq!(pages, &all[0].1, "{who}");
    }
}

/// CVE-2025-24806: another way of writing a number gives no new tries, whoever's it is; or it would tell whose it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_the_same_however_it_is_written() {
    for app in TestApp::each().await {
        people::with_account(&app.at, person()).await;
        for number in [NUMBER, "900085000099"] {
            let spaced = format!(" {} {}\u{a0}{} {}", &number[..3], &number[3..6], &number[6..9], &number[9..]);
            for written in [number, &spaced].into_iter().cycle().take(5) {
                let came = people::sign_in(&app.at, written, WRONG).await;
                assert!(matches!(came, SignedIn::Wrong), "{written}: {came:?}");
            }
            for written in [number, &spaced] {
                let came = people::sign_in(&app.at, written, WRONG).await;
                assert!(matches!(came, SignedIn::Wait { .. }), "{written}: {came:?}");
            }
        }
    }
}

/// Whether somebody exists is not heard from the time either: the password is hashed for nobody too. (Half of a hash is far
/// more than all the rest takes, and far less than one hash differs from another.)
#[tokio::test(flavor = "multi_thread")]
async fn nobody_costs_as_much_as_somebody() {
    let mut at = TestProvider::sqlite().await;
    let costs = Costs { memory_kib: 8 * 1024, passes: 2, lanes: 1 };
    let provider = std::sync::Arc::get_mut(&mut at.provider).unwrap();
    provider.passwords = PasswordPool::start(1, costs, provider.entropy.clone()).unwrap();
    people::with_account(&at, person()).await;
    people::add(&at, another(2)).await;
    // A difference is there each time; other work on the machine is not.
    let mut seen = Vec::new();
    for _ in 0..5 {
        let medians = medians(&at).await;
        let (least, most) = (*medians.iter().min().unwrap(), *medians.iter().max().unwrap());
        if least * 2 > most {
            return;
        }
        seen.push(medians);
    }
    panic!("{seen:?}");
}

/// How long a wrong password takes, for somebody with an account, somebody without one, and nobody.
async fn medians(at: &TestProvider) -> [Duration; 3] {
    let numbers = [NUMBER, "900085000002", "900085000099"];
    let mut took: [Vec<Duration>; 3] = std::array::from_fn(|_| Vec::new());
    for _ in 0..9 {
        // Beyond every delay: what is delayed is answered without a look at the password, for everybody.
        at.clock.advance(Span::hours(25));
        for (number, took) in numbers.iter().zip(&mut took) {
            let began = Instant::now();
            assert!(matches!(people::sign_in(at, number, WRONG).await, SignedIn::Wrong));
            took.push(began.elapsed());
        }
    }
    took.map(|mut all| {
        all.sort();
        all[all.len() / 2]
    })
}

/// Wrong passwords are counted for the account at the network; doubling waits; a right one in between forgets them.
#[tokio::test(flavor = "multi_thread")]
async fn guesses_wait_longer_each_time_and_the_right_one_waits_too() {
    for app in TestApp::each().await {
        people::with_account(&app.at, person()).await;
        let guess = async |password| people::sign_in(&app.at, NUMBER, password).await;
        for _ in 0..4 {
            assert!(matches!(guess(WRONG).await, SignedIn::Wrong));
        }
        assert!(matches!(guess(PASSWORD).await, SignedIn::Yes { .. }));
        for _ in 0..5 {
            assert!(matches!(guess(WRONG).await, SignedIn::Wrong));
        }
        let mut wait = Span::secs(30);
        for _ in 0..8 {
            let came = guess(PASSWORD).await;
            let SignedIn::Wait { until } = came else { panic!("{came:?}") };
            assert_eq!(until.since(app.at.now()), wait);
            app.at.clock.advance(wait);
            assert!(matches!(guess(WRONG).await, SignedIn::Wrong));
            wait = Span::micros(wait.as_micros() * 2).min(Span::minutes(15));
        }
        assert_eq!(wait, Span::minutes(15));
        app.at.clock.advance(wait);
        assert!(matches!(guess(PASSWORD).await, SignedIn::Yes { .. }));
        assert!(matches!(guess(WRONG).await, SignedIn::Wrong), "and everything is forgotten");
    }
}

/// Many accounts tried once each are stopped at their network, on every page that takes a password, also for who is signed in
/// to an account of their own.
#[tokio::test(flavor = "multi_thread")]
async fn one_network_may_try_so_many_passwords_on_whatever_page() {
    const FORMS: u32 = 12;
    let few = |settings: &mut dinhdanh::flows::Settings| {
        settings.anonymous_posts = Rate { burst: FORMS, per: Span::hours(10) };
    };
    for page in ["/sign-in", "/account", "/console/sign-in", "/sign-in, signed in"] {
        let app = TestApp::with(TestDb::sqlite().await, few).await;
        let holder = app.holder().await;
        let mut browser = app.browser();
        if page.contains("signed in") {
            browser.walk(&authorize(&[]), &holder).await;
        }
        let mut tried = 0;
        let stopped = loop {
            assert!(tried <= FORMS, "{page}: nobody stops them");
            tried += 1;
            // A proof of this very moment would be new enough.
            app.at.clock.advance(Span::secs(1));
            let number = format!("900085{:06}", 100 + tried);
            let (path, user) = match page {
                "/account" | "/console/sign-in" => (page.to_owned(), number.as_str()),
                _ => (begin(&mut browser, &[("prompt", "login")]).await, number.as_str()),
            };
            let csrf = hidden(&browser.get(&path).await.body, "csrf").unwrap();
            if page == "/sign-in, signed in" {
                browser.post(&path, &[("csrf", &csrf), ("action", "change_number")]).await;
            }
            let fields = [("csrf", csrf.as_str()), ("action", "continue"), ("username", user), ("password", WRONG)];
            let mut answer = browser.post(&path, &fields).await;
            if page.starts_with("/sign-in") && answer.status == StatusCode::SEE_OTHER {
                answer = browser.post(&path, &fields).await;
            }
            if answer.status != StatusCode::SEE_OTHER {
                break answer;
            }
        };
        assert_eq!(stopped.status, StatusCode::TOO_MANY_REQUESTS, "{page}: {}", stopped.body);
        assert!(stopped.header("retry-after").is_some(), "{page}");
    }
}

/// A browser at the page that asks for a code; the wrong one of now.
async fn at_code(app: &TestApp, browser: &mut Browser<'_>, holder: &Holder) -> String {
    let path = begin(browser, &[LEVEL_2]).await;
    if !browser.get(&path).await.body.contains("name=\"code\"") {
        next(browser, &path, &[("username", &holder.number)]).await;
        app.at.clock.advance(Span::secs(1));
        next(browser, &path, &[("password", PASSWORD)]).await;
    }
    assert!(browser.get(&path).await.body.contains("name=\"code\""));
    path
}

fn wrong_code(app: &TestApp, holder: &Holder) -> String {
    let right: Vec<String> = [-30, 0, 30]
        .into_iter()
        .map(|off| totp::code_at(&holder.seed, app.at.now() + Span::secs(off)).reveal().to_owned())
        .collect();
    ["000000", "000001", "000002", "000003"]
        .into_iter()
        .find(|code| !right.contains(&(*code).to_owned()))
        .unwrap()
        .to_owned()
}

/// CVE-2024-32868, CVE-2025-64102: five wrong codes end a sign-in, ten rest the factor for ten minutes, whichever kind was
/// typed; a password goes on being good.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_end_the_sign_in_and_then_rest_the_factor() {
    for app in TestApp::each().await {
        for (kind, serial) in [("use_totp", 11), ("use_recovery_code", 12)] {
            let holder = app.holder_of(another(serial)).await;
            let mut browser = app.browser();
            for _ in 0..2 {
                let path = at_code(&app, &mut browser, &holder).await;
                let page = browser.get(&path).await;
                browser.submit(&path, &page, &[("action", kind)]).await;
                let code =
                    if kind == "use_totp" { wrong_code(&app, &holder) } else { "AAAA-BBBB-CCCC-DDDD".to_owned() };
                for tried in 1..=5 {
                    let page = next(&mut browser, &path, &[("code", &code)]).await;
                    assert_eq!(page.body.contains("name=\"code\""), tried < 5, "{kind} {tried}: {}", page.body);
                }
                // Over: neither the right code nor anything else goes on from here.
                let right = totp::code_at(&holder.seed, app.at.now());
                let csrf = hidden(&browser.get(&path).await.body, "csrf").unwrap();
                let fields = [("csrf", csrf.as_str()), ("action", "continue"), ("code", right.reveal())];
                browser.post(&path, &fields).await;
                assert!(!browser.get(&path).await.body.contains("name=\"code\""), "{kind}");
            }
            let path = at_code(&app, &mut browser, &holder).await;
            let page = next(&mut browser, &path, &[("code", totp::code_at(&holder.seed, app.at.now()).reveal())]).await;
            assert!(page.body.contains("thử quá nhiều lần"), "{kind}: {}", page.body);
            let elsewhere = people::sign_in(&app.at, &holder.number, PASSWORD).await;
            assert!(matches!(elsewhere, SignedIn::Yes { .. }), "{kind}: {elsewhere:?}");
            app.at.clock.advance(Span::minutes(11));
            let back = browser.walk(&authorize(&[LEVEL_2]), &holder).await;
            assert!(query_of(&back).contains_key("code"), "{kind}: {back}");
        }
    }
}

/// Of many codes sent at once no more are looked at than of codes sent one by one.
#[tokio::test(flavor = "multi_thread")]
async fn thirty_two_wrong_codes_at_once_are_five() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let mut browser = app.browser();
        let path = at_code(&app, &mut browser, &holder).await;
        let csrf = hidden(&browser.get(&path).await.body, "csrf").unwrap();
        let code = wrong_code(&app, &holder);
        let sent = (0..32).map(|_| {
            app.send(form(&browser, &path, &[("csrf", csrf.as_str()), ("action", "continue"), ("code", &code)]))
        });
        for answer in futures_util::future::join_all(sent).await {
            assert!(!answer.status.is_server_error(), "{}", answer.body);
        }
        assert_eq!(app.at.audited("sign_in.code", "refused").await, 5);
        assert_eq!(app.at.count("SELECT max(wrong_codes) FROM interaction").await, 5);
    }
}

/// A form as this browser sends it, beside others.
fn form(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let cookies = browser.jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
    let builder = Request::builder().method(Method::POST).uri(path).header("cookie", cookies);
    let builder = builder.header("content-type", "application/x-www-form-urlencoded").header("origin", ISSUER);
    builder.body(Body::from(encoded(fields))).unwrap()
}

/// CVE-2026-7507, CVE-2024-28197: a sign-in goes on only in the browser that began it, and a cookie that somebody put into a
/// browser beforehand is nobody's session afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_is_of_the_browser_that_began_it() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let mut thief = app.browser();
        let path = begin(&mut thief, &[]).await;
        next(&mut thief, &path, &[("username", &holder.number)]).await;
        let csrf = hidden(&thief.get(&path).await.body, "csrf").unwrap();
        // The thief's link, opened and posted by the person, with and without a cookie of the person's own.
        let mut own = app.browser();
        for _ in 0..2 {
            let page = own.get(&path).await;
            assert!(!page.body.contains("name=\"password\"") && !page.body.contains(&holder.number), "{}", page.body);
            own.post(&path, &[("csrf", &csrf), ("action", "continue"), ("password", PASSWORD)]).await;
            assert!(!own.jar.contains_key(SESSION));
        }
        assert!(thief.get(&path).await.body.contains("name=\"password\""), "nothing happened to it");
        // A session of the thief's own, put into the person's browser: it is nobody's afterwards.
        let others = app.holder_of(another(31)).await;
        thief.walk(&authorize(&[]), &others).await;
        let planted = thief.jar[SESSION].clone();
        own.jar.insert(SESSION.to_owned(), planted.clone());
        app.at.clock.advance(Span::secs(1));
        let path = begin(&mut own, &[("prompt", "select_account")]).await;
        let page = own.get(&path).await;
        own.submit(&path, &page, &[("action", "another")]).await;
        let back = own.walk(&path, &holder).await;
        assert!(query_of(&back).contains_key("code"), "{back}");
        let risen = own.jar[SESSION].clone();
        assert_ne!(risen, planted);
        let silent = authorize(&[("prompt", "none")]);
        assert_eq!(query_of(thief.get(&silent).await.location())["error"], "login_required");
        // The secret is new at every rise, and the old one is worth nothing.
        own.walk(&authorize(&[LEVEL_2]), &holder).await;
        assert_ne!(own.jar[SESSION], risen);
        assert!(query_of(own.get(&silent).await.location()).contains_key("code"));
        own.jar.insert(SESSION.to_owned(), risen);
        assert_eq!(query_of(own.get(&silent).await.location())["error"], "login_required");
    }
}

/// Any form at any step, by who knows the number alone, or number and password alone: nobody gets further than what they know
/// (CVE-2026-18963, CVE-2026-49448). The walk is the same each time.
#[tokio::test(flavor = "multi_thread")]
async fn no_order_of_forms_leads_past_a_proof() {
    for (knows_password, more) in [(false, vec![]), (true, vec![LEVEL_2, ("claims", ESSENTIAL)])] {
        for app in TestApp::each().await {
            let holder = app.holder().await;
            let mut dice = Dice(if knows_password { 7 } else { 3 });
            let mut browser = app.browser();
            let mut path = begin(&mut browser, &more).await;
            let (mut begun, mut steps_seen) = (1, std::collections::BTreeSet::new());
            for _ in 0..120 {
                let page = browser.get(&path).await;
                let csrf = hidden(&page.body, "csrf").unwrap_or_default();
                steps_seen.extend(title(&page));
                let fields = dice.form(&csrf, &holder.number, knows_password, &wrong_code(&app, &holder));
                let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
                let answer = browser.post(&path, &fields).await;
                assert!(!answer.status.is_server_error(), "{fields:?}: {}", answer.body);
                let to = answer.header("location").unwrap_or_default().to_owned();
                assert!(!to.starts_with(CALLBACK) || !query_of(&to).contains_key("code"), "{fields:?}: {to}");
                assert!(knows_password || !browser.jar.contains_key(SESSION), "{fields:?}");
                if !browser.get(&path).await.body.contains("csrf") {
                    path = begin(&mut browser, &more).await;
                    begun += 1;
                }
                // Delays are another test's.
                app.at.clock.advance(Span::minutes(1));
            }
            assert!(begun > 2, "the walk never leaves");
            assert!(steps_seen.len() > 1, "the walk stays at {steps_seen:?}");
            assert_eq!(app.at.audited("authorize.granted", "done").await, 0);
        }
    }
}

const ESSENTIAL: &str = r#"{"id_token":{"acr":{"essential":true,"values":["urn:vn:xacthuc:2"]}}}"#;

fn title(page: &Answer) -> Option<String> {
    Some(page.body.split_once("<h1>")?.1.split_once("</h1>")?.0.to_owned())
}

/// Numbers that look random and are not.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    fn form(&mut self, csrf: &str, number: &str, knows_password: bool, code: &str) -> Vec<(&'static str, String)> {
        const ACTIONS: [&str; 14] = [
            "continue",
            "agree",
            "cancel",
            "return",
            "change_number",
            "use_recovery_code",
            "use_totp",
            "another",
            "refuse",
            "",
            "Agree",
            "deliver",
            "continue ",
            "skip",
        ];
        let mut form = vec![("csrf", csrf.to_owned()), ("action", ACTIONS[self.below(ACTIONS.len())].to_owned())];
        if self.below(12) == 0 {
            return if self.below(2) == 0 { Vec::new() } else { vec![("csrf", csrf.to_owned())] };
        }
        let password = if knows_password && self.below(2) == 0 { PASSWORD } else { WRONG };
        let all = [
            ("username", number.to_owned()),
            ("password", password.to_owned()),
            ("code", code.to_owned()),
            ("code", String::new()),
            ("number", "1".to_owned()),
            ("step", "consent".to_owned()),
            ("scope", "openid".to_owned()),
            ("agreed", "true".to_owned()),
            ("acr", "urn:vn:xacthuc:2".to_owned()),
            ("redirect_uri", "https://thief.example/".to_owned()),
        ];
        for field in all {
            if self.below(2) == 0 {
                form.push(field);
            }
        }
        if self.below(6) == 0 {
            form.push(("action", "agree".to_owned()));
        }
        form
    }
}

/// CVE-2024-47070, CVE-2024-47000: what a header claims of where a request came from changes neither who is let in nor what any
/// link says.
#[tokio::test(flavor = "multi_thread")]
async fn claimed_origins_change_nothing() {
    const CLAIMS: [(&str, &str); 9] = [
        ("host", "thief.example"),
        ("x-forwarded-host", "thief.example"),
        ("forwarded", "for=10.0.0.1;host=thief.example;proto=https"),
        ("x-forwarded-for", "10.0.0.1, nonsense, ::1"),
        ("x-forwarded-proto", "https"),
        ("x-real-ip", "127.0.0.1"),
        ("x-original-url", "/console"),
        ("x-rewrite-url", "/account"),
        ("x-http-method-override", "DELETE"),
    ];
    let app = TestApp::sqlite().await;
    for claim @ (name, _) in CLAIMS {
        let begun = app.get(&authorize(&[]), &[claim]).await;
        assert!(begun.location().starts_with("/sign-in?i="), "{name}: {}", begun.location());
        for path in ["/", "/account", "/register", "/.well-known/openid-configuration"] {
            let page = app.get(path, &[claim, ("accept", "text/html")]).await;
            assert_eq!(page.status, StatusCode::OK, "{name} {path}");
            assert!(!format!("{:?} {}", page.headers, page.body).contains("thief"), "{name} {path}: {}", page.body);
        }
    }
    let mut tries = Vec::new();
    for number in 0..8 {
        let mut browser = app.browser();
        let path = begin(&mut browser, &[]).await;
        next(&mut browser, &path, &[("username", "900085000077")]).await;
        let csrf = hidden(&browser.get(&path).await.body, "csrf").unwrap();
        let mut asked = form(&browser, &path, &[("csrf", &csrf), ("action", "continue"), ("password", WRONG)]);
        let claimed = format!("198.51.100.{number}");
        for name in ["x-forwarded-for", "x-real-ip", "client-ip", "true-client-ip", "cf-connecting-ip"] {
            asked.headers_mut().insert(name, claimed.parse().unwrap());
        }
        app.send(asked).await;
        tries.push(browser.get(&path).await.body.contains("thử quá nhiều lần"));
    }
    assert_eq!(
        tries,
        [false, false, false, false, false, true, true, true],
        "a new address each time buys no new tries"
    );
}
