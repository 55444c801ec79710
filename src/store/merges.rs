//! What a merge of two records does outside them: numbers, accounts and subjects change hands, and how it was is kept.

use serde_json::Value;

use super::{Conn, db::failed};
use crate::base::{
    Fault,
    ids::{AccountId, EventId, PersonId},
};

/// A merge as it was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMerge {
    pub event: EventId,
    pub kept: PersonId,
    pub gone: PersonId,
    pub closed_account: Option<AccountId>,
    pub moved_account: Option<AccountId>,
    pub sectors: Vec<String>,
}

pub(super) const INSERT: &str = "INSERT INTO person_merge (event_id, kept_id, merged_id, closed_account, moved_account, \
    sectors) VALUES ($1, $2, $3, $4, $5, $6)";

pub async fn insert(conn: &mut Conn, merge: &StoredMerge) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(INSERT)
        .bind(merge.event)
        .bind(merge.kept)
        .bind(merge.gone)
        .bind(merge.closed_account)
        .bind(merge.moved_account)
        .bind(sqlx::types::Json(&merge.sectors))
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("keeping what a merge did"))
}

row! {
    struct MergeRow {
        event_id: EventId,
        kept_id: PersonId,
        merged_id: PersonId,
        closed_account: Option<AccountId>,
        moved_account: Option<AccountId>,
        sectors: sqlx::types::Json<Value>,
    }
}

pub(super) const STANDING: &str = "SELECT event_id, kept_id, merged_id, closed_account, moved_account, sectors \
    FROM person_merge WHERE merged_id = $1 AND undone_by IS NULL";

/// The merge by which this record went into another, as long as it stands.
pub async fn standing(conn: &mut Conn, gone: PersonId) -> Result<Option<StoredMerge>, Fault> {
    let row: Option<MergeRow> = on!(conn, |c| sqlx::query_as(STANDING).bind(gone).fetch_optional(c).await)
        .map_err(failed("finding a merge"))?;
    row.map(|row| {
        let bad = |_| Fault::inconsistent("person_merge", "sectors", &row.event_id);
        Ok(StoredMerge {
            event: row.event_id,
            kept: row.kept_id,
            gone: row.merged_id,
            closed_account: row.closed_account,
            moved_account: row.moved_account,
            sectors: serde_json::from_value(row.sectors.0).map_err(bad)?,
        })
    })
    .transpose()
}

pub(super) const ABSORBED: &str = "SELECT m.merged_id, p.full_name FROM person_merge m JOIN person p ON p.id = m.merged_id \
    WHERE m.kept_id = $1 AND m.undone_by IS NULL ORDER BY m.event_id";

/// The records that went into this one, with the names that they have.
pub async fn absorbed(conn: &mut Conn, kept: PersonId) -> Result<Vec<(PersonId, String)>, Fault> {
    on!(conn, |c| sqlx::query_as(ABSORBED).bind(kept).fetch_all(c).await)
        .map_err(failed("reading which records went into one"))
}

pub(super) const UNDO: &str =
    "UPDATE person_merge SET undone_by = $2 WHERE event_id = $1 AND undone_by IS NULL RETURNING event_id";

/// `false` when it was undone before.
pub async fn undo(conn: &mut Conn, merge: EventId, by: EventId) -> Result<bool, Fault> {
    let row: Option<(EventId,)> = on!(conn, |c| sqlx::query_as(UNDO).bind(merge).bind(by).fetch_optional(c).await)
        .map_err(failed("undoing a merge"))?;
    Ok(row.is_some())
}

pub(super) const MOVE_SUBJECTS: &str = "UPDATE subject SET person_id = $2 WHERE person_id = $1 AND NOT EXISTS \
    (SELECT 1 FROM subject s WHERE s.person_id = $2 AND s.sector = subject.sector) RETURNING sector";

/// The names of one record become the other's wherever it has none; answers in which sectors.
pub async fn move_subjects(conn: &mut Conn, from: PersonId, to: PersonId) -> Result<Vec<String>, Fault> {
    let rows: Vec<(String,)> = on!(conn, |c| sqlx::query_as(MOVE_SUBJECTS).bind(from).bind(to).fetch_all(c).await)
        .map_err(failed("moving subjects"))?;
    Ok(rows.into_iter().map(|(sector,)| sector).collect())
}

pub(super) const MOVE_SUBJECT: &str = "UPDATE subject SET person_id = $2 WHERE person_id = $1 AND sector = $3 \
    AND NOT EXISTS (SELECT 1 FROM subject s WHERE s.person_id = $2 AND s.sector = $3)";

pub async fn move_subject(conn: &mut Conn, from: PersonId, to: PersonId, sector: &str) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(MOVE_SUBJECT).bind(from).bind(to).bind(sector).execute(c).await.map(|_| ()))
        .map_err(failed("moving a subject back"))
}

pub(super) const MOVE_ACCOUNT: &str = "UPDATE account SET person_id = $2, version = version + 1 WHERE id = $1 \
    AND NOT EXISTS (SELECT 1 FROM account a WHERE a.person_id = $2) RETURNING id";

/// `false` when the other has an account: nobody has two.
pub async fn move_account(conn: &mut Conn, account: AccountId, to: PersonId) -> Result<bool, Fault> {
    let row: Option<(AccountId,)> =
        on!(conn, |c| sqlx::query_as(MOVE_ACCOUNT).bind(account).bind(to).fetch_optional(c).await)
            .map_err(failed("moving an account"))?;
    Ok(row.is_some())
}

pub(super) const TAKE_NUMBER: &str = "UPDATE personal_number SET person_id = $2, state = 'active', valid_to = NULL, \
    reason = NULL, replaced_by = NULL WHERE number = $1 AND person_id = $3";
pub(super) const GIVE_UP_NUMBER: &str = "UPDATE person SET number = NULL WHERE id = $2 AND number = $1";

/// A number changes hands between two records of one person; how it stands with the new holder is written afterwards.
pub async fn take_number(conn: &mut Conn, number: &str, to: PersonId, from: PersonId) -> Result<(), Fault> {
    on!(&mut *conn, |c| sqlx::query(GIVE_UP_NUMBER).bind(number).bind(from).execute(c).await.map(|_| ()))
        .map_err(failed("giving a number up"))?;
    on!(conn, |c| sqlx::query(TAKE_NUMBER).bind(number).bind(to).bind(from).execute(c).await.map(|_| ()))
        .map_err(failed("taking a number over"))
}

pub(super) const MERGED_INTO: &str = "SELECT merged_into FROM person WHERE id = $1 AND merged_into IS NOT NULL";

/// The record that this one leads to at the end: itself, unless it was merged.
pub async fn survivor(conn: &mut Conn, mut person: PersonId) -> Result<PersonId, Fault> {
    // No circle: a merged record goes into one that is not. The bound is for a store that was tampered with.
    for _ in 0..32 {
        let row: Option<(PersonId,)> =
            on!(&mut *conn, |c| sqlx::query_as(MERGED_INTO).bind(person).fetch_optional(c).await)
                .map_err(failed("following a merged record"))?;
        match row {
            Some((next,)) => person = next,
            None => break,
        }
    }
    Ok(person)
}
