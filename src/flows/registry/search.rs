//! Searching the registry: a plan of statements from the surest to the most forgiving, read page by page.
//!
//! Each person found has the reason and a score, and comes in one step only: the first that finds them. A page's cursor is
//! sealed and bound to the question and the asker, so that nobody reads a key out of it or puts one in.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::{
    base::{Entropy, Fault},
    crypto::{Place, Sealer, digest::Sha256},
    registry::BirthDate,
    registry::{
        NameKeys, PersonalNumber,
        birth::BirthMatch,
        household::ResidenceFile,
        search::{Criteria, NameWhy, SearchRefusal, TypedName, Vocabulary, Why, agree},
    },
    store::{
        Conn,
        finding::{self, After, Bounds, FoundPerson},
        name_words,
    },
};

/// Somebody who was found, why, and how sure: 100 is as typed.
#[derive(Clone, Debug)]
pub struct Hit {
    pub person: FoundPerson,
    pub why: Vec<Why>,
    pub score: u8,
}

#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The surest first.
    pub hits: Vec<Hit>,
    /// Where the next page begins; None after the last.
    pub next: Option<String>,
}

/// Which page of a search is asked for, and by whom.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    pub most: usize,
    pub cursor: Option<&'a str>,
    /// A client or an operator: another's cursor does not open.
    pub asker: &'a str,
    pub sealer: &'a Sealer,
    pub entropy: &'a Entropy,
}

/// The steps of a plan, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Number,
    Cmnd9,
    Household,
    Children,
    /// The whole name, in any order.
    Whole,
    /// Names in the unit that begin so.
    Beginning,
    /// One word left out, or the last typed in part.
    Part,
    /// Slips of the keyboard.
    Near,
}

#[derive(Serialize, Deserialize)]
struct Cursor {
    step: usize,
    after: After,
}

/// Pages never have more.
pub const MOST: usize = 100;

pub async fn search(conn: &mut Conn, criteria: &Criteria, ask: &Ask<'_>) -> Result<Result<Page, SearchRefusal>, Fault> {
    let place = binding(criteria, ask.asker);
    let begin = match ask.cursor.map(|cursor| opened(ask, &place, cursor)) {
        None => Cursor { step: 0, after: After::nobody() },
        Some(Some(cursor)) => cursor,
        Some(None) => return Ok(Err(SearchRefusal::Cursor)),
    };
    let mut reader = Reader {
        criteria,
        bounds: Bounds::new(criteria.birth, criteria.within.as_ref(), criteria.parent.as_ref().map(|name| &name.keys)),
        plan: plan(criteria),
        vocabulary: None,
    };
    let most = ask.most.clamp(1, MOST);
    let (hits, next) = reader.page(conn, begin, most).await?;
    let next = next.map(|cursor| sealed(ask, &place, &cursor)).transpose()?;
    Ok(Ok(Page { hits, next }))
}

fn plan(criteria: &Criteria) -> Vec<Step> {
    if criteria.number.is_some() {
        return vec![Step::Number];
    }
    if criteria.cmnd9.is_some() {
        return vec![Step::Cmnd9];
    }
    if criteria.household.is_some() {
        return vec![Step::Household];
    }
    if criteria.name.is_none() {
        return vec![Step::Children];
    }
    let mut plan = vec![Step::Whole];
    if criteria.within.is_some() {
        plan.push(Step::Beginning);
    }
    // Without anything else half of a name is borne by millions.
    if criteria.within.is_some() || criteria.birth.is_some() || criteria.parent.is_some() {
        plan.push(Step::Part);
    }
    plan.push(Step::Near);
    plan
}

struct Reader<'a> {
    criteria: &'a Criteria,
    bounds: Bounds,
    plan: Vec<Step>,
    vocabulary: Option<Vocabulary>,
}

