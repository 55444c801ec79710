//! A client comes for the tokens of a person at another device: with a device code (RFC 8628 §3.4, §3.5), or with the id of
//! its backchannel request (CIBA Core §10.1, §11).
//!
//! find → this client's? → used? → denied? → over? → answered yet? → and then as everything that a person approved
//! ([`super::approved`]).

use serde_json::json;

use super::{
    Authorized, Refusal,
    approved::{self, Approved, Handle},
    poll::{Pace, poll},
};
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
        client::{Delivery, GrantType},
        token_request::{HeldRequest, Narrowing},
        token_response::TokenResponse,
    },
    store::{
        AuditEvent, Class, Conn, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        backchannel,
        decoupled::{Approval, Polling, Progress, Requests},
        device_codes, grants,
    },
};

/// What the client holds, by digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    DeviceCode([u8; 32]),
    AuthReqId([u8; 32]),
}

/// How the request stands.
struct Standing {
    client: ClientId,
    progress: Progress,
    polling: Polling,
    expires_at: Timestamp,
}

impl Held {
    pub const fn grant_type(self) -> GrantType {
        match self {
            Self::DeviceCode(_) => GrantType::DeviceCode,
            Self::AuthReqId(_) => GrantType::Ciba,
        }
    }

    const fn digest(&self) -> &[u8; 32] {
        match self {
            Self::DeviceCode(digest) | Self::AuthReqId(digest) => digest,
        }
    }

    const fn requests(&self) -> &'static Requests {
        match self {
            Self::DeviceCode(_) => &device_codes::REQUESTS,
            Self::AuthReqId(_) => &backchannel::REQUESTS,
        }
    }

    async fn find(self, conn: &mut Conn) -> Result<Option<Standing>, Fault> {
        Ok(match self {
            Self::DeviceCode(digest) => device_codes::find(conn, &digest).await?.map(|device| Standing {
                client: device.client_id,
                progress: device.progress,
                polling: device.polling,
                expires_at: device.expires_at,
            }),
            Self::AuthReqId(digest) => backchannel::find(conn, &digest).await?.map(|request| Standing {
                client: request.client_id,
                progress: request.progress,
                polling: request.polling,
                expires_at: request.expires_at,
            }),
        })
    }

    async fn polled(self, conn: &mut Conn, client: &ClientId, now: Timestamp, interval_s: i64) -> Result<(), Fault> {
        self.requests().polled(conn, (self.digest(), client), (now, interval_s)).await
    }

    /// Used now, and kept until its grant is over.
    pub(super) async fn consume(
        self,
        conn: &mut Conn,
        client: &ClientId,
        times: (Timestamp, Timestamp),
    ) -> Result<bool, Fault> {
        self.requests().consume(conn, self.digest(), client, times).await
    }

    /// Revokes the family of one that was used before; one of another client is left alone.
    pub(super) async fn revoke_spent(self, tx: &mut Tx, client: &ClientId, now: Timestamp) -> Result<(), Fault> {
        let Some(standing) = self.find(tx).await? else { return Ok(()) };
        let Progress::Used(approval) = standing.progress else { return Ok(()) };
        if standing.client != *client {
            return Ok(());
        }
        grants::revoke(tx, approval.grant_id, "request_replayed", now).await?;
        tx.record(
            AuditEvent::new(now, "token.request_replayed", Outcome::Refused, Actor::Client)
                .client(client)
                .account(approval.account_id)
                .session(approval.session_id)
                .detail(json!({"grant": self.grant_type().as_str(), "id": approval.grant_id, "revoked": true})),
        );
        Ok(())
    }
}

pub async fn by_device_code(
    provider: &Provider,
    client: &Caller,
    request: &HeldRequest,
    now: Timestamp,
) -> Result<Result<TokenResponse, Refusal>, Fault> {
    match OpaqueToken::<kind::DeviceCode>::parse(request.handle.reveal()) {
        Ok(code) => {
            let held = Held::DeviceCode(*code.digest().as_bytes());
            redeem(provider, client, (held, &request.narrowing), now).await
        }
        Err(_) => Ok(Err(Refusal::RequestUnknown)),
    }
}

