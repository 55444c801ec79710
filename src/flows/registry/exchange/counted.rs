//! Tables of counts are nobody's data, and no person sees that they were asked for; the audit does.

use serde_json::json;

use super::{Admitted, ExchangeRefusal, NotePolicy, note::allowed};
use crate::{
    base::{Fault, Timestamp, ids::ClientId},
    flows::{Provider, registry::statistics::Question},
    registry::attribution::Attribution,
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        registry_uses::{self, Allowed},
    },
};

/// Records it; the table may be given afterwards and not before.
pub async fn note_counted(
    provider: &Provider,
    call: &Admitted,
    question: &Question,
    now: Timestamp,
) -> Result<Result<(), ExchangeRefusal>, Fault> {
    let by_what = question.by.iter().map(|one| one.name()).collect();
    let province = question.province.clone();
    let unit = NoteCounted { client: call.client.id.clone(), by: call.by.clone(), by_what, province, now };
    Ok(allowed(provider.writer.submit(unit).await?))
}

struct NoteCounted {
    client: ClientId,
    by: Attribution,
    by_what: Vec<&'static str>,
    province: Option<String>,
    now: Timestamp,
}

impl Unit for NoteCounted {
    type Out = Allowed;
    const KIND: &'static str = "registry.counted";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(self.client.as_str().as_bytes())
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Allowed, Fault> {
        let about = (self.by.officer.as_str(), self.now.vietnam_date());
        let most = NotePolicy::default().requests_a_day;
        let allowed = registry_uses::count_request(tx, &self.client, about, most).await?;
        let outcome = if allowed == Allowed::Yes { Outcome::Done } else { Outcome::Refused };
        let event = AuditEvent::new(self.now, "registry.counted", outcome, Actor::Client).client(&self.client);
        let by = &self.by;
        tx.record(event.detail(json!({
            "by": self.by_what, "province": self.province, "request": by.request_id, "agency": by.agency,
            "officer": by.officer, "procedure": by.procedure, "dossier": by.dossier,
        })));
        Ok(allowed)
    }
}
