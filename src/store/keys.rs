//! Signing keys: their states are rows, so that replicas agree; private parts are sealed by the flows.

use serde_json::Value;
use sqlx::types::Json;

use super::{
    Conn,
    changes::{self, Topic},
    db::failed,
};
use crate::base::{Fault, Timestamp};

/// A key as the table has it; algorithm and state by their codes.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredKey {
    pub kid: String,
    pub alg: String,
    pub state: String,
    pub private_sealed: Option<Vec<u8>>,
    pub public_jwk: Value,
    pub created_at: Timestamp,
    pub published_at: Option<Timestamp>,
    pub activated_at: Option<Timestamp>,
    pub retiring_at: Option<Timestamp>,
    pub retired_at: Option<Timestamp>,
}

row! {
    struct KeyRow {
        kid: String,
        alg: String,
        state: String,
        private_sealed: Option<Vec<u8>>,
        public_jwk: Json<Value>,
        created_at: Timestamp,
        published_at: Option<Timestamp>,
        activated_at: Option<Timestamp>,
        retiring_at: Option<Timestamp>,
        retired_at: Option<Timestamp>,
    }
}

pub(super) const ALL: &str = "SELECT kid, alg, state, private_sealed, public_jwk, created_at, published_at, activated_at, \
    retiring_at, retired_at FROM signing_key ORDER BY created_at, kid LIMIT 1000";

pub async fn all(conn: &mut Conn) -> Result<Vec<StoredKey>, Fault> {
    let rows: Vec<KeyRow> =
        on!(conn, |c| sqlx::query_as(ALL).fetch_all(c).await).map_err(failed("reading the signing keys"))?;
    Ok(rows
        .into_iter()
        .map(|row| StoredKey {
            kid: row.kid,
            alg: row.alg,
            state: row.state,
            private_sealed: row.private_sealed,
            public_jwk: row.public_jwk.0,
            created_at: row.created_at,
            published_at: row.published_at,
            activated_at: row.activated_at,
            retiring_at: row.retiring_at,
            retired_at: row.retired_at,
        })
        .collect())
}

pub(super) const INSERT: &str = "INSERT INTO signing_key (kid, alg, state, private_sealed, public_jwk, created_at, \
    published_at, activated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

pub async fn insert(conn: &mut Conn, key: &StoredKey) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(INSERT)
        .bind(&key.kid)
        .bind(&key.alg)
        .bind(&key.state)
        .bind(key.private_sealed.as_deref())
        .bind(Json(&key.public_jwk))
        .bind(key.created_at)
        .bind(key.published_at)
        .bind(key.activated_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("storing a signing key"))?;
    changes::bump(conn, Topic::Keys).await
}

pub(super) const CHANGE: &str = "UPDATE signing_key SET state = $3, private_sealed = $4, activated_at = $5, retiring_at = $6, \
    retired_at = $7 WHERE kid = $1 AND state = $2 RETURNING kid";

/// Moves a key from the state it was read in; `false` when somebody moved it meanwhile.
pub async fn change(conn: &mut Conn, from: &str, key: &StoredKey) -> Result<bool, Fault> {
    let row: Option<(String,)> = on!(conn, |c| sqlx::query_as(CHANGE)
        .bind(&key.kid)
        .bind(from)
        .bind(&key.state)
        .bind(key.private_sealed.as_deref())
        .bind(key.activated_at)
        .bind(key.retiring_at)
        .bind(key.retired_at)
        .fetch_optional(c)
        .await)
    .map_err(failed("changing a signing key's state"))?;
    changes::bump(conn, Topic::Keys).await?;
    Ok(row.is_some())
}
