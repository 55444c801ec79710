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
        registry_uses::{self, Allowed, Pattern, RegistryUse},
        registry_wrong,
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
    /// An officer's wrong answers of a day, whomever they are about: from here somebody should look.
    pub wrong_of_officer: i64,
    /// From here, and at each multiple, it is asked whether most of what an officer, or a client, got was wrong: a register
    /// of old names has many mistakes, and who tries numbers out has almost nothing else.
    pub wrong_of_officer_at_most: i64,
    pub wrong_of_client_at_most: i64,
}

impl Default for NotePolicy {
    fn default() -> Self {
        Self {
            requests_a_day: 5_000_000,
            people_of_one_dossier: 20,
            wrong_about_one_person: 5,
            times_one_person: 15,
            wrong_of_officer: 20,
            wrong_of_officer_at_most: 100,
            wrong_of_client_at_most: 500,
        }
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
    Ok(allowed(provider.writer.submit(unit).await?))
}

pub(super) const fn allowed(allowed: Allowed) -> Result<(), ExchangeRefusal> {
    match allowed {
        Allowed::Yes => Ok(()),
        Allowed::UsedUp => Err(ExchangeRefusal::Volume),
        Allowed::Stopped => Err(ExchangeRefusal::Guessing),
    }
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
    type Out = Allowed;
    const KIND: &'static str = "registry.use";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(self.used.client.as_str().as_bytes())
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Allowed, Fault> {
        let used = &self.used;
        let about = (used.by.officer.as_str(), used.at.vietnam_date());
        let allowed = registry_uses::count_request(tx, &used.client, about, self.policy.requests_a_day).await?;
        let refused = match allowed {
            Allowed::Yes => None,
            Allowed::UsedUp => Some("registry.volume_exceeded"),
            Allowed::Stopped => Some("registry.guessing_stopped"),
        };
        if let Some(action) = refused {
            tx.record(self.event(action, Outcome::Refused));
            return Ok(allowed);
        }
        registry_uses::insert(tx, used).await?;
        tx.record(self.event("registry.used", Outcome::Done));
        for (id, person) in &self.others {
            let beside = RegistryUse { id: *id, person: Some(*person), ..used.clone() };
            registry_uses::insert(tx, &beside).await?;
            tx.record(self.event("registry.used", Outcome::Done).person(*person));
        }
        let mut patterns = self.patterns(tx).await?;
        // Telling of events and hearing of changes asks about nobody.
        if !used.matched && matches!(used.what, "verify" | "look_up" | "predicates" | "household") {
            patterns.extend(self.wrong(tx).await?);
        }
        for pattern in patterns {
            if registry_uses::flag(tx, used, pattern).await? {
                let event = self.event("registry.use_flagged", Outcome::Done);
                let detail = json!({"pattern": pattern.code(), "officer": used.by.officer, "dossier": used.by.dossier});
                tx.record(event.detail(detail));
            }
        }
        Ok(Allowed::Yes)
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
        let most_people = policy.people_of_one_dossier + 1;
        let most_requests = policy.times_one_person + policy.wrong_about_one_person + 2;
        let habits = registry_uses::habits(tx, (used, person), since, (most_requests, most_people)).await?;
        if habits.people >= most_people {
            found.push(Pattern::ManyPeopleOneDossier);
        }
        if habits.wrong >= policy.wrong_about_one_person {
            found.push(Pattern::Guessing);
        }
        if habits.matched > policy.times_one_person {
            found.push(Pattern::OnePersonOften);
        }
        Ok(found)
    }

    /// An answer that did not agree, also about a number that leads to nobody: counted, and from a point on the end of the day.
    async fn wrong(&self, tx: &mut Tx) -> Result<Vec<Pattern>, Fault> {
        let (used, policy) = (&self.used, &self.policy);
        let wrong = registry_wrong::count(tx, used).await?;
        let mut found = Vec::new();
        if wrong.officer >= policy.wrong_of_officer {
            found.push(Pattern::ManyWrongAnswers);
        }
        // Only at the multiples, so that a machine's many honest mistakes are not counted over at each.
        if wrong.officer % policy.wrong_of_officer_at_most.max(1) == 0 {
            let asked = registry_wrong::requests_of_officer(
                tx,
                used,
                Timestamp::of_vietnam_day(used.at.vietnam_date()),
                2 * wrong.officer,
            )
            .await?;
            if asked < 2 * wrong.officer {
                registry_wrong::stop_officer(tx, used).await?;
            }
        }
        if wrong.client >= policy.wrong_of_client_at_most && wrong.client_requests < 2 * wrong.client {
            registry_wrong::stop_client(tx, used).await?;
            found.push(Pattern::ClientWrongAnswers);
        }
        Ok(found)
    }
}
