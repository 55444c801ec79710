//! Telling of civil events by the interface for state systems: once is once, what is early waits, what contradicts becomes a
//! case, and another always decides.

use dinhdanh::{
    base::Span,
    flows::registry::events::{self, Officer, Verdict, decide::Say, try_early},
    registry::{Address, PersonRecord, Residence, ResidenceKind, UnitRef, operator::Role},
    store::{audit::Actor, civil_events},
};
use http::StatusCode;
use serde_json::{Value, json};

use super::registry_api::{AGENCY, Caller, kind};
use crate::support::{
    app::{Answer, TestApp},
    operators::sign_in as clerk_signs_in,
    people::{self, NUMBER, person},
};

const SCOPE: &str = "registry:events";

fn all() -> Value {
    json!({ "registry_events": { "kinds": ["*"] } })
}

fn event(kind: &str, source_id: &str, fields: &[(&str, &str)]) -> Value {
    let papers = [("paper_no", "17"), ("paper_on", "2026-11-20"), ("paper_by", "UBND phường Ngọc Hà")];
    let fields: serde_json::Map<String, Value> =
        fields.iter().chain(&papers).map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
    json!({ "source_id": source_id, "kind": kind, "fields": fields })
}

fn death(source_id: &str) -> Value {
    event("death", source_id, &[("subject", NUMBER), ("on", "2026-11-20"), ("paper", "death_note")])
}

fn divorce(source_id: &str) -> Value {
    let fields = [("husband", NUMBER), ("wife", "900085000009"), ("on", "2026-11-20"), ("paper", "court_decision")];
    event("divorce", source_id, &fields)
}

fn status(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.json()["status"].as_str().unwrap_or_default().to_owned())
}

