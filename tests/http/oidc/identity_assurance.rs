//! Questions in the place of data, and claims with the word of how they were verified, on both engines.

use dinhdanh::registry::{Address, PersonRecord, Residence, ResidenceKind, UnitRef, admin_unit};
use http::StatusCode;
use serde_json::{Value, json};
use time::macros::date;

use crate::support::{
    app::{Holder, TestApp, VERIFIER, authorize, basic, payload, query_of},
    people::{NAME, NUMBER, person},
};

const CALLBACK: &str = "https://asker.example/cb";
const SECRET: &str = "asker-secret-asker-secret-asker-secret-1";
const HANOI: &str = "01";

/// Of Hà Nội, with a permanent residence there.
fn resident() -> PersonRecord {
    let day = date!(2026 - 01 - 01);
    let commune = admin_unit::communes_of(HANOI, day).next().unwrap();
    let address = Address {
        line: "Số 1 phố Thử".to_owned(),
        unit: UnitRef::commune_on(commune.code, day).unwrap(),
        as_registered: None,
    };
    let home = Residence::new(ResidenceKind::Permanent, address, Some(date!(2020 - 05 - 01)), None).unwrap();
    PersonRecord { residences: vec![home], ..person() }
}

async fn app_with_asker(app: &TestApp, scope: &str) -> Holder {
    let metadata = json!({
        "client_name#vi": "Cổng hỏi", "purpose#vi": "Để thử", "redirect_uris": [CALLBACK], "scope": scope,
    });
    app.add_client("asker", Some(SECRET), metadata).await;
    app.holder_of(resident()).await
}

