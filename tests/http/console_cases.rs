//! Cases at the console: seen by their unit, in words, with a way out for what came in; and what operators look at, on record.

use dinhdanh::{
    base::Span,
    flows::registry::events::{Incoming, Officer, Proposal, Received, receive},
    registry::{civil_event::Kind, operator::Role},
    store::{audit::Actor, civil_events},
};
use http::StatusCode;

use crate::{
    flows::events::{proposal, recorded},
    http::{
        console_clerk::away,
        console_record::{find, given, link, person_page},
    },
    support::{
        app::TestApp,
        operators::sign_in,
        people::{self, add, another, person},
    },
};

/// A court tells of a divorce of two who are not married to each other.
async fn told(app: &TestApp, unit: Option<&str>, id: &str) -> (String, dinhdanh::base::ids::EventId) {
    let values = [
        ("husband", people::NUMBER),
        ("wife", "900085000002"),
        ("on", "2026-11-20"),
        ("paper", "court_decision"),
        ("paper_no", "7"),
        ("paper_on", "2026-11-01"),
        ("paper_by", "Tòa án"),
    ];
    let proposal = Proposal {
        kind: Kind::Divorce,
        values: values.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        source: "courts".to_owned(),
        source_id: id.to_owned(),
        note: None,
        again: None,
    };
    let court = Officer { actor: Actor::Operator("toa.an".to_owned()), unit: unit.map(str::to_owned), duty: None };
    let received = receive(&app.at.provider, &court, &Incoming { proposal, unit: None }, app.at.now()).await.unwrap();
    let Received::Case { event, case, .. } = received else { panic!("{received:?}") };
    (format!("/console/cases/{case}"), event)
}

