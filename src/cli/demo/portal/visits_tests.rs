use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use super::*;

const START: Timestamp = Timestamp::from_secs(1_795_366_800);

fn attempt(state: &str, begun_at: Timestamp) -> Attempt {
    Attempt { state: state.to_owned(), nonce: String::new(), pkce_verifier: String::new(), aim: Aim::SignIn, begun_at }
}

fn session(sub: &str, sid: &str) -> Session {
    let claims = json!({ "iss": "http://localhost", "aud": "moh", "exp": 2, "iat": 1, "sub": sub });
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let jwt = format!("{}.{}.AA", part(r#"{"alg":"ES256"}"#), part(&claims.to_string()));
    Session {
        sub: sub.to_owned(),
        sid: Some(sid.to_owned()),
        issued_at: START.secs(),
        acr: None,
        amr: Vec::new(),
        auth_time: None,
        account_level: None,
        id_token: jwt.parse().unwrap(),
        access_token: AccessToken::new("a".to_owned()),
        records_token: None,
        scopes: Vec::new(),
        claims: None,
    }
}

fn logout(jti: &str, sub: Option<&str>, sid: Option<&str>) -> Logout {
    Logout {
        jti: jti.to_owned(),
        sub: sub.map(str::to_owned),
        sid: sid.map(str::to_owned),
        issued_at: START.secs(),
        expires_at: START + Span::minutes(2),
    }
}

/// Signs a browser in and returns its cookie.
fn signed_in(visits: &Visits, name: &str, sub: &str, sid: &str) -> String {
    let cookie = visits.begin(None, format!("{name}-before"), attempt("x", START)).unwrap();
    visits.signed_in(&cookie, name.to_owned(), session(sub, sid), Aim::SignIn, START).unwrap()
}

fn is_in(visits: &Visits, cookie: &str, now: Timestamp) -> bool {
    visits.see(Some(cookie), now).session.is_some()
}

#[test]
fn an_attempt_belongs_to_its_browser_and_is_taken_once() {
    let visits = Visits::default();
    let (one, two) = ("one".to_owned(), "two".to_owned());
    let one = visits.begin(None, one, attempt("s1", START)).unwrap();
    let two = visits.begin(None, two, attempt("s2", START)).unwrap();
    assert!(visits.take_attempt(&two, "s1", START).is_none());
    assert!(visits.take_attempt(&one, "s1", START).is_some());
    assert!(visits.take_attempt(&one, "s1", START).is_none());
    assert!(visits.take_attempt(&two, "s2", START + ATTEMPT).is_none());
}

#[test]
fn a_cookie_that_was_not_set_here_is_not_adopted() {
    let visits = Visits::default();
    assert_eq!(visits.begin(Some("planted"), "fresh".to_owned(), attempt("s", START)).unwrap(), "fresh");
    assert!(visits.take_attempt("planted", "s", START).is_none());
    assert_eq!(visits.begin(Some("fresh"), "other".to_owned(), attempt("t", START)).unwrap(), "fresh");
}

#[test]
fn signing_in_moves_the_visit_to_a_new_cookie() {
    let visits = Visits::default();
    let cookie = signed_in(&visits, "after", "p", "i");
    assert!(is_in(&visits, &cookie, START));
    assert!(!is_in(&visits, "after-before", START));
}

#[test]
fn tabs_are_bounded_and_the_oldest_gives_way() {
    let visits = Visits::default();
    let cookie = visits.begin(None, "c".to_owned(), attempt("0", START)).unwrap();
    for n in 1..=ATTEMPTS_AT_MOST {
        visits.begin(Some(&cookie), String::new(), attempt(&n.to_string(), START)).unwrap();
    }
    assert!(visits.take_attempt(&cookie, "0", START).is_none());
    assert!(visits.take_attempt(&cookie, "1", START).is_some());
}

#[test]
fn a_session_ends_when_idle_and_when_old_and_the_page_says_so() {
    let visits = Visits::default();
    let cookie = signed_in(&visits, "idle", "p", "i");
    assert!(is_in(&visits, &cookie, START + IDLE - Span::secs(1)));
    assert!(is_in(&visits, &cookie, START + IDLE + Span::secs(1)));
    assert!(!is_in(&visits, &cookie, START + IDLE + IDLE + Span::secs(1)));
    assert_eq!(visits.see(Some(&cookie), START + IDLE + IDLE).notice, Some(Notice::Expired));
    let cookie = signed_in(&visits, "old", "p", "i");
    let mut now = START;
    while now < START + ABSOLUTE - Span::minutes(20) {
        now = now + Span::minutes(20);
        assert!(is_in(&visits, &cookie, now));
    }
    assert!(!is_in(&visits, &cookie, START + ABSOLUTE));
}

#[test]
fn a_logout_ends_the_sessions_that_it_names_and_no_others() {
    let cases = [
        (logout("1", None, Some("i1")), [false, true, true]),
        (logout("2", Some("p"), Some("i1")), [false, true, true]),
        (logout("3", Some("q"), Some("i1")), [true, true, true]),
        (logout("4", Some("p"), None), [false, false, true]),
        (logout("5", Some("z"), None), [true, true, true]),
    ];
    for (logout, expected) in cases {
        let visits = Visits::default();
        let cookies = [("a", "p", "i1"), ("b", "p", "i2"), ("c", "q", "i3")]
            .map(|(name, sub, sid)| signed_in(&visits, name, sub, sid));
        let left = expected.iter().filter(|stays| **stays).count();
        assert_eq!(visits.log_out(logout.clone(), START), Ok(3 - left), "{logout:?}");
        assert_eq!(cookies.each_ref().map(|cookie| is_in(&visits, cookie, START)), expected, "{logout:?}");
        for (cookie, stays) in cookies.iter().zip(expected) {
            let told = visits.see(Some(cookie), START).notice;
            assert_eq!(told, (!stays).then_some(Notice::EndedElsewhere { at: START }));
        }
    }
}

#[test]
fn a_logout_token_is_obeyed_once_as_long_as_it_lives() {
    let visits = Visits::default();
    assert_eq!(visits.log_out(logout("j", Some("p"), None), START), Ok(0));
    assert_eq!(visits.log_out(logout("j", Some("p"), None), START + Span::secs(119)), Err(Replayed));
    assert_eq!(visits.log_out(logout("k", Some("p"), None), START), Ok(0));
}

#[test]
fn a_sign_in_that_was_under_way_during_the_logout_does_not_come_through_and_a_later_one_does() {
    let visits = Visits::default();
    let cookie = visits.begin(None, "c".to_owned(), attempt("x", START)).unwrap();
    visits.log_out(logout("j", Some("p"), Some("i")), START).unwrap();
    let early = Session { issued_at: START.secs() - 1, ..session("p", "i") };
    let outcome = visits.signed_in(&cookie, "d".to_owned(), early, Aim::SignIn, START);
    assert_eq!(outcome, Err(NotBegun::EndedMeanwhile));
    let later = Session { issued_at: START.secs() + 1, ..session("p", "i") };
    assert!(visits.signed_in(&cookie, "e".to_owned(), later, Aim::SignIn, START).is_ok());
}

#[test]
fn another_person_in_the_same_browser_does_not_inherit_what_was_open() {
    let visits = Visits::default();
    let service = &super::super::specs::portals()[0].services[1];
    let cookie = signed_in(&visits, "a", "p", "i");
    let cookie = visits.signed_in(&cookie, "b".to_owned(), session("p", "i"), Aim::Service(service), START).unwrap();
    assert!(visits.see(Some(&cookie), START).opened.contains("submit"));
    let cookie = visits.signed_in(&cookie, "c".to_owned(), session("q", "j"), Aim::SignIn, START).unwrap();
    let seen = visits.see(Some(&cookie), START);
    assert!(seen.opened.is_empty());
    assert_eq!(seen.notice, Some(Notice::AnotherPerson));
}

#[test]
fn signing_out_is_over_only_for_the_browser_that_began_it() {
    let visits = Visits::default();
    let cookie = signed_in(&visits, "a", "p", "i");
    assert!(visits.sign_out(&cookie, "s".to_owned(), START).is_some());
    assert!(!is_in(&visits, &cookie, START));
    assert!(visits.sign_out(&cookie, "t".to_owned(), START).is_none());
    assert!(!visits.left(&cookie, "other") && !visits.left("b", "s"));
    assert!(visits.left(&cookie, "s") && !visits.left(&cookie, "s"));
}

#[test]
fn newer_claims_do_not_revive_a_session_that_ended() {
    let visits = Visits::default();
    let cookie = signed_in(&visits, "a", "p", "i");
    let old = visits.see(Some(&cookie), START).session.unwrap();
    visits.renew(&cookie, &old, old.with_claims(BTreeMap::new()));
    assert!(visits.see(Some(&cookie), START).session.unwrap().claims.is_some());
    visits.log_out(logout("j", Some("p"), None), START).unwrap();
    visits.renew(&cookie, &old, old.with_claims(BTreeMap::new()));
    assert!(!is_in(&visits, &cookie, START));
}

#[test]
fn old_visits_make_room_and_a_full_house_says_so() {
    let visits = Visits::default();
    for n in 0..VISITS_AT_MOST {
        visits.begin(None, n.to_string(), attempt("s", START)).unwrap();
    }
    assert!(visits.begin(None, "late".to_owned(), attempt("s", START)).is_err());
    assert!(visits.begin(Some("7"), "late".to_owned(), attempt("s", START)).is_ok());
    assert!(visits.begin(None, "later".to_owned(), attempt("s", START + IDLE)).is_ok());
    assert!(visits.take_attempt("8", "s", START + IDLE).is_none());
}
