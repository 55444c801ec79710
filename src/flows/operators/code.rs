//! The second half of an operator's sign-in: the authenticator app's code opens the session, under a new secret.

use serde_json::json;

use super::{Desk, actor, seed_place};
use crate::{
    assurance::failures::{Decision, Tally, decide_code},
    base::{Fault, Secret, Timestamp, fault::FaultKind},
    crypto::{OpaqueToken, opaque::kind, totp},
    flows::{Provider, sign_in::counters::Subject},
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        failures::CounterKind,
        operator_sessions::{self, StoredOperatorSession},
        operators::{self, StoredOperator},
    },
};

#[derive(Debug)]
pub enum CodeProven {
    /// The open session's cookie.
    Open {
        cookie: Secret,
    },
    Wrong,
    Wait {
        until: Timestamp,
    },
    /// Too many wrong codes, or the session or the operator is not what it was: begin again with the password.
    Over,
}

pub async fn prove(provider: &Provider, half: &Desk, code: &Secret, now: Timestamp) -> Result<CodeProven, Fault> {
    let subject = Subject::of_operator(&provider.secrets.counter_index, Some(half.operator.id), "");
    let tally = subject.codes(&mut provider.db.read().await?).await?;
    match decide_code(u32::try_from(half.session.wrong_codes).unwrap_or(u32::MAX), &tally, now) {
        Decision::Allowed => {}
        Decision::Wait { until } => return Ok(CodeProven::Wait { until }),
        Decision::Ended => return Ok(CodeProven::Over),
    }
    let seed = provider
        .secrets
        .sealer
        .open(seed_place(&half.operator.id), &half.operator.totp_sealed)
        .map_err(|error| Fault::because(FaultKind::Inconsistent, "an operator's seed does not open", error))?;
    let cookie = OpaqueToken::<kind::OperatorCookie>::generate(&provider.entropy);
    let unit = TakeCode {
        subject,
        step: totp::matching_step(&seed, code.reveal(), now),
        operator: half.operator.clone(),
        session: half.session.clone(),
        secret_digest: *cookie.digest().as_bytes(),
        ends: provider.settings.operator_session.end(now),
        now,
    };
    Ok(match provider.writer.submit(unit).await? {
        Taken::Open => CodeProven::Open { cookie: cookie.reveal() },
        Taken::Wrong => CodeProven::Wrong,
        Taken::Wait { until } => CodeProven::Wait { until },
        Taken::Over => CodeProven::Over,
    })
}

struct TakeCode {
    subject: Subject,
    /// The step whose code was typed; whether it was used before, the record knows.
    step: Option<i64>,
    operator: StoredOperator,
    session: StoredOperatorSession,
    secret_digest: [u8; 32],
    ends: Timestamp,
    now: Timestamp,
}

enum Taken {
    Open,
    Wrong,
    Wait { until: Timestamp },
    Over,
}

impl TakeCode {
    async fn is_right(&self, tx: &mut Tx) -> Result<bool, Fault> {
        match self.step {
            Some(step) => operators::use_totp_step(tx, &self.operator, step).await,
            None => Ok(false),
        }
    }

    async fn wrong(&self, tx: &mut Tx) -> Result<Taken, Fault> {
        self.subject.wrong_code(tx, self.now).await?;
        let wrong_here = operator_sessions::wrong_code(tx, self.session.id).await?;
        tx.record(self.event(Outcome::Refused));
        let wrong_here = u32::try_from(wrong_here).unwrap_or(u32::MAX);
        if decide_code(wrong_here, &Tally::default(), self.now) == Decision::Ended {
            operator_sessions::end(tx, self.session.id, "wrong_codes", self.now).await?;
            return Ok(Taken::Over);
        }
        Ok(Taken::Wrong)
    }

    fn event(&self, outcome: Outcome) -> AuditEvent {
        AuditEvent::new(self.now, "operator.code", outcome, actor(&self.operator))
            .detail(json!({"session": self.session.id}))
    }
}

impl Unit for TakeCode {
    type Out = Taken;
    const KIND: &'static str = "operator.code";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.operator.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Taken, Fault> {
        self.subject.take_turn(tx, CounterKind::SecondFactor).await?;
        if let Decision::Wait { until } = decide_code(0, &self.subject.codes(tx).await?, self.now) {
            return Ok(Taken::Wait { until });
        }
        if !self.is_right(tx).await? {
            return self.wrong(tx).await;
        }
        // A code whose session is gone is spent all the same: it was shown.
        if !operator_sessions::open(tx, self.session.id, &self.secret_digest, self.now, self.ends).await? {
            return Ok(Taken::Over);
        }
        self.subject.forgive_codes(tx).await?;
        tx.record(self.event(Outcome::Done));
        Ok(Taken::Open)
    }
}