impl Reader<'_> {
    /// Rows that belong to another step are dropped, so that a page may take several reads.
    async fn page(
        &mut self,
        conn: &mut Conn,
        mut at: Cursor,
        most: usize,
    ) -> Result<(Vec<Hit>, Option<Cursor>), Fault> {
        let mut hits = Vec::new();
        while let Some(step) = self.plan.get(at.step).copied() {
            let wanted = most - hits.len();
            let limit = i64::try_from(wanted.saturating_add(1)).unwrap_or(i64::MAX);
            let rows = self.read(conn, step, &at.after, limit).await?;
            let more = rows.len() > wanted;
            for row in rows.into_iter().take(wanted) {
                at.after = After::of(&row);
                if let Some(hit) = self.judge(row, step) {
                    hits.push(hit);
                }
            }
            if !more {
                at = Cursor { step: at.step + 1, after: After::nobody() };
            }
            // Who is found by the whole name is the answer; who only resembles it is on the next page, for who asks.
            let found = step == Step::Whole && !hits.is_empty();
            if found || hits.len() >= most {
                break;
            }
        }
        hits.sort_by_key(|hit| std::cmp::Reverse(hit.score));
        let next = (at.step < self.plan.len()).then_some(at);
        Ok((hits, next))
    }

    async fn read(
        &mut self,
        conn: &mut Conn,
        step: Step,
        after: &After,
        limit: i64,
    ) -> Result<Vec<FoundPerson>, Fault> {
        let criteria = self.criteria;
        let words = criteria.name.as_ref().map(|name| name.words.as_slice()).unwrap_or_default();
        let keys = match step {
            Step::Number => {
                // A page of one: there is nothing after it.
                let Some(number) = criteria.number.filter(|_| *after == After::nobody()) else { return Ok(Vec::new()) };
                return finding::by_number(conn, &number).await;
            }
            Step::Cmnd9 => {
                return finding::by_cmnd9(conn, criteria.cmnd9.as_deref().unwrap_or_default(), after, limit).await;
            }
            Step::Household => {
                let Some(file) = &criteria.household else { return Ok(Vec::new()) };
                return finding::of_household(conn, file, after, limit).await;
            }
            Step::Children => return finding::children(conn, &self.bounds, after, limit).await,
            Step::Beginning => {
                let plain = criteria.name.as_ref().map(|name| name.keys.plain.as_str()).unwrap_or_default();
                return finding::by_beginning(conn, plain, &self.bounds, after, limit).await;
            }
            Step::Whole => vec![crate::registry::search::sorted(&words.join(" "))],
            Step::Part => self.vocabulary(conn).await?.completed(words),
            Step::Near => self.vocabulary(conn).await?.misspelt(words),
        };
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        finding::by_names(conn, &keys, &self.bounds, after, limit).await
    }

    async fn vocabulary(&mut self, conn: &mut Conn) -> Result<&Vocabulary, Fault> {
        if self.vocabulary.is_none() {
            self.vocabulary = Some(name_words::vocabulary(conn).await?);
        }
        Ok(self.vocabulary.get_or_insert_with(Vocabulary::default))
    }

    /// None for a row that another step finds, or that does not agree with all that was asked.
    fn judge(&self, person: FoundPerson, step: Step) -> Option<Hit> {
        let mut why = Vec::new();
        let mut score = 100;
        match step {
            Step::Number => why.push(number_why(self.criteria.number, person.number)),
            Step::Cmnd9 => why.push(Why::Cmnd9),
            Step::Household => why.push(Why::Household),
            _ => {}
        }
        if let Some(typed) = &self.criteria.name {
            let (how, points) = agree(typed, &person.name.keys())?;
            if why.is_empty() && self.step_of(how) != step {
                return None;
            }
            why.push(Why::Name(how));
            score = score.min(points);
        }
        if let Some(asked) = self.criteria.birth {
            match BirthDate::compare(person.birth, asked) {
                BirthMatch::Same => why.push(Why::BirthDate),
                BirthMatch::AsFarAsRecorded | BirthMatch::AsFarAsStated => why.push(Why::BirthDateInPart),
                BirthMatch::Different => return None,
            }
        }
        if let Some(within) = &self.criteria.within {
            if within.commune.as_ref().is_some_and(|commune| *commune != person.commune) {
                return None;
            }
            why.push(Why::Unit);
        }
        if self.criteria.parent.is_some() {
            why.push(Why::Parent);
        }
        Some(Hit { person, why, score })
    }

    /// The step of this plan that finds names that agree so.
    fn step_of(&self, how: NameWhy) -> Step {
        match how {
            NameWhy::Beginning if self.plan.contains(&Step::Beginning) => Step::Beginning,
            NameWhy::Beginning | NameWhy::Part if self.plan.contains(&Step::Part) => Step::Part,
            NameWhy::Beginning | NameWhy::Part | NameWhy::Near => Step::Near,
            NameWhy::Exact | NameWhy::Tone | NameWhy::WithoutMarks | NameWhy::OtherMarks | NameWhy::Order => {
                Step::Whole
            }
        }
    }
}

fn number_why(asked: Option<PersonalNumber>, present: Option<PersonalNumber>) -> Why {
    if asked == present { Why::Number } else { Why::FormerNumber }
}

/// The digest of the question and the asker: what a cursor is sealed for.
fn binding(criteria: &Criteria, asker: &str) -> [u8; 32] {
    let mut digest = Sha256::new();
    let mut field = |text: &str| {
        digest.update(&(text.len() as u64).to_be_bytes());
        digest.update(text.as_bytes());
    };
    let typed = |name: &Option<TypedName>| name.as_ref().map(|name| exact(&name.keys)).unwrap_or_default();
    field(asker);
    field(criteria.number.as_ref().map(PersonalNumber::as_str).unwrap_or_default());
    field(criteria.cmnd9.as_deref().unwrap_or_default());
    field(criteria.household.as_ref().map(ResidenceFile::as_str).unwrap_or_default());
    field(&typed(&criteria.name));
    field(&criteria.birth.map(|birth| birth.to_string()).unwrap_or_default());
    field(criteria.within.as_ref().map(|within| within.province.as_str()).unwrap_or_default());
    field(criteria.within.as_ref().and_then(|within| within.commune.as_deref()).unwrap_or_default());
    field(&typed(&criteria.parent));
    digest.finish()
}

fn exact(keys: &NameKeys) -> String {
    keys.exact.clone()
}

const fn place(binding: &[u8; 32]) -> Place<'_> {
    Place { table: "search", column: "cursor", row: binding }
}

fn sealed(ask: &Ask<'_>, binding: &[u8; 32], cursor: &Cursor) -> Result<String, Fault> {
    let text = serde_json::to_vec(cursor).map_err(|error| Fault::internal("a cursor cannot be written", error))?;
    let sealed = ask
        .sealer
        .seal(place(binding), &text, ask.entropy)
        .map_err(|error| Fault::internal("a cursor cannot be sealed", error))?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

fn opened(ask: &Ask<'_>, binding: &[u8; 32], cursor: &str) -> Option<Cursor> {
    let sealed = URL_SAFE_NO_PAD.decode(cursor).ok().filter(|bytes| bytes.len() < 2_000)?;
    let text = ask.sealer.open(place(binding), &sealed).ok()?;
    serde_json::from_slice(text.reveal()).ok()
}
