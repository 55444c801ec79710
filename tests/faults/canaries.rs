//! S7, I12: whole days of a citizen, a portal, an agency and an operator at a process that logs everything it can; of what was
//! typed, shown, given out or kept of them nothing stands in its log, its figures, the pages of others, or any address.

use std::collections::BTreeMap;

use dinhdanh::{base::Clock, crypto::totp, http::api::registry::BASE, registry::operator::Role};
use http::StatusCode;
use serde_json::json;

use super::nation::Nation;
use crate::support::{
    app::{Answer, CALLBACK, ISSUER, PORTAL, PORTAL_SECRET, VERIFIER, authorize, basic, encoded, hidden, query_of},
    binary::Serving,
    database::TestDb,
    operators::OPERATOR_PASSWORD,
    people::{self, NAME, NUMBER, PASSWORD, PHONE, person},
    signer::Signer,
};

const WRONG_PASSWORD: &str = "hoa gạo rơi đỏ bến sông quê";
const WRONG_NAME: &str = "Lò Thị Vắng Mặt";
const UNKNOWN_NUMBER: &str = "900085777888";

/// What must stand nowhere, with what it is.
#[derive(Default)]
struct Canaries(Vec<(String, String)>);

impl Canaries {
    fn of_everybody() -> Self {
        let mut own = Self::default();
        for (what, text) in [
            ("number", NUMBER),
            ("number in groups", "900 085 000 001"),
            ("number in an address", "900+085+000+001"),
            ("name", NAME),
            ("name in capitals", "NGUYỄN VĂN THỬ"),
            ("name without marks", "nguyen van thu"),
            ("birth date", "1985-03-05"),
            ("birth date as written", "05/03/1985"),
            ("phone", PHONE),
            ("phone with its country", "+84500000001"),
            ("password", PASSWORD),
            ("wrong password", WRONG_PASSWORD),
            ("wrong name", WRONG_NAME),
            ("unknown number", UNKNOWN_NUMBER),
            ("secret", PORTAL_SECRET),
            ("verifier", VERIFIER),
            ("operator's password", OPERATOR_PASSWORD),
        ] {
            own.add(what, text);
        }
        own
    }

    fn add(&mut self, what: &str, text: &str) {
        assert!(text.len() > 5, "{what}: {text:?} is found by chance");
        self.0.push((what.to_owned(), text.to_owned()));
        let escaped = serde_json::to_string(text).unwrap();
        let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        for other in [escaped.trim_matches('"').to_owned(), encoded] {
            if other != text {
                self.0.push((what.to_owned(), other));
            }
        }
    }

    fn found_in<'a>(&'a self, text: &str) -> Vec<&'a str> {
        let text = text.to_lowercase();
        let there = |(_, canary): &&(String, String)| stands_in(&text, &canary.to_lowercase());
        self.0.iter().filter(there).map(|(what, _)| what.as_str()).collect()
    }
}

/// Six digits stand in moments, durations and ids by chance; in what is said to people they are a word of their own.
fn stands_in(text: &str, canary: &str) -> bool {
    if canary.len() > 6 || !canary.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.contains(canary);
    }
    text.match_indices(canary).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + canary.len()..].chars().next();
        before.is_none_or(|one| " \"=+'/(>".contains(one)) && after.is_none_or(|one| !one.is_alphanumeric())
    })
}

#[test]
fn a_code_is_seen_and_a_moment_is_not_taken_for_one() {
    for leak in ["code=123456 ", "{\"code\":\"123456\"}", "Mã của bạn là 123456.", "?code=123456&x=1"] {
        assert!(stands_in(leak, "123456"), "{leak}");
    }
    for chance in ["2026-11-22t05:00:00.123456z", "\"took_us\":123456,", "ab123456cd", "1234567"] {
        assert!(!stands_in(chance, "123456"), "{chance}");
    }
    assert!(stands_in("x900085000001y", "900085000001"));
}

/// A browser at the process: its cookies, and everything that it was sent to.
struct Walker<'a> {
    at: &'a Serving,
    network: reqwest::Client,
    jar: BTreeMap<String, String>,
    addresses: String,
}

impl<'a> Walker<'a> {
    fn new(at: &'a Serving) -> Self {
        let network =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self { at, network, jar: BTreeMap::new(), addresses: String::new() }
    }

