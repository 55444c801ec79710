//! Front-channel logout, sign-ins that begin elsewhere, whom a lock reaches, and UserInfo under its old names.

use dinhdanh::{
    assurance::{LockReason, Party},
    base::Timestamp,
    flows::account::lock::{LockChange, LockChanged, lock},
    store::audit::Actor,
};
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    app::{Holder, ISSUER, TestApp, VERIFIER, authorize, basic, encoded, payload, query_of},
    people::NAME,
};

const CALLBACK: &str = "https://framed.example/cb";
const BYE: &str = "https://framed.example/bye";
const SECRET: &str = "framed-secret-framed-secret-framed-secret";

async fn add(app: &TestApp, id: &str, more: &Value) {
    let mut metadata = json!({
        "client_name#vi": "Cổng khung", "purpose#vi": "Để thử", "redirect_uris": [CALLBACK],
        "post_logout_redirect_uris": [BYE], "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid profile phone offline_access vn_id",
    });
    metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    app.add_client(id, Some(SECRET), metadata).await;
}

/// The whole flow; answers the tokens.
async fn sign_in(
    app: &TestApp,
    id: &str,
    scope: &str,
    holder: &Holder,
    browser: &mut crate::support::app::Browser<'_>,
) -> Value {
    let mut asked = vec![("client_id", id), ("redirect_uri", CALLBACK), ("scope", scope)];
    if scope.contains("offline_access") {
        asked.push(("prompt", "consent"));
    }
    let code = query_of(&browser.walk(&authorize(&asked), holder).await).remove("code").unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let tokens = app.post("/token", &[("authorization", &basic(id, SECRET))], &fields).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    tokens.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_afterwards_opens_a_frame_for_each_portal_that_asked_for_one() {
    for app in TestApp::each().await {
        let discovery = app.get("/.well-known/openid-configuration", &[]).await.json();
        assert_eq!(discovery["frontchannel_logout_supported"], json!(true));
        assert_eq!(discovery["frontchannel_logout_session_supported"], json!(true));
        let uri = "https://framed.example/out?way=front";
        add(&app, "framed", &json!({"frontchannel_logout_uri": uri, "frontchannel_logout_session_required": true}))
            .await;
        let holder = app.holder().await;
        let mut browser = app.browser();
        let tokens = sign_in(&app, "framed", "openid", &holder, &mut browser).await;
        let id = payload(tokens["id_token"].as_str().unwrap());
        // Another portal of the session has no frame.
        browser.walk(&authorize(&[]), &holder).await;

        let asked = encoded(&[
            ("id_token_hint", tokens["id_token"].as_str().unwrap()),
            ("post_logout_redirect_uri", BYE),
            ("state", "s1"),
        ]);
        let page = browser.get(&format!("/logout?{asked}")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let query = encoded(&[("iss", ISSUER), ("sid", id["sid"].as_str().unwrap())]).replace('&', "&#38;");
        assert!(
            page.body.contains(&format!("src=\"https://framed.example/out?way=front&#38;{query}\"")),
            "{}",
            page.body
        );
        assert_eq!(page.body.matches("<iframe").count(), 1);
        // The person goes on by themselves, or by the button.
        assert!(page.body.contains("http-equiv=\"refresh\" content=\"3; url=https://framed.example/bye?state=s1\""));
        assert!(page.body.contains("href=\"https://framed.example/bye?state=s1\""));
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.ends_with("; frame-src https://framed.example") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        // It is over: nothing to frame any more.
        let again = browser.get(&format!("/logout?{asked}")).await;
        assert_eq!(again.location(), "https://framed.example/bye?state=s1");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_here_opens_the_frames_too() {
    let app = TestApp::sqlite().await;
    add(&app, "framed", &json!({"frontchannel_logout_uri": "https://framed.example/out"})).await;
    let holder = app.holder().await;
    let mut browser = app.browser();
    sign_in(&app, "framed", "openid", &holder, &mut browser).await;
    let page = browser.get("/sign-out").await;
    let left = browser.submit("/sign-out", &page, &[("action", "sign_out")]).await;
    assert!(left.body.contains("<iframe") && !left.body.contains("http-equiv"), "{}", left.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_account_leads_to_portals_that_let_sign_ins_begin_elsewhere() {
    let app = TestApp::sqlite().await;
    add(&app, "startable", &json!({"initiate_login_uri": "https://framed.example/start?from=idp"})).await;
    let holder = app.holder().await;
    let mut browser = app.browser();
    sign_in(&app, "startable", "openid", &holder, &mut browser).await;
    let page = browser.get("/account").await;
    let link = "href=\"https://framed.example/start?from=idp&#38;iss=http%3A%2F%2Flocalhost%3A8080\"";
    assert!(page.body.contains(link), "{}", page.body);
}

/// Logout tokens that wait to be sent, by client.
async fn waiting(app: &TestApp, client: &'static str) -> i64 {
    use sqlx::Row as _;
    const COUNT: &str = "SELECT count(*) FROM outbox WHERE kind = 'backchannel_logout' AND recipient = $1";
    match &mut app.at.conn().await {
        dinhdanh::store::Conn::Sqlite(conn) => {
            sqlx::query(COUNT).bind(client).fetch_one(&mut **conn).await.unwrap().get(0)
        }
        dinhdanh::store::Conn::Postgres(conn) => {
            sqlx::query(COUNT).bind(client).fetch_one(&mut **conn).await.unwrap().get(0)
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_reaches_every_client_that_holds_something_also_from_sessions_that_are_over() {
    for app in TestApp::each().await {
        let told = json!({"backchannel_logout_uri": "https://framed.example/back"});
        for id in ["offline", "online", "over"] {
            add(&app, id, &told).await;
        }
        let holder = app.holder().await;
        let mut first = app.browser();
        sign_in(&app, "offline", "openid offline_access", &holder, &mut first).await;
        sign_in(&app, "over", "openid", &holder, &mut first).await;
        let page = first.get("/sign-out").await;
        first.submit("/sign-out", &page, &[("action", "sign_out")]).await;
        let mut second = app.browser();
        sign_in(&app, "online", "openid offline_access", &holder, &mut second).await;
        assert_eq!(
            (waiting(&app, "offline").await, waiting(&app, "online").await, waiting(&app, "over").await),
            (1, 0, 1)
        );

        let number = dinhdanh::registry::PersonalNumber::parse(&holder.number).unwrap();
        let person =
            dinhdanh::store::persons::find_by_number(&mut app.at.conn().await, &number).await.unwrap().unwrap();
        let account = dinhdanh::store::accounts::find_by_person(&mut app.at.conn().await, person.person.id)
            .await
            .unwrap()
            .unwrap();
        let change = LockChange {
            account: account.id,
            reason: LockReason::Holder,
            party: Party::Holder,
            actor: Actor::Person,
            note: String::new(),
            now: app.at.now(),
        };
        assert_eq!(lock(&app.at.provider, change).await.unwrap(), LockChanged::Yes);
        // The one that still held a grant hears again; the one that held nothing does not; each of the others once.
        assert_eq!(
            (waiting(&app, "offline").await, waiting(&app, "online").await, waiting(&app, "over").await),
            (2, 1, 1)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn userinfo_has_its_old_names_for_who_registered_for_them() {
    for app in TestApp::each().await {
        add(&app, "old", &json!({"userinfo_view": "vn_legacy"})).await;
        let holder = app.holder().await;
        let mut browser = app.browser();
        let asked = [
            ("client_id", "old"),
            ("redirect_uri", CALLBACK),
            ("scope", "openid profile phone vn_id"),
            ("acr_values", "LoA2"),
        ];
        let code = query_of(&browser.walk(&authorize(&asked), &holder).await).remove("code").unwrap();
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let tokens = app.post("/token", &[("authorization", &basic("old", SECRET))], &fields).await;
        // Taken as a wish, never given back.
        assert_eq!(payload(&tokens.text("id_token"))["acr"], json!("urn:vn:xacthuc:2"));
        let bearer = format!("Bearer {}", tokens.text("access_token"));
        let said = app.get("/userinfo", &[("authorization", &bearer)]).await.json();
        assert_eq!((&said["HoVaTen"], &said["SoDinhDanh"]), (&json!(NAME), &json!(holder.number)));
        assert_eq!((&said["TechID"], &said["LoaiTaiKhoan"]), (&said["sub"], &json!(1)));
        for renamed in ["name", "id_number", "gender", "account_type", "phone_number"] {
            assert!(said.get(renamed).is_none(), "{renamed}");
        }
        assert_eq!(said["birthdate"], json!("1985-03-05"));
        assert!(Timestamp::from_secs(said["updated_at"].as_i64().unwrap()) <= app.at.now());
        assert_eq!(app.at.audited("userinfo.released", "done").await, 1);
    }
}
