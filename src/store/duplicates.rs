//! Pairs of records that may be one person: who is compared with whom, and what became of it.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::Date;
use uuid::Uuid;

use super::{Conn, db::failed, dialect, duplicate_places, intake::list, record};
use crate::{
    base::{Fault, Timestamp, hex, ids::PersonId},
    registry::{
        BirthDate, NameKeys, Sex,
        birth::Precision,
        duplicates::{Likeness, Traits},
    },
};

row! {
    struct TraitRow {
        id: PersonId,
        full_name: String,
        birth_date: Date,
        birth_precision: String,
        sex: String,
        cmnd9: Option<String>,
        home_unit: String,
    }
}

/// A record with what is compared of it.
pub type Compared = (PersonId, Traits);

/// The next records in the order of their ids.
pub(super) const NEXT: &str = "SELECT id, full_name, birth_date, birth_precision, sex, cmnd9, home_unit FROM person \
    WHERE id > $1 AND merged_into IS NULL ORDER BY id LIMIT $2";

pub async fn next(conn: &mut Conn, after: PersonId, most: i64) -> Result<Vec<Compared>, Fault> {
    let rows: Vec<TraitRow> = on!(&mut *conn, |c| sqlx::query_as(NEXT).bind(after).bind(most).fetch_all(c).await)
        .map_err(failed("reading records to compare"))?;
    with_evidence(conn, rows).await
}

/// Records that one of these blocks brings together with a record: the same words of the name within a year of birth, the
/// same contact, or the same old card. Without the record itself.
pub async fn neighbours(conn: &mut Conn, of: &Compared, most: i64) -> Result<Vec<Compared>, Fault> {
    let year = BirthDate::Year(of.1.birth.year());
    let sql = dialect::same_block(conn.engine());
    let contacts = hex_list(&of.1.contacts);
    let rows: Vec<TraitRow> = on!(&mut *conn, |c| sqlx::query_as(sql)
        .bind(crate::registry::search::sorted(&of.1.name.plain))
        .bind(year.earliest())
        .bind(year.latest())
        .bind(contacts)
        .bind(of.1.cmnd9.as_deref().unwrap_or_default())
        .bind(of.0)
        .bind(most)
        .fetch_all(c)
        .await)
    .map_err(failed("reading a record's block"))?;
    with_evidence(conn, rows).await
}

