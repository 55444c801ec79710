//! Refresh tokens: each for one use, a lost answer given again, a stolen one worth nothing.

use dinhdanh::base::Span;
use http::StatusCode;

use crate::support::app::{
    Answer, Holder, OTHER, OTHER_SECRET, PHONE_APP, PHONE_APP_CALLBACK, TestApp, VERIFIER, authorize, basic, payload,
    query_of,
};

async fn refresh(app: &TestApp, token: &str, more: &[(&str, &str)]) -> Answer {
    let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
    fields.extend(more);
    app.post_as_portal("/token", &fields).await
}

async fn tokens(app: &TestApp, holder: &Holder, scope: &str) -> Answer {
    app.redeem(&app.code(holder, scope).await).await
}

fn refused(error: &str) -> (u16, String) {
    (400, error.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_token_is_for_one_use_and_reuse_ends_the_family() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let first = tokens(&app, &holder, "openid profile").await;
        let second = refresh(&app, &first.text("refresh_token"), &[]).await;
        assert_eq!(second.status, StatusCode::OK, "{}", second.body);
        assert_ne!(first.text("refresh_token"), second.text("refresh_token"));
        let (old, new) = (payload(&first.text("id_token")), payload(&second.text("id_token")));
        assert_eq!((&old["sub"], &old["auth_time"], &old["sid"]), (&new["sub"], &new["auth_time"], &new["sid"]));

        // Later than an answer can have been lost.
        app.at.clock.advance(Span::secs(11));
        assert_eq!(refresh(&app, &first.text("refresh_token"), &[]).await.refusal(), refused("invalid_grant"));
        assert_eq!(refresh(&app, &second.text("refresh_token"), &[]).await.refusal(), refused("invalid_grant"));
        let bearer = format!("Bearer {}", second.text("access_token"));
        assert_eq!(app.get("/userinfo", &[("authorization", &bearer)]).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(app.at.audited("token.refresh_reused", "refused").await, 1);
    }
}

/// keycloak#50999: five rotations in one and the same moment are five, and any but the last but one is reuse at once.
#[tokio::test(flavor = "multi_thread")]
async fn rotations_within_one_moment_are_told_apart() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        for replayed in 0..4 {
            let mut all = vec![tokens(&app, &holder, "openid").await.text("refresh_token")];
            for _ in 0..5 {
                let next = refresh(&app, &all[all.len() - 1], &[]).await;
                assert_eq!(next.status, StatusCode::OK, "{}", next.body);
                all.push(next.text("refresh_token"));
            }
            assert_eq!(refresh(&app, &all[replayed], &[]).await.refusal(), refused("invalid_grant"), "{replayed}");
            assert_eq!(
                refresh(&app, &all[5], &[]).await.refusal(),
                refused("invalid_grant"),
                "{replayed}: the family ended"
            );
        }
        assert_eq!(app.at.audited("token.refresh_reused", "refused").await, 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_given_again_to_a_client_that_proves_itself() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let first = tokens(&app, &holder, "openid").await.text("refresh_token");
        let second = refresh(&app, &first, &[]).await.text("refresh_token");
        app.at.clock.advance(Span::secs(9));
        assert_eq!(refresh(&app, &first, &[]).await.text("refresh_token"), second);
        assert_eq!(refresh(&app, &second, &[]).await.status, StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_gets_no_answer_twice() {
    let app = TestApp::sqlite().await;
    let holder = app.holder().await;
    let asked = authorize(&[("client_id", PHONE_APP), ("redirect_uri", PHONE_APP_CALLBACK)]);
    let code = query_of(&app.browser().walk(&asked, &holder).await).remove("code").unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", PHONE_APP),
        ("code", &code),
        ("redirect_uri", PHONE_APP_CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let first = app.post("/token", &[], &fields).await.text("refresh_token");
    let again = [("grant_type", "refresh_token"), ("client_id", PHONE_APP), ("refresh_token", &first)];
    assert_eq!(app.post("/token", &[], &again).await.status, StatusCode::OK);
    assert_eq!(app.post("/token", &[], &again).await.refusal(), refused("invalid_grant"));
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_may_be_fewer_and_never_more() {
    let app = TestApp::sqlite().await;
    let holder = app.holder().await;
    let first = tokens(&app, &holder, "openid profile").await.text("refresh_token");
    let more = refresh(&app, &first, &[("scope", "openid phone")]).await;
    assert_eq!(more.refusal(), refused("invalid_scope"));
    let fewer = refresh(&app, &first, &[("scope", "openid")]).await;
    assert_eq!(fewer.text("scope"), "openid");
    // RFC 6749 §6: what was granted stays granted.
    let all = refresh(&app, &fewer.text("refresh_token"), &[]).await;
    assert_eq!(all.text("scope"), "openid profile");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_can_use_it_and_trying_harms_nobody() {
    let app = TestApp::sqlite().await;
    let holder = app.holder().await;
    let token = tokens(&app, &holder, "openid").await.text("refresh_token");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", &token)];
    let by_other = app.post("/token", &[("authorization", &basic(OTHER, OTHER_SECRET))], &fields).await;
    assert_eq!(by_other.refusal(), refused("invalid_grant"));
    let changed = format!("{}A", token.get(..token.len() - 1).unwrap());
    for wrong in ["x", &changed, "ddr_", "ddc_abc"] {
        assert_eq!(refresh(&app, wrong, &[]).await.refusal(), refused("invalid_grant"), "{wrong}");
    }
    assert_eq!(refresh(&app, &token, &[]).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_ends_with_its_session_and_an_offline_one_does_not() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let mut browser = app.browser();
        let mut redeemed = Vec::new();
        for more in [&[("scope", "openid")][..], &[("scope", "openid offline_access"), ("prompt", "consent")]] {
            let back = browser.walk(&authorize(more), &holder).await;
            redeemed.push(app.redeem(&query_of(&back)["code"]).await);
        }
        let hint = redeemed[0].text("id_token");
        let left = browser.get(&format!("/logout?id_token_hint={hint}")).await;
        assert_eq!(left.status, StatusCode::OK, "{}", left.body);
        let bound = refresh(&app, &redeemed[0].text("refresh_token"), &[]).await;
        assert_eq!(bound.refusal(), refused("invalid_grant"));
        let offline = refresh(&app, &redeemed[1].text("refresh_token"), &[]).await;
        assert_eq!(offline.status, StatusCode::OK, "{}", offline.body);
    }
}
