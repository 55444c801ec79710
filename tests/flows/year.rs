//! Random civil events through the store: what the rules let pass is written with its history, and the history gives back the
//! present, then and now, on both engines.
//!
//! Four offices work at once, each for a village of its own, and now and then two of its officers decide on one person in the
//! same moment. What each event leaves is compared with what the rules foretold and with every invariant; each quarter the
//! whole is; at the end history gives back every quarter.
//!
//! `scripts/year-of-events` lives as many as the year in memory does (`registry::civil_event::year`); without it a few
//! hundred show that the way through the store is the same.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use dinhdanh::{
    base::{Span, Timestamp, ids::PersonId},
    registry::record::Record,
};

use crate::support::{database::TestDb, provider::TestProvider};
use office::Office;
use tally::Tally;

mod invariants;
mod office;
mod tally;
mod village;

const USUAL: u32 = 300;
const OFFICES: u32 = 4;
const QUARTERS: u32 = 4;

fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

#[tokio::test(flavor = "multi_thread")]
async fn replaying_the_history_gives_the_present_on_sqlite() {
    if setting("YEAR_ENGINE").is_none_or(|engine| engine == "sqlite") {
        live_a_year(TestDb::sqlite().await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replaying_the_history_gives_the_present_on_postgresql() {
    if setting("YEAR_ENGINE").is_none_or(|engine| engine == "postgresql") {
        live_a_year(TestDb::postgres().await).await;
    }
}

/// The people of one village at the end of a quarter.
type Quarter = (Timestamp, BTreeMap<PersonId, Record>);

async fn live_a_year(test: TestDb) {
    let most: u32 = setting("YEAR_EVENTS").and_then(|most| most.parse().ok()).unwrap_or(USUAL);
    let (engine, began) = (test.engine, Instant::now());
    let at = Arc::new(TestProvider::on(test).await);
    // The clock goes on when an event is proposed and when it is decided.
    let step = Span::millis(365 * 86_400_000 / i64::from(most) / 2);
    let mut offices = Vec::new();
    for number in 0..OFFICES {
        offices.push(Office::open(Arc::clone(&at), u64::from(number), step).await);
    }
    let mut quarters: Vec<Vec<Quarter>> = vec![Vec::new(); offices.len()];
    for quarter in 1..=QUARTERS {
        let working: Vec<_> =
            offices.into_iter().map(|office| tokio::spawn(office.work(most.div_ceil(OFFICES * QUARTERS)))).collect();
        offices = Vec::new();
        for office in working {
            offices.push(office.await.unwrap());
        }
        invariants::hold_for_tables(&at).await;
        at.clock.advance(step);
        for (office, quarters) in offices.iter().zip(&mut quarters) {
            invariants::hold_for_all(&office.village.at);
            quarters.push((at.now(), office.everybody().await));
        }
        let written: u32 = offices.iter().map(|office| office.tally.written()).sum();
        println!("{engine:?}: {written} recorded in {:.0?}, quarter {quarter}", began.elapsed());
    }
    let tally = offices.iter().fold(Tally::default(), |all, office| all.and(&office.tally));
    let people: usize = quarters.iter().filter_map(|quarters| quarters.last()).map(|(_, all)| all.len()).sum();
    replay(offices, quarters).await;
    tally.report(most);
    println!(
        "{engine:?}: {} recorded of {people} people, {} refused, {} sent back, replayed, in {:.0?}",
        tally.written(),
        tally.refused,
        tally.sent_back,
        began.elapsed()
    );
}

/// What was read from the present tables at the end of a quarter is what history says was known then; the last of them is now.
async fn replay(offices: Vec<Office>, quarters: Vec<Vec<Quarter>>) {
    let replaying: Vec<_> = offices
        .into_iter()
        .zip(quarters)
        .map(|(office, quarters)| {
            tokio::spawn(async move {
                for (moment, people) in &quarters {
                    for (person, record) in people {
                        office.history_is(*person, record, *moment).await;
                    }
                }
            })
        })
        .collect();
    for one in replaying {
        one.await.unwrap();
    }
}
