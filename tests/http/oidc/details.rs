//! Rich authorization requests (RFC 9396): identity checks and delegations, from the page that shows them to the tokens.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::app::{Answer, Holder, PORTAL_SECRET, TestApp, VERIFIER, authorize, basic, payload, query_of};

const RP: &str = "office";
const CALLBACK: &str = "https://office.example/cb";

async fn set_up(app: &TestApp) -> Holder {
    let metadata = json!({
        "redirect_uris": [CALLBACK], "grant_types": ["authorization_code", "refresh_token"], "scope": "openid",
        "authorization_details_types": ["identity_check", "delegation"],
    });
    app.add_client(RP, Some(PORTAL_SECRET), metadata).await;
    app.holder().await
}

/// Of the person of the tests: Nguyễn Văn Thử, as `people::person` has them.
fn check(fields: &Value) -> Value {
    json!({ "type": "identity_check", "procedure": "1.004222", "dossier": "H29-1", "fields": fields })
}

fn delegation() -> Value {
    json!({ "type": "delegation", "procedure": "1.004222", "actions": ["submit", "receive_result"] })
}

fn start(details: &Value) -> String {
    let text = details.to_string();
    authorize(&[("client_id", RP), ("redirect_uri", CALLBACK), ("scope", "openid"), ("authorization_details", &text)])
}

async fn tokens(app: &TestApp, fields: &[(&str, &str)]) -> Answer {
    app.post("/token", &[("authorization", &basic(RP, PORTAL_SECRET))], fields).await
}