    async fn send(&mut self, path: &str, form: Option<&[(&str, &str)]>) -> Answer {
        let url = format!("http://{}{path}", self.at.address);
        let cookies = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let request = match form {
            None => self.network.get(url),
            Some(form) => self
                .network
                .post(url)
                .header("content-type", "application/x-www-form-urlencoded")
                .header("origin", ISSUER)
                .body(encoded(form)),
        };
        let response = request.header("accept", "text/html").header("cookie", cookies).send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let answer = Answer { status, headers, body: response.text().await.unwrap() };
        for cookie in answer.headers.get_all("set-cookie") {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.jar.insert(name.to_owned(), value.to_owned());
        }
        self.addresses.push_str(answer.header("location").unwrap_or_default());
        for href in answer.body.split("href=\"").skip(1).chain(answer.body.split("action=\"").skip(1)) {
            self.addresses.push('\n');
            self.addresses.push_str(href.split('"').next().unwrap());
        }
        answer
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.send(path, None).await
    }

    /// The form of the page that stands, and the page after it; away from the service, where to.
    async fn fill(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<(String, Answer), String> {
        let page = self.get(path).await;
        let csrf = hidden(&page.body, "csrf").unwrap_or_else(|| panic!("no form at {path}: {}", page.body));
        let has_action = fields.iter().any(|(name, _)| *name == "action");
        let action = if has_action { &[][..] } else { &[("action", "continue")] };
        let all = [&[("csrf", csrf.as_str())][..], action, fields].concat();
        let answer = self.send(path, Some(&all)).await;
        let mut to = answer.location().to_owned();
        for _ in 0..5 {
            if !to.starts_with('/') {
                return Err(to);
            }
            let page = self.get(&to).await;
            match page.header("location") {
                Some(next) => to = next.to_owned(),
                None => return Ok((to, page)),
            }
        }
        panic!("led round and round: {to}")
    }

    async fn page(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.fill(path, fields).await.unwrap_or_else(|to| panic!("led away to {to}")).1
    }
}

fn code_now(seed: &dinhdanh::base::SecretBytes) -> String {
    totp::code_at(seed, Clock::System.now()).reveal().to_owned()
}

/// Registers, mistakes included.
async fn newcomer(nation: &Nation, at: &Serving, canaries: &mut Canaries) -> String {
    people::add(&nation.app.at, person()).await;
    let mut walker = Walker::new(at);
    let details = |name: &'static str| {
        [
            ("username", NUMBER),
            ("name", name),
            ("birth_day", "5"),
            ("birth_month", "3"),
            ("birth_year", "1985"),
            ("card_day", "10"),
            ("card_month", "5"),
            ("card_year", "2021"),
            ("phone", PHONE),
        ]
    };
    walker.page("/register", &details(WRONG_NAME)).await;
    walker.page("/register", &[("action", "edit")]).await;
    walker.page("/register", &details(NAME)).await;
    let code = nation.app.at.newest_code().await;
    canaries.add("code to the phone", &code);
    walker.page("/register", &[("code", "000000")]).await;
    walker.page("/register", &[("code", &code)]).await;
    let done = walker.page("/register", &[("password", PASSWORD)]).await;
    assert!(done.body.contains(NAME), "{}", done.body);
    canaries.add("browser cookie", &walker.jar["dinhdanh-8080-browser"]);
    walker.addresses
}

