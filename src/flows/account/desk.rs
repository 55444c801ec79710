//! What happens at the desk, with the person and their card before an officer (Decree 69/2024 Art 10(2)): an account is
//! opened, or one of level 01 rises to 02 (what was lost is renewed by [`super::renew`]). The person leaves with an initial
//! password, an authenticator app's seed and recovery codes; whatever proved the account's holder before proves nothing any
//! more.
//!
//! Activation within the seven days of Art 14(1) happens here at once: what is handed over works from this moment.

use serde_json::json;

use super::{
    enrol_totp,
    lock::end_everything,
    phone,
    recovery_codes::NewCodes,
    register::eligibility::{Ineligible, still_may_hold},
    words,
};
use crate::{
    assurance::{AccountLevel, AccountState},
    base::{
        Fault, Secret, SecretBytes, Timestamp,
        ids::{AccountId, PersonId},
    },
    crypto::{recovery, totp},
    flows::{Provider, sessions::EndReason},
    registry::{PersonalNumber, PhoneNumber},
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        accounts::{self, StoredAccount},
        audit::Actor,
        authenticators::{self, StoredTotp},
        outbox::{self, NewMessage},
        persons,
    },
};

/// Whom the officer has before them, and the phone that is in their own name.
#[derive(Clone, Debug)]
pub struct AtDesk {
    pub number: PersonalNumber,
    pub phone: PhoneNumber,
    pub actor: Actor,
    pub now: Timestamp,
}

/// Shown once, to be handed to the person.
#[derive(Debug)]
pub struct Handover {
    pub account: AccountId,
    pub initial_password: Secret,
    /// `otpauth://…`, for a QR.
    pub totp_uri: Secret,
    /// The same seed to be typed.
    pub totp_seed: SecretBytes,
    pub recovery_codes: Vec<Secret>,
}

#[derive(Debug)]
pub enum DeskOutcome {
    Done(Handover),
    NobodyHasThisNumber,
    Ineligible(Ineligible),
    /// To open: the person has one already.
    HasAccount,
    /// To raise: there is none, or it is of level 02 already, or it changed meanwhile.
    NoAccountOfLevel01,
}

/// Opens an active account at the level that was proofed.
pub async fn open(provider: &Provider, desk: &AtDesk, level: AccountLevel) -> Result<DeskOutcome, Fault> {
    let Some(person) = person_of(provider, desk).await? else { return Ok(DeskOutcome::NobodyHasThisNumber) };
    let id = AccountId::generate(&provider.entropy, desk.now);
    let (new, handover) = Prepared::make(provider, desk, id, person).await?;
    let account = StoredAccount {
        id,
        person_id: person,
        version: 1,
        level,
        state: AccountState::Active,
        password_hash: None,
        password_set_at: None,
        phone_sealed: Some(new.phone_sealed.clone()),
        created_at: desk.now,
    };
    let written = provider.writer.submit(Open { account, new }).await?;
    Ok(outcome(written, handover, DeskOutcome::HasAccount))
}

/// Raises an account of level 01 to 02: every earlier authenticator is discarded, every session ends.
pub async fn raise(provider: &Provider, desk: &AtDesk) -> Result<DeskOutcome, Fault> {
    let Some(person) = person_of(provider, desk).await? else { return Ok(DeskOutcome::NobodyHasThisNumber) };
    let found = {
        let mut conn = provider.db.read().await?;
        accounts::find_by_person(&mut conn, person).await?
    };
    let Some(account) = found.filter(|account| account.level == AccountLevel::One) else {
        return Ok(DeskOutcome::NoAccountOfLevel01);
    };
    let (new, handover) = Prepared::make(provider, desk, account.id, person).await?;
    let notice = phone::notice_to(provider, account.id, &desk.phone, words::raised(desk.now), desk.now)?;
    // Whoever held the account before hears of it too, should it not be the same phone.
    let earlier = phone::open(&provider.secrets.sealer, &account)?.filter(|earlier| *earlier != desk.phone);
    let earlier = earlier
        .map(|phone| phone::notice_to(provider, account.id, &phone, words::raised(desk.now), desk.now))
        .transpose()?;
    let notices = std::iter::once(notice).chain(earlier).collect();
    let written = provider.writer.submit(Raise { account, new, notices }).await?;
    provider.outbox_wake.notify_one();
    Ok(outcome(written, handover, DeskOutcome::NoAccountOfLevel01))
}

fn outcome(written: Written, handover: Handover, not_so: DeskOutcome) -> DeskOutcome {
    match written {
        Written::Yes => DeskOutcome::Done(handover),
        Written::Ineligible(why) => DeskOutcome::Ineligible(why),
        Written::NotSo => not_so,
    }
}

pub(super) async fn person_of(provider: &Provider, desk: &AtDesk) -> Result<Option<PersonId>, Fault> {
    let mut conn = provider.db.read().await?;
    let found = persons::find_by_number(&mut conn, &desk.number).await?;
    // A former number leads to the person, but the card before the officer has the present one.
    Ok(found.filter(|found| found.person.number == Some(desk.number)).map(|found| found.person.id))
}

