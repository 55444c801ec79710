//! Chromium by chromedriver, with JavaScript off.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;

pub struct Browser {
    pub client: Client,
    driver: Child,
}

impl Browser {
    /// `lang` is what the browser tells sites to prefer.
    pub async fn start(lang: &str) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is needed here: install `chromium` and `chromium-driver`, or run scripts/test, which does");
        let port = port(&mut driver);
        let options = json!({
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1000,1400"],
            "prefs": {
                "profile.managed_default_content_settings.javascript": 2,
                "webkit.webprefs.javascript_enabled": false,
                "intl.accept_languages": lang,
            },
        });
        let wanted = json!({ "browserName": "chrome", "goog:chromeOptions": options });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(wanted.as_object().unwrap().clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("chromium is needed here: install it, or run scripts/test, which does");
        Self { client, driver }
    }

    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    pub async fn press(&self, css: &str) {
        let found = self.client.find(Locator::Css(css)).await;
        match found {
            Ok(button) => button.click().await.unwrap_or_else(|error| panic!("{css}: {error}")),
            Err(_) => panic!("there is no {css} on: {}", self.text().await),
        }
    }

    pub async fn write(&self, css: &str, text: &str) {
        match self.client.find(Locator::Css(css)).await {
            Ok(field) => field.send_keys(text).await.unwrap(),
            Err(_) => panic!("there is no {css} on: {}", self.text().await),
        }
    }

    /// What a person reads, with where they are.
    pub async fn text(&self) -> String {
        let body = self.client.find(Locator::Css("body")).await.unwrap().text().await.unwrap();
        format!("[{}] {body}", self.client.current_url().await.unwrap())
    }

    pub async fn sees(&self, words: &str) {
        let text = self.text().await;
        assert!(text.contains(words), "“{words}” is not to be read on: {text}");
    }

    pub async fn sees_not(&self, words: &str) {
        let text = self.text().await;
        assert!(!text.contains(words), "“{words}” is to be read on: {text}");
    }

    pub async fn is_at(&self, url: &str) {
        let now = self.client.current_url().await.unwrap();
        assert!(now.as_str().starts_with(url), "expected {url}: {}", self.text().await);
    }

    pub async fn end(self) {
        self.client.clone().close().await.unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _already_ended = self.driver.kill();
        let _reaped = self.driver.wait();
    }
}

/// chromedriver says which free port it took.
fn port(driver: &mut Child) -> u16 {
    let mut said = String::new();
    for line in BufReader::new(driver.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some((_, port)) = line.rsplit_once("on port ") {
            if let Ok(port) = port.trim_end_matches('.').parse() {
                return port;
            }
        }
        said.push_str(&line);
    }
    panic!("chromedriver did not start: {said}")
}
