//! The people who work at the console.

use std::collections::BTreeSet;

use sqlx::types::Json;

use super::{Conn, db::failed};
use crate::{
    base::{Fault, Timestamp, ids::OperatorId},
    registry::operator::{Post, Role},
};

#[derive(Clone, Debug, PartialEq)]
pub struct StoredOperator {
    pub id: OperatorId,
    /// What is typed to sign in; never given twice.
    pub name: String,
    /// What people call them.
    pub display_name: String,
    /// Rises with every change of state, post or credentials.
    pub version: i64,
    pub disabled: bool,
    pub post: Post,
    pub password_hash: String,
    pub totp_sealed: Vec<u8>,
    pub created_at: Timestamp,
}

impl StoredOperator {
    /// What people call them, or what they type.
    pub fn called(&self) -> &str {
        if self.display_name.is_empty() { &self.name } else { &self.display_name }
    }
}

row! {
    struct OperatorRow {
        id: OperatorId,
        name: String,
        display_name: String,
        version: i64,
        state: String,
        roles: Json<Vec<String>>,
        unit_code: Option<String>,
        password_hash: String,
        totp_sealed: Vec<u8>,
        created_at: Timestamp,
    }
}

pub(super) fn post_of(id: OperatorId, roles: &[String], unit: Option<String>) -> Result<Post, Fault> {
    let roles: Option<BTreeSet<Role>> = roles.iter().map(|code| Role::parse(code)).collect();
    Ok(Post { roles: roles.ok_or_else(|| Fault::inconsistent("operator", "roles", &id))?, unit })
}

impl TryFrom<OperatorRow> for StoredOperator {
    type Error = Fault;

    fn try_from(row: OperatorRow) -> Result<Self, Fault> {
        Ok(Self {
            id: row.id,
            name: row.name,
            display_name: row.display_name,
            version: row.version,
            disabled: row.state != "active",
            post: post_of(row.id, &row.roles.0, row.unit_code)?,
            password_hash: row.password_hash,
            totp_sealed: row.totp_sealed,
            created_at: row.created_at,
        })
    }
}

pub(super) const INSERT: &str = "INSERT INTO operator (id, name, display_name, state, roles, unit_code, password_hash, \
    totp_sealed, created_at) VALUES ($1, $2, $3, 'active', $4, $5, $6, $7, $8) ON CONFLICT (name) DO NOTHING RETURNING id";

/// `false` when the name is taken.
pub async fn insert(conn: &mut Conn, operator: &StoredOperator) -> Result<bool, Fault> {
    let roles: Vec<&str> = operator.post.roles.iter().map(|role| role.code()).collect();
    let row: Option<(OperatorId,)> = on!(conn, |c| sqlx::query_as(INSERT)
        .bind(operator.id)
        .bind(&operator.name)
        .bind(&operator.display_name)
        .bind(Json(&roles))
        .bind(operator.post.unit.as_deref())
        .bind(&operator.password_hash)
        .bind(&operator.totp_sealed)
        .bind(operator.created_at)
        .fetch_optional(c)
        .await)
    .map_err(failed("adding an operator"))?;
    Ok(row.is_some())
}

pub(super) const FIND: &str = "SELECT id, name, display_name, version, state, roles, unit_code, password_hash, \
    totp_sealed, created_at FROM operator WHERE id = $1";

pub async fn find(conn: &mut Conn, id: OperatorId) -> Result<Option<StoredOperator>, Fault> {
    let row: Option<OperatorRow> =
        on!(conn, |c| sqlx::query_as(FIND).bind(id).fetch_optional(c).await).map_err(failed("finding an operator"))?;
    row.map(TryInto::try_into).transpose()
}

pub(super) const FIND_BY_NAME: &str = "SELECT id, name, display_name, version, state, roles, unit_code, password_hash, \
    totp_sealed, created_at FROM operator WHERE name = $1";

