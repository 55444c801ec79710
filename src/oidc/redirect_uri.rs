//! Redirect URIs: what may be registered, and when a requested one is the registered one.
//!
//! Comparison is byte for byte (RFC 9700 §2.1, §4.1.3), so nothing is ever normalised: a URI whose written form a browser
//! would read differently is refused at registration instead.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

const MAX_LENGTH: usize = 2_000;

/// OpenID Connect Dynamic Client Registration §2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApplicationType {
    #[default]
    Web,
    Native,
}

/// Why a URI cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    #[error("is longer than 2000 characters")]
    TooLong,
    #[error("has a character that no URI may have (RFC 3986 §2)")]
    Character,
    #[error("has a fragment (RFC 6749 §3.1.2)")]
    Fragment,
    #[error("has user information before the host")]
    UserInfo,
    #[error("is not an absolute URI")]
    NotAbsolute,
    #[error("has a host, port or path that is not in its normal written form")]
    NotNormal,
    #[error("has a wildcard in its host")]
    Wildcard,
    #[error("is http on a host that is not loopback: use https")]
    PlainHttp,
    #[error("has a private-use scheme, which is for application_type native only (RFC 8252 §7.1)")]
    PrivateUseOnWeb,
    #[error("has a private-use scheme without a period: use a domain name in reverse order (RFC 8252 §7.1)")]
    SchemeWithoutPeriod,
}

/// A redirect URI that a client registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    application: ApplicationType,
}

impl RedirectUri {
    pub fn register(text: &str, application: ApplicationType) -> Result<Self, UriError> {
        check_characters(text)?;
        let (scheme, rest) = text.split_once(':').ok_or(UriError::NotAbsolute)?;
        match scheme {
            "https" => check_web(text)?,
            "http" => {
                if !is_loopback(&check_web(text).map(|()| host_of(text).unwrap_or_default())?) {
                    return Err(UriError::PlainHttp);
                }
            }
            _ => check_private_use(scheme, rest, application)?,
        }
        Ok(Self { text: text.to_owned(), application })
    }

    /// Byte for byte; a native client's loopback IP literal may have any port (RFC 8252 §7.3). `localhost` has no such
    /// exception: it may not be the loopback interface (RFC 8252 §8.3).
    pub fn matches(&self, requested: &str) -> bool {
        if self.text == requested {
            return true;
        }
        self.application == ApplicationType::Native
            && loopback_without_port(&self.text).is_some_and(|own| loopback_without_port(requested) == Some(own))
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host of an http or https URI, for the sector (OpenID Connect Core §8.1); private-use schemes have none.
    pub fn host(&self) -> Option<String> {
        host_of(&self.text)
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What a `form-action` policy names to let a form end in a redirect to this URI: the origin, or the private-use scheme.
pub fn form_action_source(uri: &str) -> Option<String> {
    let (scheme, rest) = uri.split_once(':')?;
    match scheme {
        "http" | "https" => {
            let authority = rest.strip_prefix("//")?.split(['/', '?', '#']).next()?;
            Some(format!("{scheme}://{authority}"))
        }
        _ => Some(format!("{scheme}:")),
    }
}

/// 127.0.0.1, `[::1]`, localhost and the names under it (RFC 6761 §6.3).
pub fn is_loopback(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "[::1]" | "localhost") || host.ends_with(".localhost")
}

/// RFC 3986 §2: unreserved and reserved characters and whole percent-encodings. This keeps backslashes, tabs, spaces and
/// everything outside ASCII out, which browsers read as something else.
fn check_characters(text: &str) -> Result<(), UriError> {
    if text.len() > MAX_LENGTH {
        return Err(UriError::TooLong);
    }
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'#' => return Err(UriError::Fragment),
            b'%' => {
                [bytes.next(), bytes.next()].iter().flatten().filter(|digit| digit.is_ascii_hexdigit()).count() == 2
            }
            _ => byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=".contains(&byte),
        };
        if !fits {
            return Err(UriError::Character);
        }
    }
    Ok(())
}