/// Signs in with a `claims` parameter; answers the ID token's payload and UserInfo.
async fn ask(app: &TestApp, holder: &Holder, claims: &Value) -> (Value, Value) {
    let claims = claims.to_string();
    let asked = [("client_id", "asker"), ("redirect_uri", CALLBACK), ("scope", "openid"), ("claims", claims.as_str())];
    let back = app.browser().walk(&authorize(&asked), holder).await;
    let code = query_of(&back).remove("code").unwrap_or_else(|| panic!("{back}"));
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let tokens = app.post("/token", &[("authorization", &basic("asker", SECRET))], &fields).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    let bearer = format!("Bearer {}", tokens.text("access_token"));
    let info = app.get("/userinfo", &[("authorization", &bearer)]).await;
    assert_eq!(info.status, StatusCode::OK, "{}", info.body);
    (payload(&tokens.text("id_token")), info.json())
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_answered_from_the_record_with_their_time_and_no_data() {
    for app in TestApp::each().await {
        let holder = app_with_asker(&app, "openid vn_check vn_match").await;
        let right = json!({"id_number": NUMBER, "name": "Nguyễn Văn Thử", "birthdate": "1985-03-05"});
        let asked = json!({
            "userinfo": {
                "age_over_14": null, "age_over_18": {"essential": true}, "age_over_60": null, "alive": {"value": true},
                "resident_in:01": null, "resident_in:79": null, "resident_in:00": null, "same_person_as": {"value": right},
                "birthdate": null,
            },
            "id_token": {"age_over_16": {"value": true}, "age_over_60": {"value": true}},
        });
        let (id, info) = ask(&app, &holder, &asked).await;
        let results = [
            ("age_over_14", true),
            ("age_over_18", true),
            ("age_over_60", false),
            ("alive", true),
            ("resident_in:01", true),
            ("resident_in:79", false),
            ("same_person_as", true),
        ];
        for (name, result) in results {
            assert_eq!(info[name]["result"], json!(result), "{name}: {info}");
            let as_of = info[name]["as_of"].as_str().unwrap();
            assert_eq!(as_of, app.at.now().rfc3339(), "{name}");
        }
        // No such unit; data that the client may not have.
        assert!(info.get("resident_in:00").is_none() && info.get("birthdate").is_none());
        assert_eq!(id["age_over_16"]["result"], json!(true));
        assert!(id.get("age_over_60").is_none(), "another answer was asked for: {id}");
        assert!(!info.to_string().contains("1985") && !info.to_string().contains(NUMBER));
        // A day later it is another day's answer, from the record of then.
        for wrong in [
            json!({"id_number": "900085000002"}),
            json!({"id_number": NUMBER, "name": "Nguyễn Văn Khác"}),
            json!({"name": NAME, "birthdate": "1985-03-06"}),
        ] {
            let (_, info) = ask(&app, &holder, &json!({"userinfo": {"same_person_as": {"value": wrong}}})).await;
            assert_eq!(info["same_person_as"]["result"], json!(false), "{wrong}");
        }
        let (_, info) = ask(&app, &holder, &json!({"userinfo": {"same_person_as": {"value": {"name": NAME}}}})).await;
        assert!(info.get("same_person_as").is_none(), "a name alone is nobody");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_is_asked_about_anew_and_a_question_once() {
    for app in TestApp::each().await {
        let holder = app_with_asker(&app, "openid vn_check vn_match").await;
        let start = |claims: &Value, more: &str| {
            let claims = claims.to_string();
            let asked =
                [("client_id", "asker"), ("redirect_uri", CALLBACK), ("scope", "openid"), ("claims", claims.as_str())];
            format!("{}{more}", authorize(&asked))
        };
        let mut browser = app.browser();
        let stated = |number: &str| json!({"userinfo": {"same_person_as": {"value": {"id_number": number}}}});
        browser.walk(&start(&stated(NUMBER), ""), &holder).await;
        // A client that could state the next thing in silence would learn the record by trying.
        for number in [NUMBER, "900085000002"] {
            for place in ["userinfo", "id_token"] {
                let claims = json!({ place: stated(number)["userinfo"] });
                let quietly = browser.get(&start(&claims, "&prompt=none")).await;
                assert_eq!(query_of(quietly.location())["error"], "consent_required", "{number} {place}");
            }
        }
        let question = json!({"userinfo": {"resident_in:01": null}});
        browser.walk(&start(&question, ""), &holder).await;
        assert!(browser.get(&start(&question, "&prompt=none")).await.location().contains("code="));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_ask_gets_no_answer() {
    let app = TestApp::sqlite().await;
    let holder = app_with_asker(&app, "openid profile").await;
    let asked = json!({"userinfo": {"age_over_18": null, "resident_in:01": null, "given_name": null}});
    let (_, info) = ask(&app, &holder, &asked).await;
    assert_eq!(info["given_name"], json!("Thử"));
    assert!(info.get("age_over_18").is_none() && info.get("resident_in:01").is_none(), "{info}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_consent_page_shows_the_question_and_not_the_answer() {
    let app = TestApp::sqlite().await;
    let holder = app_with_asker(&app, "openid vn_check vn_match").await;
    let claims = json!({"userinfo": {"resident_in:01": null, "age_over_60": null}}).to_string();
    let asked = [("client_id", "asker"), ("redirect_uri", CALLBACK), ("scope", "openid"), ("claims", claims.as_str())];
    let mut browser = app.browser();
    // Everything but the consent, which another request then asks for.
    browser.walk(&authorize(&[("acr_values", "urn:vn:xacthuc:2")]), &holder).await;
    let page = browser.get(&authorize(&asked)).await;
    let page = browser.get(page.location()).await;
    assert!(page.body.contains("Từ đủ 60 tuổi") && page.body.contains("Cư trú tại"), "{}", page.body);
    assert!(page.body.contains("Thành phố Hà Nội") && page.body.contains("chỉ được trả lời có hoặc không"));
    assert!(!page.body.contains("as_of") && !page.body.contains("phố Thử"));
}

#[expect(clippy::needless_pass_by_value, reason = "json! makes them in place")]
fn verified(verification: Value, claims: Value) -> Value {
    json!({"userinfo": {"verified_claims": {"verification": verification, "claims": claims}}})
}

#[tokio::test(flavor = "multi_thread")]
async fn verified_claims_say_how_the_register_vouches_for_them() {
    for app in TestApp::each().await {
        let discovery = app.get("/.well-known/openid-configuration", &[]).await.json();
        assert_eq!(discovery["verified_claims_supported"], json!(true));
        assert_eq!(discovery["trust_frameworks_supported"], json!(["vn_eid"]));
        assert_eq!(discovery["evidence_supported"], json!(["electronic_record"]));
        assert_eq!(discovery["electronic_records_supported"], json!(["population_register"]));
        let listed = discovery["claims_in_verified_claims_supported"].as_array().unwrap();
        assert!(listed.contains(&json!("birthdate")) && !listed.contains(&json!("email")));

        let holder = app_with_asker(&app, "openid profile address").await;
        let asked = json!({
            "userinfo": {"verified_claims": {
                "verification": {
                    "trust_framework": {"value": "vn_eid"}, "assurance_level": {"values": ["02"]},
                    "assurance_process": {"policy": null}, "time": {"max_age": 100_000_000},
                    "evidence": [{
                        "type": {"value": "electronic_record"},
                        "record": {"type": {"value": "population_register"}, "source": {"name": null, "country_code": null}},
                    }],
                },
                "claims": {"name": null, "birthdate": {"essential": true}, "gender": {"value": "female"}, "email": null, "nobody": null},
            }, "given_name": null},
            "id_token": {"verified_claims": [
                {"verification": {"trust_framework": null}, "claims": {"family_name": null}},
                {"verification": {"trust_framework": {"value": "eidas"}}, "claims": {"name": null}},
                {"verification": {"trust_framework": {"values": ["eidas", "vn_eid"]}}, "claims": {"address": null}},
            ]},
        });
        let (id, info) = ask(&app, &holder, &asked).await;
        let found = &info["verified_claims"];
        assert_eq!(found["claims"], json!({"name": NAME, "birthdate": "1985-03-05"}), "{info}");
        let verification = &found["verification"];
        assert_eq!(
            (&verification["trust_framework"], &verification["assurance_level"]),
            (&json!("vn_eid"), &json!("02"))
        );
        assert_eq!(verification["assurance_process"], json!({"policy": "69/2024/ND-CP"}));
        assert!(verification["time"].is_string());
        let record = json!({"type": "population_register", "source": {"name": "Cơ sở dữ liệu quốc gia về dân cư", "country_code": "VNM"}});
        assert_eq!(verification["evidence"], json!([{"type": "electronic_record", "record": record}]));
        assert_eq!(info["given_name"], json!("Thử"), "beside it, ordinary claims");
        let both = id["verified_claims"].as_array().unwrap();
        assert_eq!(both.len(), 2, "{id}");
        assert_eq!(
            both[0],
            json!({"verification": {"trust_framework": "vn_eid"}, "claims": {"family_name": "Nguyễn"}})
        );
        assert_eq!(both[1]["claims"]["address"]["country"], json!("VN"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_met_is_left_out_whole_and_what_is_malformed_refused() {
    let app = TestApp::sqlite().await;
    let holder = app_with_asker(&app, "openid profile").await;
    let name = || json!({"name": null});
    for unmet in [
        verified(json!({"trust_framework": {"value": "de_aml"}}), name()),
        verified(json!({"trust_framework": null, "assurance_level": {"value": "01"}}), name()),
        verified(json!({"trust_framework": null, "time": {"max_age": 0}}), name()),
        verified(json!({"trust_framework": null, "evidence": [{"type": {"value": "document"}}]}), name()),
        verified(json!({"trust_framework": null}), json!({"nobody": null})),
        verified(json!({"trust_framework": null}), json!({"name": {"value": "Ai đó"}})),
        // Not within the client's scopes.
        verified(json!({"trust_framework": null}), json!({"id_number": null})),
    ] {
        app.at.clock.advance(dinhdanh::base::Span::secs(5));
        let (_, info) = ask(&app, &holder, &unmet).await;
        assert!(info.get("verified_claims").is_none(), "{unmet}: {info}");
    }
    for malformed in [
        verified(json!({}), name()),
        verified(json!({"trust_framework": null}), json!({})),
        json!({"userinfo": {"verified_claims": {"claims": {"name": null}}}}),
        json!({"id_token": {"verified_claims": []}}),
    ] {
        let claims = malformed.to_string();
        let asked = authorize(&[("client_id", "asker"), ("redirect_uri", CALLBACK), ("claims", claims.as_str())]);
        let answer = app.browser().get(&asked).await;
        assert_eq!(query_of(answer.location())["error"], "invalid_request", "{malformed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_is_that_of_the_proofing() {
    for app in TestApp::each().await {
        let holder = app_with_asker(&app, "openid profile").await;
        let asked = || verified(json!({"trust_framework": null, "time": null}), json!({"name": null}));
        let made = app.at.now();
        let (_, info) = ask(&app, &holder, &asked()).await;
        assert_eq!(info["verified_claims"]["verification"]["time"], json!(made.rfc3339()));
        // Opened years ago from a distance, and raised at a desk a day ago.
        let raised = dinhdanh::base::Timestamp::from_secs(made.secs() - 86_400);
        let (old, new) = match app.at.test.engine {
            dinhdanh::store::Engine::Sqlite => (
                "UPDATE account SET created_at = created_at - 94608000000000",
                "UPDATE account SET level_02_at = created_at + 94521600000000",
            ),
            dinhdanh::store::Engine::Postgres => (
                "UPDATE account SET created_at = created_at - interval '94608000 seconds'",
                "UPDATE account SET level_02_at = created_at + interval '94521600 seconds'",
            ),
        };
        app.at.change(old).await;
        app.at.change(new).await;
        let (_, info) = ask(&app, &holder, &asked()).await;
        assert_eq!(info["verified_claims"]["verification"]["time"], json!(raised.rfc3339()));
    }
}