async fn with_evidence(conn: &mut Conn, rows: Vec<TraitRow>) -> Result<Vec<Compared>, Fault> {
    let ids: Vec<String> = rows.iter().map(|row| row.id.0.simple().to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = dialect::parents_of(conn.engine());
    let parents: Vec<(PersonId, String)> = on!(&mut *conn, |c| sqlx::query_as(sql).bind(list(&ids)).fetch_all(c).await)
        .map_err(failed("reading parents to compare"))?;
    let sql = dialect::contacts_of(conn.engine());
    let contacts: Vec<(PersonId, Vec<u8>)> =
        on!(&mut *conn, |c| sqlx::query_as(sql).bind(list(&ids)).fetch_all(c).await)
            .map_err(failed("reading contacts to compare"))?;
    let mut parents_of: HashMap<PersonId, Vec<String>> = HashMap::new();
    for (id, number) in parents {
        parents_of.entry(id).or_default().push(number);
    }
    let mut contacts_of: HashMap<PersonId, Vec<Vec<u8>>> = HashMap::new();
    for (id, index) in contacts {
        contacts_of.entry(id).or_default().push(index);
    }
    rows.into_iter()
        .map(|row| {
            let bad = |column: &'static str| Fault::inconsistent("person", column, &row.id);
            let precision = Precision::from_code(&row.birth_precision).ok_or_else(|| bad("birth_precision"))?;
            let traits = Traits {
                name: NameKeys::of(&row.full_name),
                birth: BirthDate::from_stored(row.birth_date, precision),
                sex: Sex::from_code(&row.sex).ok_or_else(|| bad("sex"))?,
                parents: parents_of.remove(&row.id).unwrap_or_default(),
                contacts: contacts_of.remove(&row.id).unwrap_or_default(),
                cmnd9: row.cmnd9,
                commune: row.home_unit,
            };
            Ok((row.id, traits))
        })
        .collect()
}

pub(super) const KEEP: &str = "INSERT INTO duplicate_candidate (one_id, other_id, score, reasons, state, found_at) \
    VALUES ($1, $2, $3, $4, 'open', $5) ON CONFLICT (one_id, other_id) DO NOTHING RETURNING score";

/// `false` when the pair is known already, also when it was decided.
pub async fn keep(
    conn: &mut Conn,
    (a, b): (PersonId, PersonId),
    likeness: &Likeness,
    now: Timestamp,
) -> Result<bool, Fault> {
    let (one, other) = if a < b { (a, b) } else { (b, a) };
    let reasons =
        serde_json::to_value(&likeness.reasons).map_err(|error| Fault::internal("reasons cannot be written", error))?;
    let row: Option<(i64,)> = on!(&mut *conn, |c| sqlx::query_as(KEEP)
        .bind(one)
        .bind(other)
        .bind(likeness.score)
        .bind(sqlx::types::Json(&reasons))
        .bind(now)
        .fetch_optional(c)
        .await)
    .map_err(failed("keeping a pair that may be one person"))?;
    if row.is_none() {
        return Ok(false);
    }
    // Who moves meanwhile finds the pair, or is waited for.
    record::hold(conn, &[one, other]).await?;
    duplicate_places::place(conn, (one, other)).await?;
    Ok(true)
}

/// An open pair with what is shown of it.
#[derive(Clone, Debug)]
pub struct OpenPair {
    pub one: PersonId,
    pub other: PersonId,
    pub version: i64,
    pub score: i64,
    pub reasons: Value,
    pub one_number: Option<String>,
    pub other_number: Option<String>,
    pub one_name: String,
    pub other_name: String,
}

row! {
    struct PairRow {
        one_id: PersonId,
        other_id: PersonId,
        version: i64,
        score: i64,
        reasons: sqlx::types::Json<Value>,
        one_number: Option<String>,
        other_number: Option<String>,
        one_name: String,
        other_name: String,
    }
}

// The page is cut before anything is joined to it: a planner that thinks little of a join of two columns reads everything first.
pub(super) const OPEN: &str = "SELECT d.one_id, d.other_id, d.version, d.score, d.reasons, a.number AS one_number, \
    b.number AS other_number, a.full_name AS one_name, b.full_name AS other_name FROM (SELECT rank, one_id, other_id \
    FROM duplicate_place WHERE unit_code = $2 AND (rank, one_id, other_id) > ($3, $4, $5) \
    ORDER BY rank, one_id, other_id LIMIT $1) AS p JOIN duplicate_candidate d ON d.one_id = p.one_id AND d.other_id = p.other_id \
    JOIN person a ON a.id = p.one_id JOIN person b ON b.id = p.other_id ORDER BY p.rank, p.one_id, p.other_id";

/// Where a page of pairs ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AfterPair {
    pub score: i64,
    pub one: PersonId,
    pub other: PersonId,
}

impl AfterPair {
    /// Before the first.
    pub const START: Self = Self { score: i64::MAX, one: PersonId(Uuid::nil()), other: PersonId(Uuid::nil()) };

    pub const fn of(pair: &OpenPair) -> Self {
        Self { score: pair.score, one: pair.one, other: pair.other }
    }
}

/// Those of which one lives in this unit, or in this province: the first page of [`open_after`].
pub async fn open_within(conn: &mut Conn, unit: Option<&str>, most: i64) -> Result<Vec<OpenPair>, Fault> {
    open_after(conn, unit, (AfterPair::START, most)).await
}

/// The likeliest first, after the last of another page.
pub async fn open_after(
    conn: &mut Conn,
    unit: Option<&str>,
    (after, most): (AfterPair, i64),
) -> Result<Vec<OpenPair>, Fault> {
    let rows: Vec<PairRow> = on!(conn, |c| sqlx::query_as(OPEN)
        .bind(most)
        .bind(unit.unwrap_or(duplicate_places::COUNTRY))
        .bind(after.score.saturating_neg())
        .bind(after.one)
        .bind(after.other)
        .fetch_all(c)
        .await)
    .map_err(failed("listing pairs that may be one person"))?;
    Ok(rows
        .into_iter()
        .map(|row| OpenPair {
            one: row.one_id,
            other: row.other_id,
            version: row.version,
            score: row.score,
            reasons: row.reasons.0,
            one_number: row.one_number,
            other_number: row.other_number,
            one_name: row.one_name,
            other_name: row.other_name,
        })
        .collect())
}

