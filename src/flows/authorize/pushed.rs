//! Pushed authorization requests (RFC 9126): kept when a client brings one, found again when a browser does.

use serde::Deserialize as _;
use serde_json::json;

use super::{begin::written, objects, read::check, respond::undeliverable};
use crate::{
    base::{Fault, Timestamp, ids::ClientId},
    crypto::{OpaqueToken, opaque::kind},
    flows::{
        Provider,
        caller::Caller,
        clients::KnownClient,
        dpop::{self, ProofOnce},
    },
    oidc::{
        authorize::{Addressed, Arrival, Form, PushedRequest, PushedResponse, Request, Way, pushed_token},
        error::{OAuthError, OAuthErrorCode},
        params::Params,
    },
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        clients,
        pushed_requests::{self, StoredPush},
    },
};

/// Checks a request as the authorization endpoint will, and keeps it (RFC 9126 §2.1). Its DPoP proof is used up, whatever the
/// answer.
pub async fn push(
    provider: &Provider,
    client: &Caller,
    form: &Params,
    now: Timestamp,
) -> Result<Result<PushedResponse, OAuthError>, Fault> {
    let pushed = judged(provider, client, form, now).await?;
    if pushed.is_err() {
        dpop::use_up(provider, client.once()).await?;
    }
    Ok(pushed)
}

async fn judged(
    provider: &Provider,
    client: &Caller,
    form: &Params,
    now: Timestamp,
) -> Result<Result<PushedResponse, OAuthError>, Fault> {
    let params = form.as_pushed(client.id.as_str());
    if let Err(error) = named(&params, client) {
        return Ok(Err(error));
    }
    let (params, arrival) = match opened(provider, client, params, now).await {
        Ok(opened) => opened,
        Err(error) => return Ok(Err(error)),
    };
    let params = match bound(params, client) {
        Ok(params) => params,
        Err(error) => return Ok(Err(error)),
    };
    if let Err(error) = checked(provider, client, (params.clone(), arrival), now).await? {
        return Ok(Err(error));
    }
    let token = OpaqueToken::<kind::Par>::generate(&provider.entropy);
    let lifetime = provider.settings.lifetimes.pushed_request;
    let unit = KeepPush {
        digest: *token.digest().as_bytes(),
        version: client.version,
        push: StoredPush {
            client_id: client.id.clone(),
            request: written(&PushedRequest { params, arrival })?,
            expires_at: now + lifetime,
            used_at: None,
        },
        proof: client.once(),
        now,
    };
    Ok(match provider.writer.submit(unit).await? {
        Kept::Yes => Ok(PushedResponse::new(token.reveal().reveal(), lifetime)),
        Kept::Replayed => Err(dpop::replayed()),
        Kept::Changed => {
            provider.clients.forget();
            Err(OAuthError::invalid_request("the client changed while the request was pushed; push it again"))
        }
    })
}

/// RFC 9449 §10.1: a proof beside the request binds the code as `dpop_jkt` does; both must name the same key.
fn bound(params: Params, client: &Caller) -> Result<Params, OAuthError> {
    let Some(proof) = &client.sender.proof else { return Ok(params) };
    match params.one("dpop_jkt")? {
        Some(jkt) if jkt == proof.jkt => Ok(params),
        Some(_) => {
            Err(OAuthError::invalid_request("dpop_jkt is not the key of the DPoP proof (RFC 9449 section 10.1)"))
        }
        // One without a value counts as left out (RFC 6749 §3.1).
        None => {
            let others = params.iter().filter(|(name, _)| *name != "dpop_jkt");
            Ok(Params::from_pairs(others.chain([("dpop_jkt", proof.jkt.as_str())])))
        }
    }
}

/// The parameter names the client that authenticated, once (RFC 9126 §2.1).
fn named(params: &Params, client: &KnownClient) -> Result<(), OAuthError> {
    match params.required("client_id")? {
        id if id == client.id.as_str() => Ok(()),
        _ => Err(OAuthError::invalid_request("client_id is not the client that authenticated (RFC 9126 section 2.1)")),
    }
}

