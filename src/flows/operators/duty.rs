//! An operator is asked for their session when a request begins, and what they say is written a little later. Meanwhile they may
//! have been disabled, moved to another post, or left the desk: what they said is looked at once more where it is written.

use serde_json::json;

use super::SignedOperator;
use crate::{
    base::{Fault, Timestamp, ids::OperatorSessionId},
    registry::operator::Post,
    store::{AuditEvent, Class, LaneKey, Outcome, Tx, Unit, audit::Actor, operator_sessions},
};

/// The session that an operator acts in, and the post that it was read with.
#[derive(Clone, Debug)]
pub struct Duty {
    session: OperatorSessionId,
    post: Post,
}

impl SignedOperator {
    pub fn duty(&self) -> Duty {
        Duty { session: self.session().id, post: self.operator().post.clone() }
    }
}

/// A unit that runs while its operator is at the desk in the same post; `None`, when they are not any more. Who acts without a
/// session (the command line, an agency's system, the clockwork) has no duty to end.
pub struct OnDuty<U> {
    pub unit: U,
    pub duty: Option<Duty>,
    pub actor: Actor,
    pub now: Timestamp,
}

impl<U: Unit> Unit for OnDuty<U> {
    type Out = Option<U::Out>;
    const KIND: &'static str = U::KIND;
    const CLASS: Class = U::CLASS;

    fn lane_key(&self) -> LaneKey {
        self.unit.lane_key()
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Option<U::Out>, Fault> {
        if let Some(duty) = &self.duty {
            let post = operator_sessions::hold_post(tx, duty.session, self.now).await?;
            if post.as_ref() != Some(&duty.post) {
                let event = AuditEvent::new(self.now, "operator.off_duty", Outcome::Refused, self.actor.clone());
                tx.record(event.detail(json!({ "session": duty.session, "wanted": U::KIND })));
                return Ok(None);
            }
        }
        self.unit.run(tx).await.map(Some)
    }
}
