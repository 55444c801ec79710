//! A client that acts for itself (RFC 6749 §4.4).

use serde_json::json;

use super::{Refusal, jwt_bearer, mint};
use crate::{
    base::{Fault, Timestamp, ids::ClientId},
    flows::{
        Provider,
        authorize::targets,
        caller::Caller,
        clients::KnownClient,
        dpop::{self, ProofOnce},
    },
    oidc::{
        authorization_details,
        client::GrantType,
        client_assertion::AssertionOnce,
        error::OAuthError,
        resource::Aim,
        scope::{Scope, ScopeSet},
        token_request::Narrowing,
        token_response::TokenResponse,
    },
    store::{AuditEvent, Class, LaneKey, Outcome, Tx, Unit, audit::Actor, clients},
};

/// By which of the grants without a person, and for what.
pub struct Asked<'a> {
    pub grant: GrantType,
    pub scope: Option<&'a ScopeSet>,
    pub narrowing: &'a Narrowing,
    /// The assertion that is used up with the issuance (RFC 7523 §3).
    pub once: Option<AssertionOnce>,
}

pub async fn issue(
    provider: &Provider,
    client: &Caller,
    asked: Asked<'_>,
    now: Timestamp,
) -> Result<Result<TokenResponse, Refusal>, Fault> {
    let Asked { grant, scope, narrowing, once } = asked;
    let scopes = match granted(client, scope) {
        Ok(scopes) => scopes,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let aim = match aim(provider, client, narrowing).await? {
        Ok(aim) => aim,
        Err(error) => return Ok(Err(Refusal::Narrowing(error))),
    };
    let minted = match mint::client_access(provider, client, (&scopes, aim), now)? {
        Ok(minted) => minted,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let unit = IssueToClient {
        grant,
        once,
        client: client.id.clone(),
        version: client.version,
        jti: minted.jti,
        scope: scopes.to_string(),
        proof: client.once(),
        now,
    };
    match provider.writer.submit(unit).await? {
        Issued::Done => {}
        Issued::Replayed => return Ok(Err(Refusal::DpopReplayed)),
        Issued::AssertionUsed => return Ok(Err(Refusal::Assertion(jwt_bearer::used()))),
        Issued::Changed => {
            provider.clients.forget();
            return Ok(Err(Refusal::Changed));
        }
    }
    let cnf = client.confirmation();
    Ok(Ok(TokenResponse::bound(&cnf, minted.token, minted.expires_at.since(now), &scopes.to_string())))
}

/// RFC 8707 §2.2: what the client may name, as it is served now. Nobody granted it any details.
async fn aim(
    provider: &Provider,
    client: &KnownClient,
    narrowing: &Narrowing,
) -> Result<Result<Aim, OAuthError>, Fault> {
    let issuer = &provider.settings.issuer;
    if let Err(error) = authorization_details::narrowed(&[], narrowing.details.as_deref()) {
        return Ok(Err(error));
    }
    Ok(match targets::refusal(provider, client, &narrowing.resources).await? {
        Some(error) => Err(error),
        None => Ok(Aim::of_client(narrowing.resources.clone(), issuer, client.id.as_str())),
    })
}

/// Scopes about a person mean nothing here: what a client may do for itself are its own others.
fn granted(client: &KnownClient, asked: Option<&ScopeSet>) -> Result<ScopeSet, Refusal> {
    let own = client.client.scopes.filtered(|name| Scope::find(name).is_none());
    match asked {
        None => Ok(own),
        Some(asked) => match asked.iter().find(|name| !own.contains(name)) {
            None => Ok(asked.clone()),
            Some(name) => Err(Refusal::ScopeNotForClients(name.to_owned())),
        },
    }
}

struct IssueToClient {
    grant: GrantType,
    once: Option<AssertionOnce>,
    client: ClientId,
    version: i64,
    jti: String,
    scope: String,
    proof: Option<ProofOnce>,
    now: Timestamp,
}

enum Issued {
    Done,
    Replayed,
    AssertionUsed,
    Changed,
}

impl Unit for IssueToClient {
    type Out = Issued;
    const KIND: &'static str = "token.client_credentials";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(self.jti.as_bytes())
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Issued, Fault> {
        if !dpop::take(tx, self.proof.as_ref(), self.now).await? {
            return Ok(Issued::Replayed);
        }
        if !clients::is_current(tx, &self.client, self.version).await? {
            return Ok(Issued::Changed);
        }
        if let Some(once) = &self.once
            && !clients::use_jti(tx, &self.client, &once.jti, once.until).await?
        {
            tx.record(
                AuditEvent::new(self.now, "client.assertion_replayed", Outcome::Refused, Actor::Client)
                    .client(&self.client)
                    .detail(json!({"grant": self.grant.as_str()})),
            );
            return Ok(Issued::AssertionUsed);
        }
        tx.record(
            AuditEvent::new(self.now, "token.issued", Outcome::Done, Actor::Client)
                .client(&self.client)
                .detail(json!({"grant": self.grant.as_str(), "jti": self.jti, "scope": self.scope})),
        );
        Ok(Issued::Done)
    }
}
