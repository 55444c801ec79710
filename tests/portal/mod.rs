//! The demo's portals as relying parties, against a provider that the tests control.

mod around;
mod browser;
mod logout;
mod provider;
mod refused;
mod sign_in;

use std::future::pending;

use dinhdanh::{
    base::{Clock, Entropy, Secret},
    cli::demo::portal::{self, Neighbour, PortalSettings},
};
use tokio::net::TcpListener;
use url::Url;

use self::{
    browser::{Browser, Page},
    provider::{Mischief, Provider, Running, SECRET},
};

/// A portal, its provider, and a browser between them.
struct Stage {
    provider: Provider,
    _running: Running,
    url: Url,
    browser: Browser,
}

impl Stage {
    async fn set() -> Self {
        let running = Provider::start().await;
        let provider = running.provider.clone();
        Self { url: portal_of(&provider.issuer).await, provider, _running: running, browser: Browser::new() }
    }

    fn at(&self, path: &str) -> Url {
        self.url.join(path).unwrap()
    }

    async fn home(&mut self) -> Page {
        self.browser.get(&self.url.clone()).await
    }

    async fn post(&mut self, path: &str, form: &str) -> Page {
        self.browser.post(&self.at(path), form).await
    }

    /// Presses a button of the portal and lands on the page at the end of the redirects.
    async fn press(&mut self, path: &str, form: &str) -> Page {
        let page = self.post(path, form).await;
        self.browser.follow(page).await
    }

    async fn sign_in(&mut self) -> Page {
        self.press("/sign-in", "how=asked").await
    }

    /// Posts to the back-channel endpoint as a server does: no cookies, no Origin.
    async fn back_channel(&self, body: &str) -> Page {
        Browser::new().ask(http::Method::POST, &self.at("/backchannel-logout"), body, &[]).await
    }
}

/// Serves the ministry's portal for a provider that need not run.
async fn portal_of(issuer: &str) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://moh.localhost:{}", listener.local_addr().unwrap().port())).unwrap();
    let [national, moh, _] = portal::portals();
    let settings = PortalSettings {
        portal: moh,
        issuer: issuer.to_owned(),
        client_id: "moh".to_owned(),
        client_secret: Secret::new(SECRET),
        url: url.clone(),
        neighbours: vec![Neighbour { name: national.name, url: Url::parse("http://dvcqg.localhost:8081").unwrap() }],
        records: None,
        extra_ca_pem: None,
        clock: Clock::System,
        entropy: Entropy::system(dinhdanh::crypto::random::fill),
    };
    tokio::spawn(async { portal::serve(settings, listener, pending()).await.unwrap() });
    url
}

fn mischief(change: impl FnOnce(&mut Mischief)) -> Mischief {
    let mut mischief = Mischief::default();
    change(&mut mischief);
    mischief
}
