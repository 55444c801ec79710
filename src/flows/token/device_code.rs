//! A device comes for its tokens (RFC 8628 §3.4, §3.5).
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
    base::{Fault, Secret, Timestamp, ids::ClientId},
    crypto::{OpaqueToken, opaque::kind},
    flows::{Provider, caller::Caller, clients::KnownClient},
    oidc::{client::GrantType, token_request::Narrowing, token_response::TokenResponse},
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        decoupled::{Approval, Progress},
        device_codes, grants,
    },
};

pub async fn redeem(
    provider: &Provider,
    client: &Caller,
    device_code: &Secret,
    now: Timestamp,
) -> Result<Result<TokenResponse, Refusal>, Fault> {
    let Ok(code) = OpaqueToken::<kind::DeviceCode>::parse(device_code.reveal()) else {
        return Ok(Err(Refusal::RequestUnknown));
    };
    let digest = *code.digest().as_bytes();
    let gathered = match read(provider, client, digest, now).await? {
        Ok(approved) => approved::gather(provider, approved, now).await?,
        Err(refusal) => Err(refusal),
    };
    match gathered {
        Ok(gathered) => approved::release(provider, client, gathered, now).await,
        Err(Refusal::Pending) => {
            let unit = Poll { digest, client: client.id.clone(), now };
            Ok(Err(provider.writer.submit(unit).await?))
        }
        Err(refusal) => {
            let unit = RefusedDevice { digest, client: client.id.clone(), refusal: refusal.clone(), now };
            provider.writer.submit(unit).await?;
            Ok(Err(refusal))
        }
    }
}

async fn read(
    provider: &Provider,
    client: &KnownClient,
    digest: [u8; 32],
    now: Timestamp,
) -> Result<Result<Approved, Refusal>, Fault> {
    let found = {
        let mut conn = provider.db.read().await?;
        device_codes::find(&mut conn, &digest).await?
    };
    let Some(device) = found else { return Ok(Err(Refusal::RequestUnknown)) };
    if device.client_id != client.id {
        return Ok(Err(Refusal::RequestOfAnotherClient));
    }
    let approval = match device.progress {
        Progress::Used(_) => return Ok(Err(Refusal::RequestSpent)),
        Progress::Denied => return Ok(Err(Refusal::Denied)),
        _ if device.expires_at <= now => return Ok(Err(Refusal::RequestExpired)),
        Progress::Pending => return Ok(Err(Refusal::Pending)),
        Progress::Approved(approval) => approval,
    };
    let Approval { account_id, session_id, grant_id, authorized } = approval;
    Ok(Ok(Approved {
        handle: Handle::Device(digest),
        grant: grant_id,
        account: account_id,
        session: session_id,
        authorized: Authorized::from_value(&authorized, "device_authorization", &device.id)?,
        narrowing: Narrowing::default(),
    }))
}

/// Counts a poll; the answer is what stands in the transaction, so that two at once are two.
struct Poll {
    digest: [u8; 32],
    client: ClientId,
    now: Timestamp,
}

impl Unit for Poll {
    type Out = Refusal;
    const KIND: &'static str = "token.poll_device";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(&self.digest)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Refusal, Fault> {
        let Some(device) = device_codes::find(tx, &self.digest).await? else { return Ok(Refusal::RequestUnknown) };
        let (pace, next) = poll(device.polling, self.now);
        device_codes::polled(tx, &self.digest, &self.client, self.now, next.interval_s).await?;
        Ok(match pace {
            Pace::Right => Refusal::Pending,
            Pace::TooFast => Refusal::SlowDown,
        })
    }
}

struct RefusedDevice {
    digest: [u8; 32],
    client: ClientId,
    refusal: Refusal,
    now: Timestamp,
}

impl Unit for RefusedDevice {
    type Out = ();
    const KIND: &'static str = "token.refused_device";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(&self.digest)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        if self.refusal == Refusal::RequestSpent {
            return revoke_spent(tx, &self.digest, &self.client, self.now).await;
        }
        tx.record(
            AuditEvent::new(self.now, "token.refused", Outcome::Refused, Actor::Client)
                .client(&self.client)
                .detail(json!({"grant": GrantType::DeviceCode.as_str(), "why": self.refusal.code()})),
        );
        Ok(())
    }
}

/// Revokes the family of a device code that was used before; one of another client is left alone.
pub(super) async fn revoke_spent(
    tx: &mut Tx,
    digest: &[u8; 32],
    client: &ClientId,
    now: Timestamp,
) -> Result<(), Fault> {
    let Some(device) = device_codes::find(tx, digest).await? else { return Ok(()) };
    let Progress::Used(approval) = device.progress else { return Ok(()) };
    if device.client_id != *client {
        return Ok(());
    }
    grants::revoke(tx, approval.grant_id, "device_code_replayed", now).await?;
    tx.record(
        AuditEvent::new(now, "token.device_code_replayed", Outcome::Refused, Actor::Client)
            .client(client)
            .account(approval.account_id)
            .session(approval.session_id)
            .detail(json!({"id": approval.grant_id, "revoked": true})),
    );
    Ok(())
}
