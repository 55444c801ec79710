//! Who lost the app and the codes, or forgot the password, gets everything anew at the desk, in person and with the card:
//! asked for once, done three days later. In between the holder is told on every phone there is, sees it on their account's
//! page, and may call it off; a second factor that is shown meanwhile calls it off by itself, for then it was not lost.
//! See `docs/decisions/0037-what-is-lost-is-renewed-at-the-desk-after-three-days.md`.

use serde_json::json;

use super::{
    desk::{AtDesk, Handover, Prepared, person_of},
    lock::end_everything,
    phone,
    register::eligibility::{Ineligible, still_may_hold},
    words,
};
use crate::{
    assurance::AccountLevel,
    base::{Fault, Span, Timestamp, ids::AccountId},
    flows::{
        Provider,
        sessions::{EndReason, Recognised},
    },
    store::{
        AuditEvent, Class, Conn, LaneKey, Outcome, Tx, Unit,
        accounts::{self, StoredAccount},
        audit::Actor,
        authenticators,
        means_renewals::{self, StoredRenewal},
        outbox::{self, NewMessage},
    },
};

/// How long the holder has to object.
pub const WAIT: Span = Span::hours(72);
/// Asked for and never fetched: after so long it is asked for again.
const KEPT: Span = Span::days(30);

#[derive(Debug)]
pub enum Renewal {
    /// What is handed over is made then; `new` when it was asked for by this call.
    Waits {
        due: Timestamp,
        new: bool,
    },
    Done(Handover),
    NobodyHasThisNumber,
    Ineligible(Ineligible),
    /// There is none, or it is of level 01, which rises instead.
    NoAccountOfLevel02,
    /// Somebody locked it: whose lock that is comes first.
    Locked,
    /// Something changed in the same moment.
    Again,
}

/// Asks for the renewal, or does it when it was asked for and is due.
pub async fn renew(provider: &Provider, desk: &AtDesk) -> Result<Renewal, Fault> {
    let Some(person) = person_of(provider, desk).await? else { return Ok(Renewal::NobodyHasThisNumber) };
    let (account, asked) = {
        let mut conn = provider.db.read().await?;
        let account = accounts::find_by_person(&mut conn, person).await?;
        let Some(account) = account.filter(|account| account.level == AccountLevel::Two) else {
            return Ok(Renewal::NoAccountOfLevel02);
        };
        let asked = standing(&mut conn, account.id, desk.now).await?;
        (account, asked)
    };
    match asked {
        Some(asked) if asked.due_at > desk.now => Ok(Renewal::Waits { due: asked.due_at, new: false }),
        Some(asked) => finish(provider, desk, account, asked).await,
        None => ask(provider, desk, account).await,
    }
}

/// The renewal that waits for this account, unless the holder has shown since that nothing is lost.
pub async fn waiting(provider: &Provider, own: &Recognised, now: Timestamp) -> Result<Option<StoredRenewal>, Fault> {
    standing(&mut provider.db.read().await?, own.account.account_id, now).await
}

/// The holder says that it was not them; `false` when there was nothing to call off.
pub async fn refuse(provider: &Provider, own: &Recognised, now: Timestamp) -> Result<bool, Fault> {
    let found = accounts::find(&mut provider.db.read().await?, own.account.account_id).await?;
    let Some(account) = found else { return Ok(false) };
    let notice = phone::notice(provider, &account, words::renewal_refused(now), now)?;
    let refused = provider.writer.submit(Refuse { account, notice, now }).await?;
    provider.outbox_wake.notify_one();
    Ok(refused)
}

async fn standing(conn: &mut Conn, account: AccountId, now: Timestamp) -> Result<Option<StoredRenewal>, Fault> {
    let Some(asked) = means_renewals::find(conn, account).await? else { return Ok(None) };
    let unseen = seen(conn, account).await? == (asked.totp_step, asked.recovery_left);
    Ok(Some(asked).filter(|asked| unseen && now < asked.due_at + KEPT))
}

/// What changes when the holder shows their second factor.
async fn seen(conn: &mut Conn, account: AccountId) -> Result<(Option<i64>, i64), Fault> {
    let totp = authenticators::active_totp(conn, account).await?;
    Ok((totp.map(|totp| totp.last_step), authenticators::recovery_left(conn, account).await?))
}

/// To the phone of the account, and to the one that is given now where it is another.
fn notices(provider: &Provider, account: &StoredAccount, desk: &AtDesk, text: &str) -> Result<Vec<NewMessage>, Fault> {
    let before = phone::open(&provider.secrets.sealer, account)?.filter(|before| *before != desk.phone);
    let to = std::iter::once(desk.phone.clone()).chain(before);
    to.map(|phone| phone::notice_to(provider, account.id, &phone, text.to_owned(), desk.now)).collect()
}

async fn ask(provider: &Provider, desk: &AtDesk, account: StoredAccount) -> Result<Renewal, Fault> {
    let due = desk.now + WAIT;
    let notices = notices(provider, &account, desk, &words::renewal_asked(due))?;
    let asked = provider.writer.submit(Ask { account, actor: desk.actor.clone(), notices, now: desk.now }).await?;
    provider.outbox_wake.notify_one();
    Ok(match asked {
        Ok(()) => Renewal::Waits { due, new: true },
        Err(why) => Renewal::Ineligible(why),
    })
}

