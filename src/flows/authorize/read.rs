//! From what a browser brought to a request that passed every check: by the parameters themselves, or by the reference of a
//! request that the client pushed.

use std::sync::Arc;

use super::pushed;
use crate::{
    base::{Fault, Timestamp},
    flows::{Provider, clients::KnownClient},
    oidc::{
        authorize::{Addressed, Answer, Arrival, Delivery, PageError, PushedRequest, Request, is_pushed_uri},
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

/// What the parameters come to: their own, or those that were pushed under the reference among them.
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
        Err(error) => return Ok(Err(Unread::Untold(error))),
    };
    let addressed = match Addressed::resolve(taken.params, &client.client) {
        Ok(addressed) => addressed.arrived(taken.arrival),
        Err(error) => return Ok(Err(Unread::Page(error))),
    };
    let address = addressed.address.clone();
    match Request::check(addressed, &client.client, &provider.settings.policy) {
        Ok(request) => Ok(Ok((client, Request { pushed: taken.pushed, ..request }))),
        Err(error) => {
            if let Some(digest) = taken.pushed {
                pushed::refuse(provider, (&client.id, digest), &error, now).await?;
            }
            let delivery = address.deliver(Answer::Error(&error), &provider.settings.issuer);
            Ok(Err(Unread::Deliver(delivery)))
        }
    }
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

/// RFC 9126 §4, RFC 9101 §5: beside a reference of ours only `client_id` counts; whatever else the browser brought is ignored.
async fn take(
    provider: &Provider,
    client: &KnownClient,
    params: Params,
    now: Timestamp,
) -> Result<Result<Taken, OAuthError>, Fault> {
    let reference = match params.one("request_uri") {
        Ok(reference) => reference.filter(|uri| is_pushed_uri(uri)),
        Err(error) => return Ok(Err(error)),
    };
    let Some(request_uri) = reference else {
        return Ok(Ok(Taken { params, arrival: Arrival::default(), pushed: None }));
    };
    Ok(pushed::find(provider, &client.id, request_uri, now).await?.map(|(request, digest)| {
        let PushedRequest { params, arrival } = request;
        Taken { params, arrival, pushed: Some(digest) }
    }))
}