/// What the person is given, in the forms that are stored.
pub(super) struct Prepared {
    person: PersonId,
    hash: String,
    phone_sealed: Vec<u8>,
    totp: StoredTotp,
    codes: NewCodes,
    pub(super) actor: Actor,
    pub(super) now: Timestamp,
}

impl Prepared {
    pub(super) async fn make(
        provider: &Provider,
        desk: &AtDesk,
        account: AccountId,
        person: PersonId,
    ) -> Result<(Self, Handover), Fault> {
        // 80 bits in letters that survive being copied from paper: the form of a recovery code, in the small letters that a
        // phone's keyboard begins with, because a password is compared as it is typed.
        let initial_password = Secret::new(recovery::generate(&provider.entropy).reveal().to_ascii_lowercase());
        let hash = provider
            .passwords
            .hash(&initial_password)
            .await
            .map_err(|error| Fault::internal("a password could not be hashed", error))?;
        let (totp, seed) = enrol_totp::new_seed(provider, account, desk.now)?;
        let (codes, recovery_codes) = NewCodes::handed_over(provider, account)?;
        let prepared = Self {
            person,
            hash,
            phone_sealed: phone::seal(&provider.secrets.sealer, &provider.entropy, account, &desk.phone)?,
            totp,
            codes,
            actor: desk.actor.clone(),
            now: desk.now,
        };
        let totp_uri = totp::otpauth_uri(&seed, "Định Danh", &desk.number.grouped())?;
        Ok((prepared, Handover { account, initial_password, totp_uri, totp_seed: seed, recovery_codes }))
    }

    /// Handed over across the desk: no first code is awaited.
    async fn write_means(&self, tx: &mut Tx, account: AccountId) -> Result<(), Fault> {
        authenticators::insert_pending_totp(tx, &self.totp).await?;
        authenticators::confirm_totp(tx, self.totp.id, account, 0, self.now).await?;
        self.codes.write(tx, account, self.now).await
    }

    /// In the place of everything that was before, with the phone that the person names now.
    pub(super) async fn hand_over(&self, tx: &mut Tx, account: AccountId) -> Result<(), Fault> {
        accounts::set_phone(tx, account, &self.phone_sealed).await?;
        accounts::give_password(tx, account, &self.hash, self.now).await?;
        self.write_means(tx, account).await
    }

    fn event(&self, account: AccountId, action: &'static str, written: Written) -> AuditEvent {
        let outcome = if written == Written::Yes { Outcome::Done } else { Outcome::Refused };
        let why = match written {
            Written::Yes => "done",
            Written::Ineligible(why) => why.as_str(),
            Written::NotSo => "account_stands_otherwise",
        };
        AuditEvent::new(self.now, action, outcome, self.actor.clone())
            .account(account)
            .person(self.person)
            .detail(json!({"why": why}))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    Yes,
    Ineligible(Ineligible),
    NotSo,
}

struct Open {
    account: StoredAccount,
    new: Prepared,
}

impl Open {
    async fn write(&self, tx: &mut Tx) -> Result<Written, Fault> {
        if let Err(why) = still_may_hold(tx, self.new.person, self.new.now.vietnam_date()).await? {
            return Ok(Written::Ineligible(why));
        }
        if !accounts::insert(tx, &self.account).await? {
            return Ok(Written::NotSo);
        }
        accounts::give_password(tx, self.account.id, &self.new.hash, self.new.now).await?;
        self.new.write_means(tx, self.account.id).await?;
        Ok(Written::Yes)
    }
}

impl Unit for Open {
    type Out = Written;
    const KIND: &'static str = "account.open_at_desk";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.new.person.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Written, Fault> {
        let written = self.write(tx).await?;
        tx.record(self.new.event(self.account.id, "account.opened_at_desk", written));
        Ok(written)
    }
}

struct Raise {
    account: StoredAccount,
    new: Prepared,
    notices: Vec<NewMessage>,
}

impl Raise {
    async fn write(&self, tx: &mut Tx) -> Result<Written, Fault> {
        let (id, new) = (self.account.id, &self.new);
        if let Err(why) = still_may_hold(tx, new.person, new.now.vietnam_date()).await? {
            return Ok(Written::Ineligible(why));
        }
        if accounts::raise(tx, id, self.account.version, new.now).await?.is_none() {
            return Ok(Written::NotSo);
        }
        end_everything(tx, id, EndReason::CredentialsChanged, &new.actor, new.now).await?;
        authenticators::remove_totp(tx, id, new.now).await?;
        new.hand_over(tx, id).await?;
        for notice in &self.notices {
            outbox::insert(tx, notice, new.now).await?;
        }
        Ok(Written::Yes)
    }
}

impl Unit for Raise {
    type Out = Written;
    const KIND: &'static str = "account.raise_at_desk";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.account.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Written, Fault> {
        let written = self.write(tx).await?;
        tx.record(self.new.event(self.account.id, "account.raised", written));
        Ok(written)
    }
}
