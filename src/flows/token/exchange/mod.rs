//! Token exchange (RFC 8693): a client that a person delegated to gets a token in which it acts for them.
//!
//! subject alive? → sender proven? → a person's? → actor alive, and the caller itself? → may it act? → narrowed → and then the unit
//! asks everything again and records. The token lives under the subject's own grant, so that whatever ends that ends this.

mod issue;
mod refused;

use std::sync::Arc;

use serde_json::json;

pub use refused::Refused;

use super::{
    Refusal,
    live::{self, Dead, LivePerson, LiveToken},
};
use crate::{
    base::{Fault, Timestamp, ids::ClientId},
    flows::{Provider, authorize::targets, caller::Caller, clients::KnownClient},
    oidc::{
        acr::AcrLevel,
        audience::Audience,
        authorization_details::Detail,
        client::GrantType,
        error::OAuthError,
        interact::Terms,
        scope::ScopeSet,
        token_exchange::{Actor, DelegationMissing, ExchangeRequest},
        token_response::TokenResponse,
    },
    store::{AuditEvent, Class, LaneKey, Outcome, Tx, Unit, audit::Actor as Who},
};

/// A person's token with all that is known of it, and the client that the person gave it to.
struct Subject {
    live: LiveToken,
    person: LivePerson,
    client: Arc<KnownClient>,
}

/// What the new token will be.
struct Plan {
    audience: Audience,
    scopes: ScopeSet,
    details: Vec<Detail>,
    act: Actor,
}

pub async fn exchange(
    provider: &Provider,
    client: &Caller,
    request: &ExchangeRequest,
    now: Timestamp,
) -> Result<Result<TokenResponse, Refusal>, Fault> {
    let answered = attempt(provider, client, request, now).await?;
    if let Err(refusal) = &answered {
        let unit = RefusedExchange { client: client.id.clone(), why: refusal.code(), now };
        provider.writer.submit(unit).await?;
    }
    Ok(answered)
}

