//! How the rows of the table are tested.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{CASES, CHECKS};
use crate::oidc::{
    authorize::{Addressed, Arrival, Form, Request, Way},
    client::{Client, RegisteredBy},
    error::{OAuthError, OAuthErrorCode},
    params::Params,
    policy::Policy,
};

pub(super) struct Case {
    /// Members laid over the metadata of a web client that may use refresh tokens.
    client: &'static str,
    arrival: Arrival,
    /// Parameters, form-encoded, that stand in for those of a good request or beside them.
    set: &'static str,
    refusal: Option<(OAuthErrorCode, &'static str)>,
}

const BY_BROWSER: Arrival = Arrival { way: Way::Browser, form: Form::Plain };

pub(super) const fn accepted(set: &'static str) -> Case {
    Case { client: "{}", arrival: BY_BROWSER, set, refusal: None }
}

pub(super) const fn refused(set: &'static str, code: OAuthErrorCode, description: &'static str) -> Case {
    Case { client: "{}", arrival: BY_BROWSER, set, refusal: Some((code, description)) }
}

impl Case {
    pub(super) const fn of(self, client: &'static str) -> Self {
        Self { client, ..self }
    }

    pub(super) const fn pushed(self) -> Self {
        Self { arrival: Arrival { way: Way::Pushed, ..self.arrival }, ..self }
    }

    pub(super) const fn signed(self) -> Self {
        Self { arrival: Arrival { form: Form::Signed, ..self.arrival }, ..self }
    }
}

const GOOD: &str = "response_type=code&client_id=c1&redirect_uri=https://rp.example/cb&scope=openid+profile&state=s1\
    &nonce=n1&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

fn client(over: &str) -> Client {
    let mut metadata = Map::from_iter([
        ("redirect_uris".to_owned(), json!(["https://rp.example/cb"])),
        ("grant_types".to_owned(), json!(["authorization_code", "refresh_token"])),
    ]);
    metadata.extend(serde_json::from_str::<Map<String, Value>>(over).unwrap());
    Client::register(&Value::Object(metadata), RegisteredBy::Operator).unwrap()
}

fn params(set: &str) -> Params {
    let set = Params::parse(set.as_bytes()).unwrap();
    let good = Params::parse(GOOD.as_bytes()).unwrap();
    let kept = good.iter().filter(|(name, _)| set.iter().all(|(other, _)| other != *name));
    Params::from_pairs(kept.chain(set.iter()))
}

fn run(client_over: &str, (arrival, set): (Arrival, &str), runs: impl Fn(&str) -> bool) -> Result<Request, OAuthError> {
    let client = client(client_over);
    let addressed = Addressed::resolve(params(set), &client).unwrap().arrived(arrival);
    Request::check_by(addressed, &client, &Policy::default(), runs)
}

/// For tests beside a check: the request that the whole table makes of these parameters.
pub(super) fn checked(set: &str) -> Request {
    checked_for("{}", set)
}

pub(super) fn checked_for(client_over: &str, set: &str) -> Request {
    run(client_over, (BY_BROWSER, set), |_| true).unwrap_or_else(|error| panic!("{set}: {error}"))
}

#[test]
fn every_row_has_cases_and_they_come_out_as_written() {
    assert_eq!(CASES.len(), CHECKS.len());
    for (name, cases) in CASES {
        // Hints, locales and display ask for a favour: nothing in them is wrong enough to refuse a request.
        let only_favours = ["login_hint", "ui_locales", "display"].contains(name);
        assert!(cases.iter().any(|case| case.refusal.is_none()), "{name} has no accepted case");
        assert_eq!(cases.iter().any(|case| case.refusal.is_some()), !only_favours, "{name}");
        for case in *cases {
            let outcome = run(case.client, (case.arrival, case.set), |_| true).err();
            let found = outcome.as_ref().map(|error| (error.code, error.description()));
            assert_eq!(found, case.refusal, "{name}: {} of {}", case.set, case.client);
        }
    }
}

#[test]
fn each_refusal_is_its_own_rows_work() {
    for (name, cases) in CASES {
        for case in cases.iter().filter(|case| case.refusal.is_some()) {
            let without = run(case.client, (case.arrival, case.set), |row| row != *name).err();
            let found = without.as_ref().map(|error| (error.code, error.description()));
            assert_ne!(found, case.refusal, "{name}: {} is refused without it", case.set);
        }
    }
}

#[test]
fn a_good_request_is_stored_and_read_back() {
    let request = checked(
        "max_age=60&acr_values=LoA2&claims=%7B%22userinfo%22%3A%7B%22name%22%3Anull%7D%7D&prompt=login&foo=bar",
    );
    let json = serde_json::to_string(&request).unwrap();
    assert_eq!(serde_json::from_str::<Request>(&json).unwrap(), request);
    assert!(request.is_openid());
    assert_eq!((request.nonce.as_deref(), request.address.state.as_deref()), (Some("n1"), Some("s1")));
}

#[test]
fn unknown_parameters_are_ignored() {
    assert_eq!(checked("utm_source=x&audience=y&audience=z"), checked(""));
}

proptest! {
    /// Any values in any of the parameters: a request or a refusal that can be redirected, never a panic.
    #[test]
    fn never_panics(list in proptest::collection::vec((0usize..18, ".{0,40}"), 0..6)) {
        const NAMES: [&str; 18] = [
            "response_type", "response_mode", "scope", "state", "nonce", "prompt", "max_age", "acr_values", "claims",
            "id_token_hint", "login_hint", "ui_locales", "display", "request", "request_uri", "registration",
            "code_challenge", "code_challenge_method",
        ];
        let client = client("{}");
        let set = Params::from_pairs(list.iter().map(|(at, value)| (NAMES[*at], value.as_str())));
        let all = params(&set.encode().replace("%00", ""));
        let addressed = Addressed::resolve(all, &client).unwrap();
        let _ = Request::check(addressed, &client, &Policy::default());
    }
}
