//! Households as events leave them, and the whole of one for the rules to look at.

use std::collections::BTreeMap;

use sqlx::types::Json;
use time::Date;

use super::{
    Conn,
    db::failed,
    dialect::hold_household,
    facet_versions::{self, Ground},
};
use crate::{
    base::{
        Fault,
        fault::FaultKind,
        ids::{HouseholdId, PersonId},
    },
    registry::{Address, UnitRef, civil_event::Household, household::ResidenceFile, record::Relative},
};

row! {
    struct WholeRow {
        id: HouseholdId,
        version: i64,
        residence_file: String,
        head_id: Option<PersonId>,
        owner: Option<Json<Relative>>,
        line: String,
        unit_code: String,
        unit_valid_from: Date,
        closed_on: Option<Date>,
    }
}

pub(super) const FIND_BY_FILE: &str = "SELECT id, version, residence_file, head_id, owner, line, unit_code, \
    unit_valid_from, closed_on FROM household WHERE residence_file = $1";

of_ids! {
    find_sql,
    "SELECT id, version, residence_file, head_id, owner, line, unit_code, unit_valid_from, closed_on FROM household WHERE id",
    ""
}

/// Those that are there, with their versions.
pub async fn find(conn: &mut Conn, ids: &[HouseholdId]) -> Result<Vec<(Household, i64)>, Fault> {
    let rows: Vec<WholeRow> = rows_of_ids!(conn, find_sql, ids, "finding households");
    rows.into_iter().map(whole).collect()
}

pub async fn find_by_file(conn: &mut Conn, file: &ResidenceFile) -> Result<Option<(Household, i64)>, Fault> {
    let row: Option<WholeRow> = on!(conn, |c| sqlx::query_as(FIND_BY_FILE).bind(file.as_str()).fetch_optional(c).await)
        .map_err(failed("finding a residence file"))?;
    row.map(whole).transpose()
}

fn whole(row: WholeRow) -> Result<(Household, i64), Fault> {
    let bad = |column: &'static str| Fault::inconsistent("household", column, &row.id);
    let unit = UnitRef { code: row.unit_code, valid_from: row.unit_valid_from };
    let household = Household {
        id: row.id,
        file: ResidenceFile::parse(&row.residence_file).map_err(|_| bad("residence_file"))?,
        head: row.head_id,
        owner: row.owner.map(|owner| owner.0),
        address: Address::new(&row.line, unit, None).map_err(|_| bad("line"))?,
        closed_on: row.closed_on,
    };
    Ok((household, row.version))
}

of_ids! {
    members_sql,
    "SELECT person_id FROM (SELECT person_id, row_number() OVER (PARTITION BY household_id ORDER BY person_id) AS place \
     FROM household_member WHERE household_id",
    ") AS m WHERE place <= $2 ORDER BY person_id"
}

/// Of each of these households up to `most` members.
pub async fn member_ids(conn: &mut Conn, ids: &[HouseholdId], most: i64) -> Result<Vec<PersonId>, Fault> {
    let rows: Vec<(PersonId,)> = rows_of_ids!(conn, members_sql, ids, "reading households' members", most);
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

// Everybody whose relation to a head may change with the head: others and lodgers stay what they are.
pub(super) const KIN: &str = "SELECT person_id FROM household_member WHERE household_id = $1 \
    AND relation NOT IN ('other', 'lodger') ORDER BY person_id LIMIT $2";

pub async fn kin_ids(conn: &mut Conn, id: HouseholdId, most: i64) -> Result<Vec<PersonId>, Fault> {
    let rows: Vec<(PersonId,)> = on!(conn, |c| sqlx::query_as(KIN).bind(id).bind(most).fetch_all(c).await)
        .map_err(failed("reading a head's kin in the household"))?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

pub(super) const OWNED_BY: &str = "SELECT id, version, residence_file, head_id, owner, line, unit_code, unit_valid_from, \
    closed_on FROM household WHERE owner IS NOT NULL AND owner ->> 'person' = $1 ORDER BY id LIMIT $2";

/// The dwellings that somebody owns.
pub async fn owned_by(conn: &mut Conn, owner: PersonId, most: i64) -> Result<Vec<(Household, i64)>, Fault> {
    let rows: Vec<WholeRow> =
        on!(conn, |c| sqlx::query_as(OWNED_BY).bind(owner.to_string()).bind(most).fetch_all(c).await)
            .map_err(failed("finding whose dwellings somebody owns"))?;
    rows.into_iter().map(whole).collect()
}

/// A household to be written: as it was, with its version, and as it is after the event.
#[derive(Clone, Debug)]
pub struct HouseholdWrite {
    pub before: Option<(Household, i64)>,
    pub after: Household,
    pub from: Option<Date>,
}

pub(super) const UPDATE: &str = "UPDATE household SET head_id = $2, owner = $3, line = $4, unit_code = $5, \
    unit_valid_from = $6, closed_on = $7, version = version + 1 WHERE id = $1 AND version = $8 RETURNING version";
pub(super) const INSERT: &str = "INSERT INTO household (id, head_id, owner, line, unit_code, unit_valid_from, closed_on, \
    residence_file, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (residence_file) DO NOTHING \
    RETURNING version";

/// Before the persons, so that they can join a new one.
pub async fn write(conn: &mut Conn, write: &HouseholdWrite, ground: Ground<'_>) -> Result<(), Fault> {
    let after = &write.after;
    let row: Option<(i64,)> = match &write.before {
        Some((_, version)) => on!(&mut *conn, |c| sqlx::query_as(UPDATE)
            .bind(after.id)
            .bind(after.head)
            .bind(after.owner.as_ref().map(Json))
            .bind(&after.address.line)
            .bind(&after.address.unit.code)
            .bind(after.address.unit.valid_from)
            .bind(after.closed_on)
            .bind(*version)
            .fetch_optional(c)
            .await),
        None => on!(&mut *conn, |c| sqlx::query_as(INSERT)
            .bind(after.id)
            .bind(after.head)
            .bind(after.owner.as_ref().map(Json))
            .bind(&after.address.line)
            .bind(&after.address.unit.code)
            .bind(after.address.unit.valid_from)
            .bind(after.closed_on)
            .bind(after.file.as_str())
            .bind(ground.now)
            .fetch_optional(c)
            .await),
    }
    .map_err(failed("writing a household"))?;
    let Some((version,)) = row else {
        return Err(Fault::new(FaultKind::Retry, "a household changed beside this event"));
    };
    if let Some((before, _)) = &write.before {
        let (first, value) = (json(before)?, json(after)?);
        facet_versions::append_household(conn, (after.id, version), (&first, &value), write.from, ground).await?;
    }
    Ok(())
}

fn json(household: &Household) -> Result<String, Fault> {
    serde_json::to_string(household).map_err(|error| Fault::internal("writing a household down", error))
}

/// The versions of those that are there; nobody else changes them until the transaction ends. After the persons.
pub async fn hold(conn: &mut Conn, ids: &[HouseholdId]) -> Result<BTreeMap<HouseholdId, i64>, Fault> {
    let held: Vec<(HouseholdId, i64)> = rows_of_ids!(conn, hold_household, ids, "holding households' versions");
    Ok(held.into_iter().collect())
}

pub(super) const TOUCH: &str = "UPDATE household SET version = version + 1 WHERE id = $1";

/// Somebody joined or left it: whoever read its members reads them again.
pub async fn touch(conn: &mut Conn, id: HouseholdId) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(TOUCH).bind(id).execute(c).await.map(|_| ()))
        .map_err(failed("marking a household's members as changed"))
}