pub async fn find_by_name(conn: &mut Conn, name: &str) -> Result<Option<StoredOperator>, Fault> {
    let row: Option<OperatorRow> = on!(conn, |c| sqlx::query_as(FIND_BY_NAME).bind(name).fetch_optional(c).await)
        .map_err(failed("finding an operator by name"))?;
    row.map(TryInto::try_into).transpose()
}

pub(super) const LIST: &str = "SELECT id, name, display_name, version, state, roles, unit_code, password_hash, \
    totp_sealed, created_at FROM operator WHERE name > $1 ORDER BY name LIMIT $2";

/// In order of name, after the given one.
pub async fn list(conn: &mut Conn, after: &str, limit: i64) -> Result<Vec<StoredOperator>, Fault> {
    let rows: Vec<OperatorRow> = on!(conn, |c| sqlx::query_as(LIST).bind(after).bind(limit).fetch_all(c).await)
        .map_err(failed("listing operators"))?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(super) const IS_UNCHANGED: &str = "SELECT id FROM operator WHERE id = $1 AND version = $2 AND state = 'active'";

/// Still active, and as it was read.
pub async fn is_unchanged(conn: &mut Conn, read: &StoredOperator) -> Result<bool, Fault> {
    let row: Option<(OperatorId,)> =
        on!(conn, |c| sqlx::query_as(IS_UNCHANGED).bind(read.id).bind(read.version).fetch_optional(c).await)
            .map_err(failed("checking an operator"))?;
    Ok(row.is_some())
}

pub(super) const SET_STATE: &str = "UPDATE operator SET state = $2, version = version + 1 \
    WHERE id = $1 AND state <> $2 RETURNING id";

/// `false` when it was so already.
pub async fn set_disabled(conn: &mut Conn, id: OperatorId, disabled: bool) -> Result<bool, Fault> {
    let state = if disabled { "disabled" } else { "active" };
    let row: Option<(OperatorId,)> =
        on!(conn, |c| sqlx::query_as(SET_STATE).bind(id).bind(state).fetch_optional(c).await)
            .map_err(failed("setting an operator's state"))?;
    Ok(row.is_some())
}

pub(super) const SET_CREDENTIALS: &str = "UPDATE operator SET password_hash = $3, totp_sealed = $4, totp_last_step = 0, \
    version = version + 1 WHERE id = $1 AND version = $2 RETURNING id";

/// New password and new seed in the place of the old; `false` when the operator changed since it was read.
pub async fn set_credentials(
    conn: &mut Conn,
    read: &StoredOperator,
    password_hash: &str,
    totp_sealed: &[u8],
) -> Result<bool, Fault> {
    let row: Option<(OperatorId,)> = on!(conn, |c| sqlx::query_as(SET_CREDENTIALS)
        .bind(read.id)
        .bind(read.version)
        .bind(password_hash)
        .bind(totp_sealed)
        .fetch_optional(c)
        .await)
    .map_err(failed("setting an operator's credentials"))?;
    Ok(row.is_some())
}

pub(super) const REHASH: &str = "UPDATE operator SET password_hash = $3 WHERE id = $1 AND password_hash = $2";

/// The same password under newer parameters.
pub async fn rehash(conn: &mut Conn, id: OperatorId, old: &str, new: &str) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(REHASH).bind(id).bind(old).bind(new).execute(c).await.map(|_| ()))
        .map_err(failed("rehashing an operator's password"))
}

pub(super) const USE_STEP: &str = "UPDATE operator SET totp_last_step = $3 \
    WHERE id = $1 AND version = $2 AND state = 'active' AND totp_last_step < $3 RETURNING id";

/// Each time step is accepted once (RFC 6238 §5.2); `false` when this or a later one was used, or the operator changed.
pub async fn use_totp_step(conn: &mut Conn, read: &StoredOperator, step: i64) -> Result<bool, Fault> {
    let row: Option<(OperatorId,)> =
        on!(conn, |c| sqlx::query_as(USE_STEP).bind(read.id).bind(read.version).bind(step).fetch_optional(c).await)
            .map_err(failed("using an operator's TOTP step"))?;
    Ok(row.is_some())
}
