//! `Content-Security-Policy` of our pages: everything is ours, nothing is inline, and forms go home or to named places.

use url::{Host, Url};

/// Where a form may end besides this service: the origin, or for an app's own scheme the scheme, of a registered redirect URI.
/// Chromium applies `form-action` to the whole chain of redirects after a form is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormTarget(String);

impl FormTarget {
    /// `None` when the URI has no part that a policy could name.
    pub fn of(redirect_uri: &Url) -> Option<Self> {
        let scheme = redirect_uri.scheme();
        let source = match redirect_uri.host() {
            // CSP3 §2.3.1 has no source for an IPv6 literal; the loopback redirects of apps are the only ones with it.
            Some(Host::Ipv6(_)) => format!("{scheme}:"),
            Some(host) if matches!(scheme, "http" | "https") => match redirect_uri.port() {
                Some(port) => format!("{scheme}://{host}:{port}"),
                None => format!("{scheme}://{host}"),
            },
            _ => format!("{scheme}:"),
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":/.-+_".contains(&byte);
        source.bytes().all(plain).then_some(Self(source))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The policy of a page whose forms may end at `targets`, and that shows pages of `framed`.
pub fn policy(targets: &[FormTarget], framed: &[FormTarget]) -> String {
    let mut policy = String::from(
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
         form-action 'self'",
    );
    for target in targets {
        policy.push(' ');
        policy.push_str(target.as_str());
    }
    if !framed.is_empty() {
        policy.push_str("; frame-src");
        for frame in framed {
            policy.push(' ');
            policy.push_str(frame.as_str());
        }
    }
    policy
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(uri: &str) -> Option<String> {
        FormTarget::of(&Url::parse(uri).unwrap()).map(|target| target.0)
    }

    #[test]
    fn a_target_is_the_origin_and_nothing_after_it() {
        assert_eq!(target("https://dvcqg.example.vn/cb?x=1;y").as_deref(), Some("https://dvcqg.example.vn"));
        assert_eq!(target("http://moh.localhost:8082/cb").as_deref(), Some("http://moh.localhost:8082"));
        assert_eq!(target("https://cổng.example.vn/cb").as_deref(), Some("https://xn--cng-qmz.example.vn"));
    }

    #[test]
    fn an_app_is_named_by_its_scheme() {
        assert_eq!(target("vn.example.app:/cb").as_deref(), Some("vn.example.app:"));
        assert_eq!(target("vn.example.app://host;default-src/cb").as_deref(), Some("vn.example.app:"));
        assert_eq!(target("http://[::1]:49152/cb").as_deref(), Some("http:"));
    }

    #[test]
    fn a_host_that_would_end_the_directive_names_nothing() {
        assert_eq!(target("https://a;script-src.example/cb"), None);
        assert_eq!(target("https://a,b.example/cb"), None);
    }

    #[test]
    fn the_policy_allows_nothing_inline() {
        let targets = [FormTarget("https://a.example".to_owned()), FormTarget("vn.app:".to_owned())];
        let framing = policy(&[], &targets[..1]);
        assert!(
            framing.ends_with("form-action 'self'; frame-src https://a.example")
                && framing.contains("frame-ancestors 'none'")
        );
        let policy = policy(&targets, &[]);
        assert!(policy.ends_with("form-action 'self' https://a.example vn.app:"));
        for directive in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "script-src 'self'"] {
            assert!(policy.split("; ").any(|part| part == directive), "{directive}");
        }
        assert!(!policy.contains("unsafe"));
    }
}
