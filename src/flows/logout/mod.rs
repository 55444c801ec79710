//! Signing out (OpenID Connect RP-Initiated Logout 1.0): who asks, whether the person must confirm, and where it ends.

pub mod backchannel;

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    Provider,
    authorize::case::read_hint,
    clients::KnownClient,
    sessions::{EndReason, EndSession, Recognised},
};
use crate::{
    base::{
        Fault, Timestamp,
        ids::{ClientId, MessageId},
    },
    oidc::{end_session::EndSessionRequest, error::OAuthError, id_token::IdToken},
    store::{audit::Actor, outbox, subjects},
};

/// A request to sign out, weighed against the browser's session.
pub struct Weighed {
    /// The client that asks, by its hint or its name.
    pub client: Option<Arc<KnownClient>>,
    /// Where it wants the person afterwards: only an address that it registered.
    pub back: Option<String>,
    /// The portals that this session is signed in at, those that were since disabled left out.
    pub portals: Vec<Arc<KnownClient>>,
    /// What the page afterwards opens in frames: the session's portals that asked for that (Front-Channel Logout 1.0).
    pub frames: Vec<String>,
    /// The hint is this very session's. Anything else could be another site's link, so that the person is asked first (§6).
    pub by_hint: bool,
}

/// Weighs a request. The error is one that its client's engineer should see.
pub async fn weigh(
    provider: &Provider,
    request: &EndSessionRequest,
    session: Option<&Recognised>,
) -> Result<Result<Weighed, OAuthError>, Fault> {
    // §2: an expired hint still counts; one that is not ours counts as none.
    let hint = request.id_token_hint.as_ref().and_then(|hint| read_hint(provider, hint.reveal()));
    let asker = match request.client(hint.as_ref()) {
        Ok(asker) => asker.cloned(),
        Err(error) => return Ok(Err(error)),
    };
    let client = match &asker {
        Some(id) => provider.clients.find(&provider.db, id).await?.filter(|known| !known.disabled),
        None => None,
    };
    let back = client.as_ref().and_then(|client| way_back(client, request));
    let mut weighed = Weighed { client, back, portals: Vec::new(), frames: Vec::new(), by_hint: false };
    if let Some(found) = session {
        of_session(provider, found, hint.as_ref(), &mut weighed).await?;
    }
    Ok(Ok(weighed))
}

/// The session's portals, and whether the hint names this session at its client.
async fn of_session(
    provider: &Provider,
    found: &Recognised,
    hint: Option<&IdToken>,
    weighed: &mut Weighed,
) -> Result<(), Fault> {
    // Nobody waits for one connection while holding another.
    let hinted = match hint.filter(|hint| hint.sid.is_none()) {
        Some(hint) => provider.clients.find(&provider.db, &hint.aud).await?.map(|client| (client, hint)),
        None => None,
    };
    let (signed_in_at, hinted_person) = {
        let mut conn = provider.db.read().await?;
        let clients = subjects::clients_of_session(&mut conn, found.session.id).await?;
        let person = match hinted {
            Some((client, hint)) => subjects::person_of_sub(&mut conn, &client.sector, &hint.sub).await?,
            None => None,
        };
        (clients, person)
    };
    weighed.by_hint = hint.is_some_and(|hint| match &hint.sid {
        Some(sid) => signed_in_at.iter().any(|at| at.client_id == hint.aud && at.sid == *sid),
        None => hinted_person == Some(found.account.person_id),
    });
    for at in &signed_in_at {
        let known = provider.clients.find(&provider.db, &at.client_id).await?;
        let Some(known) = known.filter(|known| !known.disabled) else { continue };
        weighed.frames.extend(known.client.frontchannel_logout(&provider.settings.issuer, &at.sid));
        weighed.portals.push(known);
    }
    Ok(())
}

/// §3: only one of the client's own addresses, and the `state` with it.
fn way_back(client: &KnownClient, request: &EndSessionRequest) -> Option<String> {
    let asked = request.post_logout_redirect_uri.as_ref()?;
    if !client.client.matches_post_logout_redirect_uri(asked) {
        return None;
    }
    request.redirect(std::slice::from_ref(asked))
}

/// A portal that is being told, with the message to it.
pub type Told = Vec<(ClientId, MessageId)>;

/// Ends the session with everything that hangs on it. Its portals are told by the outbox, which starts at once.
pub async fn end(provider: &Provider, found: &Recognised, now: Timestamp) -> Result<Told, Fault> {
    let unit = EndSession {
        account: found.account.account_id,
        sessions: vec![found.session.id],
        reason: EndReason::SignedOut,
        actor: Actor::Person,
        now,
    };
    let told = provider.writer.submit(unit).await?;
    if !told.is_empty() {
        provider.outbox_wake.notify_one();
    }
    Ok(told)
}

/// Those that have not confirmed within `patience`.
pub async fn unconfirmed(provider: &Provider, told: Told, patience: Duration) -> Result<Vec<Arc<KnownClient>>, Fault> {
    const LOOK_EVERY: Duration = Duration::from_millis(50);
    let (mut waiting, until) = (told, Instant::now() + patience);
    loop {
        let mut still = Vec::new();
        {
            let mut conn = provider.db.read().await?;
            for (client, message) in waiting {
                if !outbox::is_done(&mut conn, message).await? {
                    still.push((client, message));
                }
            }
        }
        waiting = still;
        if waiting.is_empty() || Instant::now() >= until {
            break;
        }
        sleep(LOOK_EVERY).await;
    }
    let mut clients = Vec::new();
    for (client, _) in &waiting {
        clients.extend(provider.clients.find(&provider.db, client).await?);
    }
    Ok(clients)
}
