//! What the consent page and the form_post page show.

use askama::filters::Safe;
use serde_json::{Map, Value};
use url::Url;

use crate::{
    base::{Timestamp, ids::ClientId},
    http::frame::{Frame, Html, Opener, Phrase, Referrer, claims, csp::FormTarget, html},
    http::lang::Lang,
    oidc::authorization_details::{DelegatedAction, Detail},
};

/// Asks the person to share. Posts `action=agree|refuse`. Nothing here is ticked in advance and nothing is bundled.
#[derive(Clone, Debug)]
pub struct ConsentPage {
    pub portal: Phrase,
    /// As registered; a portal without one is shown as such.
    pub purpose: Option<Phrase>,
    /// The law or decision that the agency relies on; `None` where consent itself is the basis.
    pub legal_basis: Option<Phrase>,
    /// Exactly what the portal will get, as UserInfo would give it.
    pub items: Vec<SharedItem>,
    /// What it will learn to be right or wrong, and what it may do, in one procedure each (RFC 9396).
    pub details: Vec<Detail>,
    /// The names of those who will act where a delegation is not to the portal itself.
    pub delegates: Vec<(ClientId, Phrase)>,
    /// Services that it may call in the person's name (RFC 8707).
    pub calls: Vec<Phrase>,
    /// What it asked for and will not get now.
    pub left_out: Vec<LeftOut>,
    pub via_provider: ViaProvider,
    /// Until when the portal may go on fetching while the person is away (`offline_access`).
    pub offline_until: Option<Timestamp>,
    /// The request came from somewhere else than this browser.
    pub elsewhere: Option<Elsewhere>,
}
super::super::frame::page!(ConsentPage, ConsentDocument, "authorize/consent.html");

impl ConsentPage {
    /// By the delegate's name, or at least what it is registered as.
    fn delegated_to(&self, f: &Frame, id: &ClientId) -> Safe<String> {
        let named = self.delegates.iter().find(|(known, _)| known == id);
        let name = named.map_or_else(|| Phrase::vi(id.as_str()), |(_, name)| name.clone());
        f.say("consent-delegation-to", "delegate", &name)
    }
}

/// How the person can tell that a request from elsewhere is theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// The code that must stand on the other device (RFC 8628 §5.4).
    Device { user_code: String },
    /// A client that named the person, and what it shows there (CIBA Core §7.1, `binding_message`).
    Client { message: Option<String> },
}

/// One claim with the value that will be released.
#[derive(Clone, Debug)]
pub struct SharedItem {
    /// OIDC name: `birthdate`.
    pub claim: String,
    pub value: Value,
}

/// What every portal gets, told by a sentence of the page instead of a row.
const ALWAYS: [&str; 6] = ["sub", "acr", "amr", "auth_time", "account_level", "account_type"];
/// The same name in parts.
const NAME_PARTS: [&str; 3] = ["family_name", "middle_name", "given_name"];

impl SharedItem {
    /// What will be released (`oidc::userinfo::released`) in the order of the page. Parts of a name that is there whole say
    /// nothing more and are left out.
    pub fn list(released: &Map<String, Value>) -> Vec<Self> {
        let whole_name = released.contains_key("name");
        let mut items: Vec<Self> = released
            .iter()
            .filter(|(claim, _)| !ALWAYS.contains(&claim.as_str()))
            .filter(|(claim, _)| !(whole_name && NAME_PARTS.contains(&claim.as_str())))
            .map(|(claim, value)| Self { claim: claim.clone(), value: value.clone() })
            .collect();
        items.sort_by_key(|item| claims::place(&item.claim));
        items
    }

    fn is_sensitive(&self) -> bool {
        claims::is_sensitive(&self.claim)
    }

    /// Whether to mark the value as Vietnamese on this page.
    fn is_foreign(&self, f: &Frame) -> bool {
        f.lang() != Lang::Vi && claims::is_vietnamese(&self.claim)
    }

    fn lines(&self, f: &Frame) -> Vec<String> {
        claims::lines(f, &self.claim, &self.value)
    }
}

/// A claim kept back because its scope needs a higher level than the person can reach.
#[derive(Clone, Debug)]
pub struct LeftOut {
    pub claim: String,
    pub needs: Needs,
}

/// On either scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    AuthenticationLevel(u8),
    /// Account level 02.
    AccountLevel02,
}

impl DelegatedAction {
    const fn words_key(self) -> &'static str {
        match self {
            Self::Submit => "consent-act-submit",
            Self::Supplement => "consent-act-supplement",
            Self::Withdraw => "consent-act-withdraw",
            Self::ReceiveResult => "consent-act-receive-result",
        }
    }
}

/// Whether the portal stands behind an authentication-service provider (Decree 69/2024 Art 19): then every request is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ViaProvider {
    /// A state body, connected directly; the answer is remembered.
    No,
    /// The provider between us and the portal.
    Yes { provider: Phrase },
}

/// Carries the response to the portal by POST (OAuth 2.0 Form Post Response Mode).
#[derive(Clone, Debug)]
pub struct FormPostPage {
    pub redirect_uri: Url,
    /// `code`, `state`, `iss`, … in the order to send.
    pub fields: Vec<(String, String)>,
    pub portal: Phrase,
}

#[derive(askama::Template)]
#[template(path = "authorize/form_post.html")]
struct FormPostDocument<'a> {
    f: &'a Frame,
    p: &'a FormPostPage,
}

impl FormPostPage {
    /// The policy lets the form go to `redirect_uri` and nowhere else; `frame.form_targets` adds to it.
    pub fn render(&self, frame: &Frame) -> Html {
        let mut page = html::page(frame, &FormPostDocument { f: frame, p: self });
        page.referrer = Referrer::StrictOrigin;
        page.opener = Opener::Kept;
        let target = FormTarget::of(&self.redirect_uri);
        page.form_targets.extend(target.filter(|target| !frame.form_targets.contains(target)));
        page
    }

    fn portal(&self, f: &Frame) -> Safe<String> {
        f.say("return-to-portal", "portal", &self.portal)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_list_is_what_leaves_in_the_order_of_the_page() {
        let released = json!({
            "account_level": "02", "birthdate": "1985-03-05", "family_name": "Nguyễn", "given_name": "Thử",
            "id_number": "900085000001", "name": "Nguyễn Văn Thử", "new_claim": 1, "sub": "x"
        });
        let names = |released: &Value| -> Vec<String> {
            SharedItem::list(released.as_object().unwrap()).into_iter().map(|item| item.claim).collect()
        };
        assert_eq!(names(&released), ["name", "birthdate", "id_number", "new_claim"]);
        assert_eq!(names(&json!({"given_name": "Thử", "family_name": "Nguyễn"})), ["family_name", "given_name"]);
    }
}
