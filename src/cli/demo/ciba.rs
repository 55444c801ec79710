//! Stands in for a person who answers a backchannel request (CIBA), so that a conformance run needs no hands: an address with
//! `auth_req_id` and `action`, under the demo's unguessable path. It goes through the same steps as the pages.

use serde::Deserialize as _;

use crate::{
    assurance::{Method, Proof},
    base::{Fault, Secret, Timestamp, ids::SessionId},
    crypto::{OpaqueToken, opaque::kind},
    flows::{
        Provider,
        authorize::{
            Browser, Step,
            act::{Act, act},
            decide::Decided,
            step,
        },
        backchannel::answer,
        sessions::{Recognised, RiseSession, Risen},
    },
    oidc::{authorize::Request, params::Params},
    store::{
        authenticators,
        backchannel::{self, StoredBackchannel},
        sessions::StoredSession,
        standing,
    },
};

/// More steps than any request needs.
const STEPS: usize = 6;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Approve,
    Deny,
}

/// `auth_req_id` and `action` as the conformance suite sends them.
pub fn asked(params: &Params) -> Option<(String, Action)> {
    let id = params.one("auth_req_id").ok().flatten()?;
    let action = match params.one("action").ok().flatten()? {
        "approve" | "allow" => Action::Approve,
        "deny" | "reject" => Action::Deny,
        _ => return None,
    };
    Some((id.to_owned(), action))
}

/// `None` when nobody waits for an answer, or the person could not give it.
pub async fn answer(
    provider: &Provider,
    auth_req_id: &str,
    action: Action,
    now: Timestamp,
) -> Result<Option<Decided>, Fault> {
    let Ok(id) = OpaqueToken::<kind::AuthReqId>::parse(auth_req_id) else { return Ok(None) };
    let found = {
        let mut conn = provider.db.read().await?;
        backchannel::find(&mut conn, id.digest().as_bytes()).await?
    };
    let Some(asked) = found else { return Ok(None) };
    let Some(browser) = signed_in(provider, &asked, now).await? else { return Ok(None) };
    let Some((interaction, _)) = answer::open(provider, &browser, asked.id).await? else { return Ok(None) };
    let number = number(&asked)?;
    for _ in 0..STEPS {
        let Ok(opened) = step::open(provider, interaction, &browser).await? else { return Ok(None) };
        let stands = step::step(provider, &opened, &browser).await?;
        let wanted = match (&stands, action) {
            (Step::Decided(decided), _) => return Ok(Some(*decided)),
            (_, Action::Deny) => Act::Refuse,
            (Step::MatchNumber { .. }, _) => Act::MatchNumber(&number),
            (Step::Consent(_), _) => Act::Agree,
            _ => return Ok(None),
        };
        act(provider, &opened, &browser, &stands, &wanted).await?;
    }
    Ok(None)
}

fn number(asked: &StoredBackchannel) -> Result<String, Fault> {
    let request = Request::deserialize(&asked.request)
        .map_err(|_| Fault::inconsistent("backchannel_authentication", "request", &asked.id))?;
    Ok(request.binding_message().and_then(|message| message.number()).unwrap_or_default().to_owned())
}

/// A session of the person, with every proof that they could give.
async fn signed_in(provider: &Provider, asked: &StoredBackchannel, now: Timestamp) -> Result<Option<Browser>, Fault> {
    let (account, totp) = {
        let mut conn = provider.db.read().await?;
        let Some(account) = standing::find(&mut conn, asked.account_id, now).await? else { return Ok(None) };
        (account, authenticators::active_totp(&mut conn, asked.account_id).await?)
    };
    let cookie = OpaqueToken::<kind::SessionCookie>::generate(&provider.entropy);
    let proof = Proof::new(Method::Password, now);
    let second = totp.map(|_| Proof::new(Method::Totp, now));
    let session = StoredSession {
        id: SessionId::generate(&provider.entropy, now),
        account_id: asked.account_id,
        version: 1,
        proofs: second.into_iter().collect(),
        user_agent: "demo".to_owned(),
        created_at: now,
        seen_at: now,
        expires_at: provider.settings.session.end(now),
        ended_at: None,
    };
    let stored = StoredSession { proofs: session.proofs.iter().copied().chain([proof]).collect(), ..session.clone() };
    let unit = RiseSession {
        account: account.clone(),
        session,
        existing: false,
        proof,
        secret_digest: *cookie.digest().as_bytes(),
        replaces: None,
        now,
    };
    if provider.writer.submit(unit).await? != Risen::Done {
        return Ok(None);
    }
    drop::<Secret>(cookie.reveal());
    let browser = OpaqueToken::<kind::InteractionCookie>::generate(&provider.entropy);
    let session = Recognised { session: stored, account, touch: false };
    Ok(Some(Browser { session: Some(session), digest: Some(browser.digest()), watched: None, now }))
}
