//! `login_hint` (OpenID Connect Core §3.1.2.1) fills the sign-in page's first field, never more. One that is not usable for
//! that is dropped; one that matches nobody is ignored there.

use super::Asked;
use crate::oidc::{authorize::request::Request, error::OAuthError};

const MAX_CHARS: usize = 200;

pub(super) fn check(asked: &Asked<'_>, request: &mut Request) -> Result<(), OAuthError> {
    let usable = |hint: &&str| hint.chars().count() <= MAX_CHARS && !hint.chars().any(char::is_control);
    request.login_hint = asked.params.one("login_hint")?.filter(usable).map(str::to_owned);
    Ok(())
}

#[cfg(test)]
use super::cases::{Case, accepted};
#[cfg(test)]
pub(super) const CASES: &[Case] = &[accepted("login_hint=001085000001"), accepted("login_hint=%0A")];

#[cfg(test)]
#[test]
fn kept_when_usable() {
    use super::cases::checked;
    assert_eq!(checked("login_hint=001085000001").login_hint.as_deref(), Some("001085000001"));
    for hint in [String::new(), "a%0Ab".to_owned(), "x".repeat(MAX_CHARS + 1)] {
        assert_eq!(checked(&format!("login_hint={hint}")).login_hint, None, "{hint}");
    }
    assert!(checked(&format!("login_hint={}", "x".repeat(MAX_CHARS))).login_hint.is_some());
}
