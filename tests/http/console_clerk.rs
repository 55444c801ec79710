//! What a tired clerk does at the console: goes away in the middle of a form, presses Enter, goes back, opens two tabs, types
//! days and names as people do; and what somebody tries who means harm.

use dinhdanh::{base::Span, registry::operator::Role};
use http::StatusCode;

use super::console_record::{find, given, link, person_page};
use crate::support::{
    app::{Answer, Browser, TestApp},
    operators::{Clerk, OPERATOR_PASSWORD, sign_in},
    people::{self, add, person},
};

const DEATH: &str = "/console/propose/death";

/// A form of a death with everything that it needs, as a clerk fills it.
fn death(form: &Answer) -> Vec<(&'static str, String)> {
    let hidden = ["form", "subject"].map(|name| (name, given(form, name)));
    let typed = [
        ("on", "21.11.2026"),
        ("paper", "death_note"),
        ("paper_no", "12/2026"),
        ("paper_on", "21-11-2026"),
        ("paper_by", "UBND phường Ba Đình"),
    ];
    hidden.into_iter().chain(typed.map(|(name, value)| (name, value.to_owned()))).collect()
}

async fn post(browser: &mut Browser<'_>, page: &Answer, fields: &[(&str, String)], more: &[(&str, &str)]) -> Answer {
    let fields = fields.iter().map(|(name, value)| (*name, value.as_str())).chain(more.iter().copied());
    browser.submit(DEATH, page, &fields.collect::<Vec<_>>()).await
}

async fn opened(browser: &mut Browser<'_>) -> Answer {
    let page = person_page(browser, people::NUMBER, people::NAME).await;
    browser.get(&link(&page, "Khai tử")).await
}

/// Signs in again where a browser stands, and answers where that leads.
async fn again(app: &TestApp, browser: &mut Browser<'_>, clerk: &Clerk, at: &str) -> String {
    let page = browser.get(at).await;
    let password = [("action", "continue"), ("username", clerk.name.as_str()), ("password", OPERATOR_PASSWORD)];
    let sent = browser.submit(at, &page, &password).await;
    let page = browser.get(sent.location()).await;
    let code = app.clerks_code(clerk);
    browser.submit(at, &page, &[("action", "continue"), ("code", &code)]).await.location().to_owned()
}

