//! A client asks (CIBA Core §7): who is meant, what for, and how the answer gets back.

use std::sync::Arc;

use serde_json::json;

use super::{
    notice::{self, Sealed},
    signed,
    whom::{Whom, whom},
};
use crate::{
    base::{
        Fault, Secret, Span, Timestamp,
        ids::{DecoupledId, MessageId},
    },
    crypto::{OpaqueToken, opaque::kind},
    flows::{Provider, authorize::targets, clients::KnownClient, token::poll::INTERVAL},
    oidc::{
        authorize::{Decoupled, DecoupledKind, Form, Request},
        backchannel::Asked,
        client::{Backchannel, Delivery},
        error::{OAuthError, OAuthErrorCode},
        params::Params,
        resource::invalid_target,
    },
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        backchannel::{self, Mode, StoredBackchannel},
        decoupled::{Polling, Progress},
    },
};

/// What the client is told (§7.3).
pub struct Accepted {
    pub auth_req_id: Secret,
    pub expires_in: Span,
    /// Not with push: there is nothing to poll.
    pub interval: Option<Span>,
}

/// So many of one client's requests may wait for one person: a page full of them is answered without reading.
const PENDING_AT_MOST: i64 = 10;

pub async fn begin(
    provider: &Provider,
    client: &Arc<KnownClient>,
    posted: &Params,
    now: Timestamp,
) -> Result<Result<Accepted, OAuthError>, Fault> {
    let Some(own) = &client.client.backchannel else {
        let text = "this client is not registered for backchannel authentication (grant_types of its metadata)";
        return Ok(Err(OAuthError::new(OAuthErrorCode::UnauthorizedClient, text)));
    };
    if !client.client.may_be_pushed_to() {
        let text = "the client's profile has no push (FAPI CIBA Profile section 5.2.2)";
        return Ok(Err(OAuthError::new(OAuthErrorCode::UnauthorizedClient, text)));
    }
    let (params, form) = match signed::parameters(provider, client, posted, now).await? {
        Ok(read) => read,
        Err(error) => return Ok(Err(error)),
    };
    let (asked, request) = match read(provider, client, own, (&params, form)) {
        Ok(read) => read,
        Err(error) => return Ok(Err(error)),
    };
    if let Some(error) = untargeted(provider, client, own, &request.resources).await? {
        return Ok(Err(error));
    }
    let whom = match whom(provider, client, &asked.hint).await? {
        Ok(whom) => whom,
        Err(error) => return Ok(Err(error)),
    };
    store(provider, client, own, (asked, request, whom), now).await
}

/// What every request asks, and what only this kind does.
fn read(
    provider: &Provider,
    client: &KnownClient,
    own: &Backchannel,
    (params, form): (&Params, Form),
) -> Result<(Asked, Request), OAuthError> {
    let policy = &provider.settings.policy;
    let mut request = Request::check_decoupled(client.id.clone(), (params, form), &client.client, policy)?;
    // §7.1: "CIBA authentication requests MUST therefore contain the openid scope value".
    if !request.is_openid() {
        return Err(OAuthError::new(OAuthErrorCode::InvalidScope, "scope must contain openid (CIBA Core section 7.1)"));
    }
    let asked = Asked::read(params, &own.delivery, provider.settings.lifetimes.backchannel)?;
    // FAPI CIBA Profile §5.2.2: something of this one request is before the person's eyes.
    let is_told = asked.binding_message.is_some() || !request.details.is_empty();
    if client.client.rules.profile.is_fapi2() && !is_told {
        return Err(OAuthError::invalid_request(
            "the client's profile requires binding_message or authorization_details (FAPI CIBA Profile section 5.2.2)",
        ));
    }
    // Whom it is about is settled here, and by nobody's typing.
    request.id_token_hint = None;
    request.login_hint = None;
    Ok((asked, request))
}

