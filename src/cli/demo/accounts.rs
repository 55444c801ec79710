//! The accounts of the people with a part, and the operators: one write, each password hashed for itself.

use std::collections::HashMap;

use futures_util::future::try_join_all;
use serde_json::json;

use super::cast::{Cast, Clerk, Credentials, Member, Part};
use crate::{
    assurance::{AccountLevel, AccountState, LockReason},
    base::{
        Entropy, Fault, Secret, SecretBytes, Timestamp,
        ids::{AccountId, AuthenticatorId, OperatorId, PersonId},
    },
    crypto::{PasswordPool, Place, Sealer, recovery},
    flows::{Secrets, account::phone, operators::seed_place},
    registry::operator::Post,
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        accounts::{self, StoredAccount},
        audit::Actor,
        authenticators::{self, StoredTotp},
        operators::{self, StoredOperator},
    },
};

/// Everything that the passwords need before anything is written.
pub struct Enrolment<'a> {
    pub passwords: &'a PasswordPool,
    pub secrets: &'a Secrets,
    pub entropy: &'a Entropy,
    pub now: Timestamp,
}

impl Enrolment<'_> {
    pub async fn prepare(&self, cast: &Cast, people: &HashMap<&'static str, PersonId>) -> Result<AddCast, Fault> {
        let with_account = cast.members.iter().filter_map(|member| Some((member, member.credentials.as_ref()?)));
        let accounts = with_account.map(|(member, own)| self.account(member, own, people));
        let clerks = cast.clerks.iter().map(|clerk| self.operator(clerk));
        let (accounts, operators) = tokio::try_join!(try_join_all(accounts), try_join_all(clerks))?;
        Ok(AddCast { accounts, operators, now: self.now })
    }

    async fn hash(&self, password: &Secret) -> Result<String, Fault> {
        self.passwords.hash(password).await.map_err(|error| Fault::internal("hashing a demo password", error))
    }

    async fn account(
        &self,
        member: &Member,
        own: &Credentials,
        people: &HashMap<&'static str, PersonId>,
    ) -> Result<NewAccount, Fault> {
        let Some(person_id) = people.get(member.part.code()).copied() else {
            return Err(Fault::internal("the demo's people", format!("{} is not there", member.part.code())));
        };
        let id = AccountId::generate(self.entropy, self.now);
        let phone = member.record.phone.as_ref();
        let account = StoredAccount {
            id,
            person_id,
            version: 1,
            level: if member.part.is_level_two() { AccountLevel::Two } else { AccountLevel::One },
            state: AccountState::Active,
            password_hash: Some(self.hash(&own.password).await?),
            password_set_at: Some(self.now),
            phone_sealed: phone.map(|phone| phone::seal(&self.secrets.sealer, self.entropy, id, phone)).transpose()?,
            created_at: self.now,
        };
        let codes = own.recovery.iter().filter_map(|code| {
            let digest = recovery::digest_of(&self.secrets.codes, id, code.reveal())?;
            Some(digest.as_bytes().to_vec())
        });
        Ok(NewAccount {
            totp: own.totp.as_ref().map(|seed| self.totp(id, seed)).transpose()?,
            recovery: codes.collect(),
            locked: member.part == Part::Locked,
            account,
        })
    }

    fn totp(&self, account_id: AccountId, seed: &SecretBytes) -> Result<StoredTotp, Fault> {
        let id = AuthenticatorId::generate(self.entropy, self.now);
        let place = Place { table: "totp", column: "seed_sealed", row: id.0.as_bytes() };
        Ok(StoredTotp {
            id,
            account_id,
            seed_sealed: seal(&self.secrets.sealer, place, seed, self.entropy)?,
            last_step: 0,
            label: "Điện thoại dùng thử".to_owned(),
            created_at: self.now,
        })
    }

    async fn operator(&self, clerk: &Clerk) -> Result<StoredOperator, Fault> {
        let id = OperatorId::generate(self.entropy, self.now);
        let place = seed_place(&id);
        Ok(StoredOperator {
            id,
            name: clerk.name.to_owned(),
            display_name: clerk.display_name.to_owned(),
            version: 1,
            disabled: false,
            post: Post { roles: clerk.roles.iter().copied().collect(), unit: None },
            password_hash: self.hash(&clerk.password).await?,
            totp_sealed: seal(&self.secrets.sealer, place, &clerk.totp, self.entropy)?,
            created_at: self.now,
        })
    }
}

fn seal(sealer: &Sealer, place: Place<'_>, seed: &SecretBytes, entropy: &Entropy) -> Result<Vec<u8>, Fault> {
    sealer.seal(place, seed.reveal(), entropy).map_err(|error| Fault::internal("sealing a seed", error))
}

struct NewAccount {
    account: StoredAccount,
    totp: Option<StoredTotp>,
    /// Digests.
    recovery: Vec<Vec<u8>>,
    locked: bool,
}

/// All of them, or none.
pub struct AddCast {
    accounts: Vec<NewAccount>,
    operators: Vec<StoredOperator>,
    now: Timestamp,
}

impl Unit for AddCast {
    type Out = ();
    const KIND: &'static str = "demo.add_cast";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"demo")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        for new in &self.accounts {
            self.add(tx, new).await?;
        }
        for operator in &self.operators {
            operators::insert(tx, operator).await?;
        }
        let detail = json!({ "accounts": self.accounts.len(), "operators": self.operators.len() });
        tx.record(AuditEvent::new(self.now, "demo.cast_added", Outcome::Done, Actor::CommandLine).detail(detail));
        Ok(())
    }
}

impl AddCast {
    async fn add(&self, tx: &mut Tx, new: &NewAccount) -> Result<(), Fault> {
        let id = new.account.id;
        accounts::insert(tx, &new.account).await?;
        if let Some(totp) = &new.totp {
            authenticators::insert_pending_totp(tx, totp).await?;
            authenticators::confirm_totp(tx, totp.id, id, 0, self.now).await?;
        }
        for digest in &new.recovery {
            authenticators::insert_recovery(tx, id, digest, self.now).await?;
        }
        if new.locked {
            accounts::lock(tx, id, LockReason::Holder, "demo", "asked at the desk", self.now).await?;
        }
        Ok(())
    }
}
