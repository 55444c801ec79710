//! A browser that goes through the pages as people do, without scripts.

use std::collections::BTreeMap;

use axum::body::Body;
use dinhdanh::{base::Span, crypto::totp};
use http::{Method, Request, StatusCode};

use super::{
    app::{Answer, Holder, TestApp, encoded, hidden},
    people::PASSWORD,
};

/// A browser: its cookies, and nothing that people do not have.
pub struct Browser<'a> {
    app: &'a TestApp,
    pub jar: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    pub(super) const fn of(app: &'a TestApp) -> Self {
        Self { app, jar: BTreeMap::new() }
    }
}

impl Browser<'_> {
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// A form of a page of ours, as the browser sends it.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form = encoded(fields);
        self.send(Method::POST, path, Some(("application/x-www-form-urlencoded", form.into_bytes()))).await
    }

    /// A form with a file in it (RFC 7578): fields in their order, then the file.
    pub async fn post_file(&mut self, path: &str, fields: &[(&str, &str)], (called, bytes): (&str, &[u8])) -> Answer {
        let mut body = Vec::new();
        for (name, value) in fields {
            let part = format!("--fence\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        let head = format!(
            "--fence\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{called}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n--fence--\r\n");
        self.send(Method::POST, path, Some(("multipart/form-data; boundary=fence", body))).await
    }

    /// The form of a page, with the page's own token.
    pub async fn submit(&mut self, path: &str, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let csrf = hidden(&page.body, "csrf").unwrap_or_else(|| panic!("no form on {}", page.body));
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend(fields);
        self.post(path, &all).await
    }

    async fn send(&mut self, method: Method, path: &str, form: Option<(&str, Vec<u8>)>) -> Answer {
        let cookies = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let mut builder = Request::builder().method(method).uri(path).header("accept", "text/html,*/*");
        builder = builder.header("accept-language", "vi").header("user-agent", "Mozilla/5.0 (Test)");
        if !cookies.is_empty() {
            builder = builder.header("cookie", cookies);
        }
        let body = match form {
            None => Body::empty(),
            Some((kind, form)) => {
                builder = builder
                    .header("content-type", kind)
                    .header("content-length", form.len())
                    .header("origin", self.app.at.provider.settings.issuer.as_str())
                    .header("sec-fetch-site", "same-origin");
                Body::from(form)
            }
        };
        let answer = self.app.send(builder.body(body).unwrap()).await;
        self.keep_cookies(&answer);
        answer
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for cookie in answer.headers.get_all("set-cookie") {
            let text = cookie.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if text.contains("Max-Age=0") {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Does what every page asks until the browser is sent away from the service, and answers where to.
    pub async fn walk(&mut self, start: &str, holder: &Holder) -> String {
        let mut path = start.to_owned();
        for _ in 0..20 {
            let page = self.get(&path).await;
            let answer = if page.status == StatusCode::OK { self.fill(&path, &page, holder).await } else { page };
            let next = answer.location().to_owned();
            // Away, or told that it is answered.
            if !next.starts_with('/') || next.starts_with("/device/") {
                return next;
            }
            path = next;
        }
        panic!("the pages come back to {path} again and again");
    }

    /// The one page before the browser, filled in truthfully.
    pub async fn fill(&mut self, path: &str, page: &Answer, holder: &Holder) -> Answer {
        let has = |name: &str| page.body.contains(&format!("name=\"{name}\""));
        if has("password") {
            return self.submit(path, page, &[("action", "continue"), ("password", PASSWORD)]).await;
        }
        if has("code") {
            let code = self.next_code(holder);
            return self.submit(path, page, &[("action", "continue"), ("code", &code)]).await;
        }
        if has("username") {
            return self.submit(path, page, &[("action", "continue"), ("username", &holder.number)]).await;
        }
        if page.body.contains("value=\"agree\"") {
            return self.submit(path, page, &[("action", "agree")]).await;
        }
        assert!(page.body.contains("value=\"continue\""), "a page that a holder cannot fill in: {}", page.body);
        self.submit(path, page, &[("action", "continue")]).await
    }

    /// Half a minute later: each code is taken once.
    pub fn next_code(&self, holder: &Holder) -> String {
        self.app.at.clock.advance(Span::secs(30));
        totp::code_at(&holder.seed, self.app.at.now()).reveal().to_owned()
    }
}