/// Why tokens for these resources (RFC 8707) could not be given: nobody serves one; or they would take several tokens, and a
/// push brings one.
async fn untargeted(
    provider: &Provider,
    client: &KnownClient,
    own: &Backchannel,
    resources: &[String],
) -> Result<Option<OAuthError>, Fault> {
    if let Some(error) = targets::refusal(provider, client, resources).await? {
        return Ok(Some(error));
    }
    if !matches!(own.delivery, Delivery::Push(_)) || resources.is_empty() {
        return Ok(None);
    }
    let served = targets::served(provider, client, resources).await?;
    let mut sectors: Vec<&str> = served.iter().map(|(target, _)| target.sector.as_str()).collect();
    if resources.contains(&provider.settings.issuer) {
        sectors.push(&client.sector);
    }
    let first = sectors.first().copied();
    Ok(sectors.iter().any(|sector| Some(*sector) != first).then(|| {
        let text = "these resources know the person under different names, and one push brings one token";
        invalid_target(text.to_owned())
    }))
}

async fn store(
    provider: &Provider,
    client: &KnownClient,
    own: &Backchannel,
    (asked, mut request, whom): (Asked, Request, Whom),
    now: Timestamp,
) -> Result<Result<Accepted, OAuthError>, Fault> {
    let (id, auth_req_id) =
        (DecoupledId::generate(&provider.entropy, now), OpaqueToken::<kind::AuthReqId>::generate(&provider.entropy));
    let (digest, expires_at) = (auth_req_id.digest().as_bytes().to_vec(), now + asked.expires_in);
    let auth_req_id = auth_req_id.reveal();
    let notice_sealed = match &asked.notification_token {
        Some(token) => Some(Sealed::seal(provider, id, &auth_req_id, token)?),
        None => None,
    };
    let kind = DecoupledKind::Backchannel { person: whom.person, binding_message: asked.binding_message };
    request.decoupled = Some(Decoupled { id, kind, expires_at });
    let stored = StoredBackchannel {
        id,
        digest,
        client_id: client.id.clone(),
        account_id: whom.account,
        request: serde_json::to_value(&request)
            .map_err(|error| Fault::internal("a backchannel request cannot be written", error))?,
        mode: match own.delivery {
            Delivery::Poll => Mode::Poll,
            Delivery::Ping(_) => Mode::Ping,
            Delivery::Push(_) => Mode::Push,
        },
        notice_sealed,
        progress: Progress::Pending,
        wrong_numbers: 0,
        polling: Polling { interval_s: INTERVAL.as_secs(), polled_at: None },
        created_at: now,
        expires_at,
    };
    let interval = (stored.mode != Mode::Push).then_some(INTERVAL);
    let at_expiry = MessageId::generate(&provider.entropy, now);
    if !provider.writer.submit(BeginBackchannel { stored, at_expiry }).await? {
        let text = "too many requests of this client wait for this person";
        return Ok(Err(OAuthError::new(OAuthErrorCode::AccessDenied, text)));
    }
    Ok(Ok(Accepted { auth_req_id, expires_in: asked.expires_in, interval }))
}

struct BeginBackchannel {
    stored: StoredBackchannel,
    at_expiry: MessageId,
}

impl Unit for BeginBackchannel {
    type Out = bool;
    const KIND: &'static str = "backchannel.begin";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.stored.account_id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let (request, now) = (&self.stored, self.stored.created_at);
        let waiting = backchannel::count_pending(tx, request.account_id, &request.client_id, now).await?;
        let refused = waiting >= PENDING_AT_MOST;
        if !refused {
            backchannel::insert(tx, request).await?;
            if request.mode == Mode::Push {
                notice::at_expiry(tx, self.at_expiry, request).await?;
            }
        }
        let outcome = if refused { Outcome::Refused } else { Outcome::Done };
        tx.record(
            AuditEvent::new(now, "backchannel.begun", outcome, Actor::Client)
                .client(&request.client_id)
                .account(request.account_id)
                .detail(json!({"request": request.id, "mode": request.mode.as_str()})),
        );
        Ok(!refused)
    }
}