/// Approved by somebody of the country's office.
async fn approve(app: &TestApp, source_id: &str) {
    let mut conn = app.at.conn().await;
    let source = format!("api:{AGENCY}");
    let event = civil_events::find_by_source(&mut conn, &source, source_id).await.unwrap().unwrap();
    drop(conn);
    let officer = Officer { actor: Actor::Operator("binh".to_owned()), unit: None, duty: None };
    let say = Say { event: event.id, version: event.version, verdict: Verdict::Approve, reason: None };
    let decided = events::decide(&app.at.provider, &officer, &say, app.at.now()).await.unwrap();
    assert!(matches!(decided, events::Decided::Recorded { .. }), "{decided:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_is_proposed_once_and_decided_by_another() {
    for app in TestApp::each().await {
        people::with_account(&app.at, person()).await;
        let caller = Caller::of(&app, SCOPE, &all()).await;
        let first = caller.ask("/events", &death("HT-2026.1")).await;
        assert_eq!(status(&first), (200, "proposed".to_owned()), "{}", first.body);
        assert!(first.json()["due_on"].is_string() && first.json()["against"] == json!([]), "{}", first.body);
        let again = caller.ask("/events", &death("HT-2026.1")).await;
        assert_eq!(again.body, first.body, "the same again has the same answer");
        assert_eq!(caller.state("HT-2026.1").await.body, first.body);
        let mut other = death("HT-2026.1");
        other["fields"]["on"] = json!("2026-11-19");
        let other = caller.ask("/events", &other).await;
        assert_eq!((other.status, kind(&other).as_str()), (StatusCode::CONFLICT, "other-content"));
        assert_eq!(app.at.count("SELECT count(*) FROM civil_event").await, 1);
        assert_eq!(app.at.count("SELECT count(*) FROM person WHERE vital <> 'alive'").await, 0, "nothing changed yet");
        approve(&app, "HT-2026.1").await;
        assert_eq!(status(&caller.state("HT-2026.1").await), (200, "recorded".to_owned()));
        assert_eq!(app.at.count("SELECT count(*) FROM person WHERE vital = 'dead'").await, 1);
        let proposed =
            app.at.count("SELECT count(*) FROM civil_event WHERE proposed_by = 'agency:so-giao-thong'").await;
        assert_eq!(proposed, 1, "the proposer is the agency, the decider somebody else");
        // Each telling is a use that the person would see; asking how it stands names nobody.
        assert_eq!(
            app.at.count("SELECT count(*) FROM registry_use WHERE what = 'event' AND person_id IS NOT NULL").await,
            3
        );
        assert_eq!(app.at.count("SELECT count(*) FROM registry_use WHERE what = 'event_state'").await, 2);
        assert_eq!(app.at.audited("registry.used", "done").await, 5);
        assert_eq!(app.at.audited("registry.event_proposed", "done").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_divorce_before_the_marriage_waits_and_goes_on_when_the_marriage_is_recorded() {
    for app in TestApp::each().await {
        people::add(&app.at, person()).await;
        let caller = Caller::of(&app, SCOPE, &all()).await;
        let early = caller.ask("/events", &divorce("LH-1")).await;
        assert_eq!(status(&early), (200, "waiting".to_owned()), "{}", early.body);
        let against = &early.json()["against"][0];
        assert_eq!((&against["pointer"], &against["reason"]), (&json!("/fields/wife"), &json!("person.unknown")));
        assert!(against["detail#vi"].as_str().unwrap().contains("sổ"), "in both languages");
        assert_eq!(app.at.count("SELECT count(*) FROM registry_case WHERE state = 'open'").await, 1);
        let mut wife = people::another(9);
        wife.sex = dinhdanh::registry::Sex::Female;
        people::add(&app.at, wife).await;
        let later = async || {
            app.at.clock.advance(Span::minutes(6));
            let now = app.at.now();
            try_early(&app.at.provider, now - Span::minutes(5), 50, now).await.unwrap()
        };
        assert_eq!(later().await, 0, "known now, and not married yet");
        let caller = caller.again(SCOPE).await;
        assert_eq!(caller.state("LH-1").await.json()["against"][0]["reason"], "marriage.not_theirs");
        let fields =
            [("husband", NUMBER), ("wife", "900085000009"), ("on", "2026-11-10"), ("paper", "marriage_certificate")];
        let married = caller.ask("/events", &event("marriage", "KH-1", &fields)).await;
        assert_eq!(status(&married), (200, "proposed".to_owned()), "{}", married.body);
        approve(&app, "KH-1").await;
        assert_eq!(later().await, 1);
        assert_eq!(later().await, 0);
        let caller = caller.again(SCOPE).await;
        assert_eq!(status(&caller.state("LH-1").await), (200, "proposed".to_owned()));
        assert_eq!(app.at.count("SELECT count(*) FROM registry_case WHERE resolution = 'came_in_order'").await, 1);
        approve(&app, "LH-1").await;
        assert_eq!(app.at.count("SELECT count(*) FROM person WHERE marital = 'divorced_or_widowed'").await, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_contradicts_the_record_is_a_case_and_is_not_tried_again() {
    for app in TestApp::each().await {
        people::add(&app.at, person()).await;
        let caller = Caller::of(&app, SCOPE, &all()).await;
        let mut wrong = death("HT-1");
        wrong["fields"]["on"] = json!("1980-01-01");
        wrong["fields"]["paper_on"] = json!("1980-01-02");
        let answer = caller.ask("/events", &wrong).await;
        assert_eq!(status(&answer), (200, "case".to_owned()), "{}", answer.body);
        assert_eq!(answer.json()["against"][0]["reason"], "day.before_birth");
        assert_eq!(app.at.count("SELECT count(*) FROM civil_event WHERE state = 'case' AND tried_at IS NULL").await, 1);
        assert_eq!(app.at.audited("registry.case_opened", "done").await, 1);
        assert_eq!(caller.ask("/events", &wrong).await.body, answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_officer_returned_is_mended_by_its_teller_under_its_name() {
    for app in TestApp::each().await {
        people::add(&app.at, person()).await;
        let caller = Caller::of(&app, SCOPE, &all()).await;
        caller.ask("/events", &death("HT-1")).await;
        let clerk = app.operator("duyet", &[Role::Approver], None).await;
        let mut browser = app.browser();
        clerk_signs_in(&app, &mut browser, &clerk).await;
        let queue = browser.get("/console/queue").await.body;
        let id = queue.split("/console/events/").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let at = format!("/console/events/{id}");
        let page = browser.get(&at).await;
        assert!(
            page.body.contains("H05.12 · canbo.a · H05-0001") && page.body.contains("Hệ thống so-giao-thong"),
            "{}",
            page.body
        );
        let fields = [("version", "1"), ("action", "return"), ("reason", "Sai ngày chết")];
        browser.submit(&at, &page, &fields).await;
        let caller = caller.again(SCOPE).await;
        let returned = caller.state("HT-1").await;
        assert_eq!(status(&returned), (200, "returned".to_owned()));
        assert_eq!(returned.json()["decision_reason"], "Sai ngày chết");
        let mut mended = death("HT-1");
        mended["fields"]["on"] = json!("2026-11-18");
        assert_eq!(status(&caller.ask("/events", &mended).await), (200, "proposed".to_owned()));
        let mut other = mended.clone();
        other["kind"] = json!("card_lost");
        assert_eq!(caller.ask("/events", &other).await.status, StatusCode::CONFLICT, "it stays of its kind");
        approve(&app, "HT-1").await;
        assert_eq!(app.at.count("SELECT count(*) FROM person WHERE vital_since = '2026-11-18'").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn badly_told_events_are_refused_field_by_field_and_nothing_is_kept() {
    let app = TestApp::sqlite().await;
    people::add(&app.at, person()).await;
    let caller = Caller::of(&app, SCOPE, &all()).await;
    let reasons = |answer: &Answer| -> Vec<(String, String)> {
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
        let text = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        assert!(!errors.is_empty() && errors.iter().all(|one| !text(one, "detail").is_empty()), "{errors:?}");
        errors.iter().map(|one| (text(one, "pointer"), text(one, "reason"))).collect()
    };
    let pair = |at: &str, why: &str| (at.to_owned(), why.to_owned());
    let bare = caller.ask("/events", &json!({ "kind": "flight", "source_id": "x y", "fields": [] })).await;
    assert_eq!(
        reasons(&bare),
        [pair("/source_id", "source_id.form"), pair("/kind", "kind.unknown"), pair("/fields", "fields")]
    );
    let mut many = death("HT-2");
    many["fields"]["on"] = json!("2026-02-30");
    many["fields"]["paper_on"] = json!("2030-01-01");
    many["fields"]["paper_by"] = json!("x".repeat(300));
    assert_eq!(
        reasons(&caller.ask("/events", &many).await),
        [
            pair("/fields/on", "day.none"),
            pair("/fields/paper_on", "paper.future"),
            pair("/fields/paper_by", "too_long")
        ]
    );
    many["unit"] = json!("99999");
    assert_eq!(reasons(&caller.ask("/events", &many).await), [pair("/unit", "unit.none")]);
    let twice = death("HT-3").to_string().replacen('{', r#"{"source_id":"HT-4","#, 1);
    let twice = caller.send("/events", twice.into_bytes()).await;
    assert!(twice.body.contains("stands twice"), "{}", twice.body);
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    for content in [b"\xff\xfe".to_vec(), b"[".repeat(5_000), b"{\"source_id\":".to_vec(), Vec::new()] {
        assert_eq!(caller.send("/events", content).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let huge = death("HT-5").to_string().replace("UBND", &"x".repeat(2_000_000));
    let huge = caller.send("/events", huge.into_bytes()).await;
    assert!(huge.status == StatusCode::PAYLOAD_TOO_LARGE, "{}", huge.status);
    assert_eq!(app.at.count("SELECT count(*) FROM civil_event").await, 0);
    for path in ["/events/x%20y", "/events/HT-9", "/events/..%2F"] {
        assert_eq!(caller.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_tells_what_its_registration_names_and_where() {
    let app = TestApp::sqlite().await;
    people::add(&app.at, person()).await;
    let part = json!({ "registry_events": { "kinds": ["death"], "units": ["01"] } });
    let caller = Caller::of(&app, SCOPE, &part).await;
    let not_theirs = async |content: &Value| {
        let answer = caller.ask("/events", content).await;
        (answer.status.as_u16(), kind(&answer))
    };
    let refused = (403, "not-registered".to_owned());
    assert_eq!(not_theirs(&divorce("LH-1")).await, refused);
    assert_eq!(not_theirs(&death("HT-1")).await, refused, "nobody knows where this person lives");
    let mut routed = death("HT-1");
    routed["unit"] = json!("00004");
    assert_eq!(not_theirs(&routed).await, refused, "the rules say whose it is, not the teller");
    for (serial, unit) in [(2, "00004"), (3, "26368")] {
        let unit = UnitRef::commune_on(unit, app.at.now().vietnam_date()).unwrap();
        let address = Address::new("Số 1", unit, None).unwrap();
        let home = Residence { kind: ResidenceKind::Permanent, address, from: None, to: None };
        people::add(&app.at, PersonRecord { residences: vec![home], ..people::another(serial) }).await;
    }
    let of = |number: &str, source_id: &str| {
        let mut told = death(source_id);
        told["fields"]["subject"] = json!(number);
        told
    };
    assert_eq!(not_theirs(&of("900085000003", "HT-3")).await, refused, "another province's");
    assert_eq!(status(&caller.ask("/events", &of("900085000002", "HT-2")).await), (200, "proposed".to_owned()));
    assert_eq!(app.at.count("SELECT count(*) FROM civil_event WHERE unit_code = '00004'").await, 1);
    // Of somebody who is not recorded nothing is told; the unit says whose case it is.
    let mut unknown = of("900085999999", "HT-4");
    unknown["unit"] = json!("00008");
    assert_eq!(status(&caller.ask("/events", &unknown).await), (200, "waiting".to_owned()));
    assert_eq!(app.at.count("SELECT count(*) FROM registry_case WHERE unit_code = '00008'").await, 1);
    let without = TestApp::sqlite().await;
    let caller = Caller::of(&without, SCOPE, &json!({})).await;
    let answer = caller.ask("/events", &death("HT-1")).await;
    assert_eq!((answer.status, kind(&answer).as_str()), (StatusCode::FORBIDDEN, "not-registered"));
    let other_scope = TestApp::sqlite().await;
    let answer = Caller::of(&other_scope, "registry:verify", &all()).await.ask("/events", &death("HT-1")).await;
    assert_eq!((answer.status, kind(&answer).as_str()), (StatusCode::FORBIDDEN, "scope"));
}

/// Mended, an event may speak of somebody else: the registration is asked again, and not only the first time.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_returned_is_told_again_only_within_the_registration() {
    for app in TestApp::each().await {
        for (serial, unit) in [(2, "00004"), (3, "26368")] {
            let unit = UnitRef::commune_on(unit, app.at.now().vietnam_date()).unwrap();
            let address = Address::new("Số 1", unit, None).unwrap();
            let home = Residence { kind: ResidenceKind::Permanent, address, from: None, to: None };
            people::add(&app.at, PersonRecord { residences: vec![home], ..people::another(serial) }).await;
        }
        let part = json!({ "registry_events": { "kinds": ["death"], "units": ["01"] } });
        let caller = Caller::of(&app, SCOPE, &part).await;
        let of = |number: &str| {
            let mut told = death("HT-1");
            told["fields"]["subject"] = json!(number);
            told
        };
        assert_eq!(status(&caller.ask("/events", &of("900085000002")).await), (200, "proposed".to_owned()));
        let mut conn = app.at.conn().await;
        let source = format!("api:{AGENCY}");
        let event = civil_events::find_by_source(&mut conn, &source, "HT-1").await.unwrap().unwrap();
        drop(conn);
        let officer = Officer { actor: Actor::Operator("binh".to_owned()), unit: None, duty: None };
        let reason = Some("Nhầm người".to_owned());
        let say = Say { event: event.id, version: event.version, verdict: Verdict::Return, reason };
        events::decide(&app.at.provider, &officer, &say, app.at.now()).await.unwrap();
        let elsewhere = caller.ask("/events", &of("900085000003")).await;
        assert_eq!((elsewhere.status, kind(&elsewhere).as_str()), (StatusCode::FORBIDDEN, "not-registered"));
        assert_eq!(app.at.count("SELECT count(*) FROM civil_event WHERE state = 'returned'").await, 1);
        let mut mended = of("900085000002");
        mended["fields"]["on"] = json!("2026-11-19");
        assert_eq!(status(&caller.ask("/events", &mended).await), (200, "proposed".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_event_told_at_once_is_one() {
    for app in TestApp::each().await {
        people::add(&app.at, person()).await;
        let caller = Caller::of(&app, SCOPE, &all()).await;
        let (same, mut other) = (death("HT-1"), death("HT-1"));
        other["fields"]["on"] = json!("2026-11-19");
        let (a, b, c) =
            tokio::join!(caller.ask("/events", &same), caller.ask("/events", &same), caller.ask("/events", &other));
        let mut statuses = [a.status.as_u16(), b.status.as_u16(), c.status.as_u16()];
        statuses.sort_unstable();
        assert!(statuses == [200, 200, 409] || statuses == [200, 409, 409], "{statuses:?}");
        assert_eq!(a.status, b.status, "the same content has the same fate");
        assert_eq!(app.at.count("SELECT count(*) FROM civil_event").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_tells_can_look_up_what_can_be_told() {
    let app = TestApp::sqlite().await;
    let answer = app.get("/api/registry/v1/event-kinds", &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    let read = answer.json();
    let kinds = read["kinds"].as_array().unwrap();
    let of = |kind: &str| kinds.iter().find(|one| one["kind"] == kind);
    assert!(of("record_merge").is_none() && kinds.len() > 35, "what only the registry does is not told");
    let death = of("death").unwrap();
    let field = |name: &str| death["fields"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
    assert_eq!((&field("on")["required"], &field("on")["form"]), (&json!(true), &json!("YYYY-MM-DD")));
    assert_eq!(field("paper")["choices"][0]["code"], "death_note");
    assert_eq!(death["label#vi"], "Khai tử");
}

/// One that cannot be read does not stand before the others for ever.
#[tokio::test(flavor = "multi_thread")]
async fn an_early_event_that_cannot_be_judged_keeps_no_other_back() {
    for app in TestApp::each().await {
        people::add(&app.at, person()).await;
        let caller = Caller::of(&app, SCOPE, &all()).await;
        for name in ["LH-1", "LH-2"] {
            assert_eq!(status(&caller.ask("/events", &divorce(name)).await), (200, "waiting".to_owned()));
            app.at.clock.advance(Span::secs(1));
        }
        app.at.change("UPDATE civil_event SET kind = 'flight' WHERE source_id = 'LH-1'").await;
        let mut wife = people::another(9);
        wife.sex = dinhdanh::registry::Sex::Female;
        people::add(&app.at, wife).await;
        let marriage =
            [("husband", NUMBER), ("wife", "900085000009"), ("on", "2026-11-01"), ("paper", "marriage_certificate")];
        caller.ask("/events", &event("marriage", "KH-1", &marriage)).await;
        approve(&app, "KH-1").await;
        app.at.clock.advance(Span::minutes(6));
        let now = app.at.now();
        assert_eq!(try_early(&app.at.provider, now - Span::minutes(5), 50, now).await.unwrap(), 1);
        assert_eq!(
            app.at.count("SELECT count(*) FROM civil_event WHERE source_id = 'LH-2' AND state = 'proposed'").await,
            1
        );
        assert_eq!(try_early(&app.at.provider, now - Span::minutes(5), 50, now).await.unwrap(), 0, "put off");
    }
}
