//! No answer without its record: the use, the day's count, the audit event, and what looks like snooping, in one commit.

use serde_json::json;
use uuid::Uuid;

use super::{Admitted, ExchangeRefusal};
use crate::{
    base::{
        Fault, Span, Timestamp,
        ids::{ClientId, PersonId},
    },
    flows::Provider,
    registry::attribution::Attribution,
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        registry_uses::{self, Pattern, RegistryUse},
    },
};

/// Where a pattern begins, and how much a client may ask in a day.
#[derive(Clone, Copy, Debug)]
pub struct NotePolicy {
    pub requests_a_day: i64,
    /// A household and its papers are one dossier; a village is not.
    pub people_of_one_dossier: i64,
    pub wrong_about_one_person: i64,
    pub times_one_person: i64,
}

impl Default for NotePolicy {
    fn default() -> Self {
        Self { requests_a_day: 5_000_000, people_of_one_dossier: 20, wrong_about_one_person: 5, times_one_person: 15 }
    }
}

/// What a request came to.
pub struct Came {
    pub what: &'static str,
    pub matched: bool,
    pub person: Option<PersonId>,
    pub fields: Vec<&'static str>,
}

/// Records it; the answer may be given afterwards and not before.
pub(super) async fn note(
    provider: &Provider,
    call: &Admitted,
    came: Came,
    now: Timestamp,
) -> Result<Result<(), ExchangeRefusal>, Fault> {
    let names = (provider.entropy.uuid(now), call.client.id.clone());
    let mut unit = NoteUse::new(names, call.by.clone(), came, NotePolicy::default(), now);
    unit.in_haste = call.in_haste;
    submitted(provider, unit).await
}

/// One request about several people: it counts once, and each of them sees it.
pub(super) async fn note_all(
    provider: &Provider,
    call: &Admitted,
    (came, people): (Came, &[PersonId]),
    now: Timestamp,
) -> Result<Result<(), ExchangeRefusal>, Fault> {
    let names = (provider.entropy.uuid(now), call.client.id.clone());
    let mut unit = NoteUse::new(names, call.by.clone(), came, NotePolicy::default(), now);
    let (first, others) = people.split_first().map_or((None, people), |(first, others)| (Some(*first), others));
    unit.used.person = first;
    unit.others = others.iter().map(|person| (provider.entropy.uuid(now), *person)).collect();
    submitted(provider, unit).await
}

async fn submitted(provider: &Provider, unit: NoteUse) -> Result<Result<(), ExchangeRefusal>, Fault> {
    let within = provider.writer.submit(unit).await?;
    Ok(if within { Ok(()) } else { Err(ExchangeRefusal::Volume) })
}

/// The write behind every answer.
pub struct NoteUse {
    used: RegistryUse,
    /// Who else it is about, each with the id of their row.
    others: Vec<(Uuid, PersonId)>,
    in_haste: bool,
    policy: NotePolicy,
}

impl Unit for NoteUse {
    type Out = bool;
    const KIND: &'static str = "registry.use";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(self.used.client.as_str().as_bytes())
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let used = &self.used;
        if !registry_uses::count_request(tx, &used.client, used.at.vietnam_date(), self.policy.requests_a_day).await? {
            tx.record(self.event("registry.volume_exceeded", Outcome::Refused));
            return Ok(false);
        }
        registry_uses::insert(tx, used).await?;
        tx.record(self.event("registry.used", Outcome::Done));
        for (id, person) in &self.others {
            let beside = RegistryUse { id: *id, person: Some(*person), ..used.clone() };
            registry_uses::insert(tx, &beside).await?;
            tx.record(self.event("registry.used", Outcome::Done).person(*person));
        }
        for pattern in self.patterns(tx).await? {
            if registry_uses::flag(tx, used, pattern).await? {
                let event = self.event("registry.use_flagged", Outcome::Done);
                let detail = json!({"pattern": pattern.code(), "officer": used.by.officer, "dossier": used.by.dossier});
                tx.record(event.detail(detail));
            }
        }
        Ok(true)
    }
}

impl NoteUse {
    pub fn new(
        (id, client): (Uuid, ClientId),
        by: Attribution,
        came: Came,
        policy: NotePolicy,
        now: Timestamp,
    ) -> Self {
        let Came { what, matched, person, fields } = came;
        let used = RegistryUse { id, at: now, client, by, what, matched, person, fields };
        Self { used, others: Vec::new(), in_haste: false, policy }
    }

    fn event(&self, action: &'static str, outcome: Outcome) -> AuditEvent {
        let used = &self.used;
        let event = AuditEvent::new(used.at, action, outcome, Actor::Client).client(&used.client).detail(json!({
            "use": used.id, "what": used.what, "matched": used.matched, "fields": used.fields,
            "request": used.by.request_id, "agency": used.by.agency, "officer": used.by.officer,
            "procedure": used.by.procedure, "dossier": used.by.dossier,
        }));
        match used.person {
            Some(person) => event.person(person),
            None => event,
        }
    }

    async fn patterns(&self, tx: &mut Tx) -> Result<Vec<Pattern>, Fault> {
        let (used, policy) = (&self.used, &self.policy);
        let since = used.at - Span::days(1);
        let mut found = Vec::new();
        if self.in_haste {
            found.push(Pattern::ManyPeopleAnHour);
        }
        // A subscriber hears of everybody in its part: that is no pattern of anybody's.
        let Some(person) = used.person.filter(|_| used.what != "changes") else { return Ok(found) };
        // One more than allowed is enough to know: the counts never walk further.
        let most = policy.people_of_one_dossier + 1;
        if registry_uses::people_of_dossier(tx, used, since, most).await? >= most {
            found.push(Pattern::ManyPeopleOneDossier);
        }
        let most = policy.times_one_person + policy.wrong_about_one_person + 2;
        let (matched, wrong) = registry_uses::about_person(tx, person, used, since, most).await?;
        if wrong >= policy.wrong_about_one_person {
            found.push(Pattern::Guessing);
        }
        if matched > policy.times_one_person {
            found.push(Pattern::OnePersonOften);
        }
        Ok(found)
    }
}
