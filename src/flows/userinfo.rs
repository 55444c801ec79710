//! UserInfo (OIDC Core §5.3): what was granted, from the registry as it stands, each release recorded before it is answered.

use serde_json::{Map, Value, json};

use super::{
    Provider,
    caller::Sender,
    claims,
    dpop::{self, ProofOnce},
    nested,
    token::live::{self, LivePerson},
};
use crate::{
    base::{Fault, Timestamp},
    crypto::Typ,
    oidc::{
        bearer::Presented,
        client::{ResponseForm, UserInfoView},
        error::{OAuthError, OAuthErrorCode},
        legacy_view,
        scope::ScopeSet,
        userinfo,
    },
    store::{AuditEvent, Class, LaneKey, Outcome, Tx, Unit, audit::Actor},
};

/// Answers for an access token; the error is `invalid_token` or `insufficient_scope` (RFC 6750 §3.1).
pub async fn userinfo(
    provider: &Provider,
    presented: &Presented,
    sender: &Sender,
    now: Timestamp,
) -> Result<Result<Answer, OAuthError>, Fault> {
    let invalid =
        || OAuthError::new(OAuthErrorCode::InvalidToken, "the access token is expired, revoked or not one of ours");
    let found = live::find_live(provider, presented.token.reveal(), now).await?;
    let Some(live) = found.filter(|live| live.is_for_us(provider)) else { return Ok(Err(invalid())) };
    if let Err(error) = live::check_sender(&live.token, presented.scheme, sender) {
        return Ok(Err(error));
    }
    let scopes = live.token.scope.as_deref().map(ScopeSet::parse).and_then(Result::ok).unwrap_or_default();
    let Some(person) = live.person.filter(|_| scopes.contains("openid")) else {
        return Ok(Err(OAuthError::new(
            OAuthErrorCode::InsufficientScope,
            "UserInfo needs an access token with the scope openid (OIDC Core section 5.3)",
        )));
    };
    let document = {
        let mut conn = provider.db.read().await?;
        let wanted = claims::Wanted::of(&scopes, &person.authorized.claims);
        let claims = claims::of_person(provider, &mut conn, &person.account, &wanted, now).await?;
        userinfo::for_userinfo(&person.authorized.sub, &scopes, &person.authorized.claims, &claims)
    };
    let released = userinfo::flattened(document.clone());
    let claims = released.keys().filter(|name| *name != "sub").cloned().collect();
    let proof = sender.proof.as_ref().map(|proof| proof.once);
    let fresh = provider.writer.submit(RecordRelease { person, claims, proof, now }).await?;
    if !fresh {
        return Ok(Err(dpop::replayed()));
    }
    // Renamed last: scope, floor, consent and audit know the claims by their own names.
    let document = match live.client.client.rules.userinfo_view {
        UserInfoView::Standard => document,
        UserInfoView::Legacy => legacy_view::renamed(document),
    };
    let form = live.client.client.responses.userinfo;
    if form == ResponseForm::default() {
        return Ok(Ok(Answer::Json(document)));
    }
    // OIDC Core §5.3.2: a signed answer says who made it and for whom.
    let mut claims = document;
    if form.signed.is_some() {
        claims.insert("iss".to_owned(), provider.settings.issuer.as_str().into());
        claims.insert("aud".to_owned(), live.client.id.as_str().into());
    }
    let jwt = nested::answer(provider, &live.client, (form, None), (Typ::Jwt, claims), now).await?;
    Ok(jwt.map(Answer::Jwt))
}

/// As the client registered.
pub enum Answer {
    Json(Map<String, Value>),
    /// Signed, encrypted, or both: `application/jwt`.
    Jwt(String),
}

struct RecordRelease {
    person: LivePerson,
    claims: Vec<String>,
    proof: Option<ProofOnce>,
    now: Timestamp,
}

impl Unit for RecordRelease {
    /// Whether the proof was new.
    type Out = bool;
    const KIND: &'static str = "userinfo.release";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.person.account.account_id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        if !dpop::take(tx, self.proof.as_ref(), self.now).await? {
            return Ok(false);
        }
        tx.record(
            AuditEvent::new(self.now, "userinfo.released", Outcome::Done, Actor::Client)
                .client(&self.person.grant.client_id)
                .person(self.person.account.person_id)
                .account(self.person.account.account_id)
                .session(self.person.grant.session_id)
                .detail(json!({"grant": self.person.grant.id, "claims": self.claims})),
        );
        Ok(true)
    }
}