/// Sends a form after its session ended, reads that its words are kept, signs in again, and answers where that leads.
pub async fn away(
    app: &TestApp,
    (browser, clerk): (&mut Browser<'_>, &Clerk),
    (at, page): (&str, &Answer),
    fields: &[(&str, &str)],
) -> String {
    let sent = browser.submit(at, page, fields).await;
    let to = sent.location().to_owned();
    assert!(to.starts_with("/console/sign-in?next="), "{to}");
    let page = browser.get(&to).await;
    assert!(page.body.contains("Nội dung vừa nhập vẫn được giữ"), "{}", page.body);
    again(app, browser, clerk, &to).await
}

/// From the form of a death to its proposal; answers the proposal's address.
async fn proposed(clerk: &mut Browser<'_>, form: &Answer) -> String {
    let fields = death(form);
    let checked = post(clerk, form, &fields, &[("action", "check")]).await;
    let shown = clerk.get(checked.location()).await;
    let seen = given(&shown, "seen");
    let sent = post(clerk, &shown, &fields, &[("seen", &seen), ("action", "propose")]).await;
    sent.location().split('?').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_is_there_after_a_session_ended_in_the_middle() {
    for app in TestApp::each().await {
        add(&app.at, person()).await;
        let an = app.operator("canbo.an", &[Role::Registrar], None).await;
        let mut clerk = app.browser();
        sign_in(&app, &mut clerk, &an).await;
        let form = opened(&mut clerk).await;
        let record = link(&find(&mut clerk, people::NUMBER).await, people::NAME);
        app.at.clock.advance(Span::minutes(16));
        let fields = death(&form);
        let fields = fields.iter().map(|(name, value)| (*name, value.as_str())).chain([("action", "check")]);
        let fields: Vec<_> = fields.collect();
        let form = away(&app, (&mut clerk, &an), (DEATH, &form), &fields).await;
        let form = clerk.get(&form).await;
        for words in ["12/2026", "21.11.2026", people::NAME, "Sự kiện này sẽ thay đổi"] {
            assert!(form.body.contains(words), "{words}: {}", form.body);
        }
        assert_eq!(app.at.count("SELECT count(*) FROM civil_event").await, 0, "kept, not sent");
        // An address of before the break still leads to the same record; tomorrow it leads nowhere.
        assert_eq!(clerk.get(&record).await.status, StatusCode::OK);
        app.at.clock.advance(Span::hours(12));
        let to = clerk.get(&record).await.location().to_owned();
        assert!(clerk.get(&to).await.body.contains("Phiên làm việc trước đã hết"), "{to}");
        let to = again(&app, &mut clerk, &an, &to).await;
        let gone = clerk.get(&to).await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND);
        assert!(gone.body.contains("href=\"/console\""), "the way back is the desk: {}", gone.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_or_was_sent_away_leaves_nothing_behind() {
    let app = TestApp::sqlite().await;
    add(&app.at, person()).await;
    let (an, binh) = (
        app.operator("canbo.an", &[Role::Registrar], None).await,
        app.operator("canbo.binh", &[Role::Registrar], None).await,
    );
    let mut clerk = app.browser();
    sign_in(&app, &mut clerk, &an).await;
    let form = opened(&mut clerk).await;
    // Another form in the place of ours is kept for nobody.
    app.at.clock.advance(Span::minutes(16));
    let fields = death(&form);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let forged = [&fields[..], &[("csrf", "x"), ("action", "check")]].concat();
    assert_eq!(clerk.post(DEATH, &forged).await.location(), "/console/sign-in?next=%2Fconsole%2Fpropose%2Fdeath");
    assert_eq!(app.at.count("SELECT count(*) FROM console_draft").await, 0);
    // The next person at the same browser does not find what was typed before.
    let sent = clerk.submit(DEATH, &form, &[&fields[..], &[("action", "check")]].concat()).await;
    let to = sent.location().to_owned();
    let draft = again(&app, &mut clerk, &binh, &to).await;
    assert!(draft.contains("?draft="), "{draft}");
    assert_eq!(clerk.get(&draft).await.location(), DEATH, "another operator's draft is none");
    // Who signed out has left: the same form is not kept, and nobody is told that a session lapsed.
    let desk = clerk.get("/console").await;
    clerk.submit("/console/sign-out", &desk, &[]).await;
    let sent = clerk.submit(DEATH, &form, &[&fields[..], &[("action", "check")]].concat()).await;
    assert_eq!(sent.location(), "/console/sign-in?next=%2Fconsole%2Fpropose%2Fdeath");
    assert!(!clerk.get("/console/sign-in").await.body.contains("Phiên làm việc trước"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_looked_at_is_sent_and_it_is_sent_once() {
    for app in TestApp::each().await {
        add(&app.at, person()).await;
        let mut clerk = app.at_desk("canbo.an", &[Role::Registrar], None).await;
        let form = opened(&mut clerk).await;
        assert_eq!(given(&form, "subject"), "900 085 000 001", "as it stands on the card");
        let mut fields = death(&form);
        let checked = post(&mut clerk, &form, &fields, &[("action", "check")]).await;
        let shown = clerk.get(checked.location()).await;
        let seen = given(&shown, "seen");
        // A day is changed, and Enter presses the first button of the form.
        fields.iter_mut().find(|(name, _)| *name == "on").unwrap().1 = "20/11/2026".to_owned();
        let sent = post(&mut clerk, &shown, &fields, &[("seen", &seen), ("action", "propose")]).await;
        let shown = clerk.get(sent.location()).await;
        assert!(shown.body.contains("Nội dung đã khác so với lần xem trước"), "{}", shown.body);
        assert!(shown.body.contains("20/11/2026"), "{}", shown.body);
        assert_eq!(app.at.count("SELECT count(*) FROM civil_event").await, 0);
        let seen = given(&shown, "seen");
        let first = post(&mut clerk, &shown, &fields, &[("seen", &seen), ("action", "propose")]).await;
        let second = post(&mut clerk, &shown, &fields, &[("seen", &seen), ("action", "propose")]).await;
        assert_eq!(first.location(), second.location(), "pressed twice is sent once");
        assert_eq!(app.at.count("SELECT count(*) FROM civil_event").await, 1);
        // Back, by the browser's button: the form is the proposal now.
        let back = clerk.get(checked.location()).await;
        assert!(first.location().starts_with(back.location()), "{}", back.location());
        let page = clerk.get(first.location()).await;
        for words in ["Đã gửi đề nghị", "12/2026", "Giấy báo tử", "UBND phường Ba Đình", people::NAME]
        {
            assert!(page.body.contains(words), "{words}: {}", page.body);
        }
        assert!(!page.body.contains("/console/queue") && !page.body.contains("operator:"), "{}", page.body);
        // An address that says what is not so says nothing.
        let lied = clerk.get(&first.location().replace("proposed", "recorded")).await;
        assert!(!lied.body.contains("Đã ghi vào sổ."), "{}", lied.body);
        // Without a button of ours nothing is done; least of all is the proposal withdrawn.
        let at = first.location().split('?').next().unwrap().to_owned();
        for action in [&[("version", "1")][..], &[("version", "1"), ("action", "keep")]] {
            assert_eq!(clerk.submit(&at, &page, action).await.status, StatusCode::FORBIDDEN);
        }
        assert_eq!(app.at.count("SELECT count(*) FROM civil_event WHERE state = 'proposed'").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_is_not_lost_and_a_decision_is_taken_once() {
    for app in TestApp::each().await {
        add(&app.at, person()).await;
        let (an, binh) = (
            app.operator("canbo.an", &[Role::Registrar], None).await,
            app.operator("canbo.binh", &[Role::Approver], None).await,
        );
        let (mut clerk, mut chief) = (app.browser(), app.browser());
        sign_in(&app, &mut clerk, &an).await;
        sign_in(&app, &mut chief, &binh).await;
        let form = opened(&mut clerk).await;
        let at = proposed(&mut clerk, &form).await;
        let seen = chief.get(&at).await;
        for words in ["12/2026", "Giấy báo tử", "21.11.2026"] {
            assert!(seen.body.contains(words), "who decides sees the paper: {words}: {}", seen.body);
        }
        let none = chief.submit(&at, &seen, &[("version", "1"), ("action", "return")]).await;
        assert!(chief.get(none.location()).await.body.contains("Hãy ghi lý do trả lại"));
        // Changed meanwhile: the reason that was written is still in its field.
        let stale = [("version", "7"), ("action", "return"), ("reason", "Thiếu giấy báo tử <bản chính>")];
        let sent = chief.submit(&at, &seen, &stale).await;
        let page = chief.get(sent.location()).await;
        assert!(page.body.contains("Thiếu giấy báo tử &#60;bản chính&#62;</textarea>"), "{}", page.body);
        assert!(chief.get(&at).await.body.contains("bản chính&#62;</textarea>"), "until it is taken");
        let returned = [("version", "1"), ("action", "return"), ("reason", "Thiếu giấy báo tử")];
        let sent = chief.submit(&at, &seen, &returned).await;
        assert!(chief.get(sent.location()).await.body.contains("Đã trả lại cho người đề nghị."));
        let replayed = chief.submit(&at, &seen, &[("version", "1"), ("action", "approve")]).await;
        assert!(chief.get(replayed.location()).await.body.contains("Đề nghị này đã được quyết định"));
        assert_eq!(app.at.count("SELECT count(*) FROM civil_event WHERE state = 'returned'").await, 1);
        // Two tabs: a form that stood open since before signing in again is still theirs.
        let page = clerk.get(&at).await;
        let desk = clerk.get("/console").await;
        clerk.submit("/console/sign-out", &desk, &[]).await;
        sign_in(&app, &mut clerk, &an).await;
        let sent = clerk.submit(&at, &page, &[("version", "2"), ("action", "withdraw")]).await;
        assert!(clerk.get(sent.location()).await.body.contains("Đã rút đề nghị."));
        assert_eq!(app.at.audited("registry.event_withdrawn", "done").await, 1);
    }
}

/// Who decides is called away as well: what they wrote beside a decision stands there when they come back.
#[tokio::test(flavor = "multi_thread")]
async fn a_reason_is_there_after_a_session_ended_in_the_middle() {
    for app in TestApp::each().await {
        add(&app.at, person()).await;
        let mut clerk = app.at_desk("canbo.an", &[Role::Registrar], None).await;
        let form = opened(&mut clerk).await;
        let at = proposed(&mut clerk, &form).await;
        let binh = app.operator("canbo.binh", &[Role::Approver], None).await;
        let mut chief = app.browser();
        sign_in(&app, &mut chief, &binh).await;
        let page = chief.get(&at).await;
        app.at.clock.advance(Span::minutes(16));
        let returned = [("version", "1"), ("action", "return"), ("reason", "Thiếu <giấy> báo tử")];
        let back = away(&app, (&mut chief, &binh), (&at, &page), &returned).await;
        let page = chief.get(&back).await;
        assert!(page.body.contains("Thiếu &#60;giấy&#62; báo tử</textarea>"), "{}", page.body);
        assert_eq!(
            app.at.count("SELECT count(*) FROM civil_event WHERE state = 'proposed'").await,
            1,
            "nothing is done"
        );
        let mut other = app.at_desk("canbo.chi", &[Role::Approver], None).await;
        assert!(!other.get(&at).await.body.contains("báo tử</textarea>"), "it is theirs alone");
        // Taken, it is gone, also when the proposal comes back.
        let sent = chief.submit(&at, &page, &[("version", "1"), ("action", "return"), ("reason", "Khác")]).await;
        assert!(chief.get(sent.location()).await.body.contains("Đã trả lại"));
        app.at.change("UPDATE civil_event SET state = 'proposed'").await;
        assert!(chief.get(&at).await.body.contains("maxlength=\"500\"></textarea>"));
        // A form without words leaves nothing to keep, and is not told that it does.
        let page = chief.get(&at).await;
        app.at.clock.advance(Span::minutes(16));
        let sent = chief.submit(&at, &page, &[("version", "2"), ("action", "approve")]).await;
        let page = chief.get(sent.location()).await;
        assert!(page.body.contains("Phiên làm việc trước") && !page.body.contains("vẫn được giữ"), "{}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_looked_for_is_named_by_its_field() {
    let app = TestApp::sqlite().await;
    add(&app.at, person()).await;
    let mut clerk = app.at_desk("canbo.an", &[Role::Registrar], None).await;
    for (field, typed, words) in [
        ("who", "90008500001", "Số định danh có 12 chữ số"),
        ("who", "!!!", "Họ tên chỉ có chữ cái"),
        ("who", "", "Hãy nhập số định danh, số CMND"),
        ("birth", "5/3", "Hãy ghi ngày sinh như 05/03/1985"),
        ("unit", "Không Đâu", "Không có xã, phường hay tỉnh nào"),
        ("parent", "Trần Thị Mẹ", "Chỉ họ tên cha mẹ"),
    ] {
        let page = clerk.get("/console/find").await;
        let sent = clerk.submit("/console/find", &page, &[(field, typed)]).await;
        let page = clerk.get(sent.location()).await;
        assert!(page.body.contains(words) && page.body.contains("summary-title"), "{typed}: {}", page.body);
        assert!(page.body.contains(&format!("value=\"{typed}\"")), "{typed}: {}", page.body);
    }
    let none = find(&mut clerk, "Hoàng Văn Không").await;
    assert!(none.body.contains("Không tìm thấy ai") && none.body.contains("Hãy thử bớt từ"), "{}", none.body);
    let page = clerk.get("/console/find").await;
    let typed = [("who", "nguyen van thu"), ("birth", "5.3.1985")];
    let sent = clerk.submit("/console/find", &page, &typed).await;
    let found = clerk.get(sent.location()).await;
    for words in ["Họ tên khớp khi không dấu", "Đúng ngày sinh", "Trang này có 1 người"] {
        assert!(found.body.contains(words), "{words}: {}", found.body);
    }
    // A day of the record is typed as people type it; what is none is said.
    let at = link(&found, people::NAME);
    let page = clerk.get(&at).await;
    for (typed, query) in
        [("1/11/2026", "?as_of=2026-11-01"), ("", ""), ("32/1/2026", "?said=day"), ("2026", "?said=day")]
    {
        let sent = clerk.submit(&at, &page, &[("as_of", typed), ("action", "show")]).await;
        assert_eq!(sent.location(), format!("{at}{query}"), "{typed}");
    }
    let page = clerk.get(&format!("{at}?said=day")).await;
    assert!(page.body.contains("as_of-problem"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_units_case_is_taken_up_by_nobody_who_names_it() {
    for app in TestApp::each().await {
        add(&app.at, person()).await;
        let far = app.operator("canbo.xa", &[Role::Registrar], Some("79")).await;
        let mut clerk = app.at_desk("canbo.gan", &[Role::Registrar], None).await;
        let form = opened(&mut clerk).await;
        let at = proposed(&mut clerk, &form).await;
        let event = at.rsplit('/').next().unwrap();
        app.at.change("UPDATE civil_event SET state = 'case', unit_code = '00004', version = 3").await;
        let mut stranger = app.browser();
        sign_in(&app, &mut stranger, &far).await;
        let form = stranger.get("/console/propose/birth").await;
        let named = format!("{event}/3");
        let birth = [
            ("form", given(&form, "form")),
            ("again", named),
            ("name", "Nguyễn Văn Bé".to_owned()),
            ("on", "10/11/2026".to_owned()),
            ("sex", "male".to_owned()),
            ("registered_on", "20/11/2026".to_owned()),
            ("registered_at", "Phường Sài Gòn, Hồ Chí Minh".to_owned()),
            ("paper", "birth_note".to_owned()),
            ("paper_no", "1".to_owned()),
            ("paper_on", "20/11/2026".to_owned()),
            ("paper_by", "Bệnh viện".to_owned()),
        ];
        app.at.change("UPDATE civil_event SET kind = 'birth'").await;
        let mut fields: Vec<_> = birth.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let at = "/console/propose/birth";
        let checked = stranger.submit(at, &form, &[&fields[..], &[("action", "check")]].concat()).await;
        let shown = stranger.get(checked.location()).await;
        assert!(shown.body.contains("Sự kiện này sẽ thay đổi"), "{}", shown.body);
        let seen = given(&shown, "seen");
        fields.extend([("seen", seen.as_str()), ("action", "propose")]);
        assert_eq!(stranger.submit(at, &shown, &fields).await.location(), "/console/mine");
        let stays = "SELECT count(*) FROM civil_event WHERE state = 'case' AND proposed_by = 'operator:canbo.gan'";
        assert_eq!(app.at.count(stays).await, 1);
    }
}

/// Every page of the console, for one who has no role that it needs, and for nobody.
#[tokio::test(flavor = "multi_thread")]
async fn every_page_asks_who_it_is_and_what_they_may() {
    let app = TestApp::sqlite().await;
    let mut auditor = app.at_desk("canbo.kiem", &[Role::Auditor], Some("01")).await;
    let desk = auditor.get("/console").await;
    let id = "018f0000-0000-7000-8000-000000000000";
    let only_for_others = [
        "/console/queue".to_owned(),
        "/console/propose/birth".to_owned(),
        "/console/cases".to_owned(),
        format!("/console/cases/{id}"),
        "/console/pairs".to_owned(),
        "/console/imports".to_owned(),
        format!("/console/imports/{id}"),
    ];
    for path in &only_for_others {
        let page = auditor.get(path).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        assert!(page.body.contains("href=\"/console\""), "{path}: the way back is the desk");
        assert!(!desk.body.contains(&format!("href=\"{path}\"")), "{path} is not offered to who may not");
    }
    for path in ["/console/propose/birth", "/console/imports"] {
        let form = [("form", id), ("action", "propose"), ("file", "x.csv")];
        assert_eq!(auditor.submit(path, &desk, &form).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    for (path, action) in [("events", "approve"), ("events", "withdraw"), ("cases", "assign"), ("imports", "approve")] {
        let fields = [("version", "1"), ("action", action)];
        let answer = auditor.submit(&format!("/console/{path}/{id}"), &desk, &fields).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {action}");
    }
    for path in only_for_others.iter().map(String::as_str).chain(["/console", "/console/find", "/console/mine"]) {
        let answer = app.browser().get(path).await;
        assert!(answer.location().starts_with("/console/sign-in"), "{path}");
        assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
        let posted = app.browser().post(path, &[("action", "approve"), ("csrf", "x")]).await;
        assert_ne!(posted.status, StatusCode::OK, "{path}");
    }
    // What is no id is no page, and no fault.
    for path in [
        "/console/events/x",
        "/console/cases/%00",
        "/console/imports/..%2Fx",
        "/console/person/x",
        "/console/propose/x",
    ] {
        assert_eq!(auditor.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(auditor.get("/console/sign-in").await.location(), "/console", "who is signed in stays so");
}
