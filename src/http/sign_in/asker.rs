//! The portal that asks, as pages show it: name, agency, where it lives, what it wants and why.

use url::Url;

use crate::{
    flows::{Provider, authorize::step::Opened, clients::KnownClient},
    http::{
        frame::{AskedLevel, FormTarget, LevelReason, Phrase, Portal},
        lang::Lang,
    },
    oidc::{
        acr::AcrLevel,
        client::Localized,
        interact::Terms,
        scope::{DataClass, Scope},
    },
};

/// A text of the client's in the page's language where it has one; marked as Vietnamese otherwise.
pub fn phrase(text: &Localized, lang: Lang) -> Option<Phrase> {
    let english = text.get("en");
    match lang {
        Lang::En if english.is_some() && english != text.get("vi") => english.map(Phrase::en),
        _ => text.get("vi").map(Phrase::vi),
    }
}

/// What a person calls the portal: its name, or at least its address.
pub fn name(client: &KnownClient, lang: Lang) -> Phrase {
    phrase(&client.client.about.name, lang).unwrap_or_else(|| Phrase::vi(client.id.as_str()))
}

pub fn portal(provider: &Provider, opened: &Opened, lang: Lang) -> Portal {
    let (client, request) = (&opened.client, &opened.request);
    let about = &client.client.about;
    let protocol = |claim: &&str| Scope::of_claim(claim).is_some_and(|scope| scope.class == DataClass::Protocol);
    let by_scope = request.scopes.claims().filter(|claim| !protocol(claim)).map(str::to_owned);
    let by_claim = request.claims.names().filter(|claim| !protocol(claim)).map(str::to_owned);
    let mut receives: Vec<String> = by_scope.chain(by_claim).collect();
    receives.dedup();
    Portal {
        name: name(client, lang),
        agency: about.agency.as_deref().map(Phrase::vi),
        verified: client.client.is_verified(),
        address: Url::parse(&request.address.redirect_uri)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default(),
        level: asked_level(provider, opened),
        purpose: phrase(&about.purpose, lang),
        receives,
    }
}

/// Shown when it is above 1, with the strongest reason.
fn asked_level(provider: &Provider, opened: &Opened) -> Option<AskedLevel> {
    let terms = Terms::of(&opened.client.client, &provider.settings.policy);
    let by_request = opened.request.acr.requirement().unwrap_or(AcrLevel::One);
    let by_scope = opened.request.scopes.iter().map(|scope| terms.floor(scope).authentication).max();
    let reachable = |level: &AcrLevel| level.number() <= provider.settings.highest_level.number();
    [
        (by_request, LevelReason::Request),
        (terms.client_floor, LevelReason::Portal),
        (by_scope.filter(reachable).unwrap_or(AcrLevel::One), LevelReason::Information),
    ]
    .into_iter()
    .filter(|(level, _)| *level > AcrLevel::One)
    .reduce(|best, next| if next.0 > best.0 { next } else { best })
    .map(|(level, why)| AskedLevel { level: level.number(), why })
}

/// Where this page's forms may end: at the portal's answer, and at its own first page, where a callback on another host often
/// leads on to (a browser judges every redirect after a form).
pub fn form_targets(opened: &Opened) -> Vec<FormTarget> {
    let home = &opened.client.client.about.client_uri;
    let mut targets: Vec<FormTarget> = Vec::new();
    for address in [Some(opened.request.address.redirect_uri.as_str()), home.get("vi"), home.get("en")] {
        let target = address.and_then(|address| Url::parse(address).ok()).as_ref().and_then(FormTarget::of);
        targets.extend(target.filter(|target| !targets.contains(target)));
    }
    targets
}
