//! Chromium by chromedriver, with JavaScript off unless a test is about scripts.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element, error::CmdError};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Half a minute: a page may wait for a machine with other work.
const TRIES: u32 = 300;
const PAUSE: Duration = Duration::from_millis(100);

pub struct Browser {
    pub client: Client,
    driver: Child,
    /// Kept open: the driver ends when it cannot write.
    _log: BufReader<ChildStdout>,
    /// Removed when both have ended.
    _home: TempDir,
}

/// What a browser is set to.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// What it tells sites to prefer.
    pub lang: &'a str,
    pub javascript: bool,
    /// Whether pages in frames have their cookies.
    pub third_party_cookies: bool,
    /// The authority that it believes beside the machine's ([`crate::support::certificates::Authority::pin`]).
    pub believes: Option<&'a str>,
}

impl<'a> Settings<'a> {
    pub const fn plain(lang: &'a str) -> Self {
        Self { lang, javascript: false, third_party_cookies: true, believes: None }
    }

    fn options(&self) -> Value {
        let mut args: Vec<String> =
            ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1000,1400"].map(str::to_owned).into();
        // Small machines have little shared memory, and what the machine fetches packages through leads nowhere from here.
        args.extend(["--disable-dev-shm-usage", "--no-proxy-server"].map(str::to_owned));
        args.extend(self.believes.map(|pin| format!("--ignore-certificate-errors-spki-list={pin}")));
        let mut prefs = json!({
            "intl.accept_languages": self.lang,
            "profile.block_third_party_cookies": !self.third_party_cookies,
            "profile.cookie_controls_mode": u8::from(!self.third_party_cookies),
        });
        if !self.javascript {
            prefs["profile.managed_default_content_settings.javascript"] = 2.into();
            prefs["webkit.webprefs.javascript_enabled"] = false.into();
        }
        json!({ "args": args, "prefs": prefs })
    }
}

impl Browser {
    /// Without scripts; `lang` is what the browser tells sites to prefer.
    pub async fn start(lang: &str) -> Self {
        Self::with(Settings::plain(lang)).await
    }

    pub async fn with(settings: Settings<'_>) -> Self {
        // A home of its own: the account's may be closed to it, and then the browser does not start. Nor does it where its
        // socket's path would have more than a hundred letters.
        let usual = std::env::temp_dir();
        let short = if usual.as_os_str().len() < 30 { usual.as_path() } else { Path::new("/tmp") };
        let home = tempfile::tempdir_in(short).unwrap();
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .env("HOME", home.path())
            .env("TMPDIR", home.path())
            .env("XDG_CONFIG_HOME", home.path())
            .env("XDG_CACHE_HOME", home.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is needed here: install `chromium` and `chromium-driver`, or run scripts/test, which does");
        let mut log = BufReader::new(driver.stdout.take().unwrap());
        let port = port(&mut log);
        let wanted = json!({ "browserName": "chrome", "goog:chromeOptions": settings.options() });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(wanted.as_object().unwrap().clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("chromium is needed here: install it, or run scripts/test, which does");
        Self { client, driver, _log: log, _home: home }
    }

    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    pub async fn press(&self, css: &str) {
        self.with_element(Locator::Css(css), async |found| found.click().await).await;
    }

    pub async fn write(&self, css: &str, text: &str) {
        self.with_element(Locator::Css(css), async |found| found.send_keys(text).await).await;
    }

    /// In the place of what stands there.
    pub async fn rewrite(&self, css: &str, text: &str) {
        self.with_element(Locator::Css(css), async |found| found.clear().await).await;
        self.write(css, text).await;
    }

    /// A link by its words, with this key.
    pub async fn follow(&self, words: &str, key: &str) {
        self.with_element(Locator::LinkText(words), async |found| found.send_keys(key).await).await;
    }

    /// One of a list, by its value.
    pub async fn choose(&self, css: &str, value: &str) {
        self.with_element(Locator::Css(css), async |found| found.select_by_value(value).await).await;
    }

    /// What a field holds.
    pub async fn value(&self, css: &str) -> String {
        self.with_element(Locator::Css(css), async |found| found.prop("value").await).await.unwrap_or_default()
    }

    /// Once it is there. One that goes with its page in the moment before it is used was the page's before: nothing was done to
    /// it, and the next one is looked for.
    async fn with_element<T>(&self, at: Locator<'_>, act: impl AsyncFn(Element) -> Result<T, CmdError>) -> T {
        for _ in 0..TRIES {
            if let Ok(found) = self.client.find(at).await {
                match act(found).await {
                    Err(gone) if gone.is_stale_element_reference() => {}
                    done => return done.unwrap_or_else(|error| panic!("{at:?}: {error}")),
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("there is no {at:?} on: {}", self.text().await)
    }

    /// What a person reads, with where they are. Empty while one page gives way to the next.
    pub async fn text(&self) -> String {
        let body = match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        };
        match self.client.current_url().await {
            Ok(url) if !body.is_empty() => format!("[{url}] {body}"),
            _ => String::new(),
        }
    }

    pub async fn sees(&self, words: &str) {
        let text = self.once(|text| text.contains(words)).await;
        assert!(text.contains(words), "“{words}” is not to be read on: {text}");
    }

    pub async fn sees_not(&self, words: &str) {
        let text = self.once(|text| !text.contains(words)).await;
        assert!(!text.is_empty() && !text.contains(words), "“{words}” is to be read on: {text}");
    }

    pub async fn is_at(&self, url: &str) {
        let here = format!("[{url}");
        let text = self.once(|text| text.starts_with(&here)).await;
        assert!(text.starts_with(&here), "expected {url}: {text}");
    }

    /// At exactly this address, whatever its query says.
    pub async fn is_exactly_at(&self, url: &str) {
        let here = [format!("[{url}]"), format!("[{url}?"), format!("[{url}#")];
        let text = self.once(|text| here.iter().any(|here| text.starts_with(here))).await;
        assert!(here.iter().any(|here| text.starts_with(here)), "expected {url}: {text}");
    }

    /// The page, once it is as wanted; or as it is when nobody waits any longer. A form's redirects take a moment.
    async fn once(&self, wanted: impl Fn(&str) -> bool) -> String {
        let mut text = String::new();
        for _ in 0..TRIES {
            text = self.text().await;
            if !text.is_empty() && wanted(&text) {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        text
    }

    /// Of the site that is open.
    pub async fn forget_cookies(&self) {
        self.client.delete_all_cookies().await.unwrap();
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

/// chromedriver says which free port it took, after it said that it was asked for port 0.
fn port(log: &mut BufReader<ChildStdout>) -> u16 {
    let mut said = String::new();
    loop {
        let mut line = String::new();
        assert!(log.read_line(&mut line).unwrap() > 0, "chromedriver did not start: {said}");
        let port = line.rsplit_once("on port ").and_then(|(_, port)| port.trim().trim_end_matches('.').parse().ok());
        if let Some(port) = port.filter(|port| *port != 0) {
            return port;
        }
        said.push_str(&line);
    }
}
