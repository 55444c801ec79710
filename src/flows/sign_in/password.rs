//! The first proof: a personal number and a password.
//!
//! Unknown number, no account, no password, wrong password: one answer, one cost. The password is checked (or a dummy is)
//! before anything is written, and the counters are read again inside the writing unit: of many guesses sent at once no
//! more are answered than of guesses sent one by one.

use serde_json::json;

use super::{counters::Subject, wrong_password::WrongPassword};
use crate::{
    assurance::{Method, Proof, Refusal, failures::Decision, may_sign_in},
    base::{Fault, Secret, Timestamp, ids::SessionId},
    crypto::{
        OpaqueToken,
        opaque::kind,
        password::{CheckError, Verdict},
    },
    flows::{
        Provider,
        sessions::{Recognised, RiseSession, Risen},
    },
    registry::PersonalNumber,
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        accounts::{self, StoredAccount},
        audit::Actor,
        failures::CounterKind,
        sessions::StoredSession,
        standing::{self, AccountStanding},
    },
};

/// What the browser sent, and from where.
#[derive(Debug)]
pub struct Attempt<'a> {
    pub typed_number: &'a str,
    pub password: &'a Secret,
    /// The network that failures are counted for: an IPv4 address or an IPv6 /64.
    pub network: &'a str,
    pub user_agent: &'a str,
    /// The session that this browser has now.
    pub session: Option<&'a Recognised>,
    pub now: Timestamp,
}

/// What came of it.
#[derive(Debug)]
pub enum SignedIn {
    /// The session's new cookie.
    Yes {
        cookie: Secret,
        session: SessionId,
        account: AccountStanding,
    },
    /// Number or password: which one is not said.
    Wrong,
    Wait {
        until: Timestamp,
    },
    /// The password was right, and so this may be told: nothing can be issued for this account now.
    NotPossible(Refusal),
    /// Too many are signing in at this moment.
    Busy,
}

pub async fn sign_in(provider: &Provider, attempt: &Attempt<'_>) -> Result<SignedIn, Fault> {
    let now = attempt.now;
    // In one form, however it was typed: another spelling would be new tries for nobody's number and none for somebody's,
    // and tell them apart (CVE-2026-23511, CVE-2025-24806).
    let number = PersonalNumber::typed(attempt.typed_number).ok();
    let account = find_account(provider, number.as_ref()).await?;
    let typed = number.as_ref().map_or(attempt.typed_number, PersonalNumber::as_str);
    let subject = Subject::of(&provider.secrets.counter_index, account.as_ref().map(|account| account.id), typed);
    {
        let mut conn = provider.db.read().await?;
        if let Decision::Wait { until } = subject.passwords(&mut conn, attempt.network).await?.decide(now) {
            return Ok(SignedIn::Wait { until });
        }
    }
    let hash = account.as_ref().and_then(|account| account.password_hash.clone());
    let verdict = match provider.passwords.verify(hash, attempt.password.clone()).await {
        Ok(verdict) => verdict,
        Err(CheckError::Overloaded) => return Ok(SignedIn::Busy),
        Err(error) => return Err(Fault::internal("a password could not be checked", error)),
    };
    let (Some(account), Verdict::Right { rehashed }) = (&account, verdict) else {
        let unit = wrong(attempt, subject, account.as_ref());
        return Ok(match provider.writer.submit(unit).await? {
            Decision::Wait { until } => SignedIn::Wait { until },
            _ => SignedIn::Wrong,
        });
    };
    open(provider, attempt, account, subject, rehashed).await
}

fn wrong(attempt: &Attempt<'_>, subject: Subject, account: Option<&StoredAccount>) -> WrongPassword {
    let event = AuditEvent::new(attempt.now, "sign_in.password", Outcome::Refused, Actor::Person)
        .detail(json!({"known": account.is_some()}));
    let event = match account {
        Some(account) => event.account(account.id).person(account.person_id),
        None => event,
    };
    WrongPassword { subject, network: attempt.network.to_owned(), holder: account.map(|account| account.id.0), event }
}

