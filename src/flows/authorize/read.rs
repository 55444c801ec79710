//! From what a browser brought to a request that passed every check: by the parameters themselves, in a request object, or by
//! the reference of a request that the client pushed.

use std::sync::Arc;

use super::{
    objects, pushed,
    respond::{deliver, undeliverable},
    targets,
};
use crate::{
    base::{Fault, Timestamp},
    flows::{Provider, clients::KnownClient},
    oidc::{
        authorize::{Addressed, Answer, Arrival, Delivery, Form, PageError, PushedRequest, Request, is_pushed_uri},
        error::OAuthError,
        params::Params,
    },
};

/// Why there is no request.
#[derive(Debug)]
pub enum Unread {
    /// Nobody may be redirected: the person sees a page.
    Page(PageError),
    /// The same: the reference leads nowhere, so that nothing says where to redirect to.
    Untold(OAuthError),
    Deliver(Delivery),
}

/// What the parameters come to: their own, those inside a request object, or those that were pushed.
struct Taken {
    params: Params,
    arrival: Arrival,
    pushed: Option<[u8; 32]>,
}

pub async fn read(
    provider: &Provider,
    params: Params,
    now: Timestamp,
) -> Result<Result<(Arc<KnownClient>, Request), Unread>, Fault> {
    let client = match client(provider, &params).await? {
        Ok(client) => client,
        Err(error) => return Ok(Err(Unread::Page(error))),
    };
    let taken = match take(provider, &client, params, now).await? {
        Ok(taken) => taken,
        Err(unread) => return Ok(Err(unread)),
    };
    let addressed = match Addressed::resolve(taken.params, &client.client) {
        Ok(addressed) => addressed.arrived(taken.arrival),
        Err(error) => return Ok(Err(Unread::Page(error))),
    };
    let address = addressed.address.clone();
    if let Some(error) = undeliverable(provider, &client, &address, now).await? {
        return Ok(Err(Unread::Untold(error)));
    }
    match check(provider, &client, addressed).await? {
        Ok(request) => Ok(Ok((client, Request { pushed: taken.pushed, ..request }))),
        Err(error) => {
            if let Some(digest) = taken.pushed {
                pushed::refuse(provider, (&client.id, digest), &error, now).await?;
            }
            deliver(provider, &client, &address, Answer::Error(&error), now).await.map(Unread::Deliver).map(Err)
        }
    }
}

/// The table, and then what only the record can tell.
pub(super) async fn check(
    provider: &Provider,
    client: &KnownClient,
    addressed: Addressed,
) -> Result<Result<Request, OAuthError>, Fault> {
    let request = match Request::check(addressed, &client.client, &provider.settings.policy) {
        Ok(request) => request,
        Err(error) => return Ok(Err(error)),
    };
    Ok(match targets::refusal(provider, client, &request.resources).await? {
        None => Ok(request),
        Some(error) => Err(error),
    })
}

async fn client(provider: &Provider, params: &Params) -> Result<Result<Arc<KnownClient>, PageError>, Fault> {
    let id = match Addressed::client_id(params) {
        Ok(id) => id,
        Err(error) => return Ok(Err(error)),
    };
    Ok(match provider.clients.find(&provider.db, &id).await? {
        None => Err(PageError::ClientUnknown),
        Some(client) if client.disabled => Err(PageError::ClientDisabled),
        Some(client) => Ok(client),
    })
}

/// Beside a reference of ours or a request object only `client_id` counts (RFC 9126 §4, RFC 9101 §5); whatever else the browser
/// brought is ignored.
async fn take(
    provider: &Provider,
    client: &KnownClient,
    params: Params,
    now: Timestamp,
) -> Result<Result<Taken, Unread>, Fault> {
    let reference = match params.one("request_uri") {
        Ok(reference) => reference.filter(|uri| is_pushed_uri(uri)),
        Err(error) => return Ok(Err(Unread::Untold(error))),
    };
    if let Some(request_uri) = reference {
        let found = pushed::find(provider, &client.id, request_uri, now).await?;
        return Ok(found.map_err(Unread::Untold).map(|(request, digest)| {
            let PushedRequest { params, arrival } = request;
            Taken { params, arrival, pushed: Some(digest) }
        }));
    }
    match objects::unpack(provider, client, &params, now).await {
        Ok(None) => Ok(Ok(Taken { params, arrival: Arrival::default(), pushed: None })),
        Ok(Some(inside)) => {
            let arrival = Arrival { form: Form::Signed, ..Arrival::default() };
            Ok(Ok(Taken { params: inside, arrival, pushed: None }))
        }
        Err(error) => refused_object(provider, client, params, &error, now).await.map(Err),
    }
}

/// The client is told at a redirect URI of its own that stands beside the object (RFC 9101 §7); without one there is a page.
async fn refused_object(
    provider: &Provider,
    client: &KnownClient,
    beside: Params,
    error: &OAuthError,
    now: Timestamp,
) -> Result<Unread, Fault> {
    match Addressed::resolve(beside, &client.client) {
        Ok(addressed) => match undeliverable(provider, client, &addressed.address, now).await? {
            Some(_) => Ok(Unread::Untold(error.clone())),
            None => deliver(provider, client, &addressed.address, Answer::Error(error), now).await.map(Unread::Deliver),
        },
        Err(_) => Ok(Unread::Untold(error.clone())),
    }
}