/// An http or https URI of which every reader makes the same: no user information, no second spelling of host, port or
/// path (upper case, `0x7f.1`, `:00443`, `/a/../b`).
fn check_web(text: &str) -> Result<(), UriError> {
    let (_, rest) = text.split_once("://").ok_or(UriError::NotAbsolute)?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(UriError::UserInfo);
    }
    let url = Url::parse(text).map_err(|_| UriError::NotAbsolute)?;
    let host = url.host_str().ok_or(UriError::NotAbsolute)?;
    if host.contains('*') {
        return Err(UriError::Wildcard);
    }
    let tail = authority.strip_prefix(host).ok_or(UriError::NotNormal)?;
    if !tail.is_empty() && !tail.strip_prefix(':').is_some_and(is_port) {
        return Err(UriError::NotNormal);
    }
    let path = rest.strip_prefix(authority).unwrap_or_default().split('?').next().unwrap_or_default();
    if !path.is_empty() && path != url.path() {
        return Err(UriError::NotNormal);
    }
    Ok(())
}

/// A scheme that names a domain of the app's maker in reverse order; this also keeps `javascript:` and `data:` out.
fn check_private_use(scheme: &str, rest: &str, application: ApplicationType) -> Result<(), UriError> {
    let mut letters = scheme.bytes();
    let scheme_fits = letters.next().is_some_and(|first| first.is_ascii_lowercase())
        && letters.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+.-".contains(&byte));
    if !scheme_fits || rest.is_empty() {
        return Err(UriError::NotAbsolute);
    }
    if application == ApplicationType::Web {
        return Err(UriError::PrivateUseOnWeb);
    }
    if !scheme.contains('.') {
        return Err(UriError::SchemeWithoutPeriod);
    }
    if rest.strip_prefix("//").is_some_and(|rest| rest.split(['/', '?']).next().is_some_and(|host| host.contains('@')))
    {
        return Err(UriError::UserInfo);
    }
    Ok(())
}

fn is_port(digits: &str) -> bool {
    digits.bytes().all(|digit| digit.is_ascii_digit())
        && !digits.starts_with('0')
        && digits.parse::<u16>().is_ok_and(|port| port > 0)
}

fn host_of(text: &str) -> Option<String> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?.host_str().map(str::to_owned)
}

