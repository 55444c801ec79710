//! The service's cookies. Names are its own: cookies ignore ports, and a portal may live on the next one.

use http::{HeaderMap, HeaderValue, header};

/// Which cookies there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// The single sign-on session's secret.
    Session,
    /// Ties sign-ins and registrations under way to this browser.
    Browser,
    /// An operator's session: of another kind than a citizen's, and never taken for one.
    Operator,
    /// What the frame of session management reads; made for scripts of ours alone.
    Watched,
    /// The language chosen on a page.
    Lang,
    /// What a form came to, for the page that follows it ([`super::carried`]).
    Carried,
}

/// How cookies are named and marked under one issuer.
#[derive(Clone, Debug)]
pub struct Cookies {
    session: String,
    browser: String,
    watched: String,
    operator: String,
    lang: String,
    carried: String,
    secure: bool,
}

impl Cookies {
    /// Under https `__Host-` names, which no other host and no unencrypted answer can set (RFC 6265bis §4.1.3.2); on
    /// plain loopback the port stands in the name instead.
    pub fn of_issuer(issuer: &str) -> Self {
        let secure = issuer.starts_with("https://");
        let name = |what: &str| {
            if secure {
                format!("__Host-dinhdanh-{what}")
            } else {
                let port =
                    issuer.rsplit(':').next().filter(|text| text.bytes().all(|b| b.is_ascii_digit())).unwrap_or("80");
                format!("dinhdanh-{port}-{what}")
            }
        };
        Self {
            session: name("session"),
            browser: name("browser"),
            watched: name("state"),
            operator: name("operator"),
            lang: name("lang"),
            carried: name("carried"),
            secure,
        }
    }

    pub fn name(&self, cookie: Cookie) -> &str {
        match cookie {
            Cookie::Session => &self.session,
            Cookie::Browser => &self.browser,
            Cookie::Watched => &self.watched,
            Cookie::Operator => &self.operator,
            Cookie::Lang => &self.lang,
            Cookie::Carried => &self.carried,
        }
    }

    /// The cookie's value. When a browser sends a name twice, neither is believed.
    pub fn read<'a>(&self, headers: &'a HeaderMap, cookie: Cookie) -> Option<&'a str> {
        let name = self.name(cookie);
        let mut values = headers
            .get_all(header::COOKIE)
            .iter()
            // Each for itself: another program on this host may have set one that is no ASCII.
            .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
            .filter_map(|pair| std::str::from_utf8(pair).ok()?.trim().split_once('='))
            .filter(|(found, _)| *found == name)
            .map(|(_, value)| value);
        let first = values.next()?;
        values.next().is_none().then_some(first)
    }

    /// A cookie that lives as long as the browser, or `max_age` seconds.
    pub fn set(&self, cookie: Cookie, value: &str, max_age: Option<i64>) -> HeaderValue {
        // Nobody comes to the console by another site's link; portals lead citizens here all the time.
        let same_site = if cookie == Cookie::Operator { "Strict" } else { "Lax" };
        let mut text = format!("{}={value}; Path=/; HttpOnly; SameSite={same_site}", self.name(cookie));
        if self.secure {
            text.push_str("; Secure");
        }
        if let Some(seconds) = max_age {
            text.push_str("; Max-Age=");
            text.push_str(&seconds.to_string());
        }
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    pub const fn are_secure(&self) -> bool {
        self.secure
    }

    /// The one cookie that a script reads and that comes along into a frame of another site (Session Management 1.0 §3.2).
    pub fn set_watched(&self, value: &str) -> HeaderValue {
        let text = format!("{}={value}; Path=/; SameSite=None; Secure", self.watched);
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    pub fn clear(&self, cookie: Cookie) -> HeaderValue {
        self.set(cookie, "", Some(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    fn https_cookies_are_host_cookies_and_loopback_ones_carry_the_port() {
        let https = Cookies::of_issuer("https://dinhdanh.example");
        assert_eq!(
            https.set(Cookie::Session, "x", None),
            "__Host-dinhdanh-session=x; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        let http = Cookies::of_issuer("http://127.0.0.1:8080");
        assert_eq!(
            http.set(Cookie::Browser, "x", Some(5)),
            "dinhdanh-8080-browser=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=5"
        );
        assert_eq!(Cookies::of_issuer("http://localhost").name(Cookie::Lang), "dinhdanh-80-lang");
    }

    #[test]
    fn a_name_sent_twice_is_not_believed() {
        let cookies = Cookies::of_issuer("http://127.0.0.1:8080");
        let read = |lines: &[&str]| cookies.read(&headers(lines), Cookie::Session).map(str::to_owned);
        assert_eq!(read(&["a=b; dinhdanh-8080-session=one; c=d"]), Some("one".into()));
        assert_eq!(read(&["a=b", "dinhdanh-8080-session=one"]), Some("one".into()));
        assert_eq!(
            read(&["theme=tối; dinhdanh-8080-session=one; của=tôi"]),
            Some("one".into()),
            "beside another program's"
        );
        assert_eq!(read(&["dinhdanh-8080-session=one; dinhdanh-8080-session=two"]), None);
        assert_eq!(read(&["dinhdanh-8081-session=one", "xdinhdanh-8080-session=two"]), None);
        assert_eq!(read(&[]), None);
    }
}
