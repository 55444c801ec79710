//! Uses of the registry by state systems: what the person sees, and what shows who looks too often.

use serde_json::Value;
use time::Date;
use uuid::Uuid;

use super::{Conn, db::failed};
use crate::{
    base::{
        Fault, Timestamp,
        ids::{ClientId, PersonId},
    },
    registry::attribution::Attribution,
};

/// One request that was answered.
#[derive(Clone, Debug)]
pub struct RegistryUse {
    pub id: Uuid,
    pub at: Timestamp,
    pub client: ClientId,
    pub by: Attribution,
    /// `verify`, `look_up`, `predicates`, `household`.
    pub what: &'static str,
    pub matched: bool,
    pub person: Option<PersonId>,
    /// Names only.
    pub fields: Vec<&'static str>,
}

pub(super) const INSERT: &str = "INSERT INTO registry_use (id, at, client_id, request_id, agency, officer, procedure_code, \
    dossier, purpose, what, outcome, person_id, fields) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

pub async fn insert(conn: &mut Conn, used: &RegistryUse) -> Result<(), Fault> {
    let outcome = if used.matched { "matched" } else { "not_matched" };
    on!(conn, |c| sqlx::query(INSERT)
        .bind(used.id)
        .bind(used.at)
        .bind(&used.client)
        .bind(&used.by.request_id)
        .bind(&used.by.agency)
        .bind(&used.by.officer)
        .bind(&used.by.procedure)
        .bind(&used.by.dossier)
        .bind(&used.by.purpose)
        .bind(used.what)
        .bind(outcome)
        .bind(used.person)
        .bind(sqlx::types::Json(&used.fields))
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("recording a use of the registry"))
}

/// A use as the person reads it.
#[derive(Clone, Debug)]
pub struct StoredUse {
    pub at: Timestamp,
    pub client: ClientId,
    pub agency: String,
    pub procedure: String,
    pub dossier: String,
    pub purpose: String,
    pub what: String,
    pub matched: bool,
    pub fields: Vec<String>,
}

row! {
    struct UseRow {
        at: Timestamp,
        client_id: ClientId,
        agency: String,
        procedure_code: String,
        dossier: String,
        purpose: String,
        what: String,
        outcome: String,
        fields: sqlx::types::Json<Value>,
    }
}

pub(super) const OF_PERSON: &str = "SELECT at, client_id, agency, procedure_code, dossier, purpose, what, outcome, fields \
    FROM registry_use WHERE person_id IN (SELECT $1 UNION ALL SELECT m.merged_id FROM person_merge m WHERE m.kept_id = $1 \
    AND m.undone_by IS NULL) AND at <= $2 ORDER BY at DESC LIMIT $3";

/// The newest first, up to the given moment, also of records that went into this person's. Officers' names are for the authorities, not for the page.
pub async fn of_person(
    conn: &mut Conn,
    person: PersonId,
    before: Timestamp,
    most: i64,
) -> Result<Vec<StoredUse>, Fault> {
    let rows: Vec<UseRow> =
        on!(conn, |c| sqlx::query_as(OF_PERSON).bind(person).bind(before).bind(most).fetch_all(c).await)
            .map_err(failed("reading who used a person's data"))?;
    Ok(rows
        .into_iter()
        .map(|row| StoredUse {
            at: row.at,
            client: row.client_id,
            agency: row.agency,
            procedure: row.procedure_code,
            dossier: row.dossier,
            purpose: row.purpose,
            matched: row.outcome == "matched",
            what: row.what,
            fields: serde_json::from_value(row.fields.0).unwrap_or_default(),
        })
        .collect())
}

pub(super) const COUNT_REQUEST: &str = "INSERT INTO registry_volume (client_id, day, requests) VALUES ($1, $2, 1) \
    ON CONFLICT (client_id, day) DO UPDATE SET requests = registry_volume.requests + 1 \
    WHERE registry_volume.requests < $3 RETURNING stopped OR COALESCE((SELECT d.stopped FROM registry_officer_day d \
    WHERE d.client_id = $1 AND d.officer = $4 AND d.day = $2), $5)";

