//! Operators are made, disabled, enabled and given new credentials by who runs the service, never by themselves.

use serde_json::json;

use super::seed_place;
use crate::{
    base::{Fault, Secret, SecretBytes, Timestamp, ids::OperatorId},
    crypto::{
        password_policy::{self, Unsuitable},
        totp,
    },
    flows::{Provider, sign_in::counters::Subject},
    registry::operator::{OperatorName, Post},
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        operator_sessions,
        operators::{self, StoredOperator},
    },
};

/// Who shall work here.
#[derive(Debug)]
pub struct NewOperator {
    pub name: OperatorName,
    pub display_name: String,
    pub post: Post,
    pub password: Secret,
}

/// Shown once, for the authenticator app.
#[derive(Debug)]
pub struct Seed {
    pub operator: OperatorId,
    /// `otpauth://…`, for a QR.
    pub totp_uri: Secret,
    pub totp_seed: SecretBytes,
}

#[derive(Debug)]
pub enum Enrolled {
    Yes(Seed),
    NameTaken,
    Unsuitable(Unsuitable),
    /// For new credentials: there is no such operator, or they changed meanwhile.
    Unknown,
}

pub async fn add(provider: &Provider, new: &NewOperator, actor: Actor, now: Timestamp) -> Result<Enrolled, Fault> {
    if let Err(unsuitable) = suits(&new.password, new.name.as_str(), &new.display_name) {
        return Ok(Enrolled::Unsuitable(unsuitable));
    }
    let id = OperatorId::generate(&provider.entropy, now);
    let (password_hash, totp_sealed, seed) = credentials(provider, id, new.name.as_str(), &new.password).await?;
    let operator = StoredOperator {
        id,
        name: new.name.as_str().to_owned(),
        display_name: new.display_name.clone(),
        version: 1,
        disabled: false,
        post: new.post.clone(),
        password_hash,
        totp_sealed,
        created_at: now,
    };
    let added = provider.writer.submit(Add { operator, actor, now }).await?;
    Ok(if added { Enrolled::Yes(seed) } else { Enrolled::NameTaken })
}

/// A new password and a new seed; every session ends.
pub async fn reset(
    provider: &Provider,
    name: &OperatorName,
    password: &Secret,
    actor: Actor,
    now: Timestamp,
) -> Result<Enrolled, Fault> {
    let found = operators::find_by_name(&mut provider.db.read().await?, name.as_str()).await?;
    let Some(operator) = found else { return Ok(Enrolled::Unknown) };
    if let Err(unsuitable) = suits(password, &operator.name, &operator.display_name) {
        return Ok(Enrolled::Unsuitable(unsuitable));
    }
    let (hash, sealed, seed) = credentials(provider, operator.id, &operator.name, password).await?;
    let subject = Subject::of_operator(&provider.secrets.counter_index, Some(operator.id), "");
    let done = provider.writer.submit(Reset { operator, hash, sealed, subject, actor, now }).await?;
    Ok(if done { Enrolled::Yes(seed) } else { Enrolled::Unknown })
}

fn suits(password: &Secret, name: &str, display_name: &str) -> Result<(), Unsuitable> {
    password_policy::check(password, &[name, display_name])
}

async fn credentials(
    provider: &Provider,
    id: OperatorId,
    name: &str,
    password: &Secret,
) -> Result<(String, Vec<u8>, Seed), Fault> {
    let hash = provider.passwords.hash(password).await;
    let hash = hash.map_err(|error| Fault::internal("a password could not be hashed", error))?;
    let seed = totp::generate_seed(&provider.entropy);
    let sealed = provider
        .secrets
        .sealer
        .seal(seed_place(&id), seed.reveal(), &provider.entropy)
        .map_err(|error| Fault::internal("an operator's seed cannot be sealed", error))?;
    let totp_uri = totp::otpauth_uri(&seed, "Định Danh", name)?;
    Ok((hash, sealed, Seed { operator: id, totp_uri, totp_seed: seed }))
}

struct Add {
    operator: StoredOperator,
    actor: Actor,
    now: Timestamp,
}

impl Unit for Add {
    type Out = bool;
    const KIND: &'static str = "operator.add";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.operator.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let added = operators::insert(tx, &self.operator).await?;
        let roles: Vec<&str> = self.operator.post.roles.iter().map(|role| role.code()).collect();
        let detail = json!({"operator": self.operator.name, "roles": roles, "unit": self.operator.post.unit});
        tx.record(AuditEvent::new(self.now, "operator.added", outcome(added), self.actor.clone()).detail(detail));
        Ok(added)
    }
}

struct Reset {
    operator: StoredOperator,
    hash: String,
    sealed: Vec<u8>,
    subject: Subject,
    actor: Actor,
    now: Timestamp,
}

impl Unit for Reset {
    type Out = bool;
    const KIND: &'static str = "operator.reset";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.operator.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let done = operators::set_credentials(tx, &self.operator, &self.hash, &self.sealed).await?;
        let mut ended = 0;
        if done {
            ended = operator_sessions::end_all(tx, self.operator.id, "credentials_changed", self.now).await?;
            self.subject.forgive_codes(tx).await?;
        }
        let detail = json!({"operator": self.operator.name, "sessions_ended": ended});
        tx.record(AuditEvent::new(self.now, "operator.reset", outcome(done), self.actor.clone()).detail(detail));
        Ok(done)
    }
}

/// Disabling ends every session at once; enabling lets the same credentials in again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Disable,
    Enable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    Done,
    /// They stood so already.
    Already,
    Unknown,
}

pub async fn turn(
    provider: &Provider,
    name: &OperatorName,
    turn: Turn,
    actor: Actor,
    now: Timestamp,
) -> Result<Turned, Fault> {
    let found = operators::find_by_name(&mut provider.db.read().await?, name.as_str()).await?;
    let Some(operator) = found else { return Ok(Turned::Unknown) };
    let changed = provider.writer.submit(SetState { operator, turn, actor, now }).await?;
    Ok(if changed { Turned::Done } else { Turned::Already })
}

struct SetState {
    operator: StoredOperator,
    turn: Turn,
    actor: Actor,
    now: Timestamp,
}

impl Unit for SetState {
    type Out = bool;
    const KIND: &'static str = "operator.set_state";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.operator.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let disable = self.turn == Turn::Disable;
        if !operators::set_disabled(tx, self.operator.id, disable).await? {
            return Ok(false);
        }
        let ended =
            if disable { operator_sessions::end_all(tx, self.operator.id, "disabled", self.now).await? } else { 0 };
        let action = if disable { "operator.disabled" } else { "operator.enabled" };
        let detail = json!({"operator": self.operator.name, "sessions_ended": ended});
        tx.record(AuditEvent::new(self.now, action, Outcome::Done, self.actor.clone()).detail(detail));
        Ok(true)
    }
}

const fn outcome(done: bool) -> Outcome {
    if done { Outcome::Done } else { Outcome::Refused }
}
