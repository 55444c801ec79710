//! The second table, row by row and as a whole.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::{
    base::Span,
    oidc::{
        authorize::Addressed,
        client::{Client, RegisteredBy},
        params::Params,
        policy::Policy,
        scope::{AccountLevel, Floor},
    },
};

const ALL_SCOPES: &str = "openid profile email address vn_id vn_family vn_sensitive offline_access";

fn client(over: &str) -> Client {
    let mut metadata = Map::from_iter([
        ("redirect_uris".to_owned(), json!(["https://rp.example/cb"])),
        ("scope".to_owned(), json!(ALL_SCOPES)),
        ("require_pkce".to_owned(), json!(false)),
        ("grant_types".to_owned(), json!(["authorization_code", "refresh_token"])),
    ]);
    metadata.extend(serde_json::from_str::<Map<String, Value>>(over).unwrap());
    Client::register(&Value::Object(metadata), RegisteredBy::Operator).unwrap()
}

fn request(set: &str) -> Request {
    let base =
        Params::parse(b"client_id=c1&response_type=code&redirect_uri=https://rp.example/cb&scope=openid").unwrap();
    let set = Params::parse(set.as_bytes()).unwrap();
    let kept = base.iter().filter(|(name, _)| set.iter().all(|(other, _)| other != *name));
    let params = Params::from_pairs(kept.chain(set.iter()));
    let client = client("{}");
    Request::check(Addressed::resolve(params, &client).unwrap(), &client, &Policy::default()).unwrap()
}

fn terms(client_over: &str) -> Terms {
    Terms::of(&client(client_over), &Policy::default())
}

/// Somebody with level 2, signed in ten minutes ago, who agreed before.
fn standing() -> Standing {
    Standing {
        presence: Presence::Present,
        reached: Some(AcrLevel::Two),
        reached_since_start: None,
        reachable: AcrLevel::Two,
        auth_time_ages: BTreeMap::from([(AcrLevel::One, Span::secs(60)), (AcrLevel::Two, Span::secs(600))]),
        account_level: AccountLevel::Two,
        selection: Selection::NotYet,
        consent: Consent::Remembered,
        terms: terms("{}"),
        refusal: None,
        password: Password::Own,
    }
}

/// In short: what is next, and for refusals the code.
fn short(next: &Next) -> String {
    match next {
        Next::Login => "login".to_owned(),
        Next::SelectAccount => "select".to_owned(),
        Next::NewPassword => "new password".to_owned(),
        Next::StepUp(level) => format!("step up {}", level.number()),
        Next::Consent(granted) => format!("consent {}", granted.scopes),
        Next::Finish(Finish { acr, counting, granted }) => {
            let since = if *counting == Counting::SinceStart { " since start" } else { "" };
            format!("finish {}{since} {}", acr.number(), granted.scopes)
        }
        Next::Refuse(error) => error.code.to_string(),
    }
}

struct Case {
    row: &'static str,
    set: &'static str,
    change: fn(&mut Standing),
    expected: &'static str,
    /// The same request with `prompt=none`, where that can be combined.
    silent: Option<&'static str>,
}

const fn case(
    row: &'static str,
    set: &'static str,
    change: fn(&mut Standing),
    expected: &'static str,
    silent: &'static str,
) -> Case {
    Case { row, set, change, expected, silent: Some(silent) }
}

const fn loud(row: &'static str, set: &'static str, change: fn(&mut Standing), expected: &'static str) -> Case {
    Case { row, set, change, expected, silent: None }
}

const ESSENTIAL_2: &str = r#"claims={"id_token":{"acr":{"essential":true,"values":["urn:vn:xacthuc:2"]}}}"#;
const ESSENTIAL_3: &str = r#"claims={"id_token":{"acr":{"essential":true,"values":["urn:vn:xacthuc:3"]}}}"#;
const UNMET: &str = "unmet_authentication_requirements";

