//! Signs the exchanged token and writes it down, when all that it stands on still stands.

use serde_json::{Value, json};

use super::{Plan, Subject};
use crate::{
    base::{Fault, Timestamp, ids::ClientId},
    flows::{
        Provider,
        caller::Caller,
        dpop::{self, ProofOnce},
        token::{Refusal, mint},
    },
    oidc::{
        access_token::{AccessToken, Authentication},
        authorization_details::Detail,
        client::GrantType,
        confirmation::Confirmation,
        token_exchange::{ACCESS_TOKEN, Acting, MayAct},
        token_response::TokenResponse,
    },
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor as Who,
        behind, clients,
        grants::{self, StoredGrant},
        standing::AccountStanding,
    },
};

pub(super) async fn issue(
    provider: &Provider,
    client: &Caller,
    (subject, plan, actor_jti): (Subject, Plan, String),
    now: Timestamp,
) -> Result<Result<TokenResponse, Refusal>, Fault> {
    let token = token(provider, client, (&subject, &plan), now);
    let (scope, cnf, acting) = (plan.scopes.to_string(), token.cnf.clone(), token.acting.clone());
    let minted = match mint::exchanged(provider, client, token)? {
        Ok(minted) => minted,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mut clients = vec![(client.id.clone(), client.version), (subject.client.id.clone(), subject.client.version)];
    for id in plan.act.all().skip(1) {
        match provider.clients.find(&provider.db, id).await? {
            Some(known) => clients.push((id.clone(), known.version)),
            None => return Ok(Err(Refusal::Changed)),
        }
    }
    let unit = Exchange {
        clients,
        rests_on: acting.exchanged_from.iter().cloned().chain([actor_jti]).collect(),
        account: subject.person.account,
        grant: subject.person.grant,
        proof: client.once(),
        told: json!({
            "grant": GrantType::TokenExchange.as_str(), "jti": minted.jti, "act": plan.act, "scope": scope,
            "from": acting.exchanged_from.first(), "audience": plan.audience,
            "authorization_details": plan.details.iter().map(Detail::for_resources).collect::<Vec<_>>(),
        }),
        now,
    };
    match provider.writer.submit(unit).await? {
        Exchanged::Done => {}
        Exchanged::Replayed => return Ok(Err(Refusal::DpopReplayed)),
        Exchanged::Changed => {
            provider.clients.forget();
            return Ok(Err(Refusal::Changed));
        }
    }
    let expires_in = minted.expires_at.since(now);
    Ok(Ok(TokenResponse::bound(&cnf, minted.token, expires_in, &scope).exchanged(ACCESS_TOKEN)))
}

fn token(provider: &Provider, client: &Caller, (subject, plan): (&Subject, &Plan), now: Timestamp) -> AccessToken {
    let (of, grant) = (&subject.live.token, &subject.person.grant);
    // What was bound to a certificate stays so, whatever this client registered for its own tokens.
    let own = client.confirmation();
    let cnf = Confirmation { x5t_s256: own.x5t_s256.or_else(|| of.cnf.x5t_s256.clone()), ..own };
    let others = plan.details.iter().filter(|detail| detail.actor(&grant.client_id) != Some(&client.id));
    let mut exchanged_from = vec![of.jti.clone()];
    exchanged_from.extend(of.acting.exchanged_from.iter().cloned());
    AccessToken {
        iss: provider.settings.issuer.clone(),
        // Never beyond the token that it stands on.
        exp: (now + provider.settings.lifetimes.access_token).min(of.exp),
        aud: plan.audience.clone(),
        sub: of.sub.clone(),
        client_id: client.id.clone(),
        iat: now,
        jti: mint::person_jti(provider, grant.id),
        scope: (!plan.scopes.is_empty()).then(|| plan.scopes.to_string()),
        cnf,
        // Its name for the session is the first client's own.
        authentication: Authentication { sid: None, ..of.authentication.clone() },
        authorization_details: plan.details.iter().map(Detail::for_resources).collect(),
        acting: Acting { act: Some(plan.act.clone()), may_act: MayAct::of(others, &grant.client_id), exchanged_from },
    }
}

struct Exchange {
    /// Who calls, whom the person signed in to, and who acted before: each as it was read.
    clients: Vec<(ClientId, i64)>,
    /// The tokens that must not have been revoked alone.
    rests_on: Vec<String>,
    account: AccountStanding,
    grant: StoredGrant,
    proof: Option<ProofOnce>,
    told: Value,
    now: Timestamp,
}

enum Exchanged {
    Done,
    Replayed,
    Changed,
}

impl Exchange {
    async fn still_holds(&self, tx: &mut Tx) -> Result<bool, Fault> {
        for (client, version) in &self.clients {
            if !clients::is_current(tx, client, *version).await? {
                return Ok(false);
            }
        }
        for jti in &self.rests_on {
            if grants::is_token_revoked(tx, jti).await? {
                return Ok(false);
            }
        }
        let own = (&self.grant.client_id, self.version_of_own());
        let guards = behind::unchanged(tx, own, &self.account, self.grant.id, self.now).await?;
        Ok(guards.client && guards.account && guards.grant)
    }

    fn version_of_own(&self) -> i64 {
        let own = self.clients.iter().find(|(client, _)| *client == self.grant.client_id);
        own.map_or(0, |(_, version)| *version)
    }
}

impl Unit for Exchange {
    type Out = Exchanged;
    const KIND: &'static str = "token.exchange";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.grant.account_id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Exchanged, Fault> {
        if !dpop::take(tx, self.proof.as_ref(), self.now).await? {
            return Ok(Exchanged::Replayed);
        }
        if !self.still_holds(tx).await? {
            return Ok(Exchanged::Changed);
        }
        let mut event = AuditEvent::new(self.now, "token.issued", Outcome::Done, Who::Client)
            .person(self.account.person_id)
            .account(self.account.account_id)
            .session(self.grant.session_id)
            .detail(self.told.clone());
        if let Some((caller, _)) = self.clients.first() {
            event = event.client(caller);
        }
        tx.record(event);
        Ok(Exchanged::Done)
    }
}
