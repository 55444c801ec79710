//! The second proof: a code of the enrolled device, or one of the recovery codes printed at enrolment.

use serde_json::json;

use super::counters::Subject;
use crate::{
    assurance::{
        Method, Proof,
        failures::{Decision, decide_code},
    },
    base::{
        Fault, Secret, Timestamp,
        ids::{AuthenticatorId, InteractionId},
    },
    crypto::{OpaqueToken, Place, opaque::kind, recovery, totp},
    flows::{
        Provider,
        sessions::{Recognised, RiseSession, Risen},
    },
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        authenticators::{self, StoredTotp},
        failures::CounterKind,
        interactions,
    },
};

/// Which kind of code was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeKind {
    Totp,
    Recovery,
}

#[derive(Debug)]
pub struct CodeAttempt<'a> {
    pub code: &'a Secret,
    pub kind: CodeKind,
    pub session: &'a Recognised,
    /// Wrong codes are counted in it: the fifth ends it.
    pub interaction: Option<InteractionId>,
    pub now: Timestamp,
}

#[derive(Debug)]
pub enum CodeChecked {
    /// The session rose: its new cookie.
    Right {
        cookie: Secret,
    },
    Wrong,
    Wait {
        until: Timestamp,
    },
    /// Too many wrong codes in this interaction: it is over.
    Ended,
    /// The session or account changed meanwhile, or there is no such authenticator.
    Gone,
}

pub async fn check_code(provider: &Provider, attempt: &CodeAttempt<'_>) -> Result<CodeChecked, Fault> {
    let account = attempt.session.account.account_id;
    let subject = Subject::of(&provider.secrets.counter_index, Some(account), "");
    let (totp, tally, wrong_here) = {
        let mut conn = provider.db.read().await?;
        let wrong_here = match attempt.interaction {
            Some(id) => interactions::find(&mut conn, id).await?.map_or(i64::MAX, |found| found.wrong_codes),
            None => 0,
        };
        (authenticators::active_totp(&mut conn, account).await?, subject.codes(&mut conn).await?, wrong_here)
    };
    match decide_code(u32::try_from(wrong_here).unwrap_or(u32::MAX), &tally, attempt.now) {
        Decision::Allowed => {}
        Decision::Wait { until } => return Ok(CodeChecked::Wait { until }),
        Decision::Ended => return Ok(CodeChecked::Ended),
    }
    let claim = match attempt.kind {
        CodeKind::Totp => {
            let Some(totp) = totp else { return Ok(CodeChecked::Gone) };
            match_totp(provider, &totp, attempt)?.map(|step| Claim::Totp { id: totp.id, step })
        }
        CodeKind::Recovery => recovery::digest_of(&provider.secrets.codes, account, attempt.code.reveal())
            .map(|digest| Claim::Recovery { digest: digest.as_bytes().to_vec() }),
    };
    submit(provider, attempt, subject, claim).await
}

/// The step whose code this is, if any; whether it was used before, the unit asks the record.
fn match_totp(provider: &Provider, totp: &StoredTotp, attempt: &CodeAttempt<'_>) -> Result<Option<i64>, Fault> {
    let place = Place { table: "totp", column: "seed_sealed", row: totp.id.0.as_bytes() };
    let seed = provider
        .secrets
        .sealer
        .open(place, &totp.seed_sealed)
        .map_err(|error| Fault::internal("a TOTP seed does not open", error))?;
    Ok(totp::matching_step(&seed, attempt.code.reveal(), attempt.now))
}