/// A pushed request may come in an object (RFC 9126 §3), but not by a reference of any kind (§2.1): the row `request_uri` says so.
async fn opened(
    provider: &Provider,
    client: &KnownClient,
    params: Params,
    now: Timestamp,
) -> Result<(Params, Arrival), OAuthError> {
    let plain = Arrival { way: Way::Pushed, form: Form::Plain };
    if params.one("request_uri")?.is_some() || params.one("request")?.is_none() {
        return Ok((params, plain));
    }
    let inside = objects::unpack(provider, client, &params, now).await?;
    Ok(inside.map_or((params, plain), |inside| (inside, Arrival { form: Form::Signed, ..plain })))
}

async fn checked(
    provider: &Provider,
    client: &KnownClient,
    (params, arrival): (Params, Arrival),
    now: Timestamp,
) -> Result<Result<Request, OAuthError>, Fault> {
    let addressed = match Addressed::resolve(params, &client.client) {
        Ok(addressed) => addressed,
        Err(error) => return Ok(Err(error.oauth())),
    };
    match undeliverable(provider, client, &addressed.address, now).await? {
        Some(error) => Ok(Err(error)),
        None => check(provider, client, addressed.arrived(arrival)).await,
    }
}

/// A pushed request that a browser brought the reference of, with the digest by which it is consumed. One answer for every
/// reason why there is none: unknown, over, used, or of another client.
pub async fn find(
    provider: &Provider,
    client: &ClientId,
    request_uri: &str,
    now: Timestamp,
) -> Result<Result<(PushedRequest, [u8; 32]), OAuthError>, Fault> {
    let none = || {
        OAuthError::new(
            OAuthErrorCode::InvalidRequestUri,
            "request_uri is unknown, expired, used, or of another client; push the request again (RFC 9126 section 2.2)",
        )
    };
    let token = pushed_token(request_uri).and_then(|text| OpaqueToken::<kind::Par>::parse(text).ok());
    let Some(token) = token else { return Ok(Err(none())) };
    let digest = *token.digest().as_bytes();
    let found = pushed_requests::find(&mut provider.db.read().await?, &digest).await?;
    let live = found.filter(|push| push.client_id == *client && push.used_at.is_none() && push.expires_at > now);
    let Some(push) = live else { return Ok(Err(none())) };
    let request = PushedRequest::deserialize(&push.request)
        .map_err(|_| Fault::inconsistent("pushed_request", "request", &push.client_id))?;
    Ok(Ok((request, digest)))
}

struct KeepPush {
    digest: [u8; 32],
    version: i64,
    push: StoredPush,
    proof: Option<ProofOnce>,
    now: Timestamp,
}

enum Kept {
    Yes,
    Replayed,
    Changed,
}

impl Unit for KeepPush {
    type Out = Kept;
    const KIND: &'static str = "authorize.push";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(&self.digest)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Kept, Fault> {
        if !dpop::take(tx, self.proof.as_ref(), self.now).await? {
            return Ok(Kept::Replayed);
        }
        if !clients::is_current(tx, &self.push.client_id, self.version).await? {
            return Ok(Kept::Changed);
        }
        pushed_requests::insert(tx, &self.digest, &self.push, self.now).await?;
        tx.record(
            AuditEvent::new(self.now, "authorize.pushed", Outcome::Done, Actor::Client).client(&self.push.client_id),
        );
        Ok(Kept::Yes)
    }
}

/// The final error of a pushed request that no interaction began for.
pub async fn refuse(
    provider: &Provider,
    (client, digest): (&ClientId, [u8; 32]),
    error: &OAuthError,
    now: Timestamp,
) -> Result<bool, Fault> {
    provider.writer.submit(RefusePush { digest, client: client.clone(), code: error.code.as_str(), now }).await
}

struct RefusePush {
    digest: [u8; 32],
    client: ClientId,
    code: &'static str,
    now: Timestamp,
}

impl Unit for RefusePush {
    type Out = bool;
    const KIND: &'static str = "authorize.refuse_push";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(&self.digest)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        if !pushed_requests::consume(tx, &self.digest, self.now).await? {
            return Ok(false);
        }
        tx.record(
            AuditEvent::new(self.now, "authorize.refused", Outcome::Refused, Actor::Person)
                .client(&self.client)
                .detail(json!({"error": self.code, "pushed": true})),
        );
        Ok(true)
    }
}
