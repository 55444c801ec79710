//! Registration through the pages: a browser's way from the details to the account, and what nobody can tell from outside.

use dinhdanh::base::Span;
use http::StatusCode;

use crate::support::{
    app::{Answer, Browser, TestApp, authorize, hidden},
    people::{self, NAME, NUMBER, PASSWORD, PHONE, person},
};

const PATH: &str = "/register";

/// The details of `people::person()`, with some of them replaced.
fn details<'a>(other: &[(&'static str, &'a str)]) -> Vec<(&'static str, &'a str)> {
    let mut all = vec![
        ("action", "continue"),
        ("username", NUMBER),
        ("name", NAME),
        ("birth_day", "5"),
        ("birth_month", "3"),
        ("birth_year", "1985"),
        ("card_day", "10"),
        ("card_month", "5"),
        ("card_year", "2021"),
        ("phone", PHONE),
    ];
    for (name, value) in other {
        all.retain(|(known, _)| known != name);
        all.push((name, value));
    }
    all
}

/// Posts to the page that stands now, and shows the next one.
async fn next(browser: &mut Browser<'_>, path: &str, fields: &[(&str, &str)]) -> Answer {
    let page = browser.get(path).await;
    let answer = browser.submit(path, &page, fields).await;
    let to = answer.location().to_owned();
    browser.get(&to).await
}

