//! One's own account through the pages.

use dinhdanh::{
    assurance::AccountLevel,
    base::{Secret, Span},
    crypto::totp,
    flows::account::{
        desk::{self, AtDesk, DeskOutcome, Handover},
        renew::renew,
    },
    store::audit::Actor,
};
use http::StatusCode;

use crate::support::{
    app::{Answer, Browser, Holder, TestApp, authorize, hidden, query_of},
    people::{self, NAME, NUMBER, PASSWORD, PHONE, person},
};

const NEW: &str = "gió thổi qua đồng lúa chín";

/// Posts to the page that stands now, and shows the next one.
async fn next(browser: &mut Browser<'_>, path: &str, fields: &[(&str, &str)]) -> Answer {
    let page = browser.get(path).await;
    let answer = browser.submit(path, &page, fields).await;
    let to = answer.location().to_owned();
    browser.get(&to).await
}

pub async fn sign_in(browser: &mut Browser<'_>, password: &str) -> Answer {
    let page = next(browser, "/account", &[("action", "continue"), ("username", NUMBER)]).await;
    let fields = [("action", "continue"), ("username", NUMBER), ("password", password)];
    let answer = browser.submit("/account", &page, &fields).await;
    let to = answer.location().to_owned();
    browser.get(&to).await
}

fn has_session(browser: &Browser<'_>) -> bool {
    browser.jar.keys().any(|name| name.ends_with("session"))
}

