//! An authorization code becomes tokens (RFC 6749 §4.1.3).
//!
//! find → this client's? → used? → expired? → redirect_uri? → PKCE? → and then as everything that a person approved
//! ([`super::approved`]). A replay by the right client revokes what the code gave; by a foreign one it revokes nothing.

use serde_json::json;

use super::{
    Authorized, Refusal,
    approved::{self, Approved, Handle},
};
use crate::{
    base::{
        Fault, Timestamp,
        ids::{AccountId, ClientId, GrantId, SessionId},
    },
    crypto::{OpaqueToken, digest, opaque::kind},
    flows::{
        Provider,
        caller::Caller,
        clients::KnownClient,
        dpop::{self, ProofOnce},
    },
    oidc::{
        pkce::{self, CodeChallenge, CodeVerifier},
        token_request::CodeRequest,
        token_response::TokenResponse,
    },
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        codes::{self, StoredCode},
        grants,
    },
};

pub async fn redeem(
    provider: &Provider,
    client: &Caller,
    request: &CodeRequest,
    now: Timestamp,
) -> Result<Result<TokenResponse, Refusal>, Fault> {
    let Ok(code) = OpaqueToken::<kind::Code>::parse(request.code.reveal()) else {
        return Ok(Err(Refusal::CodeUnknown));
    };
    let digest = *code.digest().as_bytes();
    let gathered = match read(provider, client, digest, request, now).await? {
        Ok(approved) => approved::gather(provider, client, approved, now).await?,
        Err(refusal) => Err(refusal),
    };
    match gathered {
        Ok(gathered) => approved::release(provider, client, gathered, now).await,
        Err(refusal) => record_refusal(provider, client, &digest, refusal, now).await.map(Err),
    }
}

/// The code, when this client may have tokens for it.
async fn read(
    provider: &Provider,
    client: &Caller,
    digest: [u8; 32],
    request: &CodeRequest,
    now: Timestamp,
) -> Result<Result<Approved, Refusal>, Fault> {
    let found = {
        let mut conn = provider.db.read().await?;
        codes::find(&mut conn, &digest).await?
    };
    let Some(code) = found else { return Ok(Err(Refusal::CodeUnknown)) };
    if let Err(refusal) = check(&code, client, request, now) {
        return Ok(Err(refusal));
    }
    let authorized = Authorized::from_value(&code.authorized, "authorization_code", &code.grant_id)?;
    // RFC 9449 §10: whoever stole code and verifier has not the key.
    let jkt = client.sender.proof.as_ref().map(|proof| &proof.jkt);
    if authorized.dpop_jkt.is_some() && authorized.dpop_jkt.as_ref() != jkt {
        return Ok(Err(Refusal::CodeOfAnotherKey));
    }
    Ok(Ok(Approved {
        handle: Handle::Code(digest),
        grant: code.grant_id,
        account: code.account_id,
        session: code.session_id,
        authorized,
        narrowing: request.narrowing.clone(),
    }))
}

fn check(code: &StoredCode, client: &KnownClient, request: &CodeRequest, now: Timestamp) -> Result<(), Refusal> {
    if code.client_id != client.id {
        return Err(Refusal::CodeOfAnotherClient);
    }
    if code.used_at.is_some() {
        return Err(Refusal::CodeSpent);
    }
    if code.expires_at <= now {
        return Err(Refusal::CodeExpired);
    }
    // RFC 6749 §4.1.3: required when it was in the authorization request, and then identical.
    if code.redirect_uri.is_some() && code.redirect_uri != request.redirect_uri {
        return Err(Refusal::RedirectUriMismatch);
    }
    let stored = code.code_challenge.as_deref().map(CodeChallenge::parse).transpose().ok().flatten();
    if code.code_challenge.is_some() && stored.is_none() {
        return Err(Refusal::CodeUnknown);
    }
    let verifier = match &request.code_verifier {
        Some(text) => Some(CodeVerifier::parse(text.reveal()).map_err(Refusal::Pkce)?),
        None => None,
    };
    let hash = verifier.map(|verifier| *digest::sha256(verifier.as_bytes()).as_bytes());
    pkce::verify(stored.as_ref(), hash.as_ref()).map_err(Refusal::Pkce)
}

/// Revokes the family of a code that was used before, and says so; a code of another client is left alone.
pub(super) async fn revoke_spent(tx: &mut Tx, digest: &[u8], client: &ClientId, now: Timestamp) -> Result<(), Fault> {
    let Some(code) = codes::find(tx, digest).await? else { return Ok(()) };
    if code.client_id != *client || code.used_at.is_none() {
        return Ok(());
    }
    grants::revoke(tx, code.grant_id, "code_replayed", now).await?;
    tx.record(replay_event(&code.client_id, (code.grant_id, code.account_id, code.session_id), now));
    Ok(())
}

fn replay_event(
    client: &ClientId,
    (grant, account, session): (GrantId, AccountId, SessionId),
    now: Timestamp,
) -> AuditEvent {
    AuditEvent::new(now, "token.code_replayed", Outcome::Refused, Actor::Client)
        .client(client)
        .account(account)
        .session(session)
        .detail(json!({"id": grant, "revoked": true}))
}

/// A refusal before the unit: written down, and a replay's consequences with it. Answers what the client is told.
async fn record_refusal(
    provider: &Provider,
    client: &Caller,
    digest: &[u8; 32],
    refusal: Refusal,
    now: Timestamp,
) -> Result<Refusal, Fault> {
    let unit = RefusedCode { digest: *digest, client: client.id.clone(), refusal, proof: client.once(), now };
    provider.writer.submit(unit).await
}

struct RefusedCode {
    digest: [u8; 32],
    client: ClientId,
    refusal: Refusal,
    proof: Option<ProofOnce>,
    now: Timestamp,
}

impl Unit for RefusedCode {
    type Out = Refusal;
    const KIND: &'static str = "token.refused_code";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(&self.digest)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Refusal, Fault> {
        if !dpop::take(tx, self.proof.as_ref(), self.now).await? {
            return Ok(Refusal::DpopReplayed);
        }
        if self.refusal == Refusal::CodeSpent {
            revoke_spent(tx, &self.digest, &self.client, self.now).await?;
            return Ok(self.refusal.clone());
        }
        tx.record(
            AuditEvent::new(self.now, "token.refused", Outcome::Refused, Actor::Client)
                .client(&self.client)
                .detail(json!({"grant": "authorization_code", "why": self.refusal.code()})),
        );
        Ok(self.refusal.clone())
    }
}
