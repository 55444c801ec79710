//! Look-ups and searches for people who are there, typed as people type.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use dinhdanh::{
    base::{Clock, Entropy, ids::ClientId},
    crypto::{Kek, Sealer, random},
    flows::{
        Provider,
        registry::{
            exchange::note::{Came, NotePolicy, NoteUse},
            match_person::{Claim, match_person},
            search::{Ask, search},
        },
    },
    registry::{
        BirthDate, NameKeys, PersonRecord, ResidenceKind,
        attribution::Attribution,
        search::{Criteria, TypedName, Within},
    },
    store::{Db, Writer, persons},
};
use serde_json::{Value, json};

use super::Trouble;

pub struct Figures {
    micros: Vec<u64>,
}

impl Figures {
    pub fn of(mut micros: Vec<u64>) -> Self {
        micros.sort_unstable();
        Self { micros }
    }

    fn at(&self, permille: usize) -> u64 {
        let at = (self.micros.len() * permille / 1_000).min(self.micros.len().saturating_sub(1));
        self.micros.get(at).copied().unwrap_or(0)
    }

    pub fn json(&self) -> Value {
        json!({ "p50_ms": ms(self.at(500)), "p99_ms": ms(self.at(990)), "calls": self.micros.len() })
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds to three digits")]
fn ms(micros: u64) -> f64 {
    micros as f64 / 1_000.0
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p50 {:>8.2} ms   p99 {:>8.2} ms", ms(self.at(500)), ms(self.at(990)))
    }
}

/// What is typed for one person.
type Typed = fn(&PersonRecord) -> Option<Criteria>;

const KINDS: [(&str, Typed); 4] = [
    ("name + birth date", |person| Some(Criteria { birth: Some(person.birth), ..named(person.name.full()) })),
    ("name without marks + year", |person| {
        let plain = NameKeys::of(person.name.full()).plain;
        Some(Criteria { birth: Some(BirthDate::Year(person.birth.year())), ..named(&plain) })
    }),
    ("unaccented prefix in a province", |person| {
        let plain = NameKeys::of(person.name.full()).plain;
        let cut = plain.char_indices().nth(plain.chars().count().saturating_sub(2).max(3))?.0;
        Some(Criteria { within: Some(home(person)?), ..named(plain.get(..cut)?) })
    }),
    ("misspelt name + year", |person| {
        let mut letters: Vec<char> = NameKeys::of(person.name.full()).plain.chars().collect();
        // Two neighbours of the first word change places.
        if letters.len() > 3 {
            letters.swap(1, 2);
        }
        let typed: String = letters.into_iter().collect();
        Some(Criteria { birth: Some(BirthDate::Year(person.birth.year())), ..named(&typed) })
    }),
];

fn named(name: &str) -> Criteria {
    Criteria { name: TypedName::parse(name).ok(), ..Criteria::default() }
}

fn home(person: &PersonRecord) -> Option<Within> {
    let home = person.residences.iter().find(|home| home.kind == ResidenceKind::Permanent)?;
    Some(Within { province: home.address.unit.unit()?.province?.to_owned(), commune: None })
}

/// Each call once without being counted, then counted.
pub async fn run(db: &Db, sample: &[PersonRecord], calls: usize) -> Result<Vec<(String, Figures)>, Trouble> {
    let mut all = vec![("number".to_owned(), by_number(db, sample, calls).await?)];
    let (sealer, entropy) = (Sealer::new(&Kek::from_bytes(&[1; 32])), random::entropy());
    for (name, typed) in KINDS {
        let asked: Vec<Criteria> =
            sample.iter().filter_map(typed).filter(|one| one.name.is_some()).take(calls).collect();
        let mut micros = Vec::with_capacity(asked.len());
        for round in 0..2 {
            for criteria in &asked {
                let ask = Ask { most: 20, cursor: None, asker: "bench", sealer: &sealer, entropy: &entropy };
                let begun = Instant::now();
                let mut conn = db.read().await?;
                search(&mut conn, criteria, &ask).await??;
                drop(conn);
                if round == 1 {
                    micros.push(u64::try_from(begun.elapsed().as_micros())?);
                }
            }
        }
        all.push((name.to_owned(), Figures::of(micros)));
    }
    Ok(all)
}

async fn by_number(db: &Db, sample: &[PersonRecord], calls: usize) -> Result<Figures, Trouble> {
    let mut micros = Vec::new();
    for round in 0..2 {
        for person in sample.iter().take(calls) {
            let begun = Instant::now();
            let mut conn = db.read().await?;
            let found = persons::find_by_number(&mut conn, &person.number).await?;
            drop(conn);
            assert!(found.is_some(), "everybody in the sample is there");
            if round == 1 {
                micros.push(u64::try_from(begun.elapsed().as_micros())?);
            }
        }
    }
    Ok(Figures::of(micros))
}

pub struct Verified {
    pub rate: f64,
    pub cpu_micros: f64,
}

const CALLERS: usize = 32;
const LENGTH: Duration = Duration::from_secs(5);

/// Three-way matches with the record of each committed before the answer counts, by 32 callers at once.
pub async fn verify(provider: &Provider, sample: &[PersonRecord]) -> Result<Verified, Trouble> {
    let sample: Arc<Vec<PersonRecord>> = Arc::new(sample.to_vec());
    let (begun, cpu) = (Instant::now(), cpu_micros()?);
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (db, writer, entropy) = (provider.db.clone(), provider.writer.clone(), provider.entropy.clone());
            let sample = Arc::clone(&sample);
            tokio::spawn(async move {
                let mut count = 0_u64;
                let mut at = caller * 131;
                while begun.elapsed() < LENGTH {
                    let Some(person) = sample.get(at % sample.len()) else { break };
                    at += 7;
                    verify_one(&db, &writer, &entropy, person, caller).await?;
                    count += 1;
                }
                Ok::<u64, Trouble>(count)
            })
        })
        .collect();
    let mut count = 0;
    for caller in callers {
        count += caller.await??;
    }
    let spent = cpu_micros()?.saturating_sub(cpu);
    Ok(Verified {
        rate: super::rate(count, begun.elapsed().as_secs_f64()),
        cpu_micros: super::rate(spent, super::rate(count, 1.0)),
    })
}

async fn verify_one(
    db: &Db,
    writer: &Writer,
    entropy: &Entropy,
    person: &PersonRecord,
    caller: usize,
) -> Result<(), Trouble> {
    let claim = Claim { number: person.number, name: person.name.clone(), birth: person.birth };
    let found = match_person(&mut db.read().await?, &claim).await?;
    let now = Clock::System.now();
    let by = Attribution {
        request_id: "bench".to_owned(),
        agency: "G01".to_owned(),
        officer: format!("officer-{caller}"),
        procedure: "1.000001".to_owned(),
        dossier: person.number.as_str().to_owned(),
        purpose: "Đo tốc độ".to_owned(),
    };
    let came = Came {
        what: "verify",
        matched: found.as_ref().is_some_and(|(_, found)| found.identifies()),
        person: found.map(|(person, _)| person.person.id),
        fields: vec!["number", "name", "birth_date"],
    };
    // Four clients, as four ministries would be.
    let client = ClientId::from(format!("bench-{}", caller % 4).as_str());
    let unit = NoteUse::new((entropy.uuid(now), client), by, came, NotePolicy::default(), now);
    writer.submit(unit).await?;
    Ok(())
}

/// User and system time of this process.
fn cpu_micros() -> Result<u64, Trouble> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let rest = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = rest.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(ticks * 10_000)
}
