//! UserInfo (OIDC Core §5.3): what was granted, from the registry as it stands, each release recorded before it is answered.

use serde_json::{Map, Value, json};

use super::{
    Provider,
    caller::Sender,
    claims,
    dpop::{self, ProofOnce},
    identity_check, nested,
    token::live::{self, LivePerson, LiveToken},
};
use crate::{
    base::{Fault, Timestamp},
    crypto::Typ,
    oidc::{
        access_token::AccessToken,
        authorization_details::Detail,
        bearer::{Presented, Refusal},
        client::{ResponseForm, UserInfoView},
        error::{OAuthError, OAuthErrorCode},
        legacy_view,
        scope::ScopeSet,
        userinfo,
    },
    store::{AuditEvent, Class, Conn, LaneKey, Outcome, Tx, Unit, audit::Actor},
};

/// Answers for an access token; the error is `invalid_token` or `insufficient_scope` (RFC 6750 §3.1).
pub async fn userinfo(
    provider: &Provider,
    presented: &Presented,
    sender: &Sender,
    now: Timestamp,
) -> Result<Result<Answer, Refusal>, Fault> {
    let refused = |error| Refusal { error, scheme: presented.scheme };
    let found = live::find_live(provider, presented.token.reveal(), now).await?;
    let Some(live) = found.filter(|live| live.is_for_us(provider)) else {
        let text = "the access token is expired, revoked or not one of ours";
        return Ok(Err(refused(OAuthError::new(OAuthErrorCode::InvalidToken, text))));
    };
    if let Err(refusal) = live::check_sender(&live, presented.scheme, sender) {
        return Ok(Err(refusal));
    }
    Ok(released(provider, live, sender, now).await?.map_err(refused))
}

/// What was granted, for who has shown what the token is bound to.
async fn released(
    provider: &Provider,
    live: LiveToken,
    sender: &Sender,
    now: Timestamp,
) -> Result<Result<Answer, OAuthError>, Fault> {
    // The person shared this with the client that asked for it. Who acts for it may act, and reads nothing here.
    let foreign = live.person.as_ref().is_some_and(|person| person.grant.client_id != live.client.id);
    if foreign {
        return Ok(Err(OAuthError::new(
            OAuthErrorCode::InsufficientScope,
            "an exchanged token opens no UserInfo: the person shared it with the client that they signed in to",
        )));
    }
    let client = &live.client.client;
    let scopes = live.token.scope.as_deref().map(ScopeSet::parse).and_then(Result::ok).unwrap_or_default();
    // What the client may not have any more is not given for a token of before.
    let scopes = scopes.filtered(|scope| client.scopes.contains(scope));
    let found = live.person.filter(|_| scopes.contains("openid"));
    let found = found.map(|person| LivePerson { authorized: person.authorized.within(client), ..person });
    let Some(person) = found else {
        return Ok(Err(OAuthError::new(
            OAuthErrorCode::InsufficientScope,
            "UserInfo needs an access token with the scope openid (OIDC Core section 5.3)",
        )));
    };
    let (document, details) = {
        let mut conn = provider.db.read().await?;
        let wanted = claims::Wanted::of(&scopes, &person.authorized.claims);
        let claims = claims::of_person(provider, &mut conn, &person.account, &wanted, now).await?;
        let document = userinfo::for_userinfo(&person.authorized.sub, &scopes, &person.authorized.claims, &claims);
        let details = details(&mut conn, &live.token, &person, now).await?;
        (document, details)
    };
    let released = userinfo::flattened(document.clone());
    let with_details = (!details.is_empty()).then(|| DETAILS.to_owned());
    let claims = released.keys().filter(|name| *name != "sub").cloned().chain(with_details).collect();
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
    let document = with_member(document, DETAILS, details);
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

const DETAILS: &str = "authorization_details";

/// The details that this token is for (RFC 9396 §9), checks with their answers of this moment: as the token response had them,
/// from the record as it stands.
async fn details(
    conn: &mut Conn,
    token: &AccessToken,
    person: &LivePerson,
    now: Timestamp,
) -> Result<Vec<Value>, Fault> {
    let carries = |detail: &&Detail| token.authorization_details.contains(&detail.for_resources());
    let own: Vec<Detail> = person.authorized.details.iter().filter(carries).cloned().collect();
    identity_check::answered(conn, person.account.person_id, &own, now).await
}

fn with_member(mut document: Map<String, Value>, name: &str, values: Vec<Value>) -> Map<String, Value> {
    if !values.is_empty() {
        document.insert(name.to_owned(), values.into());
    }
    document
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
