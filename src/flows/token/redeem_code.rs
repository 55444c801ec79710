//! An authorization code becomes tokens (RFC 6749 §4.1.3).
//!
//! find → this client's? → used? → expired? → redirect_uri? → PKCE? → may anything be issued? → sign → consume and record in
//! one unit. A replay by the right client revokes what the code gave; by a foreign one it revokes nothing.

use std::sync::Arc;

use serde_json::json;

use super::{Authorized, Refusal, mint};
use crate::{
    assurance::may_issue,
    base::{
        Fault, Timestamp,
        ids::{AccountId, ClientId, GrantId, SessionId},
    },
    crypto::{OpaqueToken, digest, opaque::kind},
    flows::{Provider, claims, clients::KnownClient},
    oidc::{
        client::GrantType,
        id_token::ExtraClaims,
        pkce::{self, CodeChallenge, CodeVerifier},
        token_request::CodeRequest,
        token_response::TokenResponse,
        userinfo,
    },
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit, acquaintance,
        audit::Actor,
        codes::{self, StoredCode},
        grants::{self, StoredGrant},
        sessions,
        standing::{self, AccountStanding},
    },
};

pub async fn redeem(
    provider: &Provider,
    client: &Arc<KnownClient>,
    request: &CodeRequest,
    now: Timestamp,
) -> Result<Result<TokenResponse, Refusal>, Fault> {
    let Ok(code) = OpaqueToken::<kind::Code>::parse(request.code.reveal()) else {
        return Ok(Err(Refusal::CodeUnknown));
    };
    let digest = *code.digest().as_bytes();
    let found = match read(provider, client, &digest, request, now).await? {
        Ok(found) => found,
        Err(refusal) => {
            record_refusal(provider, client, &digest, &refusal, now).await?;
            return Ok(Err(refusal));
        }
    };
    issue(provider, client, digest, found, now).await
}

/// Everything that the tokens are made of, as it was read.
struct Found {
    code: StoredCode,
    authorized: Authorized,
    account: AccountStanding,
    extra: ExtraClaims,
    session_end: Timestamp,
}