/// Signs in at a portal, which does all that portals do.
async fn citizen(nation: &Nation, at: &Serving, canaries: &mut Canaries) -> String {
    let holder = nation.holder(2).await;
    let mut walker = Walker::new(at);
    for number in [UNKNOWN_NUMBER, &holder.number] {
        let path = walker.get(&authorize(&[("acr_values", "urn:vn:xacthuc:2")])).await.location().to_owned();
        walker.page(&path, &[("username", number)]).await;
        walker.page(&path, &[("password", WRONG_PASSWORD)]).await;
        if number == UNKNOWN_NUMBER {
            continue;
        }
        walker.page(&path, &[("password", PASSWORD)]).await;
        canaries.add("half a session's cookie", &walker.jar["dinhdanh-8080-session"]);
        walker.page(&path, &[("code", "000000")]).await;
        let consent = walker.page(&path, &[("code", &code_now(&holder.seed))]).await;
        assert!(consent.body.contains("value=\"agree\"") && consent.body.contains(NAME), "{}", consent.body);
        canaries.add("session's cookie", &walker.jar["dinhdanh-8080-session"]);
        let back = walker.fill(&path, &[("action", "agree")]).await.unwrap_err();
        let code = query_of(&back).remove("code").unwrap();
        canaries.add("code", &code);
        portal(at, &code, canaries).await;
    }
    for path in [
        "/account",
        "/account/agreements",
        "/account/uses",
        "/account/totp",
        "/account/password",
        "/account/lock",
        "/nowhere?n=900085000001",
    ] {
        walker.get(path).await;
    }
    walker.get(&format!("/authorize?client_id={PORTAL}&redirect_uri=https://thief.example/&login_hint={NUMBER}")).await;
    let hinted = walker.get(&authorize(&[("login_hint", NUMBER), ("prompt", "none")])).await;
    assert!(hinted.location().starts_with(CALLBACK));
    walker
        .page("/account/password", &[("action", "change"), ("password", WRONG_PASSWORD), ("new_password", PASSWORD)])
        .await;
    let page = walker.get("/sign-out").await;
    let csrf = hidden(&page.body, "csrf").unwrap();
    let left = walker.send("/sign-out", Some(&[("csrf", &csrf), ("action", "sign_out")])).await;
    assert_eq!(left.status, StatusCode::OK, "{}", left.body);
    // The portal's own codes stand in the portal's own addresses.
    walker.addresses.lines().filter(|line| !line.contains("portal.example")).collect::<Vec<_>>().join("\n")
}

async fn post(at: &Serving, path: &str, authorization: &str, fields: &[(&str, &str)]) -> Answer {
    super::nation::Asked::post(path, &[("authorization", authorization)], fields).send(at.address).await.unwrap()
}

