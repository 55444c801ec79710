//! Three sites over https: the provider and two portals, each under a host of its own and so a site of its own (`id.localhost` and
//! `one.localhost` share no registrable domain), in a browser that trusts the tests' authority. What third-party cookies allow is
//! told to engineers in `docs/relying-parties`; this is where it was seen.

use fantoccini::cookies::Cookie;

use super::{running::Running, site::Site};
use crate::{
    journeys::browser::{Browser, Settings},
    support::{
        certificates::authority,
        database::TestDb,
        people::{NAME, PASSWORD},
    },
};

struct Stage {
    service: Running,
    /// Takes answers by a form from another site, and has its cookies set for that.
    one: Site,
    /// An ordinary portal.
    two: Site,
    browser: Browser,
}

impl Stage {
    async fn set(javascript: bool, third_party_cookies: bool) -> Self {
        let service = Running::with_tls(TestDb::sqlite().await).await;
        let (one, two) = (Site::open(&service, "one", "None").await, Site::open(&service, "two", "Lax").await);
        let pin = authority().pin();
        let settings = Settings { lang: "en", javascript, third_party_cookies, believes: Some(&pin) };
        Self { service, one, two, browser: Browser::with(settings).await }
    }

    /// Signs in at the first portal, which asks for its answer by a form.
    async fn sign_in_by_form(&self) {
        let browser = &self.browser;
        browser.open(&self.one.url).await;
        browser.press("#posted").await;
        browser.write("#username", &self.service.holder.number).await;
        browser.press("button[value=continue]").await;
        browser.write("#password", PASSWORD).await;
        browser.press("button[value=continue]").await;
        browser.press("button[value=agree]").await;
    }

    /// And at the second, where nothing is typed any more.
    async fn walk_into_the_second(&self) {
        let browser = &self.browser;
        browser.open(&self.two.url).await;
        browser.press("#start").await;
        browser.press("button[value=agree]").await;
        browser.is_at(&self.two.url).await;
        browser.sees(&format!("Here is {NAME}")).await;
    }

