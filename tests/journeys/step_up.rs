//! A portal calls another agency's API, which asks for more proof than signing in gave (RFC 9470), and gets it: through the built
//! binary, by plain HTTP, as a browser without scripts would.

use std::collections::BTreeMap;

use dinhdanh::{
    base::{Clock, SecretBytes, Span},
    crypto::totp,
};
use reqwest::{Client, Method, Response, StatusCode, header, redirect};
use serde_json::Value;
use url::Url;

use super::{demo::Demo, walk::unbase32};

/// Cookies by host and name; redirects are followed one by one, so that a test sees where they lead.
struct Visitor {
    client: Client,
    jar: BTreeMap<(String, String), String>,
    at: Url,
}

/// A page as it was received.
struct Page {
    url: Url,
    status: StatusCode,
    body: String,
}

impl Visitor {
    fn new() -> Self {
        let client = Client::builder().redirect(redirect::Policy::none()).no_proxy().build().unwrap();
        Self { client, jar: BTreeMap::new(), at: Url::parse("http://127.0.0.1/").unwrap() }
    }

    async fn send(&mut self, method: Method, url: &Url, form: Option<&[(&str, &str)]>) -> Response {
        let host = url.host_str().unwrap().to_owned();
        let cookies = self.jar.iter().filter(|((own, _), _)| *own == host);
        let cookies = cookies.map(|((_, name), value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        // Names under localhost are this machine, whatever its resolver says (RFC 6761 §6.3).
        let mut there = url.clone();
        there.set_host(Some("127.0.0.1")).unwrap();
        let named = format!("{host}:{}", url.port().unwrap());
        let mut request =
            self.client.request(method, there).header(header::HOST, named).header(header::ACCEPT, "text/html");
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies);
        }
        if let Some(form) = form {
            let own = url.origin().ascii_serialization();
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
            request = request.header(header::ORIGIN, own).header("sec-fetch-site", "same-origin");
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        }
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            let key = (host.clone(), name.to_owned());
            if text.contains("Max-Age=0") {
                self.jar.remove(&key);
            } else {
                self.jar.insert(key, value.to_owned());
            }
        }
        response
    }

    /// The page at the end of the redirects.
    async fn follow(&mut self, mut response: Response, mut url: Url) -> Page {
        for _ in 0..15 {
            let Some(next) = response.headers().get(header::LOCATION) else {
                self.at = url.clone();
                return Page { url, status: response.status(), body: response.text().await.unwrap() };
            };
            url = url.join(next.to_str().unwrap()).unwrap();
            response = self.send(Method::GET, &url, None).await;
        }
        panic!("redirects without an end at {url}");
    }

    async fn open(&mut self, url: &str) -> Page {
        let url = Url::parse(url).unwrap();
        let response = self.send(Method::GET, &url, None).await;
        self.follow(response, url).await
    }

    /// Posts to a path of the page that is open.
    async fn press(&mut self, path: &str, form: &[(&str, &str)]) -> Page {
        let url = self.at.join(path).unwrap();
        let response = self.send(Method::POST, &url, Some(form)).await;
        self.follow(response, url).await
    }

    /// The form of a page of the provider, which stands at its own address.
    async fn fill(&mut self, page: &Page, form: &[(&str, &str)]) -> Page {
        let csrf = crate::support::app::hidden(&page.body, "csrf").unwrap_or_else(|| panic!("no form: {}", page.body));
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend(form);
        let here = page.url.clone();
        self.press(here.as_str(), &all).await
    }
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("no {member} in {value}"))
}

/// The code of this moment, with time left to type it.
fn one_time_code(citizen: &Value) -> String {
    let now = Clock::System.now();
    let now = if now.secs() % 30 > 26 { now + Span::secs(4) } else { now };
    totp::code_at(&SecretBytes::new(unbase32(text(citizen, "totp_secret"))), now).reveal().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_asks_for_more_proof_and_the_portal_gets_it() {
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path());
    let api = &demo.file["resource_server"];
    let citizen = demo.citizen("level-02").clone();
    let mut visitor = Visitor::new();

    // Without a token the API tells the scheme, and to a token of nobody's that it is none.
    let records = Url::parse(&format!("{}/records", text(api, "url"))).unwrap();
    let bare = visitor.send(Method::GET, &records, None).await;
    assert_eq!(bare.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(bare.headers()[header::WWW_AUTHENTICATE], "Bearer");
    let forged = visitor.client.get(records.clone()).bearer_auth("a.b.c").send().await.unwrap();
    assert_eq!(forged.status(), StatusCode::UNAUTHORIZED);
    assert!(forged.headers()[header::WWW_AUTHENTICATE].to_str().unwrap().contains(r#"error="invalid_token""#));

    // Signed in by the password alone, at level 1.
    visitor.open(&demo.portal(1)).await;
    let page = visitor.press("/sign-in", &[("how", "asked")]).await;
    let page = visitor.fill(&page, &[("action", "continue"), ("username", text(&citizen, "number"))]).await;
    let page = visitor.fill(&page, &[("action", "continue"), ("password", text(&citizen, "password"))]).await;
    let page = visitor.fill(&page, &[("action", "agree")]).await;
    assert!(page.body.contains(text(&citizen, "name")) && page.body.contains("action=\"/records\""), "{}", page.body);

    // The first press asks for a token for the API, which the person agrees to; the API wants more.
    let page = visitor.press("/records", &[]).await;
    assert!(page.body.contains(text(api, "name")) || page.body.contains("value=\"agree\""), "{}", page.body);
    let page = visitor.fill(&page, &[("action", "agree")]).await;
    assert_eq!((page.url.path(), page.status), ("/records", StatusCode::OK));
    assert!(!page.body.contains("Viêm gan B") && page.body.contains("Xác thực thêm"), "{}", page.body);

    // The second press rises: one code, nothing else.
    let page = visitor.press("/records", &[]).await;
    assert!(page.body.contains("name=\"code\"") && !page.body.contains("name=\"password\""), "{}", page.body);
    let page = visitor.fill(&page, &[("action", "continue"), ("code", &one_time_code(&citizen))]).await;
    assert_eq!((page.url.path(), page.status), ("/records", StatusCode::OK));
    for shown in ["Viêm gan B", "urn:vn:xacthuc:2", "moh"] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    // The portal's own session is as it was, and fetches its own details still.
    let page = visitor.press("/userinfo", &[]).await;
    assert!(page.body.contains("Đã lấy lại thông tin"), "{}", page.body);
}