async fn finish(
    provider: &Provider,
    desk: &AtDesk,
    account: StoredAccount,
    asked: StoredRenewal,
) -> Result<Renewal, Fault> {
    let (new, handover) = Prepared::make(provider, desk, account.id, account.person_id).await?;
    let notices = notices(provider, &account, desk, &words::renewed(desk.now))?;
    let finished = provider.writer.submit(Finish { account, asked, new, notices }).await?;
    provider.outbox_wake.notify_one();
    Ok(match finished {
        Finished::Yes => Renewal::Done(handover),
        Finished::Ineligible(why) => Renewal::Ineligible(why),
        Finished::Locked => Renewal::Locked,
        Finished::Changed => Renewal::Again,
    })
}

fn event(account: &StoredAccount, action: &'static str, outcome: Outcome, actor: &Actor, now: Timestamp) -> AuditEvent {
    AuditEvent::new(now, action, outcome, actor.clone()).account(account.id).person(account.person_id)
}

struct Ask {
    account: StoredAccount,
    actor: Actor,
    notices: Vec<NewMessage>,
    now: Timestamp,
}

impl Unit for Ask {
    type Out = Result<(), Ineligible>;
    const KIND: &'static str = "account.ask_renewal";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.account.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Result<(), Ineligible>, Fault> {
        let (account, now) = (&self.account, self.now);
        let event = |outcome| event(account, "account.renewal_asked", outcome, &self.actor, now);
        if let Err(why) = still_may_hold(tx, account.person_id, now.vietnam_date()).await? {
            tx.record(event(Outcome::Refused).detail(json!({"why": why.as_str()})));
            return Ok(Err(why));
        }
        let (totp_step, recovery_left) = seen(tx, account.id).await?;
        let renewal =
            StoredRenewal { account_id: account.id, asked_at: now, due_at: now + WAIT, totp_step, recovery_left };
        means_renewals::put(tx, &renewal).await?;
        for notice in &self.notices {
            outbox::insert(tx, notice, now).await?;
        }
        tx.record(event(Outcome::Done).detail(json!({"due_at": renewal.due_at.rfc3339()})));
        Ok(Ok(()))
    }
}

struct Refuse {
    account: StoredAccount,
    notice: Option<NewMessage>,
    now: Timestamp,
}

impl Unit for Refuse {
    type Out = bool;
    const KIND: &'static str = "account.refuse_renewal";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.account.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let refused = means_renewals::drop_of_account(tx, self.account.id).await?;
        if refused {
            if let Some(notice) = &self.notice {
                outbox::insert(tx, notice, self.now).await?;
            }
            tx.record(event(&self.account, "account.renewal_refused", Outcome::Done, &Actor::Person, self.now));
        }
        Ok(refused)
    }
}

struct Finish {
    account: StoredAccount,
    asked: StoredRenewal,
    new: Prepared,
    notices: Vec<NewMessage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finished {
    Yes,
    Ineligible(Ineligible),
    Locked,
    Changed,
}

impl Finished {
    const fn why(self) -> &'static str {
        match self {
            Self::Yes => "done",
            Self::Ineligible(why) => why.as_str(),
            Self::Locked => "locked",
            Self::Changed => "account_stands_otherwise",
        }
    }
}

impl Finish {
    async fn write(&self, tx: &mut Tx) -> Result<Finished, Fault> {
        let (account, new) = (&self.account, &self.new);
        let now = new.now;
        if let Err(why) = still_may_hold(tx, account.person_id, now.vietnam_date()).await? {
            return Ok(Finished::Ineligible(why));
        }
        if !accounts::locks(tx, account.id).await?.is_empty() {
            return Ok(Finished::Locked);
        }
        // The version stands for the account, this for its second factor: shown in this very moment, it was not lost.
        if standing(tx, account.id, now).await?.as_ref() != Some(&self.asked)
            || !accounts::discard_password(tx, account.id, account.version).await?
        {
            return Ok(Finished::Changed);
        }
        means_renewals::drop_of_account(tx, account.id).await?;
        end_everything(tx, account.id, EndReason::CredentialsChanged, &new.actor, now).await?;
        authenticators::remove_totp(tx, account.id, now).await?;
        new.hand_over(tx, account.id).await?;
        for notice in &self.notices {
            outbox::insert(tx, notice, now).await?;
        }
        Ok(Finished::Yes)
    }
}

impl Unit for Finish {
    type Out = Finished;
    const KIND: &'static str = "account.renew_at_desk";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.account.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Finished, Fault> {
        let finished = self.write(tx).await?;
        let outcome = if finished == Finished::Yes { Outcome::Done } else { Outcome::Refused };
        let event = event(&self.account, "account.renewed", outcome, &self.new.actor, self.new.now);
        tx.record(event.detail(json!({"why": finished.why()})));
        Ok(finished)
    }
}
