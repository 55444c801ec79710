//! A browser as far as the portals need one: cookies, forms, redirects one by one.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use http::{HeaderMap, Method, StatusCode, header};
use reqwest::{Client, redirect::Policy};
use url::Url;

pub struct Page {
    pub status: StatusCode,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: String,
}

impl Page {
    /// Where the answer leads, absolute.
    pub fn location(&self) -> Url {
        self.url.join(self.headers[header::LOCATION].to_str().unwrap()).unwrap()
    }

    pub fn has(&self, text: &str) -> bool {
        self.body.contains(text)
    }

    #[track_caller]
    pub fn must_have(&self, text: &str) {
        assert!(self.has(text), "no {text:?} in {} {}:\n{}", self.status, self.url, self.body);
    }
}

pub struct Browser {
    client: Client,
    /// By host; then by name: ports do not separate cookies.
    cookies: BTreeMap<String, BTreeMap<String, String>>,
    pub set_cookies: Vec<String>,
}

impl Browser {
    pub fn new() -> Self {
        let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let here = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .tls_certs_only([])
            .resolve("moh.localhost", here)
            .resolve("localhost", here)
            .build()
            .unwrap();
        Self { client, cookies: BTreeMap::new(), set_cookies: Vec::new() }
    }

    pub async fn get(&mut self, url: &Url) -> Page {
        self.ask(Method::GET, url, "", &[]).await
    }

    /// Sends a form as the portal's own page would.
    pub async fn post(&mut self, url: &Url, form: &str) -> Page {
        let origin = url.origin().ascii_serialization();
        self.ask(Method::POST, url, form, &[("origin", &origin), ("sec-fetch-site", "same-origin")]).await
    }

    pub async fn ask(&mut self, method: Method, url: &Url, form: &str, headers: &[(&str, &str)]) -> Page {
        let mut request = self.client.request(method, url.clone()).body(form.to_owned());
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let jar = self.cookies.entry(url.host_str().unwrap().to_owned()).or_default();
        if !jar.is_empty() {
            let line: Vec<_> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, line.join("; "));
        }
        let response = request.send().await.unwrap();
        for line in response.headers().get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
            self.set_cookies.push(line.to_owned());
        }
        let (status, headers) = (response.status(), response.headers().clone());
        Page { status, url: url.clone(), headers, body: response.text().await.unwrap() }
    }

    /// Follows redirects to the page at their end.
    pub async fn follow(&mut self, mut page: Page) -> Page {
        for _ in 0..10 {
            if !page.status.is_redirection() {
                return page;
            }
            page = self.get(&page.location()).await;
        }
        panic!("redirects without end, at {}", page.url);
    }
}
