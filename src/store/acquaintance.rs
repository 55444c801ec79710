//! What an authorization needs to know of an account and a client together, in one read: the names they know each other by,
//! what was agreed, whether there is a second factor; and in one statement whether all that was read still holds.

use serde_json::Value;
use sqlx::types::Json;

use super::{Conn, db::failed, dialect, standing::AccountStanding, subjects::Consent};
use crate::base::{
    Fault, Timestamp,
    ids::{AccountId, ClientId, SessionId},
};

#[derive(Clone, Debug)]
pub struct Acquaintance {
    pub sub: Option<String>,
    pub sid: Option<String>,
    /// When this session last signed in to this client.
    pub last_at: Option<Timestamp>,
    pub consent: Option<Consent>,
    pub has_totp: bool,
    pub recovery_codes_left: i64,
}

row! {
    struct AcquaintanceRow {
        sub: Option<String>,
        sid: Option<String>,
        last_at: Option<Timestamp>,
        scopes: Option<Json<Vec<String>>>,
        claims: Option<Json<Value>>,
        purpose_version: Option<String>,
        given_at: Option<Timestamp>,
        totps: i64,
        recovery_codes: i64,
    }
}

pub(super) const FIND: &str = "SELECT \
    (SELECT s.sub FROM subject s WHERE s.sector = $1 AND s.person_id = $2) AS sub, \
    (SELECT x.sid FROM session_client x WHERE x.session_id = $3 AND x.client_id = $4) AS sid, \
    (SELECT x.last_at FROM session_client x WHERE x.session_id = $3 AND x.client_id = $4) AS last_at, \
    c.scopes, c.claims, c.purpose_version, c.given_at, \
    (SELECT count(*) FROM totp t WHERE t.account_id = a.id AND t.state = 'active') AS totps, \
    (SELECT count(*) FROM recovery_code r WHERE r.account_id = a.id AND r.used_at IS NULL) AS recovery_codes \
    FROM account a LEFT JOIN consent c ON c.account_id = a.id AND c.client_id = $4 AND c.withdrawn_at IS NULL \
    WHERE a.id = $5";

pub async fn find(
    conn: &mut Conn,
    account: &AccountStanding,
    session: SessionId,
    (client, sector): (&ClientId, &str),
) -> Result<Acquaintance, Fault> {
    let row: AcquaintanceRow = on!(conn, |c| sqlx::query_as(FIND)
        .bind(sector)
        .bind(account.person_id)
        .bind(session)
        .bind(client)
        .bind(account.account_id)
        .fetch_one(c)
        .await)
    .map_err(failed("reading how an account and a client know each other"))?;
    let consent = match (row.scopes, row.claims, row.purpose_version, row.given_at) {
        (Some(scopes), Some(claims), Some(purpose_version), Some(given_at)) => {
            Some(Consent { scopes: scopes.0, claims: claims.0, purpose_version, given_at })
        }
        _ => None,
    };
    Ok(Acquaintance {
        sub: row.sub,
        sid: row.sid,
        last_at: row.last_at,
        consent,
        has_totp: row.totps > 0,
        recovery_codes_left: row.recovery_codes,
    })
}

/// The guard of every issuance for a signed-in person: client, account, person and session are as they were read. The account stays
/// so until the transaction ends: a lock that comes at this moment in another process waits, and finds what was issued.
pub async fn still_holds(
    conn: &mut Conn,
    (client, version): (&ClientId, i64),
    account: &AccountStanding,
    session: SessionId,
    now: Timestamp,
) -> Result<bool, Fault> {
    let sql = dialect::still_holds(conn.engine());
    let row: Option<(AccountId,)> = on!(conn, |c| sqlx::query_as(sql)
        .bind(client)
        .bind(version)
        .bind(account.account_id)
        .bind(account.account_version)
        .bind(account.person_version)
        .bind(session)
        .bind(now)
        .fetch_optional(c)
        .await)
    .map_err(failed("checking what an issuance rests on"))?;
    Ok(row.is_some())
}
