//! Brings the synthetic population into the record through the import's own unit, drawn and sealed on a thread beside it.

use std::{collections::HashMap, sync::Arc, thread};

use tokio::sync::mpsc;

use super::cast::{self, Cast, Member, Part};
use crate::{
    base::{Clock, Entropy, Fault, Timestamp, ids::PersonId},
    crypto::digest::sha256,
    flows::registry::{
        PersonVault,
        add_people::{AddPeople, Batch, FinishImport, OpenImport},
        load_units::load_units,
        prepare,
    },
    registry::PersonRecord,
    store::{
        Db, Writer,
        audit::Actor,
        imports::{ImportFile, Tally},
        intake::NewPerson,
    },
};

/// What it works with.
pub struct Population<'a> {
    pub db: &'a Db,
    pub writer: &'a Writer,
    pub vault: PersonVault,
    pub clock: &'a Clock,
    pub entropy: &'a Entropy,
    pub seed: u64,
    pub count: u64,
}

/// People in one transaction: nobody is served meanwhile.
const BATCH: usize = 1_000;

impl Population<'_> {
    /// Answers who plays which part, by the identity that the registry gave.
    pub async fn bring_in(self, cast: &Cast) -> Result<HashMap<&'static str, PersonId>, Fault> {
        let now = self.clock.now();
        let name = format!("synthetic:{}:{}", self.seed, self.count);
        let sha256 = *sha256(name.as_bytes()).as_bytes();
        let file = Arc::new(ImportFile { id: self.entropy.uuid(now), sha256, name });
        let (hand, mut batches) = mpsc::channel(2);
        let drawing = Drawing {
            vault: self.vault,
            entropy: self.entropy.clone(),
            members: cast.members.clone(),
            seed: self.seed,
            count: self.count,
            now,
        };
        let drawn = thread::Builder::new()
            .name("population".to_owned())
            .spawn(move || drawing.draw(&hand))
            .map_err(|error| Fault::internal("starting the thread that draws people", error))?;
        load_units(self.db, self.writer, Actor::CommandLine, now).await?;
        self.writer.submit(OpenImport { file: Arc::clone(&file), now }).await?;
        let mut rows = Tally::default();
        while let Some(people) = batches.recv().await {
            let added = self.writer.submit(unit(people, &file, now)).await?;
            if let Some((line, field, reason)) = added.refused.first() {
                let what = format!("person {line}: {}: {reason}", field.column());
                return Err(Fault::internal("the registry refused one of the synthetic people", what));
            }
            rows.added += added.tally.added;
        }
        let finish = FinishImport { file, rows, actor: Actor::CommandLine, now: self.clock.now() };
        self.writer.submit(finish).await?;
        drawn.join().map_err(|_| Fault::internal("drawing people", "the thread panicked"))?
    }
}

fn unit(people: Vec<(u64, NewPerson)>, file: &Arc<ImportFile>, now: Timestamp) -> AddPeople {
    let line = |at: Option<&(u64, NewPerson)>| at.map_or(0, |(line, _)| *line);
    let (first_line, last_line) = (line(people.first()), line(people.last()));
    let batch = Batch { file: Arc::clone(file), people, refused: 0, first_line, last_line };
    AddPeople { batch: Arc::new(batch), compares: false, actor: Actor::CommandLine, now }
}

struct Drawing {
    vault: PersonVault,
    entropy: Entropy,
    members: Vec<Member>,
    seed: u64,
    count: u64,
    now: Timestamp,
}

impl Drawing {
    fn draw(self, hand: &mpsc::Sender<Vec<(u64, NewPerson)>>) -> Result<HashMap<&'static str, PersonId>, Fault> {
        let part_at: HashMap<u64, (Part, &PersonRecord)> =
            self.members.iter().map(|member| (member.at, (member.part, &member.record))).collect();
        // Whoever has a part is there, however small the population.
        let last = self.members.iter().map(|member| member.at + 1).max().unwrap_or(0).max(self.count);
        let mut parts = HashMap::new();
        let mut batch = Vec::with_capacity(BATCH);
        for (at, person) in (0_u64..).zip(cast::people(self.seed, last)?) {
            let part = part_at.get(&at);
            if at >= self.count && part.is_none() {
                continue;
            }
            let record = part.map_or(person.record, |(_, record)| (*record).clone());
            let new = prepare::new_person(record, &self.vault, &self.entropy, self.now)?;
            if let Some((part, _)) = part {
                parts.insert(part.code(), new.id);
            }
            batch.push((at + 1, new));
            if batch.len() >= BATCH && hand.blocking_send(std::mem::take(&mut batch)).is_err() {
                return Ok(parts);
            }
        }
        if !batch.is_empty() {
            // Nobody takes it: the writing failed, and says why itself.
            let _nobody_takes_it = hand.blocking_send(batch);
        }
        Ok(parts)
    }
}
