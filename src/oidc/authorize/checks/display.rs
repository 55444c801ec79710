//! `display` (OpenID Connect Core §3.1.2.1): a wish about the page's form; one that we don't know means an ordinary page.

use super::Asked;
use crate::oidc::{
    authorize::request::{Display, Request},
    error::OAuthError,
};

pub(super) fn check(asked: &Asked<'_>, request: &mut Request) -> Result<(), OAuthError> {
    request.display = match asked.params.one("display")? {
        Some("popup") => Display::Popup,
        Some("touch") => Display::Touch,
        Some("wap") => Display::Wap,
        _ => Display::Page,
    };
    Ok(())
}

#[cfg(test)]
use super::cases::{Case, accepted};
#[cfg(test)]
pub(super) const CASES: &[Case] = &[accepted("display=popup"), accepted("display=hologram")];

#[cfg(test)]
#[test]
fn known_values_are_kept() {
    use super::cases::checked;
    for (value, display) in [
        ("", Display::Page),
        ("page", Display::Page),
        ("popup", Display::Popup),
        ("touch", Display::Touch),
        ("wap", Display::Wap),
        ("hologram", Display::Page),
    ] {
        assert_eq!(checked(&format!("display={value}")).display, display, "{value}");
    }
}