/// A pair, whatever was found about it.
#[derive(Clone, Debug)]
pub struct StoredPair {
    pub one: PersonId,
    pub other: PersonId,
    pub score: i64,
    pub reasons: Value,
    state: String,
    pub note: Option<String>,
    /// Where the two live, by today's codes; empty for nowhere.
    pub units: [String; 2],
}

impl StoredPair {
    pub fn is_open(&self) -> bool {
        self.state == "open"
    }
}

row! {
    struct OnePairRow {
        one_id: PersonId,
        other_id: PersonId,
        score: i64,
        reasons: sqlx::types::Json<Value>,
        state: String,
        note: Option<String>,
        one_unit: String,
        other_unit: String,
    }
}

pub(super) const FIND: &str = "SELECT d.one_id, d.other_id, d.score, d.reasons, d.state, d.note, a.home_unit AS one_unit, \
    b.home_unit AS other_unit FROM duplicate_candidate d JOIN person a ON a.id = d.one_id \
    JOIN person b ON b.id = d.other_id WHERE d.one_id = $1 AND d.other_id = $2";

pub async fn find(conn: &mut Conn, (a, b): (PersonId, PersonId)) -> Result<Option<StoredPair>, Fault> {
    let (one, other) = if a < b { (a, b) } else { (b, a) };
    let row: Option<OnePairRow> = on!(conn, |c| sqlx::query_as(FIND).bind(one).bind(other).fetch_optional(c).await)
        .map_err(failed("finding a pair that may be one person"))?;
    Ok(row.map(|row| StoredPair {
        one: row.one_id,
        other: row.other_id,
        score: row.score,
        reasons: row.reasons.0,
        state: row.state,
        note: row.note,
        units: [row.one_unit, row.other_unit],
    }))
}

pub(super) const DECIDE: &str = "UPDATE duplicate_candidate SET state = $3, decided_by = $4, decided_at = $5, note = $6, \
    version = version + 1 WHERE one_id = $1 AND other_id = $2 AND state = 'open' RETURNING version";

/// Two people after all. `false` when the pair is not open.
pub async fn decide_different(
    conn: &mut Conn,
    (a, b): (PersonId, PersonId),
    (by, note): (&str, &str),
    now: Timestamp,
) -> Result<bool, Fault> {
    let (one, other) = if a < b { (a, b) } else { (b, a) };
    let row: Option<(i64,)> = on!(&mut *conn, |c| sqlx::query_as(DECIDE)
        .bind(one)
        .bind(other)
        .bind("different")
        .bind(by)
        .bind(now)
        .bind(note)
        .fetch_optional(c)
        .await)
    .map_err(failed("deciding about a pair"))?;
    duplicate_places::place(conn, (one, other)).await?;
    Ok(row.is_some())
}

/// What was found about a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairState {
    /// One person: merged.
    Same,
    Different,
}

impl PairState {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different => "different",
        }
    }
}

pub(super) const SETTLE: &str = "UPDATE duplicate_candidate SET state = $3, decided_by = $4, decided_at = $5, \
    version = version + 1 WHERE one_id = $1 AND other_id = $2";

/// What a merge or its undoing says of a pair, when it is on the list.
pub async fn settle(
    conn: &mut Conn,
    (a, b): (PersonId, PersonId),
    state: PairState,
    (by, now): (&str, Timestamp),
) -> Result<(), Fault> {
    let (one, other) = if a < b { (a, b) } else { (b, a) };
    on!(&mut *conn, |c| sqlx::query(SETTLE)
        .bind(one)
        .bind(other)
        .bind(state.code())
        .bind(by)
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("settling a pair"))?;
    duplicate_places::place(conn, (one, other)).await
}

/// A JSON array of hexadecimal texts, which both engines turn into bytes again.
fn hex_list(items: &[Vec<u8>]) -> String {
    Value::from(items.iter().map(|bytes| hex(bytes)).collect::<Vec<_>>()).to_string()
}
