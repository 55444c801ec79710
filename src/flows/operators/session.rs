//! Whose desk is this? An operator's session, recognised by its own cookie, and what it allows.

use serde_json::json;

use super::actor;
use crate::{
    assurance::SessionStanding,
    base::{Fault, Span, Timestamp, ids::OperatorSessionId},
    crypto::opaque::{OpaqueToken, kind},
    flows::Provider,
    registry::operator::Role,
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        operator_sessions::{self, StoredOperatorSession},
        operators::{self, StoredOperator},
    },
};

/// How long the code may be waited for after the password.
pub const HALF_OPEN: Span = Span::minutes(10);

/// A live session with its operator, who is active.
#[derive(Clone, Debug)]
pub struct Desk {
    pub operator: StoredOperator,
    pub session: StoredOperatorSession,
}

/// An operator who has proven both factors.
#[derive(Clone, Debug)]
pub struct SignedOperator {
    desk: Desk,
    /// Worth a write of `seen_at`.
    touch: bool,
}

/// What the browser's cookie says.
#[derive(Clone, Debug)]
pub enum Seen {
    Nobody,
    /// The password was right; the code is missing.
    Half(Desk),
    Signed(SignedOperator),
}

impl Seen {
    pub const fn session_id(&self) -> Option<OperatorSessionId> {
        match self {
            Self::Nobody => None,
            Self::Half(desk) => Some(desk.session.id),
            Self::Signed(signed) => Some(signed.desk.session.id),
        }
    }
}

/// An operator may not do this here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    Role(Role),
}

impl SignedOperator {
    pub const fn desk(&self) -> &Desk {
        &self.desk
    }

    pub const fn operator(&self) -> &StoredOperator {
        &self.desk.operator
    }

    pub const fn session(&self) -> &StoredOperatorSession {
        &self.desk.session
    }

    /// Who is on record for what this operator does.
    pub fn actor(&self) -> crate::store::audit::Actor {
        actor(&self.desk.operator)
    }

    pub fn require(&self, role: Role) -> Result<(), Denied> {
        if self.desk.operator.post.has(role) { Ok(()) } else { Err(Denied::Role(role)) }
    }
}

/// Reads the operator's cookie. Nobody, for anything that is not a live session of an active operator.
pub async fn recognise(provider: &Provider, cookie: Option<&str>, now: Timestamp) -> Result<Seen, Fault> {
    let Some(token) = cookie.and_then(|text| OpaqueToken::<kind::OperatorCookie>::parse(text).ok()) else {
        return Ok(Seen::Nobody);
    };
    let mut conn = provider.db.read().await?;
    let found = operator_sessions::find_by_secret(&mut conn, token.digest().as_bytes()).await?;
    let Some(session) = found.filter(|found| found.ended_at.is_none() && found.expires_at > now) else {
        return Ok(Seen::Nobody);
    };
    let operator = operators::find(&mut conn, session.operator_id).await?;
    let operator = operator.ok_or_else(|| Fault::inconsistent("operator_session", "operator_id", &session.id))?;
    if operator.disabled {
        return Ok(Seen::Nobody);
    }
    let Some(code_at) = session.code_at else { return Ok(Seen::Half(Desk { operator, session })) };
    let policy = &provider.settings.operator_session;
    if !matches!(policy.standing(code_at, session.seen_at, now), SessionStanding::Live { .. }) {
        return Ok(Seen::Nobody);
    }
    let touch = policy.is_worth_recording(session.seen_at, now);
    Ok(Seen::Signed(SignedOperator { desk: Desk { operator, session }, touch }))
}

/// Whose session ended by itself, of rest or of age; nobody, when it was left, taken away, or never open.
pub async fn lapsed(
    provider: &Provider,
    cookie: Option<&str>,
    now: Timestamp,
) -> Result<Option<StoredOperator>, Fault> {
    let Some(token) = cookie.and_then(|text| OpaqueToken::<kind::OperatorCookie>::parse(text).ok()) else {
        return Ok(None);
    };
    let mut conn = provider.db.read().await?;
    let found = operator_sessions::find_by_secret(&mut conn, token.digest().as_bytes()).await?;
    let over = |session: &StoredOperatorSession| {
        session.ended_at.is_none()
            && session.code_at.is_some_and(|code_at| {
                let standing = provider.settings.operator_session.standing(code_at, session.seen_at, now);
                session.expires_at <= now || !matches!(standing, SessionStanding::Live { .. })
            })
    };
    let Some(session) = found.filter(over) else { return Ok(None) };
    Ok(operators::find(&mut conn, session.operator_id).await?.filter(|operator| !operator.disabled))
}

/// A session that is used is not idle.
pub async fn keep_alive(provider: &Provider, signed: &SignedOperator, now: Timestamp) -> Result<(), Fault> {
    if !signed.touch {
        return Ok(());
    }
    provider.writer.submit(Used { session: signed.session().id, now }).await
}

struct Used {
    session: OperatorSessionId,
    now: Timestamp,
}

impl Unit for Used {
    type Out = ();
    const KIND: &'static str = "operator.used";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.session.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        operator_sessions::touch(tx, self.session, self.now).await
    }
}

/// Leaves the desk; whether the code was there yet or not.
pub async fn sign_out(provider: &Provider, desk: &Desk, now: Timestamp) -> Result<(), Fault> {
    provider.writer.submit(Left { desk: desk.clone(), now }).await
}

struct Left {
    desk: Desk,
    now: Timestamp,
}

impl Unit for Left {
    type Out = ();
    const KIND: &'static str = "operator.sign_out";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.desk.operator.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        if operator_sessions::end(tx, self.desk.session.id, "signed_out", self.now).await? {
            tx.record(
                AuditEvent::new(self.now, "operator.signed_out", Outcome::Done, actor(&self.desk.operator))
                    .detail(json!({"session": self.desk.session.id})),
            );
        }
        Ok(())
    }
}
