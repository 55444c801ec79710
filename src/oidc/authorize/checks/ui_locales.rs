//! `ui_locales` (OpenID Connect Core §3.1.2.1): BCP 47 tags by preference. "An error SHOULD NOT result if some or all of the
//! requested locales are not supported."

use super::Asked;
use crate::oidc::{authorize::request::Request, error::OAuthError};

pub(super) fn check(asked: &Asked<'_>, request: &mut Request) -> Result<(), OAuthError> {
    let wanted = asked.params.one("ui_locales")?.unwrap_or_default();
    request.ui_locale = wanted.split(' ').find_map(|tag| {
        let primary = tag.split('-').next().unwrap_or_default();
        asked.policy.locales.iter().find(|own| own.eq_ignore_ascii_case(primary)).cloned()
    });
    Ok(())
}

#[cfg(test)]
use super::cases::{Case, accepted};
#[cfg(test)]
pub(super) const CASES: &[Case] = &[accepted("ui_locales=fr"), accepted("ui_locales=%0A+--+%3Cscript%3E")];

#[cfg(test)]
#[test]
fn the_first_that_the_pages_have() {
    use super::cases::checked;
    for (wanted, locale) in [
        ("", None),
        ("fr de", None),
        ("fr en-GB vi", Some("en")),
        ("VI-vn", Some("vi")),
        ("viking", None),
        ("  en", Some("en")),
    ] {
        assert_eq!(checked(&format!("ui_locales={wanted}")).ui_locale.as_deref(), locale, "{wanted}");
    }
}
