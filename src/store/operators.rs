//! The people who work at the console.

use sqlx::types::Json;

use super::{Conn, db::failed};
use crate::base::{Fault, Timestamp, ids::OperatorId};

#[derive(Clone, Debug, PartialEq)]
pub struct StoredOperator {
    pub id: OperatorId,
    pub name: String,
    pub disabled: bool,
    pub roles: Vec<String>,
    pub unit_code: Option<String>,
    pub password_hash: String,
    pub totp_sealed: Vec<u8>,
    pub created_at: Timestamp,
}

row! {
    struct OperatorRow {
        id: OperatorId,
        name: String,
        state: String,
        roles: Json<Vec<String>>,
        unit_code: Option<String>,
        password_hash: String,
        totp_sealed: Vec<u8>,
        created_at: Timestamp,
    }
}

pub(super) const INSERT: &str = "INSERT INTO operator (id, name, state, roles, unit_code, password_hash, totp_sealed, \
    created_at) VALUES ($1, $2, 'active', $3, $4, $5, $6, $7) ON CONFLICT (name) DO NOTHING RETURNING id";

/// `false` when the name is taken.
pub async fn insert(conn: &mut Conn, operator: &StoredOperator) -> Result<bool, Fault> {
    let row: Option<(OperatorId,)> = on!(conn, |c| sqlx::query_as(INSERT)
        .bind(operator.id)
        .bind(&operator.name)
        .bind(Json(&operator.roles))
        .bind(operator.unit_code.as_deref())
        .bind(&operator.password_hash)
        .bind(&operator.totp_sealed)
        .bind(operator.created_at)
        .fetch_optional(c)
        .await)
    .map_err(failed("adding an operator"))?;
    Ok(row.is_some())
}

pub(super) const LIST: &str = "SELECT id, name, state, roles, unit_code, password_hash, totp_sealed, created_at \
    FROM operator WHERE name > $1 ORDER BY name LIMIT $2";

/// In order of name, after the given one.
pub async fn list(conn: &mut Conn, after: &str, limit: i64) -> Result<Vec<StoredOperator>, Fault> {
    let rows: Vec<OperatorRow> = on!(conn, |c| sqlx::query_as(LIST).bind(after).bind(limit).fetch_all(c).await)
        .map_err(failed("listing operators"))?;
    Ok(rows
        .into_iter()
        .map(|row| StoredOperator {
            id: row.id,
            name: row.name,
            disabled: row.state != "active",
            roles: row.roles.0,
            unit_code: row.unit_code,
            password_hash: row.password_hash,
            totp_sealed: row.totp_sealed,
            created_at: row.created_at,
        })
        .collect())
}