async fn redeem(app: &TestApp, holder: &Holder, details: &Value, more: &[(&str, &str)]) -> Answer {
    let back = query_of(&app.browser().walk(&start(details), holder).await);
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", back["code"].as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    fields.extend(more);
    tokens(app, &fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_are_answered_from_the_register_and_nothing_of_it_is_told() {
    for app in TestApp::each().await {
        let holder = set_up(&app).await;
        let right = json!({ "name": "Nguyễn Văn Thử", "birthdate": "1985-03-05", "id_number": holder.number });
        let details = json!([check(&right), delegation()]);
        let answer = redeem(&app, &holder, &details, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let told = &answer.json()["authorization_details"];
        assert_eq!(told[0]["results"], json!({ "name": "yes", "birthdate": "yes", "id_number": "yes" }), "{told}");
        assert!(told[0]["as_of"].as_str().is_some_and(|at| at.starts_with("2026-11-22T")), "{told}");
        assert_eq!(told[1], delegation());
        // Tokens name the fields and hold no statement.
        let access = answer.text("access_token");
        let claims = payload(&access);
        assert_eq!(claims["authorization_details"][0]["fields"], json!(["name", "birthdate", "id_number"]));
        assert!(!claims.to_string().contains("Nguyễn") && !claims.to_string().contains(&holder.number));
        let seen =
            app.post("/introspect", &[("authorization", &basic(RP, PORTAL_SECRET))], &[("token", &access)]).await;
        assert_eq!(seen.json()["authorization_details"], claims["authorization_details"]);

        let near = json!({ "name": "Nguyen Van Thu", "birthdate": "1985", "gender": "no such", "id_number": "1" });
        let answer = redeem(&app, &holder, &json!([check(&near)]), &[]).await;
        let expected = json!({ "name": "partial", "birthdate": "partial", "gender": "no", "id_number": "no" });
        assert_eq!(answer.json()["authorization_details"][0]["results"], expected);
        let wrong = json!({ "name": "Trần Mẫu", "birthdate": "1990-01-01" });
        let answer = redeem(&app, &holder, &json!([check(&wrong)]), &[]).await;
        assert_eq!(answer.json()["authorization_details"][0]["results"], json!({ "name": "no", "birthdate": "no" }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_person_reads_it_in_words_and_is_asked_each_time() {
    for app in TestApp::each().await {
        let holder = set_up(&app).await;
        let details = json!([check(&json!({ "name": "Nguyễn Văn Thử" })), delegation()]);
        let mut browser = app.browser();
        assert!(browser.walk(&start(&details), &holder).await.contains("code="));
        let quietly = format!("{}&prompt=none", start(&details));
        assert_eq!(query_of(browser.get(&quietly).await.location())["error"], "consent_required");
        let page = browser.get(&start(&details)).await.location().to_owned();
        let shown = browser.get(&page).await;
        for words in ["1.004222", "H29-1", "Nguyễn Văn Thử", "nộp hồ sơ", "nhận kết quả", "không đúng"]
        {
            assert!(shown.body.contains(words), "{words}: {}", shown.body);
        }
        assert!(!shown.body.contains("rút hồ sơ"));
        let refused = browser.submit(&page, &shown, &[("action", "refuse")]).await;
        let back = browser.get(refused.location()).await;
        assert_eq!(query_of(back.location())["error"], "access_denied");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn token_requests_narrow_and_never_widen() {
    for app in TestApp::each().await {
        let holder = set_up(&app).await;
        let both = json!([check(&json!({ "name": "Nguyễn Văn Thử" })), delegation()]);
        let one = json!([delegation()]).to_string();
        let answer = redeem(&app, &holder, &both, &[("authorization_details", &one)]).await;
        assert_eq!(answer.json()["authorization_details"], json!([delegation()]));
        assert_eq!(payload(&answer.text("access_token"))["authorization_details"], json!([delegation()]));

        let refresh = answer.text("refresh_token");
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        let wider = json!([{ "type": "delegation", "procedure": "1.004222", "actions": ["withdraw"] }]).to_string();
        for wrong in [wider.as_str(), "[]", "{}", "[{}]"] {
            let mut asked = fields.to_vec();
            asked.push(("authorization_details", wrong));
            let refused = tokens(&app, &asked).await;
            assert_eq!(refused.refusal(), (400, "invalid_authorization_details".to_owned()), "{wrong}");
        }
        let whole = tokens(&app, &fields).await;
        assert_eq!(whole.json()["authorization_details"].as_array().unwrap().len(), 2, "all of it again");
        assert_eq!(whole.json()["authorization_details"][0]["results"], json!({ "name": "yes" }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_understood_is_refused_everywhere() {
    let app = TestApp::sqlite().await;
    set_up(&app).await;
    let unregistered = json!({ "redirect_uris": ["https://plain.example/cb"] });
    app.add_client("plain", Some(PORTAL_SECRET), unregistered).await;
    for wrong in [
        json!({}),
        json!([]),
        json!([{ "type": "payment_initiation" }]),
        json!([{ "procedure": "1" }]),
        json!([check(&json!({}))]),
        json!([check(&json!({ "religion": "x" }))]),
        json!([{ "type": "delegation", "procedure": "1", "actions": ["submit"], "locations": [] }]),
    ] {
        let back = app.browser().get(&start(&wrong)).await;
        assert_eq!(query_of(back.location())["error"], "invalid_authorization_details", "{wrong}");
        let form = start(&wrong);
        let pushed: Vec<(String, String)> =
            url::form_urlencoded::parse(form.split_once('?').unwrap().1.as_bytes()).into_owned().collect();
        let fields: Vec<_> = pushed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = app.post("/par", &[("authorization", &basic(RP, PORTAL_SECRET))], &fields).await;
        assert_eq!(answer.refusal(), (400, "invalid_authorization_details".to_owned()), "{wrong}");
    }
    let text = json!([delegation()]).to_string();
    let of_plain = authorize(&[
        ("client_id", "plain"),
        ("redirect_uri", "https://plain.example/cb"),
        ("authorization_details", &text),
    ]);
    assert_eq!(query_of(app.browser().get(&of_plain).await.location())["error"], "invalid_authorization_details");
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_answered_with_yes_or_no_and_shown_before() {
    for app in TestApp::each().await {
        let holder = set_up(&app).await;
        let asked = ["age_over_18", "age_over_60", "alive", "resident_in:01", "resident_in:00"];
        let details = json!([{ "type": "identity_check", "procedure": "1.004222", "predicates": asked }]);
        let answer = redeem(&app, &holder, &details, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let told = &answer.json()["authorization_details"][0];
        let results = json!({ "age_over_18": "yes", "age_over_60": "no", "alive": "yes", "resident_in:01": "no" });
        assert_eq!((&told["results"], &told["predicates"]), (&results, &json!(asked)), "{told}");
        assert!(told["as_of"].as_str().is_some_and(|at| at.starts_with("2026-11-22T")) && told.get("fields").is_none());
    }
}

/// A check compares with the register, a delegation acts in somebody's name: both at the level of the register's own claims.
#[tokio::test(flavor = "multi_thread")]
async fn each_detail_has_its_floor() {
    for app in TestApp::each().await {
        let holder = set_up(&app).await;
        let asked = |details: &Value| format!("{}&prompt=none", start(details));
        let questions = |names: &[&str]| json!([{ "type": "identity_check", "procedure": "1", "predicates": names }]);
        let mut browser = app.browser();
        browser.walk(&authorize(&[("scope", "openid")]), &holder).await;
        // Signed in with a password alone.
        for (details, error) in [
            (json!([check(&json!({ "name": "x" }))]), "interaction_required"),
            (json!([delegation()]), "interaction_required"),
            (questions(&["resident_in:01"]), "interaction_required"),
            (questions(&["age_over_18", "alive"]), "consent_required"),
        ] {
            assert_eq!(query_of(browser.get(&asked(&details)).await.location())["error"], error, "{details}");
        }
        // Of somebody without a second factor what is out of reach is left out, said on the page and in the answer.
        app.at.change("DELETE FROM totp").await;
        let mut browser = app.browser();
        browser.walk(&authorize(&[("scope", "openid")]), &holder).await;
        let both = json!([questions(&["alive"])[0], delegation()]);
        let page = browser.get(&start(&both)).await.location().to_owned();
        let shown = browser.get(&page).await;
        assert!(shown.body.contains("Thay bạn làm thủ tục") && !shown.body.contains("nộp hồ sơ"), "{}", shown.body);
        let back = query_of(&browser.walk(&page, &holder).await);
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", back["code"].as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let answer = tokens(&app, &fields).await;
        let told = &answer.json()["authorization_details"];
        assert_eq!((told.as_array().unwrap().len(), &told[0]["results"]), (1, &json!({ "alive": "yes" })), "{told}");
    }
}

/// RFC 9396 §9: whoever may look at a token sees what it is for; UserInfo answers a check from the record of that moment.
#[tokio::test(flavor = "multi_thread")]
async fn introspection_and_userinfo_say_what_was_granted() {
    for app in TestApp::each().await {
        let holder = set_up(&app).await;
        let details = json!([check(&json!({ "name": "Nguyễn Văn Thử" })), delegation()]);
        let one = json!([check(&json!({ "name": "Nguyễn Văn Thử" }))]).to_string();
        let answer = redeem(&app, &holder, &details, &[("authorization_details", &one)]).await;
        let seen = async |token: &str| {
            let credentials = basic(RP, PORTAL_SECRET);
            app.post("/introspect", &[("authorization", &credentials)], &[("token", token)]).await.json()
        };
        let refresh = seen(&answer.text("refresh_token")).await;
        assert_eq!(refresh["authorization_details"].as_array().unwrap().len(), 2, "all of the grant: {refresh}");
        assert_eq!(refresh["authorization_details"][0]["fields"], json!(["name"]));
        assert!(!refresh.to_string().contains("Nguyễn"), "{refresh}");
        let access = seen(&answer.text("access_token")).await;
        assert_eq!(access["authorization_details"].as_array().unwrap().len(), 1);

        let bearer = format!("Bearer {}", answer.text("access_token"));
        let info = app.get("/userinfo", &[("authorization", &bearer)]).await.json();
        let told = &info["authorization_details"];
        assert_eq!((told.as_array().unwrap().len(), &told[0]["results"]), (1, &json!({ "name": "yes" })), "{info}");
        app.at.change("UPDATE person SET full_name = 'Trần Mẫu', version = version + 1").await;
        let plain = redeem(&app, &holder, &json!([delegation()]), &[]).await;
        let bearer = format!("Bearer {}", plain.text("access_token"));
        let info = app.get("/userinfo", &[("authorization", &bearer)]).await.json();
        assert_eq!(info["authorization_details"], json!([delegation()]));
    }
}