async fn attempt(
    provider: &Provider,
    client: &Caller,
    request: &ExchangeRequest,
    now: Timestamp,
) -> Result<Result<TokenResponse, Refusal>, Fault> {
    let subject = match subject(provider, client, request, now).await? {
        Ok(subject) => subject,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let actor_jti = match actor(provider, client, request, now).await? {
        Ok(jti) => jti,
        Err(refused) => return Ok(Err(Refusal::Exchange(refused))),
    };
    let plan = match plan(provider, client, request, &subject) {
        Ok(plan) => plan,
        Err(refusal) => return Ok(Err(refusal)),
    };
    // Both sides must have registered a resource for this caller too: it is the one that calls.
    let resources: Vec<String> = plan.audience.iter().map(str::to_owned).collect();
    if let Some(error) = targets::refusal(provider, client, &resources).await? {
        return Ok(Err(Refusal::Narrowing(error)));
    }
    issue::issue(provider, client, (subject, plan, actor_jti), now).await
}

async fn subject(
    provider: &Provider,
    client: &Caller,
    request: &ExchangeRequest,
    now: Timestamp,
) -> Result<Result<Subject, Refusal>, Fault> {
    let refused = |why| Ok(Err(Refusal::Exchange(why)));
    let live = match live::judge(provider, request.subject_token.reveal(), now).await? {
        Ok(live) => live,
        Err(Dead::Token) => return refused(Refused::SubjectDead),
        Err(Dead::Person(why)) => return Ok(Err(Refusal::NotIssuable(why))),
    };
    if !live::holds(&live.token.cnf, &client.sender) {
        return refused(Refused::SubjectOfAnotherKey);
    }
    let LiveToken { token, client: holder, person: Some(person) } = live else {
        return refused(Refused::SubjectWithoutPerson);
    };
    let Some(own) = provider.clients.find(&provider.db, &person.grant.client_id).await? else {
        return refused(Refused::SubjectDead);
    };
    // What the first client may not have any more goes to nobody.
    let person = LivePerson { authorized: person.authorized.within(&own.client), ..person };
    let live = LiveToken { token, client: holder, person: None };
    Ok(Ok(Subject { live, person, client: own }))
}

/// The `jti` of the actor's token.
async fn actor(
    provider: &Provider,
    client: &Caller,
    request: &ExchangeRequest,
    now: Timestamp,
) -> Result<Result<String, Refused>, Fault> {
    let Some(live) = live::find_live(provider, request.actor_token.reveal(), now).await? else {
        return Ok(Err(Refused::ActorDead));
    };
    if live.person.is_some() || live.client.id != client.id {
        return Ok(Err(Refused::ActorNotTheCaller));
    }
    if !live::holds(&live.token.cnf, &client.sender) {
        return Ok(Err(Refused::ActorOfAnotherKey));
    }
    Ok(Ok(live.token.jti))
}

/// What the person, the registrations and the request permit together.
fn plan(
    provider: &Provider,
    client: &KnownClient,
    request: &ExchangeRequest,
    subject: &Subject,
) -> Result<Plan, Refusal> {
    let (token, person) = (&subject.live.token, &subject.person);
    let refused = |why| Refusal::Exchange(why);
    if token.acting.may_act.as_ref().is_some_and(|may| may.sub != client.id) {
        return Err(refused(Refused::MayNotAct));
    }
    // What the token itself still has of what was granted.
    let has = |detail: &&Detail| token.authorization_details.contains(&detail.for_resources());
    let of_token: Vec<Detail> = person.authorized.details.iter().filter(has).cloned().collect();
    let details =
        request.delegations(&of_token, (&client.id, &person.grant.client_id)).map_err(|missing| match missing {
            DelegationMissing::Wider(error) => Refusal::Narrowing(error),
            DelegationMissing::ToActor => refused(Refused::NotDelegated),
        })?;
    let act = Actor::after(&client.id, token.acting.act.as_ref()).ok_or(refused(Refused::ChainTooLong))?;
    let of_subject: Vec<&str> = token.aud.iter().collect();
    let targets = request.targets(&of_subject).map_err(Refusal::Narrowing)?;
    let targets = targets.into_iter().map(str::to_owned).collect();
    let audience = Audience::several(targets).unwrap_or_else(|| token.aud.clone());
    Ok(Plan { audience, scopes: scopes(provider, client, request, subject)?, details, act })
}

/// At most the subject token's, and of them what this client is registered for and its floors allow.
fn scopes(
    provider: &Provider,
    client: &KnownClient,
    request: &ExchangeRequest,
    subject: &Subject,
) -> Result<ScopeSet, Refusal> {
    let of_subject = subject.live.token.scope.as_deref().map(ScopeSet::parse).and_then(Result::ok).unwrap_or_default();
    let of_subject = of_subject.filtered(|scope| subject.client.client.scopes.contains(scope));
    let asked = request.scopes(&of_subject).map_err(Refusal::Scope)?;
    let foreign = |name: &&str| !client.client.scopes.contains(name);
    if let Some(scope) = request.scope.as_ref().and_then(|asked| asked.iter().find(foreign)) {
        let text = format!("the scope {scope} is not among this client's own");
        return Err(Refusal::Scope(OAuthError::new(crate::oidc::error::OAuthErrorCode::InvalidScope, text)));
    }
    let reached = AcrLevel::parse(&subject.person.authorized.acr).unwrap_or(AcrLevel::One);
    let terms = Terms::of(&client.client, &provider.settings.policy);
    if terms.client_floor > reached {
        return Err(Refusal::Exchange(Refused::BelowFloor));
    }
    let may = |name: &str| client.client.scopes.contains(name) && terms.floor(name).authentication <= reached;
    Ok(asked.filtered(may))
}

struct RefusedExchange {
    client: ClientId,
    why: &'static str,
    now: Timestamp,
}

impl Unit for RefusedExchange {
    type Out = ();
    const KIND: &'static str = "token.refused_exchange";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(self.client.as_str().as_bytes())
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        tx.record(
            AuditEvent::new(self.now, "token.refused", Outcome::Refused, Who::Client)
                .client(&self.client)
                .detail(json!({"grant": GrantType::TokenExchange.as_str(), "why": self.why})),
        );
        Ok(())
    }
}
