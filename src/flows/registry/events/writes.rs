//! From an outcome to the rows that are written: whole persons with their history, households, accounts, cases.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{
    ground::Ground,
    record::{kept, sealed, sealed_contacts},
};
use crate::{
    assurance::LockReason,
    base::{
        Fault, Timestamp,
        ids::{EventId, HouseholdId, PersonId},
    },
    flows::{
        Provider,
        account::{
            after_event::{AccountStep, Step},
            after_merge::{MergeStep, Turn},
        },
        registry::{
            cases::{self, CaseDraft, CaseKind},
            prepare::home,
        },
    },
    registry::{
        NameKeys, Residence,
        civil_event::{Change, Consequence, Lock, Outcome},
        record::{Facet, Fact, Record, Sensitivity},
    },
    store::{
        Conn, accounts,
        audit::Actor,
        cases::NewCase,
        duplicates::PairState,
        facet_versions::NewVersion,
        household_writes::{self, HouseholdWrite},
        record,
        record_writes::PersonWrite,
    },
};

/// Everything that one event writes.
#[derive(Debug)]
pub struct Writes {
    pub people: Vec<PersonWrite>,
    pub households: Vec<HouseholdWrite>,
    /// Households that somebody joins or leaves and that do not change otherwise.
    pub joined_or_left: BTreeSet<HouseholdId>,
    pub accounts: Vec<AccountStep>,
    pub merges: Vec<MergeStep>,
    /// Two records that an officer found to be one person's, or two people's after all.
    pub judged: Option<(PersonId, PersonId, PairState)>,
    pub cases: Vec<NewCase>,
    pub rests: RestsOn,
}

/// All that the rules looked at, as it was read: also what is not written decides. Two events that each read what the other
/// writes would both be right alone and wrong together.
#[derive(Debug, Default)]
pub struct RestsOn {
    pub people: BTreeMap<PersonId, i64>,
    pub households: BTreeMap<HouseholdId, i64>,
    /// Who has whom as a parent or representative: a relation stands with the one who has it, and moves no version of the other.
    pub depending: BTreeMap<PersonId, BTreeSet<PersonId>>,
}

impl RestsOn {
    fn of(ground: &Ground) -> Self {
        Self {
            people: ground.read.iter().map(|(id, stored)| (*id, stored.version)).collect(),
            households: ground.households.iter().map(|(id, (_, version))| (*id, *version)).collect(),
            depending: ground.principals.clone(),
        }
    }

    /// Whether anything is not as it was read. Holds all of it until the transaction ends, in one order.
    pub async fn moved(&self, conn: &mut Conn) -> Result<bool, Fault> {
        let people: Vec<PersonId> = self.people.keys().copied().collect();
        if record::hold(conn, &people).await? != self.people {
            return Ok(true);
        }
        let households: Vec<HouseholdId> = self.households.keys().copied().collect();
        if household_writes::hold(conn, &households).await? != self.households {
            return Ok(true);
        }
        // After all are held: it sees what was committed while a lock was waited for.
        let of: Vec<PersonId> = self.depending.keys().copied().collect();
        Ok(record::depending(conn, &of).await? != self.depending)
    }
}

impl Writes {
    pub fn of(provider: &Provider, ground: &Ground, outcome: &Outcome, now: Timestamp) -> Result<Self, Fault> {
        let mut people = Vec::new();
        for id in outcome.people() {
            people.extend(changed(provider, ground, (id, outcome), now)?);
        }
        if let Some((id, record)) = &outcome.born {
            people.push(born(provider, (*id, record), now)?);
        }
        // In one order, so that two events never wait for each other in a circle.
        people.sort_by_key(|one| one.id);
        let from = outcome.changes.iter().find_map(|change| change.from).or(outcome.since);
        let households = outcome.households.iter().map(|after| HouseholdWrite {
            before: ground.households.get(&after.id).cloned(),
            after: after.clone(),
            from,
        });
        let mut households: Vec<_> = households.collect();
        households.sort_by_key(|one| one.after.id);
        let joined_or_left = joined_or_left(ground, outcome);
        let (accounts, merges, cases) = (Vec::new(), Vec::new(), Vec::new());
        let (judged, rests) = (None, RestsOn::of(ground));
        let mut writes = Self { people, households, joined_or_left, accounts, merges, judged, cases, rests };
        writes.numbers_change_hands(outcome);
        Ok(writes)
    }

    /// Between the two records of a merge or its undoing, in both directions.
    fn numbers_change_hands(&mut self, outcome: &Outcome) {
        let pair = outcome.consequences.iter().find_map(|one| match one {
            Consequence::Merge { kept, gone } | Consequence::Unmerge { kept, gone } => Some((*kept, *gone)),
            _ => None,
        });
        let Some((kept, gone)) = pair else { return };
        for person in &mut self.people {
            if person.id == kept {
                person.takes_from = Some(gone);
            } else if person.id == gone {
                person.takes_from = Some(kept);
            }
        }
    }