fn title(page: &Answer) -> &str {
    page.body.split_once("<h1>").unwrap().1.split_once("</h1>").unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_registers_and_signs_in_to_their_account() {
    for app in TestApp::each().await {
        people::add(&app.at, person()).await;
        let mut browser = app.browser();
        let page = next(&mut browser, PATH, &details(&[])).await;
        assert_eq!((page.status, title(&page)), (StatusCode::OK, "Nhập mã gửi đến điện thoại"));
        assert!(page.body.contains("001"), "the phone's end");
        let code = app.at.newest_code().await;
        let spaced = format!("{} {}", &code[..3], &code[3..]);
        let page = next(&mut browser, PATH, &[("action", "continue"), ("code", &spaced)]).await;
        assert!(page.body.contains("900 085 000 001") && page.body.contains("new-password"), "{}", page.body);
        let page = next(&mut browser, PATH, &[("action", "continue"), ("password", "ngắn")]).await;
        assert!(page.body.contains("ít nhất 12 ký tự"), "{}", page.body);
        let page = next(&mut browser, PATH, &[("action", "continue"), ("password", PASSWORD)]).await;
        assert!(page.body.contains(NAME) && page.body.contains("Mức độ tài khoản 01"), "{}", page.body);
        // The page is gone after ten minutes, and begins anew at once.
        assert!(browser.get(PATH).await.body.contains("birth_year"));
        app.at.clock.advance(Span::minutes(11));
        assert_eq!(browser.get("/register/done").await.location(), PATH);

        let page = next(&mut browser, "/account", &[("action", "continue"), ("username", "900 085 000 001")]).await;
        assert!(page.body.contains("current-password"), "{}", page.body);
        let fields = [("action", "continue"), ("username", NUMBER), ("password", PASSWORD)];
        let answer = browser.submit("/account", &page, &fields).await;
        assert_eq!(answer.location(), "/account");
        assert!(browser.get("/account").await.body.contains(NAME));
    }
}

/// The synchroniser token and the wait of a limit differ by nature; nothing else may.
fn comparable(page: &Answer) -> String {
    let csrf = hidden(&page.body, "csrf").unwrap_or_default();
    let body = if csrf.is_empty() { page.body.clone() } else { page.body.replace(&csrf, "TOKEN") };
    let mut headers: Vec<String> = page
        .headers
        .iter()
        .filter(|(name, _)| !["x-request-id", "set-cookie", "content-length"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    let cookies: Vec<_> = page
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|cookie| cookie.to_str().unwrap().split('=').next().unwrap().to_owned())
        .collect();
    format!("{}\n{}\n{cookies:?}\n{body}", page.status, headers.join("\n"))
}

/// Whoever somebody says they are: every page and answer on the way is the same, byte for byte (CVE-2026-23511).
#[tokio::test(flavor = "multi_thread")]
async fn matched_unmatched_and_registered_people_see_the_same_bytes() {
    let cases: [(&str, Vec<(&str, &str)>); 5] = [
        ("matched", details(&[])),
        ("nobody", details(&[("username", "900085000099")])),
        ("another birth date", details(&[("birth_year", "1986")])),
        ("another card", details(&[("card_day", "11")])),
        ("another name", details(&[("name", "Trần Thị Mẫu")])),
    ];
    let mut seen: Vec<(String, Vec<String>)> = Vec::new();
    for holder in ["new", "registered"] {
        for (what, fields) in &cases {
            let app = TestApp::sqlite().await;
            if holder == "registered" {
                people::with_account(&app.at, person()).await;
            } else {
                people::add(&app.at, person()).await;
            }
            let mut browser = app.browser();
            let mut pages = Vec::new();
            let page = browser.get(PATH).await;
            let answer = browser.submit(PATH, &page, fields).await;
            pages.push(comparable(&answer));
            let page = browser.get(PATH).await;
            pages.push(comparable(&page));
            for form in [
                &[("action", "continue"), ("code", "000000")][..],
                &[("action", "resend")],
                &[("action", "resend")],
                &[("action", "continue"), ("code", "")],
                &[("action", "continue"), ("password", PASSWORD)],
                &[("action", "edit")],
            ] {
                let page = browser.get(PATH).await;
                let answer = browser.submit(PATH, &page, form).await;
                pages.push(comparable(&answer));
                // Back at the details stands what this browser's person typed, and each case typed something else.
                let shown = fields.iter().fold(comparable(&browser.get(PATH).await), |page, (name, value)| {
                    page.replace(&format!(" value=\"{value}\""), &format!(" value of {name}"))
                });
                pages.push(shown);
            }
            seen.push((format!("{holder}, {what}"), pages));
        }
    }
    let (_, first) = &seen[0];
    for (what, pages) in &seen[1..] {
        for (at, (one, other)) in first.iter().zip(pages).enumerate() {
            assert_eq!(one, other, "{what}, page {at}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_form_is_told_and_what_was_typed_stays() {
    let app = TestApp::sqlite().await;
    let mut browser = app.browser();
    let wrong = details(&[("username", "9000 85"), ("birth_month", "13"), ("phone", "")]);
    let page = next(&mut browser, PATH, &wrong).await;
    assert!(page.body.contains("9000 85") && page.body.contains(NAME) && page.body.contains("value=\"13\""));
    assert_eq!(page.body.matches("class=\"problem\"").count(), 3, "{}", page.body);
    // However much was typed, what is wrong is told.
    let long = "\u{1f600}".repeat(130);
    let all: Vec<_> =
        details(&[]).into_iter().map(|(name, value)| (name, if name == "action" { value } else { &long })).collect();
    let much = next(&mut browser, PATH, &all).await;
    assert_eq!(much.body.matches("class=\"problem\"").count(), 5, "{}", much.body);
    next(&mut browser, PATH, &wrong).await;
    // Shown once: a reload is a fresh page.
    let again = browser.get(PATH).await;
    assert!(!again.body.contains(NAME) && !again.body.contains("class=\"problem\""));
    // No page but this browser's opens what it carries.
    assert!(!browser.jar.keys().any(|name| name.ends_with("carried")), "{:?}", browser.jar.keys());
}

/// Nothing is lost by going back to change one thing: not the other fields, and not by way of an address or a readable cookie.
#[tokio::test(flavor = "multi_thread")]
async fn who_goes_back_to_change_a_detail_finds_all_of_them() {
    for app in TestApp::each().await {
        let mut browser = app.browser();
        let typed = details(&[("username", "900 085 000 099"), ("name", "Nguyễn Thị  Thử"), ("birth_day", "05")]);
        next(&mut browser, PATH, &typed).await;
        let page = browser.get(PATH).await;
        let answer = browser.submit(PATH, &page, &[("action", "edit")]).await;
        assert_eq!(answer.location(), PATH, "nothing stands in the address");
        let cookies: String = answer.headers.get_all("set-cookie").iter().map(|all| all.to_str().unwrap()).collect();
        assert!(cookies.contains("HttpOnly") && !cookies.contains("9000") && !cookies.contains("Nguy"), "{cookies}");
        let page = browser.get(PATH).await;
        for (name, value) in &typed[1..] {
            let field = format!("name=\"{name}\"");
            let (_, rest) = page.body.split_once(&field).unwrap_or_else(|| panic!("no {name}"));
            let field = rest.split('>').next().unwrap();
            assert!(field.contains(&format!("value=\"{value}\"")), "{name}: {field}");
        }
        assert!(!page.body.contains("class=\"problem\""), "nothing is wrong yet: {}", page.body);
        // Changed and sent again, the code page stands anew; another browser finds nothing.
        assert!(!app.browser().get(PATH).await.body.contains("Thị  Thử"));
        let page = next(&mut browser, PATH, &details(&[])).await;
        assert!(page.body.contains("one-time-code"), "{}", page.body);
        assert!(!browser.get(PATH).await.body.contains("Thị  Thử"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_of_other_sites_and_without_this_browsers_token_are_refused() {
    let app = TestApp::sqlite().await;
    people::add(&app.at, person()).await;
    let mut browser = app.browser();
    let page = browser.get(PATH).await;
    let csrf = hidden(&page.body, "csrf").unwrap();
    let cookie = browser.jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
    let mut good = details(&[]);
    good.push(("csrf", &csrf));
    let send = async |headers: &[(&str, &str)], fields: &[(&str, &str)]| {
        let mut all = vec![("cookie", cookie.as_str()), ("accept", "text/html")];
        all.extend(headers);
        app.post(PATH, &all, fields).await.status.as_u16()
    };
    let own = ("origin", "http://localhost:8080");
    assert_eq!(send(&[own, ("sec-fetch-site", "cross-site")], &good).await, 403);
    assert_eq!(send(&[("origin", "https://evil.example")], &good).await, 403);
    assert_eq!(send(&[own], &details(&[])).await, 403, "without a token");
    assert_eq!(send(&[own], &details(&[("csrf", "AAAA")])).await, 403);
    let mut twice = good.clone();
    twice.push(("csrf", &csrf));
    assert_eq!(send(&[own], &twice).await, 403, "a repeated token");
    assert_eq!(app.post(PATH, &[own, ("accept", "text/html")], &good).await.status.as_u16(), 403, "without the cookie");
    assert_eq!(app.at.messages().await.len(), 0);
    assert_eq!(send(&[("origin", "null"), ("sec-fetch-site", "same-origin")], &good).await, 303);
    assert_eq!(app.at.messages().await.len(), 1);
}

/// An empty body, a step out of turn, doubled and unknown fields at every step: back to the page, and nothing made
/// (CVE-2026-49448).
#[tokio::test(flavor = "multi_thread")]
async fn forms_out_of_turn_lead_back_to_the_page_that_stands() {
    let app = TestApp::sqlite().await;
    people::add(&app.at, person()).await;
    let mut browser = app.browser();
    let odd: [&[(&str, &str)]; 7] = [
        &[],
        &[("action", "continue")],
        &[("action", "finish"), ("step", "password")],
        &[("action", "continue"), ("password", PASSWORD)],
        &[("code", "123456"), ("code", "123456")],
        &[("person_id", "1"), ("confirmed_at", "1")],
        &[("action", "resend"), ("action", "continue")],
    ];
    for form in odd {
        let page = browser.get(PATH).await;
        let answer = browser.submit(PATH, &page, form).await;
        assert_eq!(answer.location(), PATH, "{form:?}");
        assert!(browser.get(PATH).await.body.contains("birth_year"), "{form:?}");
    }
    next(&mut browser, PATH, &details(&[])).await;
    for form in odd {
        let page = browser.get(PATH).await;
        let answer = browser.submit(PATH, &page, form).await;
        assert_eq!(answer.location(), PATH, "{form:?}");
        assert!(browser.get(PATH).await.body.contains("one-time-code"), "{form:?}");
    }
    assert_eq!(app.at.count("SELECT count(*) FROM account").await, 0);
    // Another browser with this one's form is not this one.
    let code = app.at.newest_code().await;
    let page = next(&mut app.browser(), PATH, &[("action", "continue"), ("code", &code)]).await;
    assert!(page.body.contains("birth_year"));
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_attempts_get_a_429_with_the_time_to_wait() {
    let app = TestApp::sqlite().await;
    let mut browser = app.browser();
    for _ in 0..5 {
        next(&mut browser, PATH, &details(&[])).await;
    }
    let page = browser.get(PATH).await;
    let answer = browser.submit(PATH, &page, &details(&[])).await;
    assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, Some("60")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_ran_out_says_so_once() {
    let app = TestApp::sqlite().await;
    people::add(&app.at, person()).await;
    let mut browser = app.browser();
    next(&mut browser, PATH, &details(&[])).await;
    let page = browser.get(PATH).await;
    app.at.clock.advance(Span::minutes(30));
    let answer = browser.submit(PATH, &page, &[("action", "continue"), ("code", "123456")]).await;
    let stopped = browser.get(answer.location()).await;
    assert!(stopped.body.contains("href=\"/register\"") && !stopped.body.contains("birth_year"), "{}", stopped.body);
    assert!(browser.get(PATH).await.body.contains("birth_year"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_waits_stays_above_the_pages_and_goes_on_afterwards() {
    let app = TestApp::sqlite().await;
    people::add(&app.at, person()).await;
    let mut browser = app.browser();
    let sign_in = browser.get(&authorize(&[])).await.location().to_owned();
    let page = browser.get(&sign_in).await;
    let (_, rest) = page.body.split_once("href=\"/register").expect("no way to register");
    let path = format!("{PATH}{}", rest.split('"').next().unwrap().replace("&#38;", "&"));
    assert_eq!(path.replace(PATH, "/sign-in"), sign_in);
    assert!(browser.get(&path).await.body.contains("Cổng thử"));
    next(&mut browser, &path, &details(&[])).await;
    let code = app.at.newest_code().await;
    next(&mut browser, &path, &[("action", "continue"), ("code", &code)]).await;
    let page = browser.get(&path).await;
    let answer = browser.submit(&path, &page, &[("action", "continue"), ("password", PASSWORD)]).await;
    let done = answer.location().to_owned();
    let page = browser.get(&done).await;
    assert!(page.body.contains("Cổng thử"), "{}", page.body);
    assert_eq!(browser.submit(&done, &page, &[("action", "continue")]).await.location(), sign_in);
    // Cancelling instead leads the portal to its refusal.
    let mut other = app.browser();
    let sign_in = other.get(&authorize(&[])).await.location().to_owned();
    let path = sign_in.replace("/sign-in", PATH);
    let page = other.get(&path).await;
    assert_eq!(other.submit(&path, &page, &[("action", "cancel")]).await.location(), sign_in);
    assert!(other.get(&sign_in).await.location().contains("error=access_denied"));
}
