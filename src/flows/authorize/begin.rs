//! A request arrives at the authorization endpoint.

use serde_json::json;

use super::{
    Browser, Case, NewCookie, Progress, issue, pushed,
    read::{Unread, read},
    respond::deliver_watched,
    step::UNCLAIMED,
};
use crate::{
    base::{Fault, ids::InteractionId},
    crypto::{OpaqueToken, opaque::kind},
    flows::{Provider, clients::KnownClient},
    oidc::{
        authorize::{Answer, Delivery, PageError, Request},
        error::{OAuthError, OAuthErrorCode},
        interact::Next,
        params::Params,
        prompt::Prompt,
    },
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        interactions::{self, StoredInteraction},
        pushed_requests,
    },
};

/// What comes of a request at first sight.
#[derive(Debug)]
pub enum Begun {
    /// Nobody may be redirected: the person sees a page.
    Page(PageError),
    /// The same, for a reference that leads nowhere.
    Untold(OAuthError),
    /// Answered at once.
    Deliver(Delivery),
    /// The person has something to do, at the interaction's page.
    Interact { id: InteractionId, cookie: Option<NewCookie> },
}

/// A request by GET: cookies came with it.
pub async fn begin(provider: &Provider, params: Params, browser: &Browser) -> Result<Begun, Fault> {
    let (client, request) = match read(provider, params, browser.now).await? {
        Ok(read) => read,
        Err(unread) => return Ok(unread.into()),
    };
    let progress = Progress::default();
    let case = Case::gather(provider, (&client, &request), &progress, browser.now, browser).await?;
    match case.next(provider) {
        Next::Finish(finish) => match issue::issue(provider, &case, &finish, None).await? {
            Some(delivery) => Ok(Begun::Deliver(delivery)),
            // Something changed between reading and writing: from the start, with what stands now.
            None => interact(provider, &client, &request, browser).await,
        },
        Next::Refuse(error) if request.prompts.contains(Prompt::None) || !is_told_first(&error) => {
            refuse(provider, (&client, &request), &error, browser).await
        }
        _ => interact(provider, &client, &request, browser).await,
    }
}

/// A request by POST, perhaps from another site, whose `SameSite=Lax` cookies did not come: stored, and gone on with by GET.
pub async fn begin_posted(provider: &Provider, params: Params, browser: &Browser) -> Result<Begun, Fault> {
    let (_, request) = match read(provider, params, browser.now).await? {
        Ok(read) => read,
        Err(unread) => return Ok(unread.into()),
    };
    Ok(match store(provider, &request, UNCLAIMED, browser).await? {
        Some(id) => Begun::Interact { id, cookie: None },
        None => Begun::Untold(used_up()),
    })
}

/// Refusals that the person reads before the portal does: why, and what they can do.
pub fn is_told_first(error: &OAuthError) -> bool {
    matches!(error.code, OAuthErrorCode::UnmetAuthenticationRequirements | OAuthErrorCode::AccessDenied)
}

async fn interact(
    provider: &Provider,
    client: &KnownClient,
    request: &Request,
    browser: &Browser,
) -> Result<Begun, Fault> {
    if request.prompts.contains(Prompt::None) {
        let error = OAuthError::new(OAuthErrorCode::LoginRequired, "the session changed meanwhile; ask again");
        return refuse(provider, (client, request), &error, browser).await;
    }
    Ok(match open_interaction(provider, request, browser).await? {
        Some((id, cookie)) => Begun::Interact { id, cookie },
        None => Begun::Untold(used_up()),
    })
}

/// Stores a request for this browser; one that has no cookie yet gets one. `None` when the pushed request was consumed meanwhile.
pub async fn open_interaction(
    provider: &Provider,
    request: &Request,
    browser: &Browser,
) -> Result<Option<(InteractionId, Option<NewCookie>)>, Fault> {
    let (digest, cookie) = match browser.digest {
        Some(digest) => (digest, None),
        None => {
            let token = OpaqueToken::<kind::InteractionCookie>::generate(&provider.entropy);
            (token.digest(), Some(NewCookie(token.reveal())))
        }
    };
    let id = store(provider, request, *digest.as_bytes(), browser).await?;
    Ok(id.map(|id| (id, cookie)))
}

/// The final error, at once.
async fn refuse(
    provider: &Provider,
    (client, request): (&KnownClient, &Request),
    error: &OAuthError,
    browser: &Browser,
) -> Result<Begun, Fault> {
    if let Some(digest) = request.pushed
        && !pushed::refuse(provider, (&request.client_id, digest), error, browser.now).await?
    {
        return Ok(Begun::Untold(used_up()));
    }
    deliver_watched(provider, client, request, Answer::Error(error), browser).await.map(Begun::Deliver)
}

/// Another tab was answered while this one was looked at.
fn used_up() -> OAuthError {
    OAuthError::new(OAuthErrorCode::InvalidRequestUri, "the pushed request was answered already")
}

impl From<Unread> for Begun {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Page(error) => Self::Page(error),
            Unread::Untold(error) => Self::Untold(error),
            Unread::Deliver(delivery) => Self::Deliver(delivery),
        }
    }
}

/// `None` when the pushed request was consumed meanwhile.
async fn store(
    provider: &Provider,
    request: &Request,
    browser_digest: [u8; 32],
    browser: &Browser,
) -> Result<Option<InteractionId>, Fault> {
    let id = InteractionId::generate(&provider.entropy, browser.now);
    let progress = Progress { typed_number: request.login_hint.clone(), ..Progress::default() };
    let longest = browser.now + provider.settings.lifetimes.interaction;
    let interaction = StoredInteraction {
        id,
        browser_digest: browser_digest.to_vec(),
        client_id: request.client_id.clone(),
        request: written(request)?,
        progress: written(&progress)?,
        wrong_codes: 0,
        created_at: browser.now,
        expires_at: request.decoupled.as_ref().map_or(longest, |asked| asked.expires_at.min(longest)),
        finished_at: None,
    };
    let begun = provider.writer.submit(BeginInteraction { interaction, pushed: request.pushed }).await?;
    Ok(begun.then_some(id))
}

pub(super) fn written(value: &impl serde::Serialize) -> Result<serde_json::Value, Fault> {
    serde_json::to_value(value).map_err(|error| Fault::internal("an interaction cannot be written", error))
}

struct BeginInteraction {
    interaction: StoredInteraction,
    pushed: Option<[u8; 32]>,
}

impl Unit for BeginInteraction {
    type Out = bool;
    const KIND: &'static str = "authorize.begin";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.interaction.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let Self { interaction, pushed } = self;
        let (now, until) = (interaction.created_at, interaction.expires_at);
        if let Some(digest) = pushed
            && !pushed_requests::open(tx, digest, now, until).await?
        {
            return Ok(false);
        }
        interactions::insert(tx, interaction).await?;
        tx.record(
            AuditEvent::new(now, "authorize.begun", Outcome::Done, Actor::Person)
                .client(&interaction.client_id)
                .detail(json!({"interaction": interaction.id})),
        );
        Ok(true)
    }
}
