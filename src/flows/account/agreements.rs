//! What a person agreed that portals may have, and taking it back (Law on Personal Data Protection 91/2025 Art 4: who consented may
//! withdraw).

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    base::{
        Fault, Timestamp,
        ids::{AccountId, ClientId, PersonId},
    },
    flows::{
        Provider,
        clients::KnownClient,
        sessions::{Recognised, tell_holder},
    },
    oidc::scope::{DataClass, Scope, ScopeSet},
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit, accounts,
        audit::Actor,
        grants,
        subjects::{self, Consent},
    },
};

/// What one portal may have.
#[derive(Clone, Debug)]
pub struct Agreement {
    pub client: Arc<KnownClient>,
    pub given_at: Timestamp,
    /// The names of the claims, but those that every sign-in brings.
    pub claims: Vec<String>,
    /// Also while the person is away (`offline_access`).
    pub while_away: bool,
}

/// The latest first.
pub async fn agreements(provider: &Provider, own: &Recognised) -> Result<Vec<Agreement>, Fault> {
    let found = {
        let mut conn = provider.db.read().await?;
        subjects::consents_of_account(&mut conn, own.account.account_id).await?
    };
    let mut all = Vec::with_capacity(found.len());
    for (id, consent) in found {
        if let Some(client) = provider.clients.find(&provider.db, &id).await? {
            all.push(agreement(client, &consent));
        }
    }
    Ok(all)
}

fn agreement(client: Arc<KnownClient>, consent: &Consent) -> Agreement {
    let scopes: ScopeSet = consent.scopes.iter().map(String::as_str).collect();
    let by_name = consent.claims.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    let is_data = |claim: &str| Scope::of_claim(claim).is_some_and(|scope| scope.class != DataClass::Protocol);
    let mut claims: Vec<String> = Vec::new();
    for claim in scopes.claims().map(str::to_owned).chain(by_name) {
        if is_data(&claim) && !claims.contains(&claim) {
            claims.push(claim);
        }
    }
    Agreement { client, given_at: consent.given_at, claims, while_away: scopes.contains("offline_access") }
}

/// Takes back what was agreed with a portal: what it holds dies, it is told, and it must ask again. `false` when nothing was agreed.
pub async fn withdraw(provider: &Provider, own: &Recognised, client: ClientId, now: Timestamp) -> Result<bool, Fault> {
    let (account, person) = (own.account.account_id, own.account.person_id);
    let withdrawn = provider.writer.submit(Withdraw { account, person, client, now }).await?;
    provider.outbox_wake.notify_one();
    Ok(withdrawn)
}

struct Withdraw {
    account: AccountId,
    person: PersonId,
    client: ClientId,
    now: Timestamp,
}

impl Unit for Withdraw {
    type Out = bool;
    const KIND: &'static str = "account.withdraw_consent";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.account.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let Self { account, client, now, .. } = self;
        // First: what another process is issuing at this moment is issued before, and found below, or not at all.
        accounts::bump(tx, *account).await?;
        if !subjects::withdraw_consent(tx, *account, client, *now).await? {
            return Ok(false);
        }
        let told = tell_holder(tx, *account, client, *now).await?;
        let grants = grants::revoke_of_client(tx, *account, client, "consent_withdrawn", *now).await?;
        tx.record(
            AuditEvent::new(*now, "consent.withdrawn", Outcome::Done, Actor::Person)
                .client(client)
                .person(self.person)
                .account(*account)
                .detail(json!({"grants": grants, "told": told})),
        );
        Ok(true)
    }
}