async fn read(
    provider: &Provider,
    client: &KnownClient,
    digest: &[u8],
    request: &CodeRequest,
    now: Timestamp,
) -> Result<Result<Found, Refusal>, Fault> {
    let mut conn = provider.db.read().await?;
    let Some(code) = codes::find(&mut conn, digest).await? else { return Ok(Err(Refusal::CodeUnknown)) };
    if let Err(refusal) = check(&code, client, request, now) {
        return Ok(Err(refusal));
    }
    let authorized = Authorized::from_value(&code.authorized, "authorization_code", &code.grant_id)?;
    let session_end = match sessions::find(&mut conn, code.session_id).await? {
        Some(session) if session.ended_at.is_none() && session.expires_at > now => session.expires_at,
        _ => return Ok(Err(Refusal::SessionEnded)),
    };
    let Some(account) = standing::find(&mut conn, code.account_id, now).await? else {
        return Err(Fault::inconsistent("authorization_code", "account_id", &code.grant_id));
    };
    if let Err(refusal) = may_issue(&account.standing) {
        return Ok(Err(Refusal::NotIssuable(refusal)));
    }
    let extra = if authorized.claims.id_token.is_empty() {
        ExtraClaims::default()
    } else {
        let wanted = claims::Wanted::of(&authorized.scopes, &authorized.claims);
        let person = claims::of_person(provider, &mut conn, &account, &wanted, now).await?;
        userinfo::for_id_token(&authorized.claims, &person)
    };
    Ok(Ok(Found { code, authorized, account, extra, session_end }))
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

async fn issue(
    provider: &Provider,
    client: &Arc<KnownClient>,
    digest: [u8; 32],
    found: Found,
    now: Timestamp,
) -> Result<Result<TokenResponse, Refusal>, Fault> {
    let Found { code, authorized, account, extra, session_end } = found;
    let lifetimes = &provider.settings.lifetimes;
    let access_expires_at = now + lifetimes.access_token;
    let minted = mint::person_access(
        provider,
        client,
        code.grant_id,
        (&authorized, &authorized.scopes),
        (now, access_expires_at),
    )?;
    let access = match minted {
        Ok(access) => access,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let id_token = match id_token(provider, client, (&authorized, &account), (&access.token, extra), now)? {
        Ok(token) => token,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let offline = authorized.scopes.contains("offline_access");
    let refresh = client
        .client
        .may_use(GrantType::RefreshToken)
        .then(|| if offline { now + lifetimes.offline_refresh } else { (now + lifetimes.refresh).min(session_end) });
    let unit = RedeemCode {
        digest,
        client: (client.id.clone(), client.version),
        account,
        grant: StoredGrant {
            id: code.grant_id,
            client_id: client.id.clone(),
            account_id: code.account_id,
            session_id: code.session_id,
            offline,
            authorized: code.authorized,
            expires_at: refresh.unwrap_or(access_expires_at),
            revoked_at: None,
        },
        refresh,
        access: (access.jti, access_expires_at),
        scope: authorized.scopes.to_string(),
        now,
    };
    let (grant, scope) = (unit.grant.id, unit.scope.clone());
    match provider.writer.submit(unit).await? {
        Redeemed::Done => {}
        Redeemed::Spent => return Ok(Err(Refusal::CodeSpent)),
        Redeemed::Changed => {
            provider.clients.forget();
            return Ok(Err(Refusal::Changed));
        }
    }
    let refresh_token = refresh.map(|_| provider.secrets.refresh.token(grant, 1).reveal().to_owned());
    Ok(Ok(TokenResponse::bearer(access.token, lifetimes.access_token, &scope)
        .with_refresh_token(refresh_token)
        .with_id_token(id_token)))
}

fn id_token(
    provider: &Provider,
    client: &KnownClient,
    (authorized, account): (&Authorized, &AccountStanding),
    (access_token, claims): (&str, ExtraClaims),
    now: Timestamp,
) -> Result<Result<Option<String>, Refusal>, Fault> {
    if !authorized.is_openid() {
        return Ok(Ok(None));
    }
    let nonce = authorized.nonce.clone();
    let parts = mint::IdTokenParts { access_token, nonce, account_level: account.level, claims, now };
    Ok(mint::id_token(provider, client, authorized, parts)?.map(Some))
}

struct RedeemCode {
    digest: [u8; 32],
    client: (ClientId, i64),
    account: AccountStanding,
    grant: StoredGrant,
    /// When the refresh family ends, where the client has the grant.
    refresh: Option<Timestamp>,
    access: (String, Timestamp),
    scope: String,
    now: Timestamp,
}

enum Redeemed {
    Done,
    Spent,
    Changed,
}

impl RedeemCode {
    /// What was read still holds: client, account, person, session.
    async fn still_holds(&self, tx: &mut Tx) -> Result<bool, Fault> {
        let client = (&self.client.0, self.client.1);
        acquaintance::still_holds(tx, client, &self.account, self.grant.session_id, self.now).await
    }
}

impl Unit for RedeemCode {
    type Out = Redeemed;
    const KIND: &'static str = "token.redeem_code";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.grant.account_id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Redeemed, Fault> {
        if !self.still_holds(tx).await? {
            return Ok(Redeemed::Changed);
        }
        if !codes::consume(tx, &self.digest, &self.client.0, self.now).await? {
            // Somebody was first: the second use takes back what the first one gave (RFC 6749 §4.1.2).
            revoke_spent(tx, &self.digest, &self.client.0, self.now).await?;
            return Ok(Redeemed::Spent);
        }
        grants::insert(tx, &self.grant, self.now).await?;
        if let Some(expires_at) = self.refresh {
            grants::insert_family(tx, self.grant.id, &self.client.0, self.now, self.access.1, expires_at).await?;
        }
        tx.record(
            AuditEvent::new(self.now, "token.issued", Outcome::Done, Actor::Client)
                .client(&self.client.0)
                .person(self.account.person_id)
                .account(self.account.account_id)
                .session(self.grant.session_id)
                .detail(json!({"grant": "authorization_code", "id": self.grant.id, "jti": self.access.0, "scope": self.scope})),
        );
        Ok(Redeemed::Done)
    }
}

/// Revokes the family of a code that was used before, and says so; a code of another client is left alone.
async fn revoke_spent(tx: &mut Tx, digest: &[u8], client: &ClientId, now: Timestamp) -> Result<(), Fault> {
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

/// A refusal before the unit: written down, and a replay's consequences with it.
async fn record_refusal(
    provider: &Provider,
    client: &KnownClient,
    digest: &[u8; 32],
    refusal: &Refusal,
    now: Timestamp,
) -> Result<(), Fault> {
    let unit = RefusedCode { digest: *digest, client: client.id.clone(), refusal: refusal.clone(), now };
    provider.writer.submit(unit).await
}

struct RefusedCode {
    digest: [u8; 32],
    client: ClientId,
    refusal: Refusal,
    now: Timestamp,
}

impl Unit for RefusedCode {
    type Out = ();
    const KIND: &'static str = "token.refused_code";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(&self.digest)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        if self.refusal == Refusal::CodeSpent {
            return revoke_spent(tx, &self.digest, &self.client, self.now).await;
        }
        tx.record(
            AuditEvent::new(self.now, "token.refused", Outcome::Refused, Actor::Client)
                .client(&self.client)
                .detail(json!({"grant": "authorization_code", "why": self.refusal.code()})),
        );
        Ok(())
    }
}