async fn portal(at: &Serving, code: &str, canaries: &mut Canaries) {
    let own = basic(PORTAL, PORTAL_SECRET);
    let redemption =
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)];
    let tokens = post(at, "/token", &own, &redemption).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    for name in ["access_token", "refresh_token", "id_token"] {
        canaries.add(name, &tokens.text(name));
    }
    let access = tokens.text("access_token");
    let bearer = format!("Bearer {access}");
    let seen = super::nation::Asked::get("/userinfo", &[("authorization", &bearer)]).send(at.address).await.unwrap();
    assert!(seen.body.contains(NAME), "{}", seen.body);
    post(at, "/introspect", &own, &[("token", &access)]).await;
    let refresh = tokens.text("refresh_token");
    let next = post(at, "/token", &own, &[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
    canaries.add("second refresh_token", &next.text("refresh_token"));
    // Nothing of it is right.
    post(at, "/token", &basic(PORTAL, "wrong-secret-wrong-secret-wrong-secret"), &redemption).await;
    canaries.add("wrong secret", "wrong-secret-wrong-secret-wrong-secret");
    post(at, "/token", &own, &redemption).await;
    post(at, "/revoke", &own, &[("token", &next.text("refresh_token"))]).await;
    post(at, &format!("/token?access_token={access}"), "Bearer x y", &[]).await;
}

/// A ministry verifies and looks up.
async fn agency(nation: &Nation, at: &Serving, canaries: &mut Canaries) {
    let signer = Signer::new("k1");
    let scope = "registry:verify registry:look-up";
    let metadata = json!({
        "client_name": "Sở", "client_name#vi": "Sở", "grant_types": ["client_credentials"], "scope": scope,
        "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [signer.jwk()] },
        "rp_class": "state", "agency": "H05.12",
    });
    nation.app.add_client("so", None, metadata).await;
    let mut token = String::new();
    for attempt in 0..60 {
        let assertion = signer.assertion("so", ISSUER, &format!("j{attempt}"), Clock::System.now());
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &assertion),
        ];
        let answer = super::nation::Asked::post("/token", &[], &fields).send(at.address).await.unwrap();
        canaries.add("assertion", &assertion);
        if answer.status == StatusCode::OK {
            token = answer.text("access_token");
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    canaries.add("agency's token", &token);
    for (path, content) in [
        ("/verify", json!({ "number": NUMBER, "name": NAME, "birth_date": "1985-03-05" })),
        ("/verify", json!({ "number": UNKNOWN_NUMBER, "name": WRONG_NAME, "birth_date": "1985-03-05" })),
        ("/verify", json!({ "number": format!("{NUMBER}x"), "name": 5, "birth_date": "05/03/1985" })),
        (
            "/look-up",
            json!({ "number": NUMBER, "name": NAME, "birth_date": "1985-03-05", "fields": ["name", "birth_date"] }),
        ),
    ] {
        let network = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = network.post(format!("http://{}{BASE}{path}", at.address));
        for (name, value) in [
            ("authorization", format!("Bearer {token}").as_str()),
            ("content-type", "application/json"),
            ("x-request-id", "YC-1"),
            ("x-agency-code", "H05.12"),
            ("x-officer-id", "canbo.a"),
            ("x-procedure-code", "1.002835"),
            ("x-dossier-code", "H05-0001"),
        ] {
            request = request.header(name, value);
        }
        let purpose = http::HeaderValue::from_bytes("Cấp giấy phép lái xe".as_bytes()).unwrap();
        let answer = request.header("x-purpose", purpose).body(content.to_string()).send().await.unwrap();
        assert!(!answer.status().is_server_error());
    }
}

/// An operator signs in, looks for people, reads a record.
async fn operator(nation: &Nation, at: &Serving, canaries: &mut Canaries) -> String {
    let clerk = nation.app.operator("canbo.an", &[Role::Registrar, Role::Approver], None).await;
    let mut walker = Walker::new(at);
    let path = "/console/sign-in";
    walker.page(path, &[("username", &clerk.name), ("password", WRONG_PASSWORD)]).await;
    walker.page(path, &[("username", &clerk.name), ("password", OPERATOR_PASSWORD)]).await;
    let desk = walker.page(path, &[("code", &code_now(&clerk.seed))]).await;
    assert!(desk.body.contains("Bàn làm việc"), "{}", desk.body);
    canaries.add("operator's cookie", &walker.jar["dinhdanh-8080-operator"]);
    for who in [NUMBER, NAME, "nguyen van thu 1985", WRONG_NAME, UNKNOWN_NUMBER] {
        let found = walker.page("/console/find", &[("who", who)]).await;
        let link = found.body.split("href=\"/console/person/").nth(1).map(|rest| rest.split('"').next().unwrap());
        if let Some(handle) = link {
            let shown = walker.get(&format!("/console/person/{handle}")).await;
            assert!(shown.body.contains(NAME), "{}", shown.body);
        }
    }
    assert!(nation.app.at.audited("registry.person_read", "done").await > 0, "nobody was read");
    walker.addresses
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_anybody_stands_in_log_figures_or_addresses() {
    for test in TestDb::each().await {
        let nation = Nation::on(test).await.with("DINHDANH_LOG_LEVEL", "debug");
        let serving = nation.serve();
        let mut canaries = Canaries::of_everybody();
        let addresses = [
            newcomer(&nation, &serving, &mut canaries).await,
            citizen(&nation, &serving, &mut canaries).await,
            operator(&nation, &serving, &mut canaries).await,
        ]
        .join("\n");
        agency(&nation, &serving, &mut canaries).await;
        // Trouble is where more is said than usual: a row that cannot be read.
        nation.app.at.change("UPDATE account SET password_hash = 'no hash'").await;
        let mut lost = Walker::new(&serving);
        let path = lost.get(&authorize(&[])).await.location().to_owned();
        lost.page(&path, &[("username", NUMBER)]).await;
        let csrf = hidden(&lost.get(&path).await.body, "csrf").unwrap();
        let page = lost.send(&path, Some(&[("csrf", &csrf), ("action", "continue"), ("password", PASSWORD)])).await;
        let page = if page.status == StatusCode::SEE_OTHER { lost.get(&path).await } else { page };
        assert!(canaries.found_in(&page.body).iter().all(|what| what.starts_with("number")), "{}", page.body);
        let figures = lost.get("/metrics").await;
        assert_eq!(figures.status, StatusCode::OK);
        serving.signal("-TERM");
        let (status, log) = serving.ended();
        assert_eq!(status, Some(0));
        assert!(log.lines().count() > 60 && log.contains("/console/find"), "too little is logged: {log}");
        assert_eq!(canaries.found_in(&log), Vec::<&str>::new(), "{}", lines_with(&canaries, &log));
        assert_eq!(canaries.found_in(&figures.body), Vec::<&str>::new());
        assert_eq!(canaries.found_in(&addresses), Vec::<&str>::new(), "{}", lines_with(&canaries, &addresses));
    }
}

fn lines_with(canaries: &Canaries, text: &str) -> String {
    text.lines().filter(|line| !canaries.found_in(line).is_empty()).take(5).collect::<Vec<_>>().join("\n")
}
