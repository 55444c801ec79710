//! Revocation (RFC 7009): a refresh token takes its whole family along, an access token only itself.

use serde_json::json;

use super::{Provider, clients::KnownClient, token::live};
use crate::{
    base::{
        Fault, Timestamp,
        ids::{ClientId, GrantId},
    },
    oidc::revocation::RevocationRequest,
    store::{AuditEvent, Class, LaneKey, Outcome, Tx, Unit, audit::Actor, grants},
};

/// Always succeeds for the client: an unknown token, or somebody else's, is not there to be revoked (RFC 7009 §2.2).
pub async fn revoke(
    provider: &Provider,
    client: &KnownClient,
    request: &RevocationRequest,
    now: Timestamp,
) -> Result<(), Fault> {
    let text = request.token.reveal();
    let what = if let Ok(claim) = provider.secrets.refresh.verify(text) {
        Some(Revoked::Family(claim.family))
    } else {
        live::read_own(provider, text)
            .filter(|token| token.client_id == client.id && token.exp > now)
            .map(|token| Revoked::Token { jti: token.jti, until: token.exp })
    };
    match what {
        Some(what) => provider.writer.submit(Revoke { client: client.id.clone(), what, now }).await,
        None => Ok(()),
    }
}

enum Revoked {
    Family(GrantId),
    Token { jti: String, until: Timestamp },
}

struct Revoke {
    client: ClientId,
    what: Revoked,
    now: Timestamp,
}

impl Unit for Revoke {
    type Out = ();
    const KIND: &'static str = "token.revoke";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        match &self.what {
            Revoked::Family(grant) => LaneKey::of_id(grant.0),
            Revoked::Token { jti, .. } => LaneKey::of_bytes(jti.as_bytes()),
        }
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        let detail = match &self.what {
            Revoked::Family(id) => {
                let own = grants::find(tx, *id).await?.is_some_and(|grant| grant.client_id == self.client);
                if !own || !grants::revoke(tx, *id, "revoked_by_client", self.now).await? {
                    return Ok(());
                }
                json!({"grant": id})
            }
            Revoked::Token { jti, until } => {
                grants::revoke_token(tx, jti, &self.client, self.now, *until).await?;
                json!({"jti": jti})
            }
        };
        tx.record(
            AuditEvent::new(self.now, "token.revoked", Outcome::Done, Actor::Client)
                .client(&self.client)
                .detail(detail),
        );
        Ok(())
    }
}