async fn submit(
    provider: &Provider,
    attempt: &CodeAttempt<'_>,
    subject: Subject,
    claim: Option<Claim>,
) -> Result<CodeChecked, Fault> {
    let cookie = OpaqueToken::<kind::SessionCookie>::generate(&provider.entropy);
    let proof = match &claim {
        Some(Claim::Recovery { .. }) => Proof::new(Method::Recovery, attempt.now),
        Some(Claim::Totp { id, .. }) => Proof::by(Method::Totp, attempt.now, *id),
        None => Proof::new(Method::Totp, attempt.now),
    };
    let unit = TakeCode {
        subject,
        claim,
        interaction: attempt.interaction,
        rise: RiseSession {
            account: attempt.session.account.clone(),
            session: attempt.session.session.clone(),
            existing: true,
            proof,
            secret_digest: *cookie.digest().as_bytes(),
            replaces: None,
            now: attempt.now,
        },
    };
    Ok(match provider.writer.submit(unit).await? {
        Taken::Right => CodeChecked::Right { cookie: cookie.reveal() },
        Taken::Wrong => CodeChecked::Wrong,
        Taken::Wait { until } => CodeChecked::Wait { until },
        Taken::Ended => CodeChecked::Ended,
        Taken::Gone => CodeChecked::Gone,
    })
}

/// A code that matches by arithmetic; the record decides whether it still counts.
enum Claim {
    Totp { id: AuthenticatorId, step: i64 },
    Recovery { digest: Vec<u8> },
}

struct TakeCode {
    subject: Subject,
    claim: Option<Claim>,
    interaction: Option<InteractionId>,
    rise: RiseSession,
}

enum Taken {
    Right,
    Wrong,
    Wait { until: Timestamp },
    Ended,
    Gone,
}

impl TakeCode {
    /// Wrong codes in this interaction so far: of many that came at once, no more are looked at than of many in a row.
    async fn wrong_here(&self, tx: &mut Tx) -> Result<u32, Fault> {
        let Some(id) = self.interaction else { return Ok(0) };
        let wrong = interactions::find(tx, id).await?.map_or(i64::MAX, |found| found.wrong_codes);
        Ok(u32::try_from(wrong).unwrap_or(u32::MAX))
    }

    /// Uses the code up; `false` when it is wrong, or was used before.
    async fn consume(&self, tx: &mut Tx) -> Result<bool, Fault> {
        let account = self.rise.account.account_id;
        match &self.claim {
            Some(Claim::Totp { id, step }) => authenticators::use_totp_step(tx, *id, account, *step).await,
            Some(Claim::Recovery { digest }) => authenticators::use_recovery(tx, account, digest, self.rise.now).await,
            None => Ok(false),
        }
    }
}

impl Unit for TakeCode {
    type Out = Taken;
    const KIND: &'static str = "sign_in.code";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        self.rise.lane_key()
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Taken, Fault> {
        self.subject.take_turn(tx, CounterKind::SecondFactor).await?;
        let tally = self.subject.codes(tx).await?;
        match decide_code(self.wrong_here(tx).await?, &tally, self.rise.now) {
            Decision::Allowed => {}
            Decision::Wait { until } => return Ok(Taken::Wait { until }),
            Decision::Ended => return Ok(Taken::Ended),
        }
        if self.consume(tx).await? {
            // A code whose session is gone is spent all the same: it was shown.
            if self.rise.write(tx).await? == Risen::Changed {
                return Ok(Taken::Gone);
            }
            self.subject.forgive_codes(tx).await?;
            return Ok(Taken::Right);
        }
        self.subject.wrong_code(tx, self.rise.now).await?;
        let wrong_here = match self.interaction {
            Some(id) => interactions::wrong_code(tx, id).await?,
            None => 0,
        };
        tx.record(
            AuditEvent::new(self.rise.now, "sign_in.code", Outcome::Refused, Actor::Person)
                .account(self.rise.account.account_id)
                .person(self.rise.account.person_id)
                .session(self.rise.session.id)
                .detail(json!({"method": self.rise.proof.method})),
        );
        let wrong_here = u32::try_from(wrong_here).unwrap_or(u32::MAX);
        Ok(match decide_code(wrong_here, &tally, self.rise.now) {
            Decision::Ended => Taken::Ended,
            _ => Taken::Wrong,
        })
    }
}
