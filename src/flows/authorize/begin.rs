//! A request arrives at the authorization endpoint.

use std::sync::Arc;

use serde_json::json;

use super::{Browser, Case, NewCookie, Progress, issue, step::UNCLAIMED};
use crate::{
    base::{Fault, ids::InteractionId},
    crypto::{OpaqueToken, opaque::kind},
    flows::{Provider, clients::KnownClient},
    oidc::{
        authorize::{Addressed, Answer, Delivery, PageError, Request},
        error::{OAuthError, OAuthErrorCode},
        interact::Next,
        params::Params,
        prompt::Prompt,
    },
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        interactions::{self, StoredInteraction},
    },
};

/// What comes of a request at first sight.
#[derive(Debug)]
pub enum Begun {
    /// Nobody may be redirected: the person sees a page.
    Page(PageError),
    /// Answered at once.
    Deliver(Delivery),
    /// The person has something to do, at the interaction's page.
    Interact { id: InteractionId, cookie: Option<NewCookie> },
}

/// A request by GET: cookies came with it.
pub async fn begin(provider: &Provider, params: Params, browser: &Browser) -> Result<Begun, Fault> {
    let (client, request) = match read(provider, params).await? {
        Ok(read) => read,
        Err(answered) => return Ok(answered),
    };
    let progress = Progress::default();
    let case = Case::gather(provider, (&client, &request), &progress, browser.now, browser).await?;
    let deliver =
        |error: &OAuthError| Begun::Deliver(request.address.deliver(Answer::Error(error), &provider.settings.issuer));
    match case.next(provider) {
        Next::Finish(finish) => match issue::issue(provider, &case, &finish, None).await? {
            Some(delivery) => Ok(Begun::Deliver(delivery)),
            // Something changed between reading and writing: from the start, with what stands now.
            None => interact(provider, &request, browser).await,
        },
        Next::Refuse(error) if request.prompts.contains(Prompt::None) || !is_told_first(&error) => Ok(deliver(&error)),
        _ => interact(provider, &request, browser).await,
    }
}

/// A request by POST, perhaps from another site, whose `SameSite=Lax` cookies did not come: stored, and gone on with by GET.
pub async fn begin_posted(provider: &Provider, params: Params, browser: &Browser) -> Result<Begun, Fault> {
    let (_, request) = match read(provider, params).await? {
        Ok(read) => read,
        Err(answered) => return Ok(answered),
    };
    let id = store(provider, &request, UNCLAIMED, browser).await?;
    Ok(Begun::Interact { id, cookie: None })
}

/// The client and the checked request, or the answer to one that is refused.
async fn read(provider: &Provider, params: Params) -> Result<Result<(Arc<KnownClient>, Request), Begun>, Fault> {
    let id = match Addressed::client_id(&params) {
        Ok(id) => id,
        Err(error) => return Ok(Err(Begun::Page(error))),
    };
    let Some(client) = provider.clients.find(&provider.db, &id).await? else {
        return Ok(Err(Begun::Page(PageError::ClientUnknown)));
    };
    if client.disabled {
        return Ok(Err(Begun::Page(PageError::ClientDisabled)));
    }
    let addressed = match Addressed::resolve(params, &client.client) {
        Ok(addressed) => addressed,
        Err(error) => return Ok(Err(Begun::Page(error))),
    };
    let address = addressed.address.clone();
    Ok(match Request::check(addressed, &client.client, &provider.settings.policy) {
        Ok(request) => Ok((client, request)),
        Err(error) => Err(Begun::Deliver(address.deliver(Answer::Error(&error), &provider.settings.issuer))),
    })
}

/// Refusals that the person reads before the portal does: why, and what they can do.
pub fn is_told_first(error: &OAuthError) -> bool {
    matches!(error.code, OAuthErrorCode::UnmetAuthenticationRequirements | OAuthErrorCode::AccessDenied)
}

async fn interact(provider: &Provider, request: &Request, browser: &Browser) -> Result<Begun, Fault> {
    if request.prompts.contains(Prompt::None) {
        let error = OAuthError::new(OAuthErrorCode::LoginRequired, "the session changed meanwhile; ask again");
        return Ok(Begun::Deliver(request.address.deliver(Answer::Error(&error), &provider.settings.issuer)));
    }
    let (digest, cookie) = match browser.digest {
        Some(digest) => (digest, None),
        None => {
            let token = OpaqueToken::<kind::InteractionCookie>::generate(&provider.entropy);
            (token.digest(), Some(NewCookie(token.reveal())))
        }
    };
    let id = store(provider, request, *digest.as_bytes(), browser).await?;
    Ok(Begun::Interact { id, cookie })
}

async fn store(
    provider: &Provider,
    request: &Request,
    browser_digest: [u8; 32],
    browser: &Browser,
) -> Result<InteractionId, Fault> {
    let id = InteractionId::generate(&provider.entropy, browser.now);
    let progress = Progress { typed_number: request.login_hint.clone(), ..Progress::default() };
    let interaction = StoredInteraction {
        id,
        browser_digest: browser_digest.to_vec(),
        client_id: request.client_id.clone(),
        request: written(request)?,
        progress: written(&progress)?,
        wrong_codes: 0,
        created_at: browser.now,
        expires_at: browser.now + provider.settings.lifetimes.interaction,
        finished_at: None,
    };
    provider.writer.submit(BeginInteraction(interaction)).await?;
    Ok(id)
}

pub(super) fn written(value: &impl serde::Serialize) -> Result<serde_json::Value, Fault> {
    serde_json::to_value(value).map_err(|error| Fault::internal("an interaction cannot be written", error))
}

struct BeginInteraction(StoredInteraction);

impl Unit for BeginInteraction {
    type Out = ();
    const KIND: &'static str = "authorize.begin";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.0.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        interactions::insert(tx, &self.0).await?;
        tx.record(
            AuditEvent::new(self.0.created_at, "authorize.begun", Outcome::Done, Actor::Person)
                .client(&self.0.client_id)
                .detail(json!({"interaction": self.0.id})),
        );
        Ok(())
    }
}
