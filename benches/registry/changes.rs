//! Changes of the record: proposed by one officer, approved by another, each on record before the next begins.

use std::time::Instant;

use dinhdanh::{
    base::{Clock, ids::PersonId},
    flows::{
        Provider,
        registry::events::{self, Decided, Officer, Proposal, Proposed, Verdict, decide::Say, propose},
    },
    registry::{PersonRecord, civil_event::Kind},
    store::{audit::Actor, persons},
};
use time::Duration;

use super::{Trouble, searches::Figures};

/// What is filled in for one person beside who they are.
type Fields = fn(&PersonRecord) -> Vec<(&'static str, String)>;

const KINDS: [(&str, Kind, Fields); 3] = [
    ("another name", Kind::NameChange, |person| {
        vec![("name", format!("{} Mới", person.name.full())), ("on", yesterday())]
    }),
    ("a temporary residence", Kind::TemporaryResidence, |_| {
        let until = Clock::System.now().vietnam_date() + Duration::days(200);
        vec![
            ("unit", "00004".to_owned()),
            ("line", "Số 1".to_owned()),
            ("on", yesterday()),
            ("until", until.to_string()),
        ]
    }),
    ("a death", Kind::Death, |_| vec![("on", yesterday())]),
];

fn yesterday() -> String {
    (Clock::System.now().vietnam_date() - Duration::DAY).to_string()
}

/// Each kind for people of its own; what the rules refuse (who is dead already, whose household needs another head) is not
/// counted, and said.
pub async fn run(
    provider: &Provider,
    sample: &[PersonRecord],
    calls: usize,
) -> Result<Vec<(String, Figures)>, Trouble> {
    let mut all = Vec::new();
    for ((name, kind, fields), people) in KINDS.into_iter().zip(sample.chunks(sample.len().div_ceil(KINDS.len()))) {
        let (mut micros, mut refused) = (Vec::new(), 0_usize);
        for person in people {
            if micros.len() == calls {
                break;
            }
            let Some(id) = persons::find_by_number(&mut provider.db.read().await?, &person.number).await? else {
                return Err("everybody in the sample is there".into());
            };
            let wanted = proposal(kind, id.person.id, fields(person));
            let begun = Instant::now();
            if change(provider, &wanted).await? {
                micros.push(u64::try_from(begun.elapsed().as_micros())?);
            } else {
                refused += 1;
            }
        }
        all.push((format!("{name} ({refused} refused)"), Figures::of(micros)));
    }
    Ok(all)
}

fn proposal(kind: Kind, person: PersonId, fields: Vec<(&'static str, String)>) -> Proposal {
    let paper = kind.papers().first().map_or("", |paper| paper.0);
    let papers = [("paper", paper), ("paper_no", "7"), ("paper_on", "2026-11-01"), ("paper_by", "UBND")];
    let papers = papers.map(|(name, value)| (name, value.to_owned()));
    Proposal {
        kind,
        values: fields
            .into_iter()
            .chain(papers)
            .chain([("subject", person.to_string())])
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        source: "bench".to_owned(),
        source_id: format!("{}/{person}", kind.code()),
        note: None,
        again: None,
    }
}

/// Whether it was proposed and approved.
async fn change(provider: &Provider, wanted: &Proposal) -> Result<bool, Trouble> {
    let officer = |name: &str| Officer { actor: Actor::Operator(name.to_owned()), unit: None, duty: None };
    let Proposed::Yes { event, .. } = propose(provider, &officer("an"), wanted, Clock::System.now()).await? else {
        return Ok(false);
    };
    let approve = Say { event, version: 1, verdict: Verdict::Approve, reason: None };
    let decided = events::decide(provider, &officer("binh"), &approve, Clock::System.now()).await?;
    Ok(matches!(decided, Decided::Recorded { .. }))
}
