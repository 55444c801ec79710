//! A person answers at a device of their own what a client asked at another (RFC 8628, CIBA).

use super::{
    app::{Answer, Browser, Holder, TestApp},
    people::PASSWORD,
};

pub const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
pub const CIBA: &str = "urn:openid:params:grant-type:ciba";

/// Types a device's code; answers the address of the interaction's page, or of the page that says what is wrong.
pub async fn enter(browser: &mut Browser<'_>, user_code: &str) -> String {
    let page = browser.get("/device").await;
    let answer = browser.submit("/device", &page, &[("action", "continue"), ("user_code", user_code)]).await;
    answer.location().to_owned()
}

/// Signs in to one's own account, and opens the newest request that waits; answers its page's address.
pub async fn open(browser: &mut Browser<'_>, holder: &Holder) -> String {
    for _ in 0..3 {
        let page = browser.get("/account").await;
        if let Some(id) = page.body.split_once("name=\"request\" value=\"").map(|(_, rest)| &rest[..36]) {
            let answer = browser.submit("/account", &page, &[("action", "answer"), ("request", id)]).await;
            return answer.location().to_owned();
        }
        sign_in(browser, &page, holder).await;
    }
    panic!("no request waits")
}

/// Number, then password, on one's own account page.
pub async fn sign_in(browser: &mut Browser<'_>, page: &Answer, holder: &Holder) {
    let number = ("username", holder.number.as_str());
    browser.submit("/account", page, &[("action", "continue"), number]).await;
    let page = browser.get("/account").await;
    browser.submit("/account", &page, &[("action", "continue"), number, ("password", PASSWORD)]).await;
}

/// Agrees to what a device, or a backchannel request, asks; `begun` is what its client was told.
pub async fn approve(app: &TestApp, holder: &Holder, begun: &Answer) {
    let mut browser = app.browser();
    let interaction = match begun.json()["user_code"].as_str() {
        Some(user_code) => enter(&mut browser, user_code).await,
        None => open(&mut browser, holder).await,
    };
    assert_eq!(browser.walk(&interaction, holder).await, "/device/approved");
}
