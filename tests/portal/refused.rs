//! What must not get through, and what the person then reads.

use http::StatusCode;
use serde_json::json;
use url::Url;

use super::{Stage, browser::Browser, mischief, provider::Mischief};

/// Signs in against a provider that misbehaves: nobody is signed in afterwards, and the page shows the code.
async fn refuses(mischief: Mischief, code: &str) {
    let mut stage = Stage::set().await;
    let what = format!("{mischief:?}");
    stage.provider.misbehave(mischief);
    let page = stage.sign_in().await;
    assert_eq!(page.url.path(), "/", "{what}");
    assert!(page.has(&format!("<code>{code}</code>")), "{what}: no {code} in {}", page.body);
    assert!(!page.has("Đăng xuất") && !page.has("NGUYỄN VĂN THỬ"), "{what}: signed in");
}

// ── the response ─────────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn a_response_to_another_browsers_attempt_is_refused() {
    let mut stage = Stage::set().await;
    let redirect = stage.post("/sign-in", "").await;
    let response = stage.browser.get(&redirect.location()).await.location();
    let mut other = Browser::new();
    let page = other.get(&response).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    page.must_have("state_unknown");
    // Also when the other browser has an attempt of its own.
    other.post(&stage.at("/sign-in"), "").await;
    assert_eq!(other.get(&response).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(stage.provider.token_calls(), 0, "the code was not redeemed");
    // The rightful browser still gets in, once.
    assert_eq!(stage.browser.get(&response).await.status, StatusCode::SEE_OTHER);
    assert_eq!(stage.browser.get(&response).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(stage.provider.token_calls(), 1);
}

#[tokio::test]
async fn a_response_without_or_with_another_state_is_refused() {
    let mut stage = Stage::set().await;
    for change in [|_: &str| None, |state: &str| Some(format!("{state}x")), |_: &str| Some(String::new())] {
        let redirect = stage.post("/sign-in", "").await;
        let right = stage.browser.get(&redirect.location()).await.location();
        let mut wrong = right.clone();
        wrong.set_query(None);
        for (name, value) in right.query_pairs() {
            let value = if name == "state" { change(&value) } else { Some(value.into_owned()) };
            if let Some(value) = value {
                wrong.query_pairs_mut().append_pair(&name, &value);
            }
        }
        let page = stage.browser.get(&wrong).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    assert_eq!(stage.provider.token_calls(), 0);
}

#[tokio::test]
async fn a_response_from_another_issuer_or_from_nobody_is_refused() {
    for wrong in [
        mischief(|m| m.response_iss = Some("https://evil.example")),
        mischief(|m| m.response_iss = Some("")),
        mischief(|m| m.leave_iss_out = true),
        mischief(|m| {
            m.leave_iss_out = true;
            m.error = Some("access_denied");
        }),
    ] {
        let mut stage = Stage::set().await;
        stage.provider.misbehave(wrong.clone());
        let page = stage.sign_in().await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{wrong:?}");
        page.must_have("iss_mismatch");
        assert_eq!(stage.provider.token_calls(), 0);
    }
}

#[tokio::test]
async fn a_repeated_parameter_is_refused_before_anything_is_used_up() {
    let mut stage = Stage::set().await;
    let redirect = stage.post("/sign-in", "").await;
    let right = stage.browser.get(&redirect.location()).await.location();
    let wrong = Url::parse(&format!("{right}&code=other")).unwrap();
    assert_eq!(stage.browser.get(&wrong).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(stage.browser.get(&right).await.status, StatusCode::SEE_OTHER);
}

// ── the tokens ───────────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn every_claim_of_the_id_token_is_checked() {
    let past = 1_600_000_000;
    for (change, code) in [
        (json!({ "nonce": "another" }), "id_token_nonce"),
        (json!({ "nonce": null }), "id_token_nonce"),
        (json!({ "iss": "https://evil.example" }), "id_token_iss"),
        (json!({ "aud": "dvcqg" }), "id_token_aud"),
        (json!({ "aud": ["moh", "dvcqg"] }), "id_token_aud"),
        (json!({ "azp": "dvcqg" }), "id_token_aud"),
        (json!({ "exp": past }), "id_token_time"),
        (json!({ "iat": past }), "id_token_time"),
        (json!({ "acr": null }), "acr_too_low"),
        (json!({ "at_hash": "AAAAAAAAAAAAAAAAAAAAAA" }), "at_hash"),
        (json!({ "sub": null }), "token_response"),
    ] {
        refuses(mischief(|m| m.id_token = change), code).await;
    }
}

#[tokio::test]
async fn a_signature_that_is_not_the_providers_is_refused() {
    for header in [
        json!({ "stray": true }),
        json!({ "kid": "nobody's" }),
        json!({ "unsigned": true }),
        json!({ "by_secret": true }),
    ] {
        refuses(mischief(|m| m.id_token_header = header), "id_token_signature").await;
    }
}

#[tokio::test]
async fn an_answer_without_what_is_needed_is_refused() {
    refuses(mischief(|m| m.token_response = json!({ "id_token": null })), "id_token_missing").await;
    refuses(mischief(|m| m.token_response = json!({ "token_type": "DPoP" })), "token_response").await;
    refuses(mischief(|m| m.token_response = json!({ "access_token": "a\nb" })), "token_response").await;
}

#[tokio::test]
async fn a_level_below_the_one_asked_for_opens_nothing() {
    let mut stage = Stage::set().await;
    let page = stage.press("/services/submit", "").await;
    assert_eq!(page.url.path(), "/");
    page.must_have("<code>acr_too_low</code>");
    assert!(!page.has("Đăng xuất"));
}

#[tokio::test]
async fn userinfo_about_somebody_else_is_thrown_away() {
    let mut stage = Stage::set().await;
    stage.provider.misbehave(mischief(|m| m.userinfo = json!({ "sub": "somebody-else" })));
    let page = stage.sign_in().await;
    page.must_have("<code>userinfo_sub</code>");
    page.must_have("Đăng xuất");
    assert!(!page.has("NGUYỄN VĂN THỬ"));
}

#[tokio::test]
async fn an_access_token_that_has_ended_is_explained() {
    let mut stage = Stage::set().await;
    stage.sign_in().await;
    stage.provider.misbehave(mischief(|m| m.userinfo_status = 401));
    let page = stage.press("/userinfo", "").await;
    page.must_have("Quyền lấy thông tin đã hết hạn");
    page.must_have("NGUYỄN VĂN THỬ");
}

// ── the provider's errors ────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn the_providers_errors_are_told_in_plain_words_with_the_code_in_small() {
    for (code, words) in [
        ("access_denied", "Bạn chưa đăng nhập vào cổng này"),
        ("login_required", "Bạn chưa đăng nhập ở Định Danh"),
        ("interaction_required", "Cần bạn làm thêm một bước"),
        ("consent_required", "Cần bạn đồng ý trước"),
        ("temporarily_unavailable", "Định Danh đang gặp trục trặc"),
        ("invalid_scope", "Lỗi ở phía cổng, không phải ở bạn"),
    ] {
        let mut stage = Stage::set().await;
        stage.provider.misbehave(mischief(|m| m.error = Some(code)));
        let page = stage.press("/sign-in", "how=silent").await;
        page.must_have(words);
        page.must_have(&format!("<code>{code}</code>"));
        page.must_have("told &#60;b&#62;so&#60;/b&#62;");
        assert_eq!(stage.provider.token_calls(), 0);
    }
}

#[tokio::test]
async fn a_level_that_nobody_can_reach_is_explained_and_the_session_stays() {
    let mut stage = Stage::set().await;
    stage.sign_in().await;
    stage.provider.misbehave(mischief(|m| m.error = Some("unmet_authentication_requirements")));
    let page = stage.press("/services/household", "").await;
    page.must_have("Chưa thể xác thực bạn ở mức độ xác thực 3");
    page.must_have("chưa hỗ trợ mức này cho bất kỳ ai");
    page.must_have("Đăng xuất");
    // Level 2 is offered: then it is this person who lacks a method.
    stage.press("/services/submit", "").await.must_have("bạn chưa có phương thức để đạt mức này");
    let page = stage.browser.get(&stage.at("/language/en?back=/")).await;
    stage.browser.follow(page).await.must_have("you have no method for it yet");
}