#[rustfmt::skip]
const CASES: &[Case] = &[
    case("refusal", "", |s| s.refusal = Some(Refusal::NotAvailable), "access_denied", "access_denied"),
    case("refusal", "", |s| s.refusal = Some(Refusal::ByPerson), "access_denied", "access_denied"),
    case("presence", "", absent, "login", "login_required"),
    case("presence", "", |s| s.presence = Presence::AnotherPerson, "login", "login_required"),
    case("presence", "", |s| { s.presence = Presence::AnotherPerson; since(s, 1); }, "login_required", "login_required"),
    loud("account_selection", "prompt=select_account", |_| {}, "select"),
    loud("sign_in_again", "prompt=login", |s| s.consent = Consent::Missing, "login"),
    case("sign_in_again", "max_age=0", |s| s.consent = Consent::Missing, "login", "login_required"),
    case("sign_in_again", "max_age=0", |s| { just_now(s); s.consent = Consent::Missing; }, "login", "login_required"),
    case("sign_in_again", "max_age=599", |s| s.consent = Consent::Missing, "login", "login_required"),
    case("client_floor", "", |s| s.terms = terms(r#"{"min_acr":"LoA3"}"#), UNMET, UNMET),
    case("essential_acr", ESSENTIAL_3, |_| {}, UNMET, UNMET),
    case("essential_acr", ESSENTIAL_3, |s| s.consent = Consent::Missing, UNMET, UNMET),
    case("nothing_left", "scope=vn_family", |_| {}, UNMET, UNMET),
    case("nothing_left", "scope=vn_id", |s| s.account_level = AccountLevel::One, UNMET, UNMET),
    case("given_password", "", |s| s.password = Password::Given, "new password", "interaction_required"),
    case("level", "acr_values=LoA2", |s| reached(s, 1), "step up 2", "interaction_required"),
    case("level", ESSENTIAL_2, |s| reached(s, 1), "step up 2", "interaction_required"),
    case("level", "scope=openid+vn_id", |s| reached(s, 1), "step up 2", "interaction_required"),
    case("level", "", |s| { reached(s, 1); s.terms = terms(r#"{"min_acr":"LoA2"}"#); }, "step up 2", "interaction_required"),
    case("level", "scope=openid+profile", |s| { reached(s, 1); s.terms = terms(r#"{"scope_floors":{"profile":"LoA2"}}"#); },
        "step up 2", "interaction_required"),
    case("level", r#"claims={"userinfo":{"id_number":null}}"#, |s| reached(s, 1), "step up 2", "interaction_required"),
    case("level", "acr_values=LoA4+LoA3+LoA2", |s| { reached(s, 1); s.reachable = AcrLevel::Three; }, "step up 3",
        "interaction_required"),
    loud("level", "prompt=login&acr_values=LoA2", |s| since(s, 1), "step up 2"),
    case("consent", "", |s| s.consent = Consent::Missing, "consent openid", "consent_required"),
    case("consent", "", |s| s.terms = terms(r#"{"rp_class":"via_provider"}"#), "consent openid", "consent_required"),
    loud("consent", "prompt=consent", |_| {}, "consent openid"),
    // What is out of reach is neither asked consent for nor granted.
    case("consent", "scope=openid+vn_id+vn_family", |s| s.consent = Consent::Missing, "consent openid vn_id", "consent_required"),
];

fn reached(standing: &mut Standing, level: u8) {
    standing.reached = AcrLevel::from_number(level);
}

fn since(standing: &mut Standing, level: u8) {
    standing.reached_since_start = AcrLevel::from_number(level);
}

fn just_now(standing: &mut Standing) {
    standing.auth_time_ages.values_mut().for_each(|age| *age = Span::ZERO);
}

fn absent(standing: &mut Standing) {
    standing.presence = Presence::Absent;
    standing.reached = None;
    standing.auth_time_ages.clear();
}

#[test]
fn every_row_has_its_cases_and_they_come_out_as_written() {
    for step in STEPS {
        assert!(CASES.iter().any(|case| case.row == step.name), "{} has no case", step.name);
    }
    for Case { row, set, change, expected, silent } in CASES {
        let mut standing = standing();
        change(&mut standing);
        assert_eq!(short(&next(&request(set), &standing)), *expected, "{row}: {set}");
        if let Some(silent) = silent {
            let set = format!("{set}&prompt=none");
            assert_eq!(short(&next(&request(&set), &standing)), *silent, "{row}: {set}");
        }
    }
}

#[test]
fn each_answer_is_its_own_rows_work() {
    for Case { row, set, change, expected, .. } in CASES {
        let mut standing = standing();
        change(&mut standing);
        // Without the row about presence, an absent person still has no proof.
        if standing.presence == Presence::Absent {
            continue;
        }
        let request = request(set);
        assert!(STEPS.iter().any(|step| step.name == *row), "{row} is no row");
        let with = next(&request, &standing);
        let without = next_by(&request, &standing, |name| name != *row);
        assert_ne!(with, without, "{row}: {set} is {expected} without it");
        let earlier = STEPS.iter().take_while(|step| step.name != *row);
        for step in earlier {
            assert_eq!((step.decide)(&request, &standing), None, "{}: {set} belongs to it, not to {row}", step.name);
        }
    }
}

#[test]
fn what_is_finished() {
    type Change = fn(&mut Standing);
    let table: &[(&str, Change, &str)] = &[
        ("", |_| {}, "finish 2 openid"),
        ("", |s| reached(s, 1), "finish 1 openid"),
        ("acr_values=LoA1", |_| {}, "finish 1 openid"),
        ("acr_values=unknown", |_| {}, "finish 2 openid"),
        // Voluntary and out of reach: the level reached, without a step-up that would not help.
        ("acr_values=LoA3", |s| reached(s, 1), "finish 1 openid"),
        // Any member satisfies.
        ("acr_values=LoA3+LoA2", |s| s.reachable = AcrLevel::Four, "finish 2 openid"),
        (
            ESSENTIAL_2,
            |s| {
                reached(s, 4);
                s.reachable = AcrLevel::Four;
            },
            "finish 2 openid",
        ),
        ("max_age=600", |_| {}, "finish 2 openid"),
        // The age that counts is that of the level that is emitted.
        ("max_age=100&acr_values=LoA1", |_| {}, "finish 1 openid"),
        ("max_age=0", |s| since(s, 1), "finish 1 since start openid"),
        ("max_age=599", |s| since(s, 2), "finish 2 since start openid"),
        ("prompt=login", |s| since(s, 1), "finish 1 since start openid"),
        ("prompt=select_account", |s| s.selection = Selection::Done, "finish 2 openid"),
        ("prompt=select_account", |s| since(s, 1), "finish 2 openid"),
        ("prompt=consent", |s| s.consent = Consent::Given, "finish 2 openid"),
        (
            "",
            |s| {
                s.terms = terms(r#"{"rp_class":"via_provider"}"#);
                s.consent = Consent::Given;
            },
            "finish 2 openid",
        ),
        ("scope=openid+vn_id+vn_family+vn_sensitive", |_| {}, "finish 2 openid vn_id"),
        ("scope=openid+address", |s| s.account_level = AccountLevel::One, "finish 2 openid"),
        (
            "scope=openid+vn_family",
            |s| {
                reached(s, 3);
                s.reachable = AcrLevel::Three;
            },
            "finish 3 openid vn_family",
        ),
    ];
    for (set, change, expected) in table {
        let mut standing = standing();
        change(&mut standing);
        let found = next(&request(set), &standing);
        assert_eq!(short(&found), *expected, "{set}");
        if !set.contains("prompt") {
            assert_eq!(next(&request(&format!("{set}&prompt=none")), &standing), found, "{set} silently");
        }
    }
}

#[test]
fn claims_out_of_reach_are_left_out_with_their_scope() {
    let request =
        request(r#"claims={"userinfo":{"parents":null,"email":null},"id_token":{"ethnicity":{"essential":true}}}"#);
    let Next::Finish(finish) = next(&request, &standing()) else { panic!("not finished") };
    assert_eq!(finish.granted.claims.names().collect::<Vec<_>>(), ["email"]);
    let json = serde_json::to_string(&finish.granted).unwrap();
    assert_eq!(serde_json::from_str::<Granted>(&json).unwrap(), finish.granted);
}

#[test]
fn terms_raise_and_never_lower() {
    let high = Floor { account: AccountLevel::Two, authentication: AcrLevel::Three };
    let policy = Policy {
        min_acr: AcrLevel::Two,
        scope_floors: BTreeMap::from([("email".to_owned(), high)]),
        ..Policy::default()
    };
    let over = r#"{"min_acr":"LoA1","scope_floors":{"email":"LoA1","profile":"LoA4","openid":"LoA4"}}"#;
    let terms = Terms::of(&client(over), &policy);
    assert_eq!(terms.client_floor, AcrLevel::Two);
    assert_eq!(terms.scope_floors["email"], high);
    assert_eq!(terms.scope_floors["profile"].authentication, AcrLevel::Four);
    assert_eq!(terms.scope_floors["openid"], Floor::LOWEST);
    assert_eq!(Terms::of(&client(r#"{"min_acr":"LoA3"}"#), &policy).client_floor, AcrLevel::Three);
    assert_eq!(terms.floor("unheard.of").authentication, AcrLevel::Four);
}

fn level() -> impl Strategy<Value = AcrLevel> {
    proptest::sample::select(AcrLevel::ALL.to_vec())
}

fn any_request() -> impl Strategy<Value = Request> {
    let prompts = ["", "none", "login", "consent", "select_account", "login consent", "login consent select_account"];
    let scopes = ["openid", "openid profile", "openid vn_id vn_family", "vn_sensitive", "email address vn_id"];
    let acr = proptest::collection::vec(0u8..6, 0..4);
    (proptest::sample::select(prompts.to_vec()), proptest::sample::select(scopes.to_vec()), acr, 0..3, 0..4u64)
        .prop_map(|(prompt, scope, acr, kind, max_age)| {
            let values: Vec<String> = acr.iter().map(|n| format!("urn:vn:xacthuc:{n}")).collect();
            let known = acr.iter().any(|n| (1..=4).contains(n));
            let claims = match kind {
                0 if known => json!({"id_token": {"acr": {"essential": true, "values": values}}}).to_string(),
                _ => json!({"userinfo": {"household": null}}).to_string(),
            };
            let acr_values = if kind == 1 { values.join(" ") } else { String::new() };
            let max_age = if max_age == 3 { String::new() } else { (max_age * 300).to_string() };
            let pairs = [
                ("prompt", prompt),
                ("scope", scope),
                ("claims", &claims),
                ("acr_values", &acr_values),
                ("max_age", &max_age),
            ];
            request(&Params::from_pairs(pairs).encode())
        })
}

fn any_standing() -> impl Strategy<Value = Standing> {
    let presence = proptest::sample::select(vec![Presence::Absent, Presence::AnotherPerson, Presence::Present]);
    let consent = proptest::sample::select(vec![Consent::Missing, Consent::Remembered, Consent::Given]);
    let selection = proptest::sample::select(vec![Selection::NotYet, Selection::Done]);
    let refusal =
        proptest::option::weighted(0.1, proptest::sample::select(vec![Refusal::NotAvailable, Refusal::ByPerson]));
    let account = proptest::sample::select(vec![AccountLevel::One, AccountLevel::Two]);
    let client_over = proptest::sample::select(vec!["{}", r#"{"min_acr":"LoA2"}"#, r#"{"rp_class":"via_provider"}"#]);
    let levels = (level(), proptest::option::of(level()), proptest::option::of(level()));
    ((presence, consent, selection, refusal, account, client_over), levels, 0i64..900).prop_map(
        |((presence, consent, selection, refusal, account_level, terms_of), (reachable, now, since), age)| {
            // Nobody has more now than they can reach, nor more since the start than at all.
            let reached = now.map(|now| now.min(reachable)).filter(|_| presence != Presence::Absent);
            let reached_since_start = since.and_then(|since| reached.map(|reached| since.min(reached)));
            let up_to = AcrLevel::ALL.into_iter().filter(|level| reached.is_some_and(|reached| *level <= reached));
            Standing {
                presence,
                reached,
                reached_since_start,
                reachable,
                auth_time_ages: up_to.map(|level| (level, Span::secs(age * i64::from(level.number())))).collect(),
                account_level,
                selection,
                consent,
                terms: terms(terms_of),
                refusal,
                password: if age % 7 == 0 { Password::Given } else { Password::Own },
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn prompt_none_shows_no_page(request in any_request(), standing in any_standing()) {
        if request.prompts.contains(Prompt::None) {
            prop_assert!(matches!(next(&request, &standing), Next::Finish(_) | Next::Refuse(_)));
        }
    }

    #[test]
    fn an_answer_keeps_every_promise(request in any_request(), standing in any_standing()) {
        if let Next::Finish(finish) = next(&request, &standing) {
            prop_assert_eq!(standing.password, Password::Own);
            // Consent is never skipped.
            let again = request.prompts.contains(Prompt::Consent) || standing.terms.consent == ConsentRule::EachTime;
            prop_assert!(standing.consent == Consent::Given || (standing.consent == Consent::Remembered && !again));
            prop_assert_eq!((standing.presence, standing.refusal), (Presence::Present, None));
            // The level is proved, by proofs that count.
            let reached = match finish.counting {
                Counting::All => standing.reached,
                Counting::SinceStart => standing.reached_since_start,
            };
            let reached = reached.expect("a level");
            prop_assert!(finish.acr <= reached);
            prop_assert!(standing.terms.client_floor <= reached);
            if request.prompts.contains(Prompt::Login) {
                prop_assert_eq!(finish.counting, Counting::SinceStart);
            }
            if let (Some(max_age), Counting::All) = (request.max_age, finish.counting) {
                prop_assert!(standing.auth_time_ages[&finish.acr].as_secs() <= i64::try_from(max_age).unwrap());
            }
            if request.acr.is_essential() && !request.acr.named().is_empty() {
                prop_assert!(request.acr.named().contains(&finish.acr));
            }
            // Nothing is granted above its floor, and nothing that was not asked for.
            prop_assert!(!finish.granted.scopes.is_empty() && finish.granted.scopes.is_subset(&request.scopes));
            for scope in finish.granted.scopes.iter() {
                let floor = standing.terms.floor(scope);
                prop_assert!(floor.authentication <= reached && floor.account <= standing.account_level);
            }
        }
    }

    /// Whoever does what is asked gets on: the aim is within reach, above what is there, and reaching it satisfies the row.
    #[test]
    fn a_step_up_leads_on(request in any_request(), standing in any_standing()) {
        if let Next::StepUp(level) = next(&request, &standing) {
            prop_assert!(level <= standing.reachable && Some(level) > standing.usable(&request));
            let ages = AcrLevel::ALL.into_iter().filter(|own| *own <= level).map(|own| (own, Span::ZERO)).collect();
            let after = Standing { reached: Some(level), reached_since_start: Some(level), auth_time_ages: ages, ..standing };
            prop_assert!(!matches!(next(&request, &after), Next::StepUp(_) | Next::Login));
        }
    }
}