/// Whether one more request of a day may be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    Yes,
    /// The day's allowance is used up.
    UsedUp,
    /// Client or officer got too many answers that did not agree.
    Stopped,
}

/// Counts one request of a client's day.
pub async fn count_request(
    conn: &mut Conn,
    client: &ClientId,
    (officer, day): (&str, Date),
    most: i64,
) -> Result<Allowed, Fault> {
    let row: Option<(bool,)> = on!(conn, |c| sqlx::query_as(COUNT_REQUEST)
        .bind(client)
        .bind(day)
        .bind(most)
        .bind(officer)
        .bind(false)
        .fetch_optional(c)
        .await)
    .map_err(failed("counting a client's requests"))?;
    Ok(match row {
        Some((false,)) => Allowed::Yes,
        Some((true,)) => Allowed::Stopped,
        None => Allowed::UsedUp,
    })
}

/// A way of using the registry that somebody should look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    ManyPeopleOneDossier,
    /// Names or dates that did not agree, again and again, about one person.
    Guessing,
    OnePersonOften,
    ManyPeopleAnHour,
    /// Of one officer's day, whomever they were about, also nobody.
    ManyWrongAnswers,
    /// Of a client's day, whichever officers it named.
    ClientWrongAnswers,
}

impl Pattern {
    pub const fn code(self) -> &'static str {
        match self {
            Self::ManyPeopleOneDossier => "many_people_one_dossier",
            Self::Guessing => "guessing",
            Self::OnePersonOften => "one_person_often",
            Self::ManyPeopleAnHour => "many_people_an_hour",
            Self::ManyWrongAnswers => "many_wrong_answers",
            Self::ClientWrongAnswers => "client_wrong_answers",
        }
    }
}

pub(super) const HABITS: &str = "WITH about AS (SELECT outcome FROM registry_use WHERE person_id = $1 AND at >= $2 \
    AND client_id = $3 AND officer = $4 ORDER BY at DESC LIMIT $5) SELECT \
    (SELECT count(*) FROM about WHERE outcome = 'matched'), (SELECT count(*) FROM about WHERE outcome <> 'matched'), \
    (SELECT count(*) FROM (SELECT DISTINCT person_id FROM registry_use WHERE client_id = $3 AND officer = $4 \
    AND dossier = $6 AND at >= $2 AND person_id IS NOT NULL LIMIT $7) AS seen)";

/// What an officer asked since some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habits {
    /// Answers about one person that agreed, and that did not.
    pub matched: i64,
    pub wrong: i64,
    /// People for one dossier.
    pub people: i64,
}

/// Neither count walks further than its `most`: requests about the person, the newest first, and people of the dossier.
pub async fn habits(
    conn: &mut Conn,
    (used, person): (&RegistryUse, PersonId),
    since: Timestamp,
    (most_requests, most_people): (i64, i64),
) -> Result<Habits, Fault> {
    let (matched, wrong, people): (i64, i64, i64) = on!(conn, |c| sqlx::query_as(HABITS)
        .bind(person)
        .bind(since)
        .bind(&used.client)
        .bind(&used.by.officer)
        .bind(most_requests)
        .bind(&used.by.dossier)
        .bind(most_people)
        .fetch_one(c)
        .await)
    .map_err(failed("counting what an officer asked"))?;
    Ok(Habits { matched, wrong, people })
}

pub(super) const FLAG: &str = "INSERT INTO registry_flag (id, client_id, officer, pattern, day, agency, dossier, \
    flagged_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (client_id, officer, pattern, day) DO NOTHING \
    RETURNING id";

/// `false` when it was flagged already today.
pub async fn flag(conn: &mut Conn, used: &RegistryUse, pattern: Pattern) -> Result<bool, Fault> {
    let row: Option<(Uuid,)> = on!(conn, |c| sqlx::query_as(FLAG)
        .bind(used.id)
        .bind(&used.client)
        .bind(&used.by.officer)
        .bind(pattern.code())
        .bind(used.at.vietnam_date())
        .bind(&used.by.agency)
        .bind(&used.by.dossier)
        .bind(used.at)
        .fetch_optional(c)
        .await)
    .map_err(failed("flagging a pattern of use"))?;
    Ok(row.is_some())
}
