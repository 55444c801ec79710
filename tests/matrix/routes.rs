//! Each route with each method at everybody's hands (ASVS 5.0 8.2.1; `security` §7): who gets an answer, who is led elsewhere and
//! who is refused. What is posted here is empty, so that no form does anything: whose form it is, is asked first.

use std::collections::BTreeMap;

use axum::body::Body;
use dinhdanh::{http::api::registry::BASE, registry::operator::Role};
use http::{Method, Request, StatusCode};
use serde_json::json;

use super::Table;
use crate::support::{
    app::{Answer, Browser, Holder, ISSUER, PORTAL, PORTAL_SECRET, TestApp, authorize, basic, hidden},
    operators, routes,
    signer::Signer,
};

const METHODS: [Method; 8] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
    Method::TRACE,
];

const WHO: [&str; 8] =
    ["nobody", "citizen", "registrar", "approver", "auditor", "portal's secret", "citizen's token", "agency's token"];

struct Everybody {
    jars: BTreeMap<&'static str, BTreeMap<String, String>>,
    authorization: BTreeMap<&'static str, String>,
}

impl Everybody {
    async fn of(app: &TestApp) -> Self {
        let holder = app.holder().await;
        let (mut jars, mut authorization) = (BTreeMap::new(), BTreeMap::new());
        jars.insert("citizen", signed_in(app, &holder).await);
        for (who, role) in [("registrar", Role::Registrar), ("approver", Role::Approver), ("auditor", Role::Auditor)] {
            let clerk = app.operator(&format!("canbo.{who}"), &[role], None).await;
            let mut browser = app.browser();
            operators::sign_in(app, &mut browser, &clerk).await;
            jars.insert(who, browser.jar);
        }
        let tokens = app.redeem(&app.code(&holder, "openid profile").await).await;
        authorization.insert("portal's secret", basic(PORTAL, PORTAL_SECRET));
        authorization.insert("citizen's token", format!("Bearer {}", tokens.text("access_token")));
        authorization.insert("agency's token", agency(app).await);
        Self { jars, authorization }
    }

    fn request(&self, who: &str, method: &Method, path: &str) -> Request<Body> {
        let mut builder = Request::builder().method(method).uri(path).header("accept", "text/html,*/*");
        if let Some(jar) = self.jars.get(who) {
            builder = builder.header("cookie", cookies(jar));
        }
        if let Some(authorization) = self.authorization.get(who) {
            builder = builder.header("authorization", authorization);
        }
        if method == Method::POST && !path.starts_with(BASE) {
            builder = builder.header("content-type", "application/x-www-form-urlencoded").header("origin", ISSUER);
        }
        builder.body(Body::empty()).unwrap()
    }
}

fn cookies(jar: &BTreeMap<String, String>) -> String {
    jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

async fn signed_in(app: &TestApp, holder: &Holder) -> BTreeMap<String, String> {
    let mut browser = app.browser();
    browser.walk(&authorize(&[("acr_values", "urn:vn:xacthuc:2")]), holder).await;
    browser.jar
}

async fn agency(app: &TestApp) -> String {
    let signer = Signer::new("k1");
    let scope = "registry:verify registry:look-up registry:predicates registry:household registry:statistics \
                 registry:events registry:changes";
    let metadata = json!({
        "client_name": "Sở", "client_name#vi": "Sở", "grant_types": ["client_credentials"], "scope": scope,
        "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [signer.jwk()] },
        "rp_class": "state", "agency": "H05.12",
    });
    app.add_client("so", None, metadata).await;
    let assertion = signer.assertion("so", ISSUER, "j1", app.at.now());
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", &assertion),
    ];
    format!("Bearer {}", app.post("/token", &[], &fields).await.text("access_token"))
}

fn outcome(answer: &Answer) -> String {
    let status = answer.status.as_u16();
    match answer.header("location") {
        Some(to) => format!("{status} {}", to.split(['?', '#']).next().unwrap_or_default()),
        None => status.to_string(),
    }
}

/// What every answer carries, whoever gets it and whatever it says (`security` §5.4, `protocol`: browser rules).
fn assert_safe(answer: &Answer, what: &str) {
    assert!(!answer.status.is_server_error(), "{what}: {}", answer.body);
    assert_ne!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{what}");
    assert!(!matches!(answer.status.as_u16(), 301 | 302 | 307 | 308), "{what}: only 303 (RFC 9700 §4.12)");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
    assert!(answer.header("x-request-id").is_some_and(|id| !id.is_empty()), "{what}");
    for cookie in answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()) {
        let whole = ["; Path=/", "; HttpOnly", "; SameSite=Lax"].iter().all(|mark| cookie.contains(mark));
        assert!(whole && !cookie.contains("Domain="), "{what}: {cookie}");
    }
    if answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
        let policy = answer.header("content-security-policy").unwrap_or_else(|| panic!("{what}: no policy"));
        assert!(policy.contains("default-src 'none'") && policy.contains("base-uri 'none'"), "{what}: {policy}");
        assert!(!policy.contains("unsafe"), "{what}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{what}: {policy}");
        for (name, value) in
            [("x-frame-options", "DENY"), ("cache-control", "no-store"), ("referrer-policy", "same-origin")]
        {
            assert_eq!(answer.header(name), Some(value), "{what}: {name}");
        }
    }
    if answer.header("content-type").is_some_and(|kind| kind.starts_with("application/json")) && answer.status != 405 {
        let kept = answer.header("cache-control").unwrap_or_default();
        let is_published = what.ends_with("/openapi.json") || what.ends_with("/event-kinds");
        assert!(kept.contains("no-store") || is_published, "{what}: {kept}");
    }
}

