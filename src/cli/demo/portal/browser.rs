//! What a browser sends and is told: cookies, language, and where to go next.

use axum::response::{IntoResponse, Response};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ACCEPT_LANGUAGE, COOKIE, LOCATION, SET_COOKIE},
};

use crate::http::lang::{Choice, Lang, Wishes};

/// Cookies ignore ports, so each portal names its own by its key.
pub(super) struct CookieNames {
    visit: String,
    language: String,
    secure: bool,
}

impl CookieNames {
    pub(super) fn new(key: &str, secure: bool) -> Self {
        let prefix = if secure { "__Host-" } else { "" };
        Self { visit: format!("{prefix}{key}_visit"), language: format!("{prefix}{key}_language"), secure }
    }

    /// The random value that the browser's visit is kept under.
    pub(super) fn visit<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        cookie(headers, &self.visit)
    }

    pub(super) fn language(&self, headers: &HeaderMap) -> Lang {
        Choice::of(&Wishes {
            ui_locales: None,
            cookie: cookie(headers, &self.language),
            accept_language: headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()),
        })
        .lang
    }

    pub(super) fn set_visit(&self, value: &str) -> String {
        self.set(&self.visit, value, "")
    }

    pub(super) fn forget_visit(&self) -> String {
        self.set(&self.visit, "", "; Max-Age=0")
    }

    pub(super) fn set_language(&self, lang: Lang) -> String {
        self.set(&self.language, lang.tag(), "; Max-Age=31536000")
    }

    fn set(&self, name: &str, value: &str, more: &str) -> String {
        // Lax: the way back from the provider is a navigation that begins on another site.
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}")
    }
}

/// The first cookie of this name (RFC 6265 §5.4).
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// After a POST, and after a callback, always a GET of something else: nothing is sent twice, no code stays in the address.
pub(super) fn see_other(location: &str, cookie: Option<String>) -> Response {
    let Ok(location) = HeaderValue::try_from(location) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(LOCATION, location);
    with_cookie(response, cookie)
}

pub(super) fn with_cookie(mut response: Response, cookie: Option<String>) -> Response {
    if let Some(value) = cookie.and_then(|cookie| HeaderValue::try_from(cookie).ok()) {
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("xmoh_visit=a; moh_visit=b;moh_visit=c"));
        headers.append(COOKIE, HeaderValue::from_static("dvcqg_visit=d"));
        assert_eq!(CookieNames::new("moh", false).visit(&headers), Some("b"));
        assert_eq!(CookieNames::new("dvcqg", false).visit(&headers), Some("d"));
        assert_eq!(CookieNames::new("motcua", false).visit(&headers), None);
    }

    #[test]
    fn cookies_are_out_of_reach_of_scripts_and_on_https_of_plain_connections() {
        assert_eq!(CookieNames::new("moh", false).set_visit("v"), "moh_visit=v; Path=/; HttpOnly; SameSite=Lax");
        let secure = CookieNames::new("moh", true).set_visit("v");
        assert_eq!(secure, "__Host-moh_visit=v; Path=/; HttpOnly; SameSite=Lax; Secure");
    }
}