fn session_cookie(browser: &Browser<'_>) -> String {
    browser.jar.iter().find(|(name, _)| name.ends_with("session")).map(|(_, value)| value.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_to_their_own_account_and_sees_it() {
    for app in TestApp::each().await {
        people::with_account(&app.at, person()).await;
        let mut browser = app.browser();
        let page = sign_in(&mut browser, "not the password").await;
        assert!(!has_session(&browser) && page.body.contains("current-password"), "{}", page.body);
        assert!(page.body.contains("900 085 000 001"), "the number need not be typed again");
        let page = sign_in(&mut browser, PASSWORD).await;
        assert!(page.body.contains(NAME) && page.body.contains("Trình duyệt này"), "{}", page.body);
        assert!(!page.body.contains(NUMBER), "the whole number is nobody's business here");
        for path in ["/account/password", "/account/totp", "/account/lock", "/account/end-all"] {
            assert_eq!(browser.get(path).await.status, StatusCode::OK, "{path}");
            assert_eq!(app.browser().get(path).await.location(), "/account", "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_session_ends_another_and_all_end_with_this_one() {
    let app = TestApp::sqlite().await;
    people::with_account(&app.at, person()).await;
    let (mut one, mut other) = (app.browser(), app.browser());
    sign_in(&mut one, PASSWORD).await;
    sign_in(&mut other, PASSWORD).await;
    let page = one.get("/account").await;
    assert_eq!(page.body.matches("name=\"session\"").count(), 2);
    let others = page.body.rsplit_once("name=\"session\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let page = next(&mut one, "/account", &[("action", "end"), ("session", &others)]).await;
    assert!(page.body.contains("Phiên đăng nhập đã kết thúc"), "{}", page.body);
    assert!(other.get("/account").await.body.contains("name=\"username\""), "the other is signed out");
    // Nobody ends what is not theirs, and nonsense ends nothing.
    for nobodys in [others.as_str(), "x", "00000000-0000-0000-0000-000000000000"] {
        let page = next(&mut one, "/account", &[("action", "end"), ("session", nobodys)]).await;
        assert!(!page.body.contains("Phiên đăng nhập đã kết thúc"), "{nobodys}");
    }
    sign_in(&mut other, PASSWORD).await;
    let page = one.get("/account").await;
    assert_eq!(one.submit("/account", &page, &[("action", "end_all")]).await.location(), "/account/end-all");
    let stay = next(&mut one, "/account/end-all", &[("action", "stay")]).await;
    assert!(stay.body.contains(NAME));
    next(&mut one, "/account/end-all", &[("action", "confirm")]).await;
    assert!(!has_session(&one));
    assert!(other.get("/account").await.body.contains("name=\"username\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_comes_with_a_new_cookie() {
    let app = TestApp::sqlite().await;
    people::with_account(&app.at, person()).await;
    let mut browser = app.browser();
    sign_in(&mut browser, PASSWORD).await;
    let before = session_cookie(&browser);
    let path = "/account/password";
    for (present, new, says) in [
        ("", NEW, "Hãy nhập mật khẩu"),
        (PASSWORD, "", "mật khẩu mới"),
        (PASSWORD, "ngắn", "ít nhất 12 ký tự"),
        (PASSWORD, PASSWORD, "khác"),
        ("not the password", NEW, "chưa đúng"),
    ] {
        let fields = [("action", "change"), ("password", present), ("new_password", new)];
        let page = next(&mut browser, path, &fields).await;
        assert!(page.body.contains("class=\"problem\"") && page.body.contains(says), "{says}: {}", page.body);
    }
    let fields = [("action", "change"), ("password", PASSWORD), ("new_password", NEW)];
    let page = next(&mut browser, path, &fields).await;
    assert!(page.body.contains("Mật khẩu đã được đổi"), "{}", page.body);
    assert_ne!(session_cookie(&browser), before);
    let mut other = app.browser();
    sign_in(&mut other, PASSWORD).await;
    assert!(!has_session(&other));
    sign_in(&mut other, NEW).await;
    assert!(has_session(&other));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authenticator_app_is_added_page_by_page() {
    for app in TestApp::each().await {
        people::with_account(&app.at, person()).await;
        let mut browser = app.browser();
        sign_in(&mut browser, PASSWORD).await;
        let path = "/account/totp";
        // A look changes nothing and sends nothing.
        browser.get(path).await;
        assert_eq!(app.at.messages().await.len(), 0);
        let page = next(&mut browser, path, &[("action", "continue"), ("password", "no")]).await;
        assert!(page.body.contains("class=\"problem\"") && app.at.messages().await.is_empty());
        let page = next(&mut browser, path, &[("action", "continue"), ("password", PASSWORD)]).await;
        assert!(page.body.contains("one-time-code"), "{}", page.body);
        let code = app.at.newest_code().await;
        let wrong = if code == "000000" { "000001" } else { "000000" };
        let page = next(&mut browser, path, &[("action", "continue"), ("code", wrong)]).await;
        assert!(page.body.contains("class=\"problem\""));
        let page = next(&mut browser, path, &[("action", "continue"), ("code", &code)]).await;
        assert!(page.body.contains("<svg class=\"qr\""), "{}", page.body);
        let seed = seed_of(&page);
        let right = totp::code_at(&seed, app.at.now());
        let page = next(&mut browser, path, &[("action", "continue"), ("code", right.reveal())]).await;
        assert_eq!(page.body.matches("<li><code>").count(), 10, "{}", page.body);
        // Shown again while they are not put away.
        assert_eq!(browser.get(path).await.body.matches("<li><code>").count(), 10);
        let page = next(&mut browser, path, &[("action", "continue")]).await;
        assert!(page.body.contains("Ứng dụng xác thực đã được thêm") && page.body.contains("Còn 10 mã"));
        assert!(!browser.get(path).await.body.contains("<li><code>"));
        // A new set of codes asks for the app that there is now; within the moment for nothing else.
        let path = "/account/recovery-codes";
        let page = browser.get(path).await;
        assert!(page.body.contains("one-time-code") && !page.body.contains("<li><code>"), "{}", page.body);
        app.at.clock.advance(Span::secs(30));
        let code = totp::code_at(&seed, app.at.now());
        let page = next(&mut browser, path, &[("action", "continue"), ("code", code.reveal())]).await;
        assert_eq!(page.body.matches("<li><code>").count(), 10, "{}", page.body);
    }
}

/// The key as people type it into the app.
fn seed_of(page: &Answer) -> dinhdanh::base::SecretBytes {
    let text = page.body.split_once("<code class=\"key\">").unwrap().1.split('<').next().unwrap().replace(' ', "");
    let mut bits = 0_u64;
    let (mut held, mut bytes) = (0, Vec::new());
    for letter in text.bytes() {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == letter).unwrap();
        bits = bits << 5 | u64::try_from(value).unwrap();
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    dinhdanh::base::SecretBytes::new(bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn proofs_that_grew_old_are_asked_for_again() {
    let app = TestApp::sqlite().await;
    people::with_account(&app.at, person()).await;
    let mut browser = app.browser();
    sign_in(&mut browser, PASSWORD).await;
    let path = "/account/totp";
    next(&mut browser, path, &[("action", "continue"), ("password", PASSWORD)]).await;
    let page = browser.get(path).await;
    app.at.clock.advance(Span::minutes(11));
    let code = app.at.newest_code().await;
    let answer = browser.submit(path, &page, &[("action", "continue"), ("code", &code)]).await;
    let page = browser.get(answer.location()).await;
    assert!(page.body.contains("current-password"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_press_and_a_question_lock_the_account() {
    let app = TestApp::sqlite().await;
    people::with_account(&app.at, person()).await;
    let (mut own, mut thief) = (app.browser(), app.browser());
    sign_in(&mut own, PASSWORD).await;
    sign_in(&mut thief, PASSWORD).await;
    assert!(next(&mut own, "/account/lock", &[("action", "stay")]).await.body.contains(NAME));
    let page = next(&mut own, "/account/lock", &[("action", "confirm")]).await;
    assert!(page.body.contains("Tài khoản đã bị khóa"), "{}", page.body);
    assert!(!has_session(&own));
    assert!(thief.get("/account").await.body.contains("name=\"username\""));
    let page = sign_in(&mut thief, PASSWORD).await;
    assert!(page.body.contains("đang bị khóa") && !page.body.contains("name=\"password\""), "{}", page.body);
    // Without the password nothing of the lock is told.
    let page = sign_in(&mut thief, "not the password").await;
    assert!(page.body.contains("name=\"password\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_sessions_form_changes_nothing() {
    let app = TestApp::sqlite().await;
    people::with_account(&app.at, person()).await;
    let mut browser = app.browser();
    sign_in(&mut browser, PASSWORD).await;
    let page = browser.get("/account/lock").await;
    let stale = hidden(&page.body, "csrf").unwrap();
    // Signed out and in again in the same browser: the form of before is not this session's.
    next(&mut browser, "/account/end-all", &[("action", "confirm")]).await;
    sign_in(&mut browser, PASSWORD).await;
    let answer = browser.post("/account/lock", &[("csrf", &stale), ("action", "confirm")]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(browser.get("/account").await.body.contains(NAME));
}

/// What a person is handed over at the desk.
async fn opened_at_the_desk(app: &TestApp) -> Handover {
    people::add(&app.at, person()).await;
    let record = person();
    let phone = dinhdanh::registry::PhoneNumber::parse(PHONE).unwrap();
    let desk = AtDesk { number: record.number, phone, actor: Actor::CommandLine, now: app.at.now() };
    match desk::open(&app.at.provider, &desk, AccountLevel::Two).await.unwrap() {
        DeskOutcome::Done(given) => given,
        other => panic!("{other:?}"),
    }
}

fn code_now(app: &TestApp, given: &Handover) -> Secret {
    app.at.clock.advance(Span::secs(30));
    totp::code_at(&given.totp_seed, app.at.now())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_from_the_desk_is_replaced_before_anything_else() {
    for app in TestApp::each().await {
        let given = opened_at_the_desk(&app).await;
        let mut browser = app.browser();
        let waiting = browser.get(&authorize(&[])).await.location().to_owned();
        next(&mut browser, &waiting, &[("action", "continue"), ("username", NUMBER)]).await;
        let fields = [("action", "continue"), ("password", given.initial_password.reveal())];
        let led = next(&mut browser, &waiting, &fields).await;
        let page = led.location().to_owned();
        assert!(page.starts_with("/account/password?i="), "{page}");
        // Signed in, and nothing is to be had with that.
        for elsewhere in ["/account", "/account/totp", "/account/recovery-codes", "/account/end-all", "/account/uses"] {
            assert_eq!(browser.get(elsewhere).await.location(), "/account/password", "{elsewhere}");
        }
        let silent = browser.get(&authorize(&[("prompt", "none")])).await;
        assert_eq!(query_of(silent.location())["error"], "interaction_required");
        // The paper's password alone sets none: the app that came with it is asked for.
        let asked = next(&mut browser, &page, &[("action", "continue"), ("code", "000000")]).await;
        assert!(asked.body.contains("one-time-code") && asked.body.contains("class=\"problem\""), "{}", asked.body);
        let code = code_now(&app, &given);
        let asked = next(&mut browser, &page, &[("action", "continue"), ("code", code.reveal())]).await;
        assert!(asked.body.contains("do cán bộ cấp cho bạn"), "{}", asked.body);
        let present = given.initial_password.reveal();
        let same = [("action", "change"), ("password", present), ("new_password", present)];
        assert!(next(&mut browser, &page, &same).await.body.contains("class=\"problem\""));
        let fields = [("action", "change"), ("password", present), ("new_password", NEW)];
        let form = browser.get(&page).await;
        let answer = browser.submit(&page, &form, &fields).await;
        // On with the sign-in that waited.
        assert_eq!(answer.location(), waiting);
        let holder = Holder { number: NUMBER.to_owned(), seed: given.totp_seed };
        let back = browser.walk(&waiting, &holder).await;
        assert!(query_of(&back).contains_key("code"), "{back}");
        assert!(browser.get("/account").await.body.contains(NAME));
        assert_eq!(app.at.audited("account.password_changed", "done").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_at_the_desk_stands_on_the_holders_page_until_they_call_it_off() {
    let app = TestApp::sqlite().await;
    app.holder().await;
    let phone = dinhdanh::registry::PhoneNumber::parse(PHONE).unwrap();
    let desk = AtDesk { number: person().number, phone, actor: Actor::CommandLine, now: app.at.now() };
    let mut browser = app.browser();
    sign_in(&mut browser, PASSWORD).await;
    assert!(!browser.get("/account").await.body.contains("refuse_renewal"));
    renew(&app.at.provider, &desk).await.unwrap();
    let page = browser.get("/account").await;
    assert!(page.body.contains("refuse_renewal") && page.body.contains("đề nghị cấp lại"), "{}", page.body);
    let page = next(&mut browser, "/account", &[("action", "refuse_renewal")]).await;
    assert!(page.body.contains("đã bị hủy") && !page.body.contains("refuse_renewal"), "{}", page.body);
    assert_eq!(app.at.audited("account.renewal_refused", "done").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_and_codes_are_taken_as_people_paste_them() {
    let app = TestApp::sqlite().await;
    let holder = app.holder().await;
    for typed in ["900.085.000.001", "９０００８５００００0１", "\u{202d}900-085-000-001\u{202c}"] {
        let mut browser = app.browser();
        let page = next(&mut browser, "/account", &[("action", "continue"), ("username", typed)]).await;
        assert!(page.body.contains("900 085 000 001") && page.body.contains("current-password"), "{typed}");
        let typed_password = format!("{PASSWORD} ");
        let fields = [("action", "continue"), ("username", typed), ("password", typed_password.as_str())];
        browser.submit("/account", &page, &fields).await;
        assert!(has_session(&browser), "{typed}");
    }
    // The same on a portal's way: the app shows its code in two groups.
    let mut browser = app.browser();
    let waiting = browser.get(&authorize(&[("acr_values", "urn:vn:xacthuc:2")])).await.location().to_owned();
    next(&mut browser, &waiting, &[("action", "continue"), ("username", "900.085.000.001")]).await;
    let page = next(&mut browser, &waiting, &[("action", "continue"), ("password", PASSWORD)]).await;
    assert!(page.body.contains("one-time-code"), "{}", page.body);
    for (typed, says) in [("12 34", "đúng 6 chữ số"), (" ", "Hãy nhập mã 6 số")] {
        let page = next(&mut browser, &waiting, &[("action", "continue"), ("code", typed)]).await;
        assert!(page.body.contains(says), "{typed}: {}", page.body);
    }
    let code = browser.next_code(&holder);
    let grouped = format!("{} {}", &code[..3], &code[3..]);
    let page = next(&mut browser, &waiting, &[("action", "continue"), ("code", &grouped)]).await;
    assert!(!page.body.contains("one-time-code"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_an_app_changes_nothing_without_it() {
    let app = TestApp::sqlite().await;
    let holder = app.holder().await;
    let mut browser = app.browser();
    sign_in(&mut browser, PASSWORD).await;
    let path = "/account/password";
    // The form of the change, posted before its page was reached, is no code.
    let fields = [("action", "change"), ("password", PASSWORD), ("new_password", NEW)];
    let page = next(&mut browser, path, &fields).await;
    assert!(page.body.contains("one-time-code") && page.body.contains("class=\"problem\""), "{}", page.body);
    assert_eq!(app.at.audited("account.password_changed", "done").await, 0);
    // Without recovery codes only the desk can help: the page says so, and what can be done until then.
    assert!(page.body.contains("công an xã, phường") && page.body.contains("72 giờ"), "{}", page.body);
    assert!(page.body.contains("href=\"/account/lock\"") && page.body.contains("mức độ xác thực 1"), "{}", page.body);
    let page = next(&mut browser, path, &[("action", "use_recovery_code")]).await;
    assert!(page.body.contains("use_totp"), "{}", page.body);
    let page = next(&mut browser, path, &[("action", "continue"), ("code", "ABCD-EFGH-JKMN-PQRS")]).await;
    assert!(page.body.contains("use_totp") && page.body.contains("class=\"problem\""), "{}", page.body);
    let before = session_cookie(&browser);
    let code = browser.next_code(&holder);
    next(&mut browser, path, &[("action", "continue"), ("code", &code)]).await;
    assert_ne!(session_cookie(&browser), before, "a rise has its own cookie");
    // It counts for a moment, and not for later.
    app.at.clock.advance(Span::minutes(11));
    assert!(browser.get(path).await.body.contains("one-time-code"));
    let code = browser.next_code(&holder);
    next(&mut browser, path, &[("action", "continue"), ("code", &code)]).await;
    let page = next(&mut browser, path, &fields).await;
    assert!(page.body.contains("Mật khẩu đã được đổi"), "{}", page.body);
}
