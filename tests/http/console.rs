//! Operators sign in: both factors or nothing, counted like citizens, and never by a citizen's session.

use dinhdanh::{
    base::{Secret, Span},
    flows::operators::enrol::{self, Turn},
    registry::operator::{OperatorName, Role},
    store::audit::Actor,
};
use http::StatusCode;

use crate::support::{
    app::{Browser, TestApp},
    operators::{OPERATOR_PASSWORD, SIGN_IN, give_code, give_password, post_and_follow, sign_in},
    people::{self, person},
};

const NAME: &str = "canbo.thu";

fn cookie(browser: &Browser<'_>) -> Option<String> {
    browser.jar.iter().find(|(name, _)| name.ends_with("operator")).map(|(_, value)| value.clone())
}

fn is_at_sign_in(page: &crate::support::app::Answer) -> bool {
    page.status == StatusCode::OK && page.body.contains("name=\"password\"")
}

async fn is_signed_in(browser: &mut Browser<'_>) -> bool {
    browser.get("/console").await.status == StatusCode::OK
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_works_after_both_factors_and_leaves() {
    for app in TestApp::each().await {
        let clerk = app.operator(NAME, &[Role::Registrar, Role::Auditor], Some("01")).await;
        let mut browser = app.browser();
        assert_eq!(browser.get("/console").await.location(), SIGN_IN);
        let page = give_password(&mut browser, " CanBo.Thu ", OPERATOR_PASSWORD).await;
        assert!(page.body.contains("name=\"code\""), "{}", page.body);
        let half = cookie(&browser).unwrap();
        assert_eq!(browser.get("/console").await.location(), SIGN_IN, "half a sign-in opens nothing");
        let page = give_code(&mut browser, &app.clerks_code(&clerk)).await;
        assert!(page.body.contains("Cán bộ canbo.thu") && page.body.contains("Thành phố Hà Nội"), "{}", page.body);
        assert!(page.body.contains("Đăng ký: lập") && !page.body.contains("Phê duyệt:"));
        let whole = cookie(&browser).unwrap();
        assert_ne!(half, whole, "the secret is new once both factors are there");
        assert_eq!(browser.get(SIGN_IN).await.location(), "/console");
        let mut thief = app.browser();
        thief.jar = browser.jar.clone();
        for value in thief.jar.values_mut().filter(|value| **value == whole) {
            value.clone_from(&half);
        }
        assert!(!is_signed_in(&mut thief).await, "the half-open session's secret is worth nothing any more");
        let desk = browser.get("/console").await;
        let left = browser.submit("/console/sign-out", &desk, &[("action", "sign_out")]).await;
        assert_eq!(left.location(), SIGN_IN);
        assert_eq!(cookie(&browser), None);
        browser.jar.insert("dinhdanh-8080-operator".to_owned(), whole);
        assert!(!is_signed_in(&mut browser).await, "what was left stays left");
        for action in ["operator.added", "operator.password", "operator.code", "operator.signed_out"] {
            assert_eq!(app.at.audited(action, "done").await, 1, "{action}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_disabled_and_mistaken_look_the_same() {
    let app = TestApp::sqlite().await;
    app.operator(NAME, &[Role::Registrar], None).await;
    app.operator("canbo.nghi", &[Role::Registrar], None).await;
    let name = OperatorName::parse("canbo.nghi").unwrap();
    enrol::turn(&app.at.provider, &name, Turn::Disable, Actor::CommandLine, app.at.now()).await.unwrap();
    let mut seen = Vec::new();
    for (name, password) in [
        (NAME, "not the password"),
        ("nobody.here", OPERATOR_PASSWORD),
        ("canbo.nghi", OPERATOR_PASSWORD),
        ("no such name!", "x"),
    ] {
        let page = give_password(&mut app.browser(), name, password).await;
        assert!(is_at_sign_in(&page));
        seen.push(page.body.replace(name, "NAME").split("csrf").next().unwrap().to_owned());
        assert!(page.body.contains("Tên đăng nhập hoặc mật khẩu chưa đúng"), "{name}: {}", page.body);
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
    for (name, password, says) in [("", "x", "Hãy nhập tên đăng nhập"), (NAME, "", "Hãy nhập mật khẩu")]
    {
        let page = give_password(&mut app.browser(), name, password).await;
        assert!(page.body.contains(says), "{}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_are_delayed_and_wrong_codes_end_the_attempt() {
    for app in TestApp::each().await {
        let clerk = app.operator(NAME, &[Role::Approver], None).await;
        let mut browser = app.browser();
        for _ in 0..5 {
            give_password(&mut browser, NAME, "not the password").await;
        }
        let page = give_password(&mut browser, "CANBO.THU", OPERATOR_PASSWORD).await;
        assert!(page.body.contains("thử quá nhiều lần"), "capitals are no new name: {}", page.body);
        app.at.clock.advance(Span::secs(31));
        give_password(&mut browser, NAME, OPERATOR_PASSWORD).await;
        for (code, says) in [("", "Hãy nhập mã 6 số"), ("12", "đúng 6 chữ số")] {
            assert!(give_code(&mut browser, code).await.body.contains(says));
        }
        let right = app.clerks_code(&clerk);
        let wrong = if right == "000000" { "000001" } else { "000000" };
        for _ in 0..4 {
            assert!(give_code(&mut browser, wrong).await.body.contains("Mã chưa đúng"));
        }
        let page = give_code(&mut browser, wrong).await;
        assert!(is_at_sign_in(&page) && page.body.contains("bắt đầu lại"), "{}", page.body);
        assert_eq!(cookie(&browser), None);
        // The right one helps nobody whose attempt is over.
        assert_eq!(app.at.audited("operator.code", "refused").await, 5);
        sign_in(&app, &mut browser, &clerk).await;
    }
}

/// With what an authenticator app, a message or an input method puts between and around the digits.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_read_as_people_paste_it() {
    let app = TestApp::sqlite().await;
    let clerk = app.operator(NAME, &[Role::Approver], None).await;
    let wide =
        |code: &str| code.chars().map(|digit| char::from_u32(u32::from(digit) + 0xFEE0).unwrap()).collect::<String>();
    let written: [&dyn Fn(&str) -> String; 4] = [
        &|code: &str| format!(" {} {} ", &code[..3], &code[3..]),
        &|code: &str| format!("{}-{}", &code[..3], &code[3..]),
        &|code: &str| format!("\u{202d}{code}\u{202c}"),
        &wide,
    ];
    for write in written {
        let mut browser = app.browser();
        give_password(&mut browser, NAME, OPERATOR_PASSWORD).await;
        let typed = write(&app.clerks_code(&clerk));
        assert!(give_code(&mut browser, &typed).await.body.contains("Bàn làm việc"), "{typed:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_taken_once_and_a_half_session_waits_ten_minutes() {
    let app = TestApp::sqlite().await;
    let clerk = app.operator(NAME, &[Role::Approver], None).await;
    let (mut one, mut other) = (app.browser(), app.browser());
    give_password(&mut one, NAME, OPERATOR_PASSWORD).await;
    give_password(&mut other, NAME, OPERATOR_PASSWORD).await;
    let code = app.clerks_code(&clerk);
    assert!(give_code(&mut one, &code).await.body.contains("Bàn làm việc"));
    assert!(give_code(&mut other, &code).await.body.contains("Mã chưa đúng"), "seen over the shoulder");
    app.at.clock.advance(Span::minutes(10));
    assert!(is_at_sign_in(&other.get(SIGN_IN).await), "the password is asked again");
    let mut third = app.browser();
    give_password(&mut third, NAME, OPERATOR_PASSWORD).await;
    let page = post_and_follow(&mut third, SIGN_IN, &[("action", "start_again")]).await;
    assert!(is_at_sign_in(&page) && cookie(&third).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_by_rest_by_age_by_disabling_and_by_new_credentials() {
    let app = TestApp::sqlite().await;
    let clerk = app.operator(NAME, &[Role::Approver], None).await;
    let mut browser = app.browser();
    sign_in(&app, &mut browser, &clerk).await;
    app.at.clock.advance(Span::minutes(9));
    assert!(is_signed_in(&mut browser).await, "use keeps it alive");
    app.at.clock.advance(Span::minutes(10));
    assert!(!is_signed_in(&mut browser).await, "rest ends it");
    sign_in(&app, &mut browser, &clerk).await;
    for _ in 0..(8 * 60 / 9) {
        app.at.clock.advance(Span::minutes(9));
        assert!(is_signed_in(&mut browser).await);
    }
    app.at.clock.advance(Span::minutes(3));
    assert!(!is_signed_in(&mut browser).await, "eight hours end it, however busy");
    let name = OperatorName::parse(NAME).unwrap();
    let turn = async |turn| {
        enrol::turn(&app.at.provider, &name, turn, Actor::CommandLine, app.at.now()).await.unwrap();
    };
    sign_in(&app, &mut browser, &clerk).await;
    turn(Turn::Disable).await;
    assert!(!is_signed_in(&mut browser).await);
    turn(Turn::Enable).await;
    assert!(!is_signed_in(&mut browser).await, "enabling opens no session again");
    sign_in(&app, &mut browser, &clerk).await;
    let password = Secret::new("một mật khẩu hoàn toàn khác");
    enrol::reset(&app.at.provider, &name, &password, Actor::CommandLine, app.at.now()).await.unwrap();
    assert!(!is_signed_in(&mut browser).await);
    for action in ["operator.disabled", "operator.enabled", "operator.reset"] {
        assert_eq!(app.at.audited(action, "done").await, 1, "{action}");
    }
    assert!(is_at_sign_in(&give_password(&mut browser, NAME, OPERATOR_PASSWORD).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn citizens_and_operators_never_pass_for_each_other() {
    let app = TestApp::sqlite().await;
    let clerk = app.operator(NAME, &[Role::Registrar], None).await;
    people::with_account(&app.at, person()).await;
    // A citizen's number and password open no desk.
    let page = give_password(&mut app.browser(), people::NUMBER, people::PASSWORD).await;
    assert!(is_at_sign_in(&page));
    // An operator's cookie in a citizen's place, and the other way round.
    let mut browser = app.browser();
    sign_in(&app, &mut browser, &clerk).await;
    let desk = cookie(&browser).unwrap();
    browser.jar.insert("dinhdanh-8080-session".to_owned(), desk);
    assert!(browser.get("/account").await.body.contains("name=\"username\""));
    let mut citizen = app.browser();
    let fields = [("action", "continue"), ("username", people::NUMBER), ("password", people::PASSWORD)];
    post_and_follow(&mut citizen, "/account", &fields[..2]).await;
    let page = post_and_follow(&mut citizen, "/account", &fields).await;
    assert!(!page.body.contains("name=\"password\""), "signed in: {}", page.body);
    let own = citizen.jar["dinhdanh-8080-session"].clone();
    citizen.jar.insert("dinhdanh-8080-operator".to_owned(), own);
    assert!(!is_signed_in(&mut citizen).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_is_strict_about_where_requests_come_from_and_lead() {
    let app = TestApp::sqlite().await;
    let clerk = app.operator(NAME, &[Role::Registrar], None).await;
    let mut browser = app.browser();
    let next = "/console/sign-in?next=https%3A%2F%2Fevil.example%2Fconsole";
    let page = browser.get(next).await;
    let fields = [("action", "continue"), ("username", NAME), ("password", OPERATOR_PASSWORD)];
    let answer = browser.submit(next, &page, &fields).await;
    let set = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    let set: Vec<_> = set.filter(|text| text.contains("operator=")).collect();
    assert_eq!(set.len(), 1, "{set:?}");
    assert!(set[0].split("; ").any(|mark| mark == "SameSite=Strict"), "{set:?}");
    let page = browser.get(next).await;
    let code = app.clerks_code(&clerk);
    let answer = browser.submit(next, &page, &[("action", "continue"), ("code", &code)]).await;
    assert_eq!(answer.location(), "/console");
    // A form without this session's token signs nobody out.
    let refused = browser.post("/console/sign-out", &[("action", "sign_out"), ("csrf", "x")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(is_signed_in(&mut browser).await);
    let refused = app.browser().post(SIGN_IN, &fields).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}