    /// Until the first portal has been told in this way.
    async fn eventually(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        for _ in 0..300 {
            if is_so(self) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("{what}: it never came to that");
    }
}

/// The provider's cookies as the browser keeps them.
async fn cookies(stage: &Stage) -> Vec<Cookie<'static>> {
    stage.browser.open(&format!("{}/account", stage.service.issuer)).await;
    stage.browser.client.get_all_cookies().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_by_form_cross_sites_and_cookies_are_the_browsers_own() {
    let stage = Stage::set(true, true).await;
    stage.sign_in_by_form().await;
    stage.browser.is_at(&stage.one.url).await;
    stage.browser.sees(&format!("Here is {NAME}")).await;
    assert_eq!(stage.one.seen().cookie_at_callback, [true], "SameSite=None; Secure comes along with a form");
    for cookie in cookies(&stage).await {
        let (name, site) = (cookie.name().to_owned(), cookie.same_site().map(|site| site.to_string()));
        assert!(name.starts_with("__Host-") && cookie.secure() == Some(true) && cookie.path() == Some("/"), "{name}");
        assert_eq!(cookie.http_only(), Some(!name.ends_with("-state")), "{name}");
        assert_eq!(site.as_deref(), Some(if name.ends_with("-state") { "None" } else { "Lax" }), "{name}");
    }
    // A portal with an ordinary cookie must not rely on it there: the browser keeps it back.
    stage.browser.open(&stage.two.url).await;
    stage.browser.press("#posted").await;
    stage.browser.press("button[value=agree]").await;
    stage.browser.is_at(&stage.two.url).await;
    assert_eq!(stage.two.seen().cookie_at_callback, [false], "SameSite=Lax does not");
    assert_eq!(stage.two.seen().refused, Vec::<String>::new());
    stage.browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_the_form_has_a_button() {
    let stage = Stage::set(false, true).await;
    stage.sign_in_by_form().await;
    stage.browser.is_at(&stage.service.issuer).await;
    stage.browser.press("form[method=post] button").await;
    stage.browser.is_at(&stage.one.url).await;
    stage.browser.sees(&format!("Here is {NAME}")).await;
    stage.browser.end().await;
}

/// A form's policy holds for every redirect after it in this browser: a callback that leads on to the portal's first page on
/// another host (`client_uri`) arrives there.
#[tokio::test(flavor = "multi_thread")]
async fn a_callback_may_lead_on_to_the_portals_first_page_elsewhere() {
    let service = Running::with_tls(TestDb::sqlite().await).await;
    let two = Site::open(&service, "two", "Lax").await;
    let one = Site::open_with(&service, "one", "Lax", Some(&two.url)).await;
    one.lead_to(&format!("{}/bye", two.url));
    let pin = authority().pin();
    let settings = Settings { lang: "en", javascript: false, third_party_cookies: true, believes: Some(&pin) };
    let browser = Browser::with(settings).await;
    browser.open(&one.url).await;
    browser.press("#start").await;
    browser.write("#username", &service.holder.number).await;
    browser.press("button[value=continue]").await;
    browser.write("#password", PASSWORD).await;
    browser.press("button[value=continue]").await;
    browser.press("button[value=agree]").await;
    browser.is_at(&format!("{}/bye", two.url)).await;
    assert!(one.visit().is_some());
    browser.end().await;
}

/// Signed in at both, the first one watching; then out at the second.
async fn watched_and_left(stage: &Stage) -> String {
    stage.sign_in_by_form().await;
    stage.browser.is_at(&stage.one.url).await;
    stage.walk_into_the_second().await;
    let sid = stage.one.visit().unwrap().claims["sid"].as_str().unwrap().to_owned();
    stage.browser.open(&format!("{}/watch", stage.one.url)).await;
    sid
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_reaches_every_portal_in_every_way() {
    let stage = Stage::set(true, true).await;
    let sid = watched_and_left(&stage).await;
    stage.browser.sees("the frame says unchanged").await;
    let watching = stage.browser.client.window().await.unwrap();
    let other = stage.browser.client.new_window(true).await.unwrap();
    stage.browser.client.switch_to_window(other.handle).await.unwrap();
    stage.browser.open(&stage.two.url).await;
    stage.browser.press("#leave").await;
    // The provider's page opens a frame for each portal and then goes on by itself.
    stage.browser.is_at(&format!("{}/bye?state=out", stage.two.url)).await;
    stage.eventually("the back channel", |stage| stage.one.seen().told_behind == [sid.clone()]).await;
    stage.eventually("the front channel", |stage| stage.one.seen().framed == [(sid.clone(), true)]).await;
    assert!(stage.one.visit().is_none(), "its session ended at once");
    // A portal's Lax cookie does not come into a frame of another site, whatever the browser is set to.
    stage.eventually("the other's front channel", |stage| stage.two.seen().framed.len() == 1).await;
    assert!(!stage.two.seen().framed[0].1);
    stage.browser.client.switch_to_window(watching).await.unwrap();
    stage.browser.sees("the frame says changed").await;
    stage.browser.end().await;
}

/// What is left when the browser keeps cookies out of frames: the back channel alone can be relied on.
#[tokio::test(flavor = "multi_thread")]
async fn without_third_party_cookies_the_back_channel_is_what_holds() {
    let stage = Stage::set(true, false).await;
    let sid = watched_and_left(&stage).await;
    stage.browser.sees("the frame says changed").await;
    assert!(stage.one.visit().is_some(), "although nothing has");
    stage.browser.open(&stage.two.url).await;
    stage.browser.press("#leave").await;
    stage.browser.is_at(&format!("{}/bye?state=out", stage.two.url)).await;
    stage.eventually("the back channel", |stage| stage.one.seen().told_behind == [sid.clone()]).await;
    stage.eventually("the front channel", |stage| stage.one.seen().framed == [(sid.clone(), false)]).await;
    assert!(stage.one.visit().is_none());
    stage.browser.end().await;
}
