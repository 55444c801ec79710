//! The first half of an operator's sign-in. As for citizens: unknown name, disabled operator and wrong password have one
//! answer and one cost, and failures are counted in the record, apart from any citizen's.

use serde_json::json;

use super::{actor, session::HALF_OPEN};
use crate::{
    assurance::failures::Decision,
    base::{Fault, Secret, Timestamp, ids::OperatorSessionId},
    crypto::{
        OpaqueToken,
        opaque::kind,
        password::{CheckError, Verdict},
    },
    flows::{
        Provider,
        sign_in::{counters::Subject, wrong_password::WrongPassword},
    },
    registry::operator::OperatorName,
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        failures::CounterKind,
        operator_sessions::{self, StoredOperatorSession},
        operators::{self, StoredOperator},
    },
};

#[derive(Debug)]
pub struct Attempt<'a> {
    pub name: &'a str,
    pub password: &'a Secret,
    /// The network that failures are counted for.
    pub network: &'a str,
    pub user_agent: &'a str,
    /// The session that this browser has: it ends when another begins.
    pub session: Option<OperatorSessionId>,
    pub now: Timestamp,
}

#[derive(Debug)]
pub enum Proven {
    /// The cookie of a half-open session: the code comes next.
    Half {
        cookie: Secret,
    },
    Wrong,
    Wait {
        until: Timestamp,
    },
    Busy,
}

pub async fn prove(provider: &Provider, attempt: &Attempt<'_>) -> Result<Proven, Fault> {
    let now = attempt.now;
    let operator = find(provider, attempt.name).await?;
    let typed = attempt.name.trim().to_ascii_lowercase();
    let subject =
        Subject::of_operator(&provider.secrets.counter_index, operator.as_ref().map(|found| found.id), &typed);
    {
        let mut conn = provider.db.read().await?;
        if let Decision::Wait { until } = subject.passwords(&mut conn, attempt.network).await?.decide(now) {
            return Ok(Proven::Wait { until });
        }
    }
    // A disabled operator's password is checked too: how long the answer takes tells nothing.
    let hash = operator.as_ref().map(|found| found.password_hash.clone());
    let verdict = match provider.passwords.verify(hash, attempt.password.clone()).await {
        Ok(verdict) => verdict,
        Err(CheckError::Overloaded) => return Ok(Proven::Busy),
        Err(error) => return Err(Fault::internal("a password could not be checked", error)),
    };
    match (operator, verdict) {
        (Some(operator), Verdict::Right { rehashed }) if !operator.disabled => {
            begin(provider, attempt, operator, subject, rehashed).await
        }
        (operator, _) => Ok(match provider.writer.submit(wrong(attempt, subject, operator.as_ref())).await? {
            Decision::Wait { until } => Proven::Wait { until },
            _ => Proven::Wrong,
        }),
    }
}

fn wrong(attempt: &Attempt<'_>, subject: Subject, operator: Option<&StoredOperator>) -> WrongPassword {
    let detail = json!({"operator": operator.map(|found| &found.name)});
    // On nobody's word: whoever typed it has not shown to be the operator.
    let event = AuditEvent::new(attempt.now, "operator.password", Outcome::Refused, Actor::Person).detail(detail);
    WrongPassword { subject, network: attempt.network.to_owned(), holder: operator.map(|found| found.id.0), event }
}

async fn find(provider: &Provider, typed: &str) -> Result<Option<StoredOperator>, Fault> {
    let Ok(name) = OperatorName::parse(typed) else { return Ok(None) };
    operators::find_by_name(&mut provider.db.read().await?, name.as_str()).await
}

async fn begin(
    provider: &Provider,
    attempt: &Attempt<'_>,
    operator: StoredOperator,
    subject: Subject,
    rehashed: Option<String>,
) -> Result<Proven, Fault> {
    let now = attempt.now;
    let cookie = OpaqueToken::<kind::OperatorCookie>::generate(&provider.entropy);
    let session = StoredOperatorSession {
        id: OperatorSessionId::generate(&provider.entropy, now),
        operator_id: operator.id,
        password_at: now,
        code_at: None,
        wrong_codes: 0,
        user_agent: attempt.user_agent.chars().take(200).collect(),
        seen_at: now,
        expires_at: now + HALF_OPEN,
        ended_at: None,
    };
    let unit = Right {
        subject,
        network: attempt.network.to_owned(),
        operator,
        rehashed,
        session,
        secret_digest: *cookie.digest().as_bytes(),
        replaces: attempt.session,
        now,
    };
    Ok(match provider.writer.submit(unit).await? {
        Begun::Yes => Proven::Half { cookie: cookie.reveal() },
        Begun::Changed => Proven::Wrong,
        Begun::Wait { until } => Proven::Wait { until },
    })
}

struct Right {
    subject: Subject,
    network: String,
    operator: StoredOperator,
    rehashed: Option<String>,
    session: StoredOperatorSession,
    secret_digest: [u8; 32],
    replaces: Option<OperatorSessionId>,
    now: Timestamp,
}

enum Begun {
    Yes,
    Changed,
    Wait { until: Timestamp },
}

impl Unit for Right {
    type Out = Begun;
    const KIND: &'static str = "operator.right_password";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.operator.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Begun, Fault> {
        self.subject.take_turn(tx, CounterKind::Password).await?;
        if let Decision::Wait { until } = self.subject.passwords(tx, &self.network).await?.decide(self.now) {
            return Ok(Begun::Wait { until });
        }
        if !operators::is_unchanged(tx, &self.operator).await? {
            return Ok(Begun::Changed);
        }
        self.subject.forgive_passwords(tx, &self.network).await?;
        if let Some(old) = self.replaces {
            operator_sessions::end(tx, old, "replaced", self.now).await?;
        }
        operator_sessions::insert(tx, &self.session, &self.secret_digest).await?;
        if let Some(new) = &self.rehashed {
            operators::rehash(tx, self.operator.id, &self.operator.password_hash, new).await?;
        }
        tx.record(
            AuditEvent::new(self.now, "operator.password", Outcome::Done, actor(&self.operator))
                .detail(json!({"session": self.session.id})),
        );
        Ok(Begun::Yes)
    }
}
