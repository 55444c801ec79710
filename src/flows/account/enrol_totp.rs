//! An authenticator app is added: a seed, shown after fresh proofs, and active once its first code was typed.

use serde_json::json;

use super::{
    confirm_phone::event,
    fresh::{Freshly, MOMENT},
    phone,
    recovery_codes::{NewCodes, may_change},
    words,
};
use crate::{
    base::{
        Fault, Secret, SecretBytes, Timestamp,
        fault::FaultKind,
        ids::{AccountId, AuthenticatorId},
    },
    crypto::{Place, totp},
    flows::{Provider, sessions::Recognised},
    store::{
        Class, Conn, LaneKey, Outcome, Tx, Unit, accounts,
        authenticators::{self, StoredTotp},
        outbox::{self, NewMessage},
        sessions,
    },
};

/// A new seed for an account, sealed for its row.
pub(super) fn new_seed(
    provider: &Provider,
    account_id: AccountId,
    now: Timestamp,
) -> Result<(StoredTotp, SecretBytes), Fault> {
    let id = AuthenticatorId::generate(&provider.entropy, now);
    let seed = totp::generate_seed(&provider.entropy);
    let seed_sealed = provider
        .secrets
        .sealer
        .seal(place(&id), seed.reveal(), &provider.entropy)
        .map_err(|error| Fault::internal("a TOTP seed cannot be sealed", error))?;
    let stored = StoredTotp { id, account_id, seed_sealed, last_step: 0, label: "TOTP".to_owned(), created_at: now };
    Ok((stored, seed))
}

const fn place(id: &AuthenticatorId) -> Place<'_> {
    Place { table: "totp", column: "seed_sealed", row: id.0.as_bytes() }
}

fn open(provider: &Provider, stored: &StoredTotp) -> Result<SecretBytes, Fault> {
    provider
        .secrets
        .sealer
        .open(place(&stored.id), &stored.seed_sealed)
        .map_err(|error| Fault::because(FaultKind::Inconsistent, "a TOTP seed does not open", error))
}

/// Begins an enrolment after fresh proofs; `false` when they are missing or something changed meanwhile.
pub(super) async fn begin(provider: &Provider, session: &Recognised, now: Timestamp) -> Result<bool, Fault> {
    let (stored, _) = new_seed(provider, session.account.account_id, now)?;
    provider.writer.submit(Begin { session: session.clone(), stored, now }).await
}

struct Begin {
    session: Recognised,
    stored: StoredTotp,
    now: Timestamp,
}

impl Unit for Begin {
    type Out = bool;
    const KIND: &'static str = "account.begin_totp";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.session.account.account_id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        if !may_change(tx, &self.session, self.now).await? {
            tx.record(event(&self.session, "account.totp_begun", Outcome::Refused, self.now));
            return Ok(false);
        }
        authenticators::insert_pending_totp(tx, &self.stored).await?;
        let begun = event(&self.session, "account.totp_begun", Outcome::Done, self.now);
        tx.record(begun.detail(json!({"authenticator": self.stored.id})));
        Ok(true)
    }
}

/// The seed of the enrolment under way, for its page.
pub(super) async fn pending(
    provider: &Provider,
    session: &Recognised,
    now: Timestamp,
) -> Result<Option<SecretBytes>, Fault> {
    let found = {
        let mut conn = provider.db.read().await?;
        authenticators::pending_totp(&mut conn, session.account.account_id, now - MOMENT).await?
    };
    found.map(|stored| open(provider, &stored)).transpose()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enrolled {
    /// Active from now on, in the place of any earlier one; its recovery codes are on the next page.
    Yes,
    Wrong,
    /// No enrolment under way, its proofs too old, or something changed meanwhile.
    Nothing,
}

/// The first code of the new app.
pub async fn enrol(
    provider: &Provider,
    session: &Recognised,
    code: &Secret,
    now: Timestamp,
) -> Result<Enrolled, Fault> {
    let id = session.account.account_id;
    let (pending, fresh, account) = {
        let mut conn = provider.db.read().await?;
        (
            authenticators::pending_totp(&mut conn, id, now - MOMENT).await?,
            Freshly::of(&mut conn, &session.session, now).await?,
            accounts::find(&mut conn, id).await?,
        )
    };
    let (Some(pending), true, Some(account)) = (pending, fresh.is_enough(), account) else {
        return Ok(Enrolled::Nothing);
    };
    let Some(step) = totp::matching_step(&open(provider, &pending)?, code.reveal(), now) else {
        return Ok(Enrolled::Wrong);
    };
    let unit = Confirm {
        session: session.clone(),
        authenticator: pending.id,
        step,
        codes: NewCodes::shown_to(provider, session, now)?,
        notice: phone::notice(provider, &account, words::totp_added(now), now)?,
        now,
    };
    let enrolled = provider.writer.submit(unit).await?;
    provider.outbox_wake.notify_one();
    Ok(if enrolled { Enrolled::Yes } else { Enrolled::Nothing })
}

struct Confirm {
    session: Recognised,
    authenticator: AuthenticatorId,
    step: i64,
    codes: NewCodes,
    notice: Option<NewMessage>,
    now: Timestamp,
}

impl Unit for Confirm {
    type Out = bool;
    const KIND: &'static str = "account.confirm_totp";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.session.account.account_id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let account = self.session.account.account_id;
        let earlier = authenticators::active_totp(tx, account).await?;
        if !may_change(tx, &self.session, self.now).await?
            || !authenticators::replace_totp(tx, self.authenticator, account, self.step, self.now).await?
        {
            tx.record(event(&self.session, "account.totp_added", Outcome::Refused, self.now));
            return Ok(false);
        }
        if let Some(earlier) = &earlier {
            forget_proofs(tx, account, earlier.id, self.now).await?;
        }
        self.codes.write(tx, account, self.now).await?;
        if let Some(notice) = &self.notice {
            outbox::insert(tx, notice, self.now).await?;
        }
        let added = event(&self.session, "account.totp_added", Outcome::Done, self.now);
        tx.record(added.detail(json!({"authenticator": self.authenticator, "replaced": earlier.map(|one| one.id)})));
        Ok(true)
    }
}

/// What the removed app proved in sessions that go on counts no more: it may be in other hands.
async fn forget_proofs(
    conn: &mut Conn,
    account: AccountId,
    removed: AuthenticatorId,
    now: Timestamp,
) -> Result<(), Fault> {
    for id in sessions::unended_of_account(conn, account, now).await? {
        let Some(session) = sessions::find(conn, id).await? else { continue };
        let kept: Vec<_> =
            session.proofs.iter().copied().filter(|proof| proof.authenticator != Some(removed)).collect();
        if kept.len() != session.proofs.len() {
            sessions::set_proofs(conn, &session, &kept).await?;
        }
    }
    Ok(())
}