/// The loopback literal and what follows the port; `None` for any other URI.
fn loopback_without_port(uri: &str) -> Option<(&str, &str)> {
    ["http://127.0.0.1", "http://[::1]"].into_iter().find_map(|literal| {
        let tail = uri.strip_prefix(literal)?;
        let rest = match tail.strip_prefix(':') {
            Some(port_and_rest) => {
                let end = port_and_rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(port_and_rest.len());
                let (port, rest) = port_and_rest.split_at(end);
                is_port(port).then_some(rest)?
            }
            None => tail,
        };
        (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((literal, rest))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{ApplicationType::*, *};

    fn uri(text: &str, application: ApplicationType) -> RedirectUri {
        RedirectUri::register(text, application).unwrap_or_else(|error| panic!("{text} {error}"))
    }

    #[test]
    fn what_may_be_registered() {
        for (text, host) in [
            ("https://rp.example/cb", Some("rp.example")),
            ("https://rp.example", Some("rp.example")),
            ("https://rp.example:8443/cb?x=1&y=%41", Some("rp.example")),
            ("https://rp.example:443/cb", Some("rp.example")),
            ("https://xn--bcher-kva.example/cb", Some("xn--bcher-kva.example")),
            ("http://127.0.0.1:9000/cb", Some("127.0.0.1")),
            ("http://[::1]:9000/cb", Some("[::1]")),
            ("http://localhost/cb", Some("localhost")),
            ("http://dvcqg.localhost:8081/cb", Some("dvcqg.localhost")),
        ] {
            for application in [Web, Native] {
                assert_eq!(uri(text, application).host().as_deref(), host, "{text}");
            }
        }
        for text in ["vn.gov.example.app:/cb", "com.example.app://callback", "com.example-1.app:/x?y=1"] {
            assert_eq!(uri(text, Native).host(), None);
            assert_eq!(RedirectUri::register(text, Web), Err(UriError::PrivateUseOnWeb), "{text}");
        }
    }

    #[test]
    fn what_may_not_be_registered() {
        use UriError as E;
        for (text, error) in [
            ("https://rp.example/cb#x", E::Fragment),
            ("https://rp.example/cb#", E::Fragment),
            ("https://good@evil.example/cb", E::UserInfo),
            ("https://good:pw@evil.example/cb", E::UserInfo),
            ("https://good\\@evil.example/cb", E::Character),
            ("https://rp.example/a b", E::Character),
            ("https://rp.example/\u{0}", E::Character),
            ("https://rp.example/\tcb", E::Character),
            ("https://rp.example/%zz", E::Character),
            ("https://rp.example/%4", E::Character),
            ("https://rp.example/cấp", E::Character),
            ("https://rp.example/<x>", E::Character),
            ("http://rp.example/cb", E::PlainHttp),
            ("http://127.0.0.2/cb", E::PlainHttp),
            ("http://localhost.evil.example/cb", E::PlainHttp),
            ("http://notlocalhost/cb", E::PlainHttp),
            ("https://*.rp.example/cb", E::Wildcard),
            ("https://RP.example/cb", E::NotNormal),
            ("http://0x7f.1/cb", E::NotNormal),
            ("http://127.1/cb", E::NotNormal),
            ("http://[0:0::1]/cb", E::NotNormal),
            ("https://rp.example:/cb", E::NotNormal),
            ("https://rp.example:00443/cb", E::NotNormal),
            ("https://rp.example:0/cb", E::NotNormal),
            ("https://rp.example/a/../b", E::NotNormal),
            ("https://rp.example/a/%2e%2E/b", E::NotNormal),
            ("https://rp.example/./b", E::NotNormal),
            ("https://rp.example:65536/cb", E::NotAbsolute),
            ("https:///cb", E::NotNormal),
            ("https:rp.example/cb", E::NotAbsolute),
            ("https://", E::NotAbsolute),
            ("/cb", E::NotAbsolute),
            ("", E::NotAbsolute),
            ("HTTPS://rp.example/cb", E::NotAbsolute),
            (":/cb", E::NotAbsolute),
            ("vn.example.app:", E::NotAbsolute),
            ("javascript:alert(1)", E::SchemeWithoutPeriod),
            ("data:text/html,x", E::SchemeWithoutPeriod),
            ("app:/cb", E::SchemeWithoutPeriod),
            ("com.example.app://a@b/cb", E::UserInfo),
        ] {
            assert_eq!(RedirectUri::register(text, Native), Err(error), "{text}");
        }
        let long = format!("https://rp.example/{}", "a".repeat(MAX_LENGTH));
        assert_eq!(RedirectUri::register(&long, Web), Err(E::TooLong));
    }

    #[test]
    fn a_native_loopback_literal_may_have_any_port() {
        let native = uri("http://127.0.0.1:9000/cb?x=1", Native);
        for (requested, same) in [
            ("http://127.0.0.1:9000/cb?x=1", true),
            ("http://127.0.0.1:51234/cb?x=1", true),
            ("http://127.0.0.1/cb?x=1", true),
            ("http://127.0.0.1:0/cb?x=1", false),
            ("http://127.0.0.1:065/cb?x=1", false),
            ("http://127.0.0.1:65536/cb?x=1", false),
            ("http://127.0.0.1:/cb?x=1", false),
            ("http://127.0.0.1:9000/cb", false),
            ("http://127.0.0.1:9000/cb?x=2", false),
            ("http://127.0.0.1:9000@evil.example/cb?x=1", false),
            ("http://127.0.0.1.evil.example/cb?x=1", false),
            ("http://127.0.0.1:90\\@evil.example/cb?x=1", false),
            ("http://[::1]:9000/cb?x=1", false),
            ("https://127.0.0.1:9000/cb?x=1", false),
            ("http://localhost:9000/cb?x=1", false),
        ] {
            assert_eq!(native.matches(requested), same, "{requested}");
        }
        assert!(uri("http://[::1]/cb", Native).matches("http://[::1]:7/cb"));
        assert!(!uri("http://127.0.0.1:9000/cb", Web).matches("http://127.0.0.1:9001/cb"));
        assert!(!uri("http://localhost:9000/cb", Native).matches("http://localhost:9001/cb"));
    }

    #[test]
    fn path_tricks_do_not_match() {
        let registered = uri("https://rp.example/app/cb", Web);
        for requested in [
            "https://rp.example/app/..;/app/cb",
            "https://rp.example/app/../app/cb",
            "https://rp.example/app/cb/",
            "https://rp.example/app//cb",
            "https://rp.example/app/%63b",
            "https://rp.example:443/app/cb",
            "https://rp.example/app/cb?",
            "https://RP.example/app/cb",
            "",
        ] {
            assert!(!registered.matches(requested), "{requested}");
        }
    }

    #[test]
    fn sources_for_form_action() {
        for (text, source) in [
            ("https://rp.example:8443/cb?x=1", Some("https://rp.example:8443")),
            ("https://rp.example", Some("https://rp.example")),
            ("http://[::1]:9/cb", Some("http://[::1]:9")),
            ("vn.example.app:/cb", Some("vn.example.app:")),
            ("nothing", None),
        ] {
            assert_eq!(form_action_source(text).as_deref(), source, "{text}");
        }
    }

    const REGISTERED: [&str; 4] = [
        "https://rp.example/app/cb?x=1",
        "https://rp.example:8443/",
        "http://dvcqg.localhost:8081/cb",
        "vn.example.app:/cb",
    ];

    proptest! {
        /// `security.md` row 18: replaced, inserted and removed characters.
        #[test]
        fn any_one_character_mutation_is_refused(which in 0usize..4, at in 0usize..64, c in any::<char>(), kind in 0..3) {
            let registered = uri(REGISTERED[which], Native);
            let mut chars: Vec<char> = registered.as_str().chars().collect();
            let at = at % chars.len();
            match kind {
                0 => chars[at] = c,
                1 => chars.insert(at, c),
                _ => { chars.remove(at); }
            }
            let mutated: String = chars.into_iter().collect();
            prop_assert_eq!(registered.matches(&mutated), mutated == registered.as_str());
        }

        /// The same for a native loopback URI, outside the port.
        #[test]
        fn loopback_mutations_outside_the_port_are_refused(at in 0usize..40, c in any::<char>()) {
            let registered = uri("http://127.0.0.1:9000/cb?x=1", Native);
            let mut chars: Vec<char> = registered.as_str().chars().collect();
            let at = at % chars.len();
            prop_assume!(!(16..21).contains(&at));
            prop_assume!(!(at == 21 && c.is_ascii_digit()));
            chars[at] = c;
            let mutated: String = chars.into_iter().collect();
            prop_assert_eq!(registered.matches(&mutated), mutated == registered.as_str());
        }

        #[test]
        fn never_panics(text in any::<String>(), tail in "[ -~]{0,30}") {
            for text in [text.clone(), format!("http://127.0.0.1{tail}"), format!("https://{tail}")] {
                let _ = RedirectUri::register(&text, Native);
                let _ = (RedirectUri::register(&text, Web), form_action_source(&text));
                let _ = uri("http://127.0.0.1:9000/cb", Native).matches(&text);
            }
        }

        /// Whatever is registered is read by a WHATWG URL parser as the very host and path that it spells.
        #[test]
        fn a_registered_web_uri_spells_its_own_host(host in "[a-zA-Z0-9.*@:%\\[\\]-]{1,20}", path in "[ -~]{0,20}") {
            let text = format!("https://{host}/{path}");
            if let Ok(registered) = RedirectUri::register(&text, Web) {
                let spelled = registered.host().unwrap();
                let expected = format!("https://{spelled}");
                prop_assert!(text.starts_with(&expected));
            }
        }
    }
}