async fn find_account(provider: &Provider, number: Option<&PersonalNumber>) -> Result<Option<StoredAccount>, Fault> {
    let Some(number) = number else { return Ok(None) };
    let mut conn = provider.db.read().await?;
    accounts::find_by_number(&mut conn, number.as_str()).await
}

async fn open(
    provider: &Provider,
    attempt: &Attempt<'_>,
    account: &StoredAccount,
    subject: Subject,
    rehashed: Option<String>,
) -> Result<SignedIn, Fault> {
    let now = attempt.now;
    let standing = {
        let mut conn = provider.db.read().await?;
        standing::find(&mut conn, account.id, now).await?
    };
    let Some(standing) = standing else { return Err(Fault::inconsistent("account", "person_id", &account.id)) };
    let refusal = may_sign_in(&standing.standing).err();
    let own = attempt.session.filter(|found| found.session.account_id == account.id);
    let others = attempt.session.filter(|found| found.session.account_id != account.id);
    let proof = Proof::new(Method::Password, now);
    let cookie = OpaqueToken::<kind::SessionCookie>::generate(&provider.entropy);
    let session = own.map_or_else(
        || StoredSession {
            id: SessionId::generate(&provider.entropy, now),
            account_id: account.id,
            version: 1,
            proofs: Vec::new(),
            user_agent: attempt.user_agent.chars().take(200).collect(),
            created_at: now,
            seen_at: now,
            expires_at: provider.settings.session.end(now),
            ended_at: None,
        },
        |found| found.session.clone(),
    );
    let id = session.id;
    let unit = RightPassword {
        subject,
        network: attempt.network.to_owned(),
        read_hash: account.password_hash.clone(),
        rehashed,
        refusal,
        rise: RiseSession {
            account: standing.clone(),
            session,
            existing: own.is_some(),
            proof,
            secret_digest: *cookie.digest().as_bytes(),
            replaces: others.map(|found| found.session.clone()),
            now,
        },
    };
    Ok(match provider.writer.submit(unit).await? {
        Opened::Wait { until } => SignedIn::Wait { until },
        Opened::Changed => SignedIn::Wrong,
        Opened::Refused(refusal) => SignedIn::NotPossible(refusal),
        Opened::Yes => {
            provider.outbox_wake.notify_one();
            SignedIn::Yes { cookie: cookie.reveal(), session: id, account: standing }
        }
    })
}

struct RightPassword {
    subject: Subject,
    network: String,
    read_hash: Option<String>,
    rehashed: Option<String>,
    refusal: Option<Refusal>,
    rise: RiseSession,
}

enum Opened {
    Yes,
    Changed,
    Refused(Refusal),
    Wait { until: Timestamp },
}

impl Unit for RightPassword {
    type Out = Opened;
    const KIND: &'static str = "sign_in.right_password";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        self.rise.lane_key()
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Opened, Fault> {
        self.subject.take_turn(tx, CounterKind::Password).await?;
        if let Decision::Wait { until } = self.subject.passwords(tx, &self.network).await?.decide(self.rise.now) {
            return Ok(Opened::Wait { until });
        }
        self.subject.forgive_passwords(tx, &self.network).await?;
        if let Some(refusal) = self.refusal {
            tx.record(
                AuditEvent::new(self.rise.now, "sign_in.password", Outcome::Refused, Actor::Person)
                    .account(self.rise.account.account_id)
                    .person(self.rise.account.person_id)
                    .detail(json!({"refusal": format!("{refusal:?}")})),
            );
            return Ok(Opened::Refused(refusal));
        }
        if self.rise.write(tx).await? == Risen::Changed {
            return Ok(Opened::Changed);
        }
        if let (Some(old), Some(new)) = (&self.read_hash, &self.rehashed) {
            accounts::rehash(tx, self.rise.account.account_id, old, new).await?;
        }
        Ok(Opened::Yes)
    }
}
