//! Over plain HTTP on loopback, as on an engineer's own machine.

use std::collections::BTreeMap;

use http::{StatusCode, header};
use openidconnect::OAuth2TokenResponse as _;
use serde_json::json;
use url::Url;

use super::{party::Party, running::Running, site::Site};
use crate::{
    journeys::browser::Browser,
    support::{
        app::{basic, encoded, hidden},
        database::TestDb,
        people::{NAME, PASSWORD},
    },
};

const SECRET: &str = "another-secret-of-thirty-two-characters";
const CALLBACK: &str = "http://127.0.0.1:9/cb";
const BYE: &str = "http://127.0.0.1:9/bye";

/// A person at a browser without scripts: cookies, forms, redirects one by one.
struct Walker<'a> {
    service: &'a Running,
    client: reqwest::Client,
    jar: BTreeMap<String, String>,
}

impl<'a> Walker<'a> {
    fn new(service: &'a Running) -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self { service, client, jar: BTreeMap::new() }
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> (StatusCode, Option<String>, String) {
        let cookies = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let request = request.header(header::ACCEPT, "text/html,*/*").header(header::COOKIE, cookies);
        let answer = request.send().await.unwrap();
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if text.contains("Max-Age=0") {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
        let to = answer.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        (answer.status(), to, answer.text().await.unwrap())
    }

    /// Does what the pages ask until they lead away; answers where to.
    async fn walk(&mut self, start: &Url) -> Url {
        let mut here = start.clone();
        for _ in 0..20 {
            let (status, to, page) = self.send(self.client.get(here.clone())).await;
            let to = match to {
                Some(to) => to,
                None => {
                    assert_eq!(status, StatusCode::OK, "{here}: {page}");
                    self.fill(&here, &page).await
                }
            };
            here = here.join(&to).unwrap();
            if !here.as_str().starts_with(&self.service.issuer) {
                return here;
            }
        }
        panic!("the pages come back to {here} again and again");
    }

    async fn fill(&mut self, here: &Url, page: &str) -> String {
        let has = |name: &str| page.contains(&format!("name=\"{name}\""));
        let code = self.service.one_time_code();
        let field = match () {
            () if has("password") => ("password", PASSWORD),
            () if has("code") => ("code", code.as_str()),
            () if has("username") => ("username", self.service.holder.number.as_str()),
            () => ("", ""),
        };
        let action = if page.contains("value=\"agree\"") { "agree" } else { "continue" };
        let csrf = hidden(page, "csrf").unwrap_or_else(|| panic!("no form on {page}"));
        let form = encoded(&[("csrf", csrf.as_str()), ("action", action), field]);
        let request = self
            .client
            .post(here.clone())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, self.service.issuer.as_str())
            .header("sec-fetch-site", "same-origin")
            .body(form);
        let (status, to, page) = self.send(request).await;
        to.unwrap_or_else(|| panic!("{status} {page}"))
    }
}

fn answer_of(url: &Url) -> BTreeMap<String, String> {
    url.query_pairs().into_owned().collect()
}

fn also(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

async fn registered(service: &Running) -> Party {
    service.add_client(&json!({
        "client_id": "outside", "client_secret": SECRET, "client_name": "Cổng ngoài", "purpose#vi": "Để thử",
        "redirect_uris": [CALLBACK], "post_logout_redirect_uris": [BYE],
        "grant_types": ["authorization_code", "refresh_token"], "scope": "openid profile offline_access",
    }));
    Party::discover(&service.issuer, "outside", SECRET, CALLBACK).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_library_goes_the_whole_way() {
    for test in TestDb::each().await {
        let service = Running::plain(test).await;
        let party = registered(&service).await;
        let mut person = Walker::new(&service);

        // Discovery, authorization with PKCE, token, ID token, UserInfo.
        let back = person.walk(&party.ask(&["profile"], &also(&[("acr_values", "urn:vn:xacthuc:2")]))).await;
        let visit = party.redeem(&answer_of(&back)).await.unwrap();
        assert_eq!((visit.name.as_str(), &visit.claims["acr"]), (NAME, &json!("urn:vn:xacthuc:2")));
        assert_eq!(visit.claims["amr"].as_array().unwrap().len(), 3, "password, code, and that it was both");
        assert_eq!(party.redeem(&answer_of(&back)).await.err().as_deref(), Some("nobody asked for this"));

        // Signed in already: nothing is typed, and the same person has the same name here.
        let silent = person.walk(&party.ask(&["profile"], &also(&[("prompt", "none")]))).await;
        let again = party.redeem(&answer_of(&silent)).await.unwrap();
        assert_eq!((again.sub, &again.claims["sid"]), (visit.sub.clone(), &visit.claims["sid"]));

        // A code with another attempt's verifier.
        let (one, two) = (party.ask(&["profile"], &[]), party.ask(&["profile"], &[]));
        let mut mixed = answer_of(&person.walk(&one).await);
        mixed.insert("state".to_owned(), answer_of(&two)["state"].clone());
        let refused = party.redeem(&mixed).await.err().unwrap();
        assert!(refused.contains("InvalidGrant") || refused.contains("invalid_grant"), "{refused}");

        refreshed_and_revoked(&service, &party, &visit).await;
        signed_out(&mut person, &party, &visit).await;
    }
}

async fn refreshed_and_revoked(service: &Running, party: &Party, visit: &super::party::Visit) {
    let first = visit.refresh.clone().expect("a refresh token");
    let next = party.refresh(&first).await.unwrap();
    let second = next.refresh_token().cloned().expect("it rotates");
    assert_ne!(first.secret(), second.secret());
    let said = party.person(next.access_token().clone()).await.unwrap();
    assert_eq!(said.subject().as_str(), visit.sub);
    // The library sends a revocation over https alone; this machine's own process may have it all the same.
    assert!(party.revoke(second.clone()).await.unwrap_err().contains("HTTPS"));
    let revoked = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(format!("{}/revoke", service.issuer))
        .header(header::AUTHORIZATION, basic("outside", SECRET))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(encoded(&[("token", second.secret().as_str()), ("token_type_hint", "refresh_token")]));
    assert_eq!(revoked.send().await.unwrap().status(), StatusCode::OK);
    assert!(party.refresh(&second).await.unwrap_err().contains("invalid_grant"));
    assert!(party.person(next.access_token().clone()).await.is_err(), "its access tokens went with it");
}

async fn signed_out(person: &mut Walker<'_>, party: &Party, visit: &super::party::Visit) {
    let left = person.walk(&party.leave(visit, BYE)).await;
    assert_eq!(left.as_str(), format!("{BYE}?state=out"));
    let nobody = person.walk(&party.ask(&["profile"], &also(&[("prompt", "none")]))).await;
    assert_eq!(party.redeem(&answer_of(&nobody)).await.err().as_deref(), Some("login_required"));
}

/// The same with a browser and the portal's own pages, JavaScript off.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_uses_a_portal_of_an_engineers_own() {
    let service = Running::plain(TestDb::sqlite().await).await;
    let site = Site::open(&service, "one", "Lax").await;
    let browser = Browser::start("en").await;
    browser.open(&site.url).await;
    browser.sees("Nobody is here").await;
    browser.press("#start").await;
    browser.sees("Cổng one").await;
    browser.write("#username", &service.holder.number).await;
    browser.press("button[value=continue]").await;
    browser.write("#password", PASSWORD).await;
    browser.press("button[value=continue]").await;
    browser.press("button[value=agree]").await;
    browser.is_at(&site.url).await;
    browser.sees(&format!("Here is {NAME}")).await;
    let visit = site.visit().expect("the portal knows the person");
    let next = site.party().refresh(&visit.refresh.clone().unwrap()).await.unwrap();
    assert_eq!(site.party().person(next.access_token().clone()).await.unwrap().subject().as_str(), visit.sub);
    browser.press("#leave").await;
    browser.sees("Bye").await;
    browser.open(&site.url).await;
    browser.sees("Nobody is here").await;
    browser.press("#start").await;
    // The provider's session is over too: it asks who is there.
    browser.write("#username", &service.holder.number).await;
    assert_eq!(site.seen().refused, Vec::<String>::new());
    browser.end().await;
}
