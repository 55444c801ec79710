//! In whose lists an open pair stands: the country's, and those of the communes and provinces in which one of the two lives.
//! Whatever changes a pair, or where somebody lives, writes the pair's lines anew.

use super::{Conn, db::failed};
use crate::base::{Fault, ids::PersonId};

/// The unit under which every open pair stands: no code of a commune or province has letters.
pub(super) const COUNTRY: &str = "VN";

// Whoever else writes this pair's lines waits until the transaction ends, and reads the homes afterwards.
pub(super) const HOLD: &str = "UPDATE duplicate_candidate SET version = version WHERE one_id = $1 AND other_id = $2 \
    RETURNING state";
pub(super) const DROP: &str = "DELETE FROM duplicate_place WHERE one_id = $1 AND other_id = $2";
pub(super) const ADD: &str = "INSERT INTO duplicate_place (unit_code, rank, one_id, other_id) \
    SELECT 'VN', -d.score, d.one_id, d.other_id FROM duplicate_candidate d WHERE d.one_id = $1 AND d.other_id = $2 \
    UNION SELECT p.home_unit, -d.score, d.one_id, d.other_id FROM duplicate_candidate d JOIN person p ON p.id IN ($1, $2) \
    WHERE d.one_id = $1 AND d.other_id = $2 AND p.home_unit <> '' \
    UNION SELECT p.home_province, -d.score, d.one_id, d.other_id FROM duplicate_candidate d JOIN person p ON p.id IN ($1, $2) \
    WHERE d.one_id = $1 AND d.other_id = $2 AND p.home_province <> ''";

/// The smaller id first, as the pair is kept.
pub(super) async fn place(conn: &mut Conn, (one, other): (PersonId, PersonId)) -> Result<(), Fault> {
    let state: Option<(String,)> =
        on!(&mut *conn, |c| sqlx::query_as(HOLD).bind(one).bind(other).fetch_optional(c).await)
            .map_err(failed("holding a pair"))?;
    on!(&mut *conn, |c| sqlx::query(DROP).bind(one).bind(other).execute(c).await.map(|_| ()))
        .map_err(failed("taking a pair off its lists"))?;
    if state.is_none_or(|(state,)| state != "open") {
        return Ok(());
    }
    on!(conn, |c| sqlx::query(ADD).bind(one).bind(other).execute(c).await.map(|_| ()))
        .map_err(failed("putting a pair on its lists"))
}

pub(super) const OF_PERSON: &str = "SELECT one_id, other_id FROM duplicate_candidate WHERE one_id = $1 AND state = 'open' \
    UNION ALL SELECT one_id, other_id FROM duplicate_candidate WHERE other_id = $1 AND state = 'open'";

/// After the person's row was written: somebody who keeps a pair of theirs holds that row first, and either sees the other.
pub(super) async fn place_of_person(conn: &mut Conn, person: PersonId) -> Result<(), Fault> {
    let pairs: Vec<(PersonId, PersonId)> =
        on!(&mut *conn, |c| sqlx::query_as(OF_PERSON).bind(person).fetch_all(c).await)
            .map_err(failed("reading the pairs of a person"))?;
    for pair in pairs {
        place(conn, pair).await?;
    }
    Ok(())
}

pub(super) const OF_MOVED: &str = "WITH moved AS (SELECT id FROM person WHERE home_unit = $1 AND home_province = $2 \
    AND id > $3 AND id <= $4) SELECT d.one_id, d.other_id FROM moved m JOIN duplicate_candidate d ON d.one_id = m.id \
    WHERE d.state = 'open' UNION SELECT d.one_id, d.other_id FROM moved m JOIN duplicate_candidate d ON d.other_id = m.id \
    WHERE d.state = 'open'";

/// Of those who live in a unit now, by (province, commune), within a range of ids: a change of boundaries moved them there.
pub(super) async fn place_of_moved(
    conn: &mut Conn,
    (province, commune): (&str, &str),
    (after, last): (PersonId, PersonId),
) -> Result<(), Fault> {
    let pairs: Vec<(PersonId, PersonId)> = on!(&mut *conn, |c| sqlx::query_as(OF_MOVED)
        .bind(commune)
        .bind(province)
        .bind(after)
        .bind(last)
        .fetch_all(c)
        .await)
    .map_err(failed("reading the pairs of those who were moved"))?;
    for pair in pairs {
        place(conn, pair).await?;
    }
    Ok(())
}