pub async fn by_auth_req_id(
    provider: &Provider,
    client: &Caller,
    request: &HeldRequest,
    now: Timestamp,
) -> Result<Result<TokenResponse, Refusal>, Fault> {
    // CIBA Core §11: a client of push mode gets its tokens by push alone.
    if client.client.backchannel.as_ref().is_some_and(|own| matches!(own.delivery, Delivery::Push(_))) {
        return Ok(Err(Refusal::PushesOnly));
    }
    match OpaqueToken::<kind::AuthReqId>::parse(request.handle.reveal()) {
        Ok(id) => {
            let held = Held::AuthReqId(*id.digest().as_bytes());
            redeem(provider, client, (held, &request.narrowing), now).await
        }
        Err(_) => Ok(Err(Refusal::RequestUnknown)),
    }
}

async fn redeem(
    provider: &Provider,
    client: &Caller,
    (held, narrowing): (Held, &Narrowing),
    now: Timestamp,
) -> Result<Result<TokenResponse, Refusal>, Fault> {
    let gathered = match read(provider, client, (held, narrowing), now).await? {
        Ok(approved) => approved::gather(provider, client, approved, now).await?,
        Err(refusal) => Err(refusal),
    };
    match gathered {
        Ok(gathered) => approved::release(provider, client, gathered, now).await,
        Err(Refusal::Pending) => {
            let unit = Poll { held, client: client.id.clone(), proof: client.once(), now };
            Ok(Err(provider.writer.submit(unit).await?))
        }
        Err(refusal) => {
            let unit = Refused { held, client: client.id.clone(), refusal, proof: client.once(), now };
            Ok(Err(provider.writer.submit(unit).await?))
        }
    }
}

/// What was approved, when this client may have tokens for it.
pub async fn read(
    provider: &Provider,
    client: &KnownClient,
    (held, narrowing): (Held, &Narrowing),
    now: Timestamp,
) -> Result<Result<Approved, Refusal>, Fault> {
    let found = {
        let mut conn = provider.db.read().await?;
        held.find(&mut conn).await?
    };
    let Some(standing) = found else { return Ok(Err(Refusal::RequestUnknown)) };
    if standing.client != client.id {
        return Ok(Err(Refusal::RequestOfAnotherClient));
    }
    let approval = match standing.progress {
        Progress::Used(_) => return Ok(Err(Refusal::RequestSpent)),
        Progress::Denied => return Ok(Err(Refusal::Denied)),
        _ if standing.expires_at <= now => return Ok(Err(Refusal::RequestExpired)),
        Progress::Pending => return Ok(Err(Refusal::Pending)),
        Progress::Approved(approval) => approval,
    };
    let Approval { account_id, session_id, grant_id, authorized } = approval;
    Ok(Ok(Approved {
        handle: Handle::Decoupled(held),
        grant: grant_id,
        account: account_id,
        session: session_id,
        authorized: Authorized::from_value(&authorized, "a decoupled request", &grant_id)?,
        narrowing: narrowing.clone(),
    }))
}

/// Counts a poll; the answer is what stands in the transaction, so that two at once are two.
struct Poll {
    held: Held,
    client: ClientId,
    proof: Option<ProofOnce>,
    now: Timestamp,
}

impl Unit for Poll {
    type Out = Refusal;
    const KIND: &'static str = "token.poll";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(self.held.digest())
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Refusal, Fault> {
        if !dpop::take(tx, self.proof.as_ref(), self.now).await? {
            return Ok(Refusal::DpopReplayed);
        }
        let Some(standing) = self.held.find(tx).await? else { return Ok(Refusal::RequestUnknown) };
        let (pace, next) = poll(standing.polling, self.now);
        self.held.polled(tx, &self.client, self.now, next.interval_s).await?;
        Ok(match pace {
            Pace::Right => Refusal::Pending,
            Pace::TooFast => Refusal::SlowDown,
        })
    }
}

struct Refused {
    held: Held,
    client: ClientId,
    refusal: Refusal,
    proof: Option<ProofOnce>,
    now: Timestamp,
}

impl Unit for Refused {
    /// What the client is told.
    type Out = Refusal;
    const KIND: &'static str = "token.refused_request";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(self.held.digest())
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Refusal, Fault> {
        if !dpop::take(tx, self.proof.as_ref(), self.now).await? {
            return Ok(Refusal::DpopReplayed);
        }
        if self.refusal == Refusal::RequestSpent {
            self.held.revoke_spent(tx, &self.client, self.now).await?;
            return Ok(self.refusal.clone());
        }
        tx.record(
            AuditEvent::new(self.now, "token.refused", Outcome::Refused, Actor::Client)
                .client(&self.client)
                .detail(json!({"grant": self.held.grant_type().as_str(), "why": self.refusal.code()})),
        );
        Ok(self.refusal.clone())
    }
}