/// The same outcomes of several methods stand together, and what is not offered is counted.
fn told(outcomes: &[(Method, String)]) -> String {
    let mut by_outcome: Vec<(String, Vec<&str>)> = Vec::new();
    for (method, outcome) in outcomes {
        match by_outcome.iter_mut().find(|(known, _)| known == outcome) {
            Some((_, methods)) => methods.push(method.as_str()),
            None => by_outcome.push((outcome.clone(), vec![method.as_str()])),
        }
    }
    let say = |(outcome, methods): &(String, Vec<&str>)| format!("{} {outcome}", methods.join(","));
    by_outcome.iter().map(say).collect::<Vec<_>>().join(" · ")
}

/// What was done, but for what was looked at: that leaves its trace.
const DONE: &str = "SELECT count(*) FROM audit_event WHERE outcome = 'done' AND action NOT IN ('userinfo.released', \
                    'registry.searched', 'registry.person_read', 'registry.case_read', 'audit.read')";

#[tokio::test(flavor = "multi_thread")]
async fn each_route_answers_whom_it_should() {
    for app in TestApp::each().await {
        let everybody = Everybody::of(&app).await;
        let before = app.at.count(DONE).await;
        let mut table = Table::of(WHO.map(str::to_owned));
        for (path, _) in routes::all() {
            let mut row = Vec::new();
            for who in WHO {
                let mut outcomes = Vec::new();
                for method in METHODS {
                    let answer = app.send(everybody.request(who, &method, &path)).await;
                    assert_safe(&answer, &format!("{who} {method} {path}"));
                    outcomes.push((method, outcome(&answer)));
                }
                // What no route has answers everything with 404: it would look like a thing that is not there.
                assert_eq!(outcomes.last().unwrap().1, "405", "{path} is no route");
                row.push(told(&outcomes));
            }
            table.row(path, row);
        }
        insta::assert_snapshot!("each_route_at_everybodys_hands", table.to_string());
        assert_eq!(app.at.count(DONE).await, before, "nothing was done");
    }
}

/// Pages with forms, and whose they are.
const FORMS: [(&str, &str); 16] = [
    ("nobody", "/account"),
    ("nobody", "/register"),
    ("nobody", "/device"),
    ("nobody", "/console/sign-in"),
    ("nobody", "SIGN-IN"),
    ("citizen", "/account"),
    ("citizen", "/account/end-all"),
    ("citizen", "/account/totp"),
    ("citizen", "/account/password"),
    ("citizen", "/account/recovery-codes"),
    ("citizen", "/account/agreements"),
    ("citizen", "/account/lock"),
    ("citizen", "/sign-out"),
    ("registrar", "/console/find"),
    ("registrar", "/console"),
    ("auditor", "/console/trail"),
];

/// A form is taken from our page in this browser, and from nobody else: not with another page's token, not with another
/// browser's, not without, and not from another site with the right one.
#[tokio::test(flavor = "multi_thread")]
async fn each_form_is_taken_from_its_own_page_alone() {
    let app = TestApp::sqlite().await;
    let everybody = Everybody::of(&app).await;
    let mut tokens: Vec<String> = Vec::new();
    for (who, page) in FORMS {
        let mut browser = app.browser();
        browser.jar = everybody.jars.get(who).cloned().unwrap_or_default();
        let path = match page {
            "SIGN-IN" => browser.get(&authorize(&[])).await.location().to_owned(),
            _ => page.to_owned(),
        };
        let shown = browser.get(&path).await;
        let own = hidden(&shown.body, "csrf").unwrap_or_else(|| panic!("{who} {path}: {}", shown.body));
        let to = if page == "/console" { "/console/sign-out".to_owned() } else { path.clone() };
        // Another page's, another person's, another browser's.
        for other in tokens.iter().filter(|other| **other != own) {
            let answer = app.send(form(&browser, &to, Site::Own, other)).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{who} {path}: {}", answer.body);
        }
        for (site, token, refused) in [
            (Site::Own, "", true),
            (Site::Own, "0", true),
            (Site::Foreign, own.as_str(), true),
            (Site::ForeignWithoutOrigin, own.as_str(), true),
            (Site::Own, own.as_str(), false),
        ] {
            let answer = app.send(form(&browser, &to, site, token)).await;
            let is_refused = answer.status == StatusCode::FORBIDDEN;
            assert_eq!(is_refused, refused, "{who} {path} {site:?} {token}: {} {}", answer.status, answer.body);
        }
        tokens.push(own);
    }
}

#[derive(Clone, Copy, Debug)]
enum Site {
    Own,
    Foreign,
    /// A page that may not say where it comes from.
    ForeignWithoutOrigin,
}

fn form(browser: &Browser<'_>, path: &str, site: Site, token: &str) -> Request<Body> {
    let builder = Request::post(path).header("cookie", cookies(&browser.jar)).header("accept", "text/html");
    let builder = builder.header("content-type", "application/x-www-form-urlencoded");
    let builder = match site {
        Site::Own => builder.header("origin", ISSUER).header("sec-fetch-site", "same-origin"),
        Site::Foreign => builder.header("origin", "https://thief.example").header("sec-fetch-site", "cross-site"),
        Site::ForeignWithoutOrigin => builder.header("origin", "null").header("sec-fetch-site", "cross-site"),
    };
    builder.body(Body::from(format!("csrf={token}&action=no-such-action"))).unwrap()
}
