//! The interface for state systems: who may ask, what is told, what is kept, and what the person sees of it.

use axum::body::Body;
use dinhdanh::{
    base::Span,
    http::api::registry::{BASE, OPENAPI},
    registry::attribution::Statement,
};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::{
    http::account::sign_in,
    support::{
        app::{Answer, ISSUER, TestApp},
        people::{self, NAME, NUMBER, PASSWORD, person},
        signer::Signer,
    },
};

pub const AGENCY: &str = "so-giao-thong";
const ALL: &str = "registry:verify registry:look-up registry:predicates registry:household registry:statistics \
                   registry:events registry:changes";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

pub struct Caller<'a> {
    app: &'a TestApp,
    signer: Signer,
    token: String,
}

impl<'a> Caller<'a> {
    /// An agency's system with a key, and a token with these scopes.
    pub async fn of(app: &'a TestApp, scopes: &str, over: &Value) -> Self {
        let signer = Signer::new("k1");
        let mut metadata = json!({
            "client_name": "Sở Giao thông", "client_name#vi": "Sở Giao thông", "grant_types": ["client_credentials"], "scope": ALL,
            "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [signer.jwk()] },
            "rp_class": "state", "agency": "H05.12",
        });
        metadata.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
        app.add_client(AGENCY, None, metadata).await;
        Self { app, signer, token: String::new() }.again(scopes).await
    }

    /// With a new token.
    pub async fn again(self, scopes: &str) -> Self {
        let Self { app, signer, .. } = self;
        let assertion = signer.assertion(AGENCY, ISSUER, &app.at.now().rfc3339(), app.at.now());
        let fields = [
            ("grant_type", "client_credentials"),
            ("scope", scopes),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", &assertion),
        ];
        let answer = app.post("/token", &[], &fields).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        Self { app, signer, token: answer.text("access_token") }
    }

    pub async fn ask(&self, path: &str, content: &Value) -> Answer {
        self.ask_with(path, content, &[]).await
    }