    /// What follows outside the record: accounts, and what a person has to settle.
    pub async fn follow(
        &mut self,
        provider: &Provider,
        conn: &mut Conn,
        outcome: &Outcome,
        (event, unit, actor): (EventId, Option<&str>, &Actor),
        now: Timestamp,
    ) -> Result<(), Fault> {
        for consequence in &outcome.consequences {
            match consequence {
                Consequence::Lock(id, lock) => self.step(provider, conn, *id, Step::Lock(reason(*lock)), now).await?,
                Consequence::Unlock(id, lock) => {
                    self.step(provider, conn, *id, Step::Unlock(reason(*lock)), now).await?;
                }
                Consequence::EndSessions(id) => self.step(provider, conn, *id, Step::EndSessions, now).await?,
                Consequence::Merge { kept, gone } => {
                    let step = MergeStep::of(provider, conn, (Turn::Merge, *kept, *gone), now).await?;
                    self.merges.push(step);
                    self.judged = Some((*kept, *gone, PairState::Same));
                }
                Consequence::Unmerge { kept, gone } => {
                    let step = MergeStep::of(provider, conn, (Turn::Unmerge, *kept, *gone), now).await?;
                    self.merges.push(step);
                    self.judged = Some((*kept, *gone, PairState::Different));
                }
                Consequence::Settle(id, what) => {
                    let draft = CaseDraft {
                        kind: CaseKind::FollowUp,
                        source: format!("event:{event}"),
                        source_id: format!("{id}/{}", what.code()),
                        person: Some(*id),
                        event: Some(event),
                        unit_code: unit.map(str::to_owned),
                        detail: serde_json::json!({ "what": what.code() }),
                    };
                    let case = cases::new_case(draft, &provider.secrets.vault, actor, (&provider.entropy, now))?;
                    self.cases.push(case);
                }
            }
        }
        Ok(())
    }

    async fn step(
        &mut self,
        provider: &Provider,
        conn: &mut Conn,
        person: PersonId,
        step: Step,
        now: Timestamp,
    ) -> Result<(), Fault> {
        if let Some(account) = accounts::find_by_person(conn, person).await? {
            self.accounts.push(AccountStep::new(provider, &account, step, now)?);
        }
        Ok(())
    }
}

fn joined_or_left(ground: &Ground, outcome: &Outcome) -> BTreeSet<HouseholdId> {
    let place = |fact: Fact| if let Fact::Household(Some(place)) = fact { Some(place.household) } else { None };
    let mut all = BTreeSet::new();
    for Change { person, fact, .. } in outcome.changes.iter().filter(|one| one.fact.facet() == Facet::Household) {
        all.extend(place(fact.clone()));
        all.extend(ground.at.record(*person).and_then(|record| place(record.fact(Facet::Household))));
    }
    all.extend(outcome.born.iter().filter_map(|(_, record)| place(record.fact(Facet::Household))));
    all.retain(|id| outcome.households.iter().all(|written| written.id != *id));
    all
}

const fn reason(lock: Lock) -> LockReason {
    match lock {
        Lock::Death => LockReason::Death,
        Lock::CardWithdrawn => LockReason::CardWithdrawn,
        Lock::CardHeld => LockReason::CardHeld,
        Lock::CardExpired => LockReason::CardExpired,
    }
}

/// A record that an outcome changes, with one assertion a field.
fn changed(
    provider: &Provider,
    ground: &Ground,
    (id, outcome): (PersonId, &Outcome),
    now: Timestamp,
) -> Result<Option<PersonWrite>, Fault> {
    let (Some(stored), Some(before)) = (ground.read.get(&id), ground.at.record(id)) else { return Ok(None) };
    let (vault, entropy) = (&provider.secrets.vault, &provider.entropy);
    let mut after = before.clone();
    let (mut facets, mut versions) = (Vec::new(), Vec::new());
    let changes = outcome.changes.iter().filter(|change| change.person == id);
    for Change { fact, from, .. } in changes {
        let facet = fact.facet();
        let seq = stored.version + 1;
        versions.push(NewVersion {
            person: id,
            facet: facet.code(),
            seq,
            first: kept(vault, (id, 0), &before.fact(facet), entropy)?,
            value: kept(vault, (id, seq), fact, entropy)?,
            from: *from,
        });
        facets.push(facet);
        after.set(fact.clone());
    }
    let sensitive = |facet: &Facet| facet.sensitivity() == Sensitivity::Sensitive && *facet != Facet::Contacts;
    let resealed =
        if facets.iter().any(sensitive) { sealed(vault, id, &after, entropy)? } else { stored.sealed.clone() };
    let mut write = written(provider, (id, &after), facets, now)?;
    (write.version, write.sealed, write.versions) = (Some(stored.version), resealed, versions);
    Ok(Some(write))
}

/// Somebody new: every field that says something goes to its table.
fn born(provider: &Provider, (id, record): (PersonId, &Record), now: Timestamp) -> Result<PersonWrite, Fault> {
    let empty = Record::new(record.name.clone(), record.birth, record.sex);
    let facets = Facet::ALL.into_iter().filter(|facet| record.fact(*facet) != empty.fact(*facet)).collect();
    let mut write = written(provider, (id, record), facets, now)?;
    write.sealed = sealed(&provider.secrets.vault, id, record, &provider.entropy)?;
    Ok(write)
}

fn written(
    provider: &Provider,
    (id, record): (PersonId, &Record),
    changed: Vec<Facet>,
    now: Timestamp,
) -> Result<PersonWrite, Fault> {
    let (vault, entropy) = (&provider.secrets.vault, &provider.entropy);
    let contacts =
        if changed.contains(&Facet::Contacts) { sealed_contacts(vault, record, (entropy, now))? } else { Vec::new() };
    let homes: Vec<Residence> =
        [&record.permanent, &record.temporary, &record.stay].into_iter().flatten().cloned().collect();
    let rows = changed.len() + record.cards.len();
    let ids: Vec<Uuid> = (0..rows).map(|_| entropy.uuid(now)).collect();
    // What was merged is found by the record that it went into, and not beside it.
    let nothing = || NameKeys { exact: String::new(), tone: String::new(), plain: String::new() };
    Ok(PersonWrite {
        id,
        version: None,
        keys: if record.merged.is_some() { nothing() } else { record.name.keys() },
        home: home(&homes, now.vietnam_date()),
        record: record.clone(),
        sealed: None,
        changed,
        versions: Vec::new(),
        contacts,
        ids,
        takes_from: None,
    })
}
