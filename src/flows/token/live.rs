//! What an access token is worth at this moment: its signature and time by arithmetic, everything else from the record.

use std::sync::Arc;

use super::{Authorized, mint};
use crate::{
    assurance::{self, may_issue},
    base::{Fault, Timestamp, ids::ClientId},
    crypto::{Typ, keyring::Signed},
    flows::{Provider, caller::Sender, clients::KnownClient, dpop},
    oidc::{
        access_token::AccessToken,
        bearer::{Refusal, Scheme},
        confirmation::Confirmation,
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
pub fn check_sender(live: &LiveToken, scheme: Scheme, sender: &Sender) -> Result<(), Refusal> {
    dpop::check_alg(&live.client.client, sender.proof.as_ref()).map_err(|error| Refusal { error, scheme })?;
    let token = &live.token;
    let told_by = |scheme: Scheme, why: &'static str| {
        Err(Refusal { error: OAuthError::new(OAuthErrorCode::InvalidToken, why), scheme })
    };
    let refused = |why: &'static str| told_by(scheme, why);
    match (&token.cnf.jkt, scheme, &sender.proof) {
        (None, Scheme::Bearer, _) => {}
        (None, Scheme::Dpop, _) => return refused("the access token is not bound to a key: send it as Bearer"),
        (Some(_), Scheme::Bearer, _) => {
            let why = "the access token is bound to a key: send it as DPoP with a proof (RFC 9449 section 7.1)";
            return told_by(Scheme::Dpop, why);
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

/// Whether the sender has shown whatever the token is bound to, where a token is not sent by a scheme but inside a form (RFC 8693 §2.1).
pub fn holds(cnf: &Confirmation, sender: &Sender) -> bool {
    let jkt = sender.proof.as_ref().map(|proof| &proof.jkt);
    let certificate = sender.certificate.as_ref().map(|certificate| &certificate.thumbprint);
    (cnf.jkt.is_none() || cnf.jkt.as_ref() == jkt) && (cnf.x5t_s256.is_none() || cnf.x5t_s256.as_ref() == certificate)
}

/// Why a token opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dead {
    /// Forged, of another kind, expired, revoked, its grant, session or client no longer good.
    Token,
    /// Nothing may be issued for its person.
    Person(assurance::Refusal),
}

/// Whoever it is for; where it opens something of ours, [`LiveToken::is_for_us`] must be asked too.
///
/// `None` for anything that opens nothing now: forged, of another kind, expired, revoked, its grant, session, account, person
/// or client no longer good.
pub async fn find_live(provider: &Provider, text: &str, now: Timestamp) -> Result<Option<LiveToken>, Fault> {
    Ok(judge(provider, text, now).await?.ok())
}

/// The same, with the reason.
pub async fn judge(provider: &Provider, text: &str, now: Timestamp) -> Result<Result<LiveToken, Dead>, Fault> {
    let Some(token) = read_own(provider, text) else { return Ok(Err(Dead::Token)) };
    if token.check_time(now).is_err() {
        return Ok(Err(Dead::Token));
    }
    let Some(client) = active(provider, &token.client_id).await? else { return Ok(Err(Dead::Token)) };
    let mut conn = provider.db.read().await?;
    let Some(id) = mint::grant_of_jti(&token.jti) else {
        // `iat` is in whole seconds: of the second of a restore, no token counts.
        let own =
            token.is_for_the_client_itself() && !grants::is_own_token_revoked(&mut conn, &token.jti, token.iat).await?;
        return Ok(if own { Ok(LiveToken { token, client, person: None }) } else { Err(Dead::Token) });
    };
    let Some((grant, account)) = behind::token(&mut conn, id, &token.jti, now).await? else {
        return Ok(Err(Dead::Token));
    };
    // It dies with every token that it was exchanged from.
    for origin in &token.acting.exchanged_from {
        if grants::is_token_revoked(&mut conn, origin).await? {
            return Ok(Err(Dead::Token));
        }
    }
    drop(conn);
    if !is_held_rightly(provider, &token, &grant).await? {
        return Ok(Err(Dead::Token));
    }
    if let Err(refusal) = may_issue(&account.standing) {
        return Ok(Err(Dead::Person(refusal)));
    }
    let authorized = Authorized::from_value(&grant.authorized, "grants", &grant.id)?;
    Ok(Ok(LiveToken { token, client, person: Some(LivePerson { grant, authorized, account }) }))
}

async fn active(provider: &Provider, id: &ClientId) -> Result<Option<Arc<KnownClient>>, Fault> {
    Ok(provider.clients.find(&provider.db, id).await?.filter(|client| !client.disabled))
}

/// By the grant's client; or, exchanged, by who acts, while everybody in the chain and the grant's client are still clients.
async fn is_held_rightly(provider: &Provider, token: &AccessToken, grant: &StoredGrant) -> Result<bool, Fault> {
    let Some(actor) = &token.acting.act else { return Ok(grant.client_id == token.client_id) };
    if actor.sub != token.client_id {
        return Ok(false);
    }
    for id in actor.all().skip(1).chain([&grant.client_id]) {
        if active(provider, id).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}