async fn two_people(app: &TestApp) {
    let mut wife = another(2);
    wife.sex = dinhdanh::registry::Sex::Female;
    add(&app.at, person()).await;
    add(&app.at, wife).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_its_units_and_speaks_in_words() {
    for app in TestApp::each().await {
        two_people(&app).await;
        let (page, _) = told(&app, None, "1").await;
        let (country, far, auditor) = (
            app.operator("canbo.an", &[Role::Approver], None).await,
            app.operator("canbo.xa", &[Role::Approver], Some("79")).await,
            app.operator("canbo.kiem", &[Role::Auditor], None).await,
        );
        let (mut one, mut other, mut third) = (app.browser(), app.browser(), app.browser());
        sign_in(&app, &mut one, &country).await;
        sign_in(&app, &mut other, &far).await;
        sign_in(&app, &mut third, &auditor).await;
        // What nobody's unit is, is the country's: neither listed, nor read, nor ended by another.
        assert!(other.get("/console/cases").await.body.contains("Không có vụ việc nào."));
        assert_eq!(other.get(&page).await.status, StatusCode::NOT_FOUND);
        assert_eq!(third.get(&page).await.status, StatusCode::FORBIDDEN, "who reads the log works on no cases");
        assert_eq!(third.get("/console/cases").await.status, StatusCode::FORBIDDEN);
        let before = app.at.audited("registry.case_read", "done").await;
        let shown = one.get(&page).await;
        for words in ["Ly hôn", "Hai người này không phải là vợ chồng theo sổ.", "900 085 000 001", "20"]
        {
            assert!(shown.body.contains(words), "{words}: {}", shown.body);
        }
        assert!(!shown.body.contains("marriage.not_theirs") && !shown.body.contains("<pre>"), "{}", shown.body);
        assert_eq!(app.at.audited("registry.case_read", "done").await, before + 1);
        one.jar.insert("dinhdanh-8080-lang".to_owned(), "en".to_owned());
        let english = one.get(&page).await;
        assert!(english.body.contains("These two are not recorded as married"), "{}", english.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_in_is_refused_with_its_case_by_an_approver_once() {
    for app in TestApp::each().await {
        two_people(&app).await;
        let (page, event) = told(&app, None, "1").await;
        let (an, binh) = (
            app.operator("canbo.an", &[Role::Registrar], None).await,
            app.operator("canbo.binh", &[Role::Approver], None).await,
        );
        let (mut clerk, mut chief) = (app.browser(), app.browser());
        sign_in(&app, &mut clerk, &an).await;
        sign_in(&app, &mut chief, &binh).await;
        let shown = clerk.get(&page).await;
        let end = [("version", "1"), ("action", "record_stands"), ("reason", "Tòa án gửi nhầm")];
        assert_eq!(clerk.submit(&page, &shown, &end).await.status, StatusCode::FORBIDDEN);
        let shown = chief.get(&page).await;
        let sent = chief.submit(&page, &shown, &[("version", "1"), ("action", "record_stands")]).await;
        assert!(chief.get(sent.location()).await.body.contains("Hãy ghi lý do"), "a reason is needed");
        let sent = chief.submit(&page, &shown, &end).await;
        assert!(chief.get(sent.location()).await.body.contains("Vụ việc đã kết thúc."));
        let stored = civil_events::find(&mut app.at.conn().await, event).await.unwrap().unwrap();
        assert_eq!(stored.state, civil_events::EventState::Rejected);
        assert_eq!(stored.decided_by.as_deref(), Some("operator:canbo.binh"));
        // Somebody else was faster: that is said, not passed over.
        let sent = chief.submit(&page, &shown, &end).await;
        assert!(chief.get(sent.location()).await.body.contains("vừa được người khác thay đổi"));
        assert_eq!(app.at.audited("registry.event_decided", "done").await, 1);
    }
}

/// The other way out: a registrar mends it, and somebody else decides.
/// What an officer wrote about a case is there after their session ended, and after they took the case on.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_about_a_case_is_not_lost() {
    for app in TestApp::each().await {
        two_people(&app).await;
        let (page, _) = told(&app, None, "1").await;
        let binh = app.operator("canbo.binh", &[Role::Approver], None).await;
        let mut chief = app.browser();
        sign_in(&app, &mut chief, &binh).await;
        let shown = chief.get(&page).await;
        app.at.clock.advance(Span::minutes(16));
        let fields = [("version", "1"), ("action", "record_stands"), ("reason", "Đã đối chiếu sổ gốc")];
        let back = away(&app, (&mut chief, &binh), (&page, &shown), &fields).await;
        let shown = chief.get(&back).await;
        assert!(shown.body.contains("Đã đối chiếu sổ gốc</textarea>"), "{}", shown.body);
        let fields = [("version", "1"), ("action", "assign"), ("reason", "Đã đối chiếu sổ gốc, gọi lại")];
        let sent = chief.submit(&page, &shown, &fields).await;
        let shown = chief.get(sent.location()).await;
        assert!(shown.body.contains("gọi lại</textarea>"), "{}", shown.body);
        assert_eq!(app.at.audited("registry.case_changed", "done").await, 1, "taken on, and not settled by the lapse");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_in_is_mended_and_proposed_by_a_registrar() {
    for app in TestApp::each().await {
        two_people(&app).await;
        let (page, event) = told(&app, None, "1").await;
        let an = app.operator("canbo.an", &[Role::Registrar], None).await;
        let mut clerk = app.browser();
        sign_in(&app, &mut clerk, &an).await;
        // Meanwhile they married.
        let married = [("husband", people::NUMBER), ("wife", "900085000002"), ("on", "2026-11-10")];
        recorded(&app.at, &proposal(Kind::Marriage, "m", &married)).await;
        let shown = clerk.get(&page).await;
        let form = clerk.get(&link(&shown, "Sửa và đề nghị ghi sự kiện này")).await;
        assert!(form.body.contains("Sự kiện này sẽ thay đổi"), "{}", form.body);
        let fields = ["form", "again", "seen", "husband", "wife", "on", "paper_no", "paper_on", "paper_by"];
        let mut typed: Vec<_> = fields.iter().map(|name| (*name, given(&form, name))).collect();
        typed.extend([("paper", "court_decision".to_owned()), ("action", "propose".to_owned())]);
        let typed: Vec<_> = typed.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let sent = clerk.submit("/console/propose/divorce", &form, &typed).await;
        assert_eq!(sent.location(), format!("/console/events/{event}?said=proposed"), "{}", sent.body);
        let stored = civil_events::find(&mut app.at.conn().await, event).await.unwrap().unwrap();
        assert_eq!(stored.state, civil_events::EventState::Proposed);
        assert_eq!(stored.proposed_by, "operator:canbo.an", "who mends it stands for it");
        let resolved = "SELECT count(*) FROM registry_case WHERE resolution = 'proposed_again' AND state = 'resolved'";
        assert_eq!(app.at.count(resolved).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_are_on_record_also_fruitless_ones_and_go_on_page_by_page() {
    for app in TestApp::each().await {
        for serial in 1..=33 {
            add(&app.at, another(serial)).await;
        }
        let mut clerk = app.at_desk("canbo.an", &[Role::Registrar], Some("01")).await;
        let first = find(&mut clerk, people::NAME).await;
        assert_eq!(first.body.matches("/console/person/").count(), 30, "{}", first.body);
        let next = clerk.get(link(&first, "Xem thêm, kể cả tên gần giống").trim_end_matches("#found")).await;
        assert_eq!(next.body.matches("/console/person/").count(), 3, "{}", next.body);
        assert!(!next.body.contains("Xem tiếp"));
        find(&mut clerk, "Không Có Ai").await;
        assert_eq!(app.at.audited("registry.searched", "done").await, 3);
        assert_eq!(app.at.count("SELECT fruitless FROM operator_reading").await, 1);
        assert_eq!(app.at.count("SELECT searches FROM operator_reading").await, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_very_much_is_flagged_and_then_stopped_until_tomorrow() {
    for app in TestApp::each().await {
        add(&app.at, person()).await;
        let mut clerk = app.at_desk("canbo.an", &[Role::Registrar], Some("01")).await;
        person_page(&mut clerk, people::NUMBER, people::NAME).await;
        assert_eq!(app.at.count("SELECT people FROM operator_reading").await, 1);
        app.at.change("UPDATE operator_reading SET people = 199").await;
        let page = person_page(&mut clerk, people::NUMBER, people::NAME).await;
        assert_eq!(app.at.count("SELECT count(*) FROM operator_flag WHERE pattern = 'many_people'").await, 1);
        assert_eq!(app.at.audited("registry.reading_flagged", "done").await, 1);
        app.at.change("UPDATE operator_reading SET people = 1000").await;
        let before = app.at.audited("registry.person_read", "done").await;
        let told = clerk.get(&link(&page, "Khai tử")).await;
        assert_eq!(told.status, StatusCode::TOO_MANY_REQUESTS, "{}", told.body);
        let found = find(&mut clerk, people::NUMBER).await;
        assert_eq!(found.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(!found.body.contains(people::NAME));
        assert_eq!(app.at.audited("registry.person_read", "done").await, before, "nothing was shown");
    }
}

/// What is typed travels in no address, however much it is, and only its own form takes it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_stays_here_however_long_it_is() {
    for app in TestApp::each().await {
        add(&app.at, person()).await;
        let an = app.operator("canbo.an", &[Role::Registrar], None).await;
        let mut clerk = app.browser();
        sign_in(&app, &mut clerk, &an).await;
        let page = person_page(&mut clerk, people::NUMBER, people::NAME).await;
        let form = clerk.get(&link(&page, "Khai sinh")).await;
        let long = "ữ".repeat(300);
        let id = given(&form, "form");
        let mut typed = vec![("form", id.as_str()), ("action", "check")];
        typed.extend(
            ["name", "birth_place", "home_place", "paper_no", "paper_by", "nationality", "household"]
                .map(|name| (name, long.as_str())),
        );
        let sent = clerk.submit("/console/propose/birth", &form, &typed).await;
        let to = sent.location().to_owned();
        assert!(to.len() < 100, "{to}");
        let back = clerk.get(&to).await;
        assert_eq!(back.body.matches(long.as_str()).count(), 7, "nothing typed is lost");
        let sealed = app.at.count("SELECT count(*) FROM console_draft").await;
        assert_eq!(sealed, 1);
        // Another session's draft is nobody's, and a form without an id of ours is refused.
        let mut stranger = app.at_desk("canbo.binh", &[Role::Registrar], None).await;
        assert_eq!(stranger.get(&to).await.status, StatusCode::SEE_OTHER);
        let forged = [("form", "0001"), ("action", "check")];
        assert_eq!(clerk.submit("/console/propose/birth", &form, &forged).await.status, StatusCode::FORBIDDEN);
    }
}