    async fn count(&self, query: &str) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let headers = [
            ("authorization", bearer.as_str()),
            ("x-request-id", "YC-1"),
            ("x-agency-code", "H05.12"),
            ("x-officer-id", "canbo.a"),
            ("x-procedure-code", "1.002835"),
            ("x-dossier-code", "H05-0001"),
            ("x-purpose", "Quy hoạch trường học"),
        ];
        self.app.get(&format!("{BASE}/statistics{query}"), &headers).await
    }

    /// How it stands with an event that it told.
    pub async fn state(&self, source_id: &str) -> Answer {
        self.get(&format!("/events/{source_id}")).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let headers = [
            ("authorization", bearer.as_str()),
            ("x-request-id", "YC-1"),
            ("x-agency-code", "H05.12"),
            ("x-officer-id", "canbo.a"),
            ("x-procedure-code", "1.002835"),
            ("x-dossier-code", "H05-0001"),
            ("x-purpose", "Liên thông hộ tịch"),
        ];
        self.app.get(&format!("{BASE}{path}"), &headers).await
    }

    /// With some headers in the place of the usual; an empty one is left out.
    async fn ask_with(&self, path: &str, content: &Value, headers: &[(&str, &str)]) -> Answer {
        self.send_with(path, content.to_string().into_bytes(), headers).await
    }

    /// Any bytes as content.
    pub async fn send(&self, path: &str, content: Vec<u8>) -> Answer {
        self.send_with(path, content, &[]).await
    }

    /// With one header more than the usual.
    async fn ask_twice(&self, path: &str, content: &Value, (name, value): (&str, &str)) -> Answer {
        let mut headers = self.usual();
        headers.push((name.to_owned(), value.to_owned()));
        let mut builder = Request::post(format!("{BASE}{path}"));
        for (name, value) in headers {
            builder = builder.header(name, value);
        }
        self.app.send(builder.body(Body::from(content.to_string())).unwrap()).await
    }

    fn usual(&self) -> Vec<(String, String)> {
        let usual = [
            ("authorization", format!("Bearer {}", self.token).as_str()),
            ("content-type", "application/json"),
            ("x-request-id", "YC-1"),
            ("x-agency-code", "H05.12"),
            ("x-officer-id", "canbo.a"),
            ("x-procedure-code", "1.002835"),
            ("x-dossier-code", "H05-0001"),
            ("x-purpose", "Cấp giấy phép lái xe"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        usual.into()
    }

    async fn send_with(&self, path: &str, content: Vec<u8>, headers: &[(&str, &str)]) -> Answer {
        let mut builder = Request::post(format!("{BASE}{path}"));
        for (name, value) in self.usual() {
            let value = headers.iter().find(|(own, _)| *own == name).map_or(value.as_str(), |(_, value)| *value);
            if !value.is_empty() {
                builder = builder.header(name, value);
            }
        }
        self.app.send(builder.body(Body::from(content)).unwrap()).await
    }
}

fn claim(name: &str, birth: &str) -> Value {
    json!({ "number": NUMBER, "name": name, "birth_date": birth })
}

fn with(mut content: Value, name: &str, value: Value) -> Value {
    content[name] = value;
    content
}

pub fn kind(answer: &Answer) -> String {
    assert_eq!(answer.headers["content-type"], "application/problem+json", "{}", answer.body);
    answer.text("type").replace("urn:dinhdanh:problem:registry:", "")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_field_is_verified_for_itself_and_numbers_cannot_be_tried_out() {
    for app in TestApp::each().await {
        people::add(&app.at, person()).await;
        let caller = Caller::of(&app, "registry:verify", &json!({})).await;
        for (content, told) in [
            (claim(NAME, "1985-03-05"), json!([true, "yes", "yes", "exact", "yes"])),
            (claim("NGUYỄN VĂN THỬ", "5/3/1985"), json!([true, "yes", "yes", "exact", "yes"])),
            (claim("Nguyen Van Thu", "1985-03-05"), json!([false, "yes", "partial", "plain", "yes"])),
            (claim(NAME, "1985"), json!([false, "yes", "yes", "exact", "partial"])),
            (claim("Trần Mẫu", "1985-03-05"), json!([false, "yes", "no", "none", "yes"])),
            (claim("Trần Mẫu", "1990-01-01"), json!([false, "no", "no", "none", "no"])),
            // The year stands in the number: who states no more knows nothing of the person.
            (claim("Trần Mẫu", "1985"), json!([false, "no", "no", "none", "no"])),
            (
                json!({ "number": "900085999999", "name": NAME, "birth_date": "1985-03-05" }),
                json!([false, "no", "no", "none", "no"]),
            ),
        ] {
            let answer = caller.ask("/verify", &content).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
            let read = answer.json();
            let found = json!([
                read["match"],
                read["number"],
                read["name"]["answer"],
                read["name"]["level"],
                read["birth_date"]
            ]);
            assert_eq!(found, told, "{content}");
            assert_eq!(read.as_object().unwrap().len(), 4, "nothing else is told: {read}");
        }
        assert_eq!(app.at.count("SELECT count(*) FROM registry_use").await, 8);
        assert_eq!(app.at.audited("registry.used", "done").await, 8);
        // Five that did not agree about one person, by one officer, within a day.
        assert_eq!(app.at.count("SELECT count(*) FROM registry_flag WHERE pattern = 'guessing'").await, 1);
        caller.ask("/verify", &claim("Lê Mẫu", "1985-03-05")).await;
        assert_eq!(app.at.audited("registry.use_flagged", "done").await, 1, "once a day");
    }
}

/// Numbers that lead to nobody are in no person's row, and are counted all the same: first flagged, then the day is over.
#[tokio::test(flavor = "multi_thread")]
async fn who_tries_numbers_out_is_flagged_and_then_stopped_for_the_day() {
    for app in TestApp::each().await {
        people::add(&app.at, person()).await;
        let caller = Caller::of(&app, "registry:verify registry:statistics", &json!({})).await;
        let nobody = async |serial: u32| {
            let number = format!("900085{:06}", 500_000 + serial);
            caller.ask("/verify", &json!({ "number": number, "name": NAME, "birth_date": "1985-03-05" })).await
        };
        let right = claim(NAME, "1985-03-05");
        // A slip of somebody else on the same day.
        let slip = claim("Trần Văn Khác", "1985-03-05");
        let other = [("x-officer-id", "canbo.b")];
        assert_eq!(caller.ask_with("/verify", &slip, &other).await.json()["match"], false);
        for serial in 0..20 {
            assert_eq!(nobody(serial).await.status, StatusCode::OK);
        }
        let flagged = "SELECT count(*) FROM registry_flag WHERE pattern = 'many_wrong_answers' AND officer = 'canbo.a'";
        assert_eq!(app.at.count(flagged).await, 1);
        for serial in 20..100 {
            nobody(serial).await;
        }
        let answer = caller.ask("/verify", &right).await;
        assert_eq!((answer.status, kind(&answer).as_str()), (StatusCode::TOO_MANY_REQUESTS, "guessing"));
        let answer = caller.count("?by=sex").await;
        assert_eq!((answer.status, kind(&answer).as_str()), (StatusCode::TOO_MANY_REQUESTS, "guessing"));
        assert_eq!(app.at.audited("registry.guessing_stopped", "refused").await, 1);
        // Another officer goes on, and tomorrow so does this one.
        let other = caller.ask_with("/verify", &right, &other).await;
        assert_eq!(other.json()["match"], true, "{}", other.body);
        app.at.clock.advance(Span::hours(24));
        let answer = caller.again("registry:verify").await.ask("/verify", &right).await;
        assert_eq!(answer.json()["match"], true, "{}", answer.body);
    }
}

/// Five million a day and client; what comes after them is refused and on record, and the next day begins anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_clients_requests_of_a_day_are_used_up() {
    for app in TestApp::each().await {
        people::add(&app.at, person()).await;
        let caller = Caller::of(&app, "registry:verify registry:statistics", &json!({})).await;
        let right = claim(NAME, "1985-03-05");
        assert_eq!(caller.ask("/verify", &right).await.status, StatusCode::OK);
        app.at.change("UPDATE registry_volume SET requests = 4999999").await;
        assert_eq!(caller.ask("/verify", &right).await.status, StatusCode::OK, "the last one");
        for answer in [caller.ask("/verify", &right).await, caller.count("?by=sex").await] {
            assert_eq!((answer.status, kind(&answer).as_str()), (StatusCode::TOO_MANY_REQUESTS, "volume"));
        }
        assert_eq!(app.at.audited("registry.volume_exceeded", "refused").await, 1);
        assert_eq!(app.at.audited("registry.used", "done").await, 2, "what was refused told nobody anything");
        app.at.clock.advance(Span::hours(24));
        let answer = caller.again("registry:verify").await.ask("/verify", &right).await;
        assert_eq!(answer.json()["match"], true, "{}", answer.body);
    }
}

/// Half of the answers right: a register with many mistakes is no snooping.
#[tokio::test(flavor = "multi_thread")]
async fn honest_mistakes_stop_nobody() {
    let app = TestApp::sqlite().await;
    people::add(&app.at, person()).await;
    let caller = Caller::of(&app, "registry:verify", &json!({})).await;
    for serial in 0..102 {
        let number = format!("900085{:06}", 500_000 + serial);
        for content in
            [claim(NAME, "1985-03-05"), json!({ "number": number, "name": NAME, "birth_date": "1985-03-05" })]
        {
            assert_eq!(caller.ask("/verify", &content).await.status, StatusCode::OK, "{serial}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_counts_are_on_record() {
    for app in TestApp::each().await {
        people::add(&app.at, person()).await;
        let caller = Caller::of(&app, ALL, &json!({})).await;
        assert_eq!(caller.count("?by=unit&province=01").await.status, StatusCode::OK);
        assert_eq!(caller.count("?by=height").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(app.at.audited("registry.counted", "done").await, 1, "what was refused asked nothing");
        assert_eq!(app.at.count("SELECT requests FROM registry_volume").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_opens_only_to_who_knows_all_three_and_only_what_was_asked() {
    for app in TestApp::each().await {
        people::add(&app.at, person()).await;
        let caller = Caller::of(&app, ALL, &json!({})).await;
        let right = claim(NAME, "1985-03-05");
        let answer = caller.ask("/look-up", &with(right.clone(), "fields", json!(["name", "card"]))).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let person = answer.json()["person"].clone();
        assert_eq!(person["name"], json!({ "full": NAME, "family": "Nguyễn", "middle": "Văn", "given": "Thử" }));
        assert_eq!((person["card"]["valid_today"].clone(), person.as_object().unwrap().len()), (json!(true), 2));
        let all = caller.ask("/look-up", &right).await.json();
        assert_eq!(all["person"]["birth_date"], json!({ "value": "1985-03-05", "precision": "day" }));
        assert_eq!(all["person"].as_object().unwrap().len(), 9);
        for wrong in [claim("Nguyen Van Thu", "1985-03-05"), claim(NAME, "1985"), claim("Trần Mẫu", "1985-03-05")] {
            for path in ["/look-up", "/household"] {
                let answer = caller.ask(path, &wrong).await;
                assert_eq!((answer.status, kind(&answer).as_str()), (StatusCode::NOT_FOUND, "no-match"));
            }
        }
        let asked = json!([{ "age_over": 18 }, { "age_over": 60 }, { "alive": true }, { "resident_in": "01" }]);
        let answer = caller.ask("/predicates", &with(right.clone(), "ask", asked)).await;
        assert_eq!(answer.json(), json!({ "answers": [true, false, true, false] }), "{}", answer.body);
        assert_eq!(caller.ask("/household", &right).await.json(), json!({ "household": null }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_ask_is_told_why() {
    let app = TestApp::sqlite().await;
    people::add(&app.at, person()).await;
    let right = claim(NAME, "1985-03-05");
    let caller = Caller::of(&app, "registry:verify", &json!({})).await;
    let refused = async |path: &str, headers: &[(&str, &str)]| {
        let answer = caller.ask_with(path, &right, headers).await;
        (answer.status.as_u16(), kind(&answer), answer.headers.get("www-authenticate").is_some())
    };
    assert_eq!(refused("/verify", &[("authorization", "")]).await, (401, "no-token".to_owned(), true));
    assert_eq!(refused("/verify", &[("authorization", "Bearer x.y.z")]).await, (401, "token".to_owned(), true));
    assert_eq!(refused("/look-up", &[]).await, (403, "scope".to_owned(), true));
    assert_eq!(refused("/verify", &[("x-agency-code", "G01")]).await, (403, "foreign-agency".to_owned(), false));
    assert_eq!(caller.ask_with("/verify", &right, &[("x-agency-code", "H05.12.3")]).await.status, StatusCode::OK);
    for statement in Statement::ALL {
        assert_eq!(refused("/verify", &[(statement.header(), "")]).await, (400, "statements".to_owned(), false));
    }
    // One reader takes the first of two and another the last: two are none, also when they say the same.
    for statement in Statement::ALL {
        for value in ["H05.12", "G01"] {
            let answer = caller.ask_twice("/verify", &right, (statement.header(), value)).await;
            assert_eq!((answer.status, kind(&answer).as_str()), (StatusCode::BAD_REQUEST, "statements"));
            assert_eq!(
                answer.json()["errors"],
                json!([{
                    "header": statement.header(), "detail": "this header stands there more than once",
                }])
            );
        }
    }
    let bearer = caller.ask_twice("/verify", &right, ("authorization", "Bearer x.y.z")).await;
    assert_eq!((bearer.status, kind(&bearer).as_str()), (StatusCode::UNAUTHORIZED, "no-token"));
    let media = caller.ask_twice("/verify", &right, ("content-type", "text/plain")).await;
    assert_eq!(media.status, StatusCode::UNPROCESSABLE_ENTITY);
    let none: Vec<_> = Statement::ALL.iter().map(|statement| (statement.header(), "")).collect();
    assert_eq!(caller.ask_with("/verify", &right, &none).await.json()["errors"].as_array().unwrap().len(), 6);
    for (content, pointers) in [
        (json!({}), vec!["/number", "/name", "/birth_date"]),
        (json!([]), vec![""]),
        (claim("=1+1", "2030-02-30"), vec!["/name", "/birth_date"]),
        (with(right.clone(), "sex", json!("male")), vec!["/sex"]),
        (with(right.clone(), "number", json!(12)), vec!["/number"]),
    ] {
        let answer = caller.ask("/verify", &content).await;
        assert_eq!((answer.status, kind(&answer).as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "body"), "{content}");
        let errors = answer.json()["errors"].clone();
        let found: Vec<_> = errors.as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
        assert_eq!(found, pointers, "{content}");
    }
    let mistaken = caller.ask_with("/verify", &right, &[("content-type", "text/plain")]).await;
    assert_eq!(mistaken.status, StatusCode::UNPROCESSABLE_ENTITY);
    app.at.clock.advance(Span::minutes(11));
    assert_eq!(refused("/verify", &[]).await, (401, "token".to_owned(), true));
    assert_eq!(app.at.count("SELECT count(*) FROM registry_use").await, 1, "what was refused asked nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_without_a_key_or_outside_the_state_stay_outside() {
    let app = TestApp::sqlite().await;
    let caller = Caller::of(&app, "registry:verify", &json!({ "rp_class": "via_provider" })).await;
    let answer = caller.ask("/verify", &claim(NAME, "1985-03-05")).await;
    assert_eq!((answer.status, kind(&answer).as_str()), (StatusCode::FORBIDDEN, "not-state"));
    let secret = "a-secret-of-more-than-thirty-two-letters";
    let metadata = json!({
        "grant_types": ["client_credentials"], "scope": ALL, "rp_class": "state",
        "token_endpoint_auth_method": "client_secret_post",
    });
    app.add_client("weak", Some(secret), metadata).await;
    let fields = [("grant_type", "client_credentials"), ("client_id", "weak"), ("client_secret", secret)];
    let token = app.post("/token", &[], &fields).await.text("access_token");
    let weak = Caller { app: &app, signer: Signer::new("k2"), token };
    let answer = weak.ask("/verify", &claim(NAME, "1985-03-05")).await;
    assert_eq!((answer.status, kind(&answer).as_str()), (StatusCode::FORBIDDEN, "weak-client"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_person_sees_who_asked_and_why() {
    for app in TestApp::each().await {
        people::with_account(&app.at, person()).await;
        let mut browser = app.browser();
        sign_in(&mut browser, PASSWORD).await;
        assert!(browser.get("/account/uses").await.body.contains("Chưa có cơ quan nào hỏi"));
        let caller = Caller::of(&app, ALL, &json!({})).await;
        caller.ask("/look-up", &claim(NAME, "1985-03-05")).await;
        caller.ask("/verify", &claim("Trần Mẫu", "1985-03-05")).await;
        let page = browser.get("/account/uses").await.body;
        for words in ["Sở Giao thông", "H05.12", "Cấp giấy phép lái xe", "hồ sơ H05-0001", "không khớp với bạn"]
        {
            assert!(page.contains(words), "{words}: {page}");
        }
        assert!(!page.contains("canbo.a"), "the officer's name is the authorities' business");
        assert_eq!(app.browser().get("/account/uses").await.location(), "/account");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_people_for_one_dossier_are_noticed() {
    let app = TestApp::sqlite().await;
    let caller = Caller::of(&app, "registry:verify", &json!({})).await;
    for serial in 0..22 {
        people::add(&app.at, people::another(100 + serial)).await;
        let number = format!("900085{:06}", 100 + serial);
        caller.ask("/verify", &json!({ "number": number, "name": NAME, "birth_date": "1985-03-05" })).await;
    }
    assert_eq!(app.at.count("SELECT count(*) FROM registry_flag WHERE pattern = 'many_people_one_dossier'").await, 1);
}

/// The document and the router name the same operations; every answer above has the members it promises.
#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "one contract")]
async fn the_contract_is_served_and_true() {
    let app = TestApp::sqlite().await;
    let served = app.get(&format!("{BASE}/openapi.json"), &[]).await;
    assert_eq!((served.status, served.body.as_str()), (StatusCode::OK, OPENAPI));
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let caller = Caller::of(
        &app,
        ALL,
        &json!({ "registry_events": { "kinds": ["*"] }, "registry_changes": { "kinds": ["*"] } }),
    )
    .await;
    people::add(&app.at, person()).await;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let request = Request::builder().method(method.clone()).uri(format!("{BASE}{path}"));
            let bare = app.send(request.body(Body::empty()).unwrap()).await;
            assert!(!matches!(bare.status.as_u16(), 404 | 405), "{method} {path} is not served");
            let scopes = operation["security"].as_array().unwrap().iter().filter_map(|one| one["oauth"].as_array());
            assert!(scopes.flatten().all(|scope| ALL.contains(scope.as_str().unwrap())), "{path}");
            if path == "/statistics" {
                let answer = caller.count("?by=age_band,sex").await;
                assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
                // One person is nobody's to count.
                assert_eq!(answer.json()["cells"][0]["people"], Value::Null);
                assert_eq!(answer.json()["total"], Value::Null);
                assert_eq!(caller.count("?by=name").await.status, StatusCode::UNPROCESSABLE_ENTITY);
                assert_eq!(caller.count("?by=sex&province=99").await.status, StatusCode::UNPROCESSABLE_ENTITY);
            }
            if path == "/changes" {
                let answer = caller.get("/changes").await;
                assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
            }
            if method != Method::POST {
                continue;
            }
            let headers = operation["parameters"].as_array().unwrap().len();
            assert_eq!(headers, Statement::ALL.len(), "{path}");
            let content = match path.as_str() {
                "/predicates" => with(claim(NAME, "1985-03-05"), "ask", json!([{ "alive": true }])),
                "/events" => operation["requestBody"]["content"]["application/json"]["example"].clone(),
                _ => claim(NAME, "1985-03-05"),
            };
            let answer = caller.ask(path, &content).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
            let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
            let schema = if path == "/events" { &document["components"]["schemas"]["ToldEvent"] } else { schema };
            for member in schema["required"].as_array().unwrap() {
                let may_be_null = ["/household", "/events"].contains(&path.as_str());
                let there = answer.json().as_object().unwrap().contains_key(member.as_str().unwrap());
                let filled = !answer.json()[member.as_str().unwrap()].is_null();
                assert!(there && (filled || may_be_null), "{path}: {member}");
            }
        }
    }
    let template: Vec<&str> = document["components"]["parameters"]
        .as_object()
        .unwrap()
        .values()
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect();
    for statement in Statement::ALL {
        assert!(template.iter().any(|name| name.eq_ignore_ascii_case(statement.header())), "{statement:?}");
    }
}
