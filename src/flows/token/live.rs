//! What an access token is worth at this moment: its signature and time by arithmetic, everything else from the record.

use std::sync::Arc;

use super::{Authorized, mint};
use crate::{
    assurance::may_issue,
    base::{Fault, Timestamp},
    crypto::{Typ, keyring::Signed},
    flows::{Provider, caller::Sender, clients::KnownClient, dpop},
    oidc::{
        access_token::AccessToken,
        bearer::Scheme,
        error::{OAuthError, OAuthErrorCode},
        token_kind::TokenKind,
    },
    store::{
        behind,
        grants::{self, StoredGrant},
        standing::AccountStanding,
    },
};

/// A token that is alive, with what stands behind it.
pub struct LiveToken {
    pub token: AccessToken,
    pub client: Arc<KnownClient>,
    /// None of a token that a client got for itself.
    pub person: Option<LivePerson>,
}

impl LiveToken {
    /// Whether this service is its audience (RFC 9068 §4): a token for another resource opens nothing here.
    pub fn is_for_us(&self, provider: &Provider) -> bool {
        self.token.aud.contains(&provider.settings.issuer)
    }
}

pub struct LivePerson {
    pub grant: StoredGrant,
    pub authorized: Authorized,
    pub account: AccountStanding,
}

/// Whether what the token is bound to was proven (RFC 9449 §7.1, RFC 8705 §3): a stolen bound token is worth nothing.
pub fn check_sender(live: &LiveToken, scheme: Scheme, sender: &Sender) -> Result<(), OAuthError> {
    dpop::check_alg(&live.client.client, sender.proof.as_ref())?;
    let token = &live.token;
    let refused = |why: &'static str| Err(OAuthError::new(OAuthErrorCode::InvalidToken, why));
    match (&token.cnf.jkt, scheme, &sender.proof) {
        (None, Scheme::Bearer, _) => {}
        (None, Scheme::Dpop, _) => return refused("the access token is not bound to a key: send it as Bearer"),
        (Some(_), Scheme::Bearer, _) => {
            return refused("the access token is bound to a key: send it as DPoP with a proof (RFC 9449 section 7.1)");
        }
        (Some(jkt), Scheme::Dpop, Some(proof)) if proof.jkt == *jkt => {}
        (Some(_), Scheme::Dpop, _) => {
            return refused("the access token is bound to another key than that of the DPoP proof");
        }
    }
    let shown = sender.certificate.as_ref().map(|certificate| &certificate.thumbprint);
    if token.cnf.x5t_s256.is_some() && token.cnf.x5t_s256.as_ref() != shown {
        return refused(
            "the access token is bound to a certificate that this connection did not show (RFC 8705 section 3)",
        );
    }
    Ok(())
}

/// Reads an access token of ours without asking whether it is alive: for revocation.
pub fn read_own(provider: &Provider, text: &str) -> Option<AccessToken> {
    let own = provider.keys.ring().verify(text, Typ::AccessToken, Signed::Now).ok()?;
    AccessToken::parse(Some(TokenKind::Access.typ()), &own.claims, &provider.settings.issuer).ok()
}

/// Whoever it is for; where it opens something of ours, [`LiveToken::is_for_us`] must be asked too.
///
/// `None` for anything that opens nothing now: forged, of another kind, expired, revoked, its grant, session, account, person
/// or client no longer good.
pub async fn find_live(provider: &Provider, text: &str, now: Timestamp) -> Result<Option<LiveToken>, Fault> {
    let Some(token) = read_own(provider, text) else { return Ok(None) };
    if token.check_time(now).is_err() {
        return Ok(None);
    }
    let Some(client) = provider.clients.find(&provider.db, &token.client_id).await? else { return Ok(None) };
    if client.disabled {
        return Ok(None);
    }
    let mut conn = provider.db.read().await?;
    let Some(id) = mint::grant_of_jti(&token.jti) else {
        let own = token.is_for_the_client_itself() && !grants::is_token_revoked(&mut conn, &token.jti).await?;
        return Ok(own.then_some(LiveToken { token, client, person: None }));
    };
    let Some((grant, account)) = behind::token(&mut conn, id, &token.jti, now).await? else { return Ok(None) };
    if grant.client_id != token.client_id {
        return Ok(None);
    }
    if may_issue(&account.standing).is_err() {
        return Ok(None);
    }
    let authorized = Authorized::from_value(&grant.authorized, "grants", &grant.id)?;
    Ok(Some(LiveToken { token, client, person: Some(LivePerson { grant, authorized, account }) }))
}
