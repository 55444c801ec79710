//! Device authorization (RFC 8628): decided once by a person, used up once by the device; polls are counted.

use serde_json::Value;
use sqlx::types::Json;

use super::{
    Conn,
    db::failed,
    decoupled::{Approval, Polling, Progress, Requests, progress},
};
use crate::base::{
    Fault, Timestamp,
    ids::{AccountId, ClientId, DecoupledId, GrantId, SessionId},
};

#[derive(Clone, Debug, PartialEq)]
pub struct StoredDeviceCode {
    pub id: DecoupledId,
    pub client_id: ClientId,
    pub request: Value,
    pub progress: Progress,
    pub polling: Polling,
    pub expires_at: Timestamp,
}

row! {
    struct DeviceRow {
        id: DecoupledId,
        client_id: ClientId,
        request: Json<Value>,
        state: String,
        interval_s: i64,
        polled_at: Option<Timestamp>,
        account_id: Option<AccountId>,
        session_id: Option<SessionId>,
        grant_id: Option<GrantId>,
        authorized: Option<Json<Value>>,
        expires_at: Timestamp,
    }
}

impl TryFrom<DeviceRow> for StoredDeviceCode {
    type Error = Fault;

    fn try_from(row: DeviceRow) -> Result<Self, Fault> {
        let approval = match (row.account_id, row.session_id, row.grant_id, row.authorized) {
            (Some(account_id), Some(session_id), Some(grant_id), Some(authorized)) => {
                Some(Approval { account_id, session_id, grant_id, authorized: authorized.0 })
            }
            _ => None,
        };
        let progress = progress(&row.state, approval)
            .ok_or_else(|| Fault::inconsistent("device_authorization", "state", &row.id))?;
        Ok(Self {
            id: row.id,
            client_id: row.client_id,
            request: row.request.0,
            progress,
            polling: Polling { interval_s: row.interval_s, polled_at: row.polled_at },
            expires_at: row.expires_at,
        })
    }
}

/// What a new one is found by.
#[derive(Clone, Debug)]
pub struct Digests {
    pub device_code: [u8; 32],
    pub user_code: [u8; 32],
}

pub(super) const INSERT: &str = "INSERT INTO device_authorization (id, digest, user_code, client_id, request, state, \
    interval_s, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, 'pending', $6, $7, $8) \
    ON CONFLICT DO NOTHING RETURNING id";

/// `false` when another pending device has the same user code: one chance in billions, and then another is made.
pub async fn insert(
    conn: &mut Conn,
    device: &StoredDeviceCode,
    digests: &Digests,
    now: Timestamp,
) -> Result<bool, Fault> {
    let row: Option<(DecoupledId,)> = on!(conn, |c| sqlx::query_as(INSERT)
        .bind(device.id)
        .bind(&digests.device_code[..])
        .bind(&digests.user_code[..])
        .bind(&device.client_id)
        .bind(Json(&device.request))
        .bind(device.polling.interval_s)
        .bind(now)
        .bind(device.expires_at)
        .fetch_optional(c)
        .await)
    .map_err(failed("storing a device code"))?;
    Ok(row.is_some())
}

pub(super) const FIND: &str = "SELECT id, client_id, request, state, interval_s, polled_at, account_id, session_id, \
    grant_id, authorized, expires_at FROM device_authorization WHERE digest = $1";

pub async fn find(conn: &mut Conn, digest: &[u8]) -> Result<Option<StoredDeviceCode>, Fault> {
    let row: Option<DeviceRow> = on!(conn, |c| sqlx::query_as(FIND).bind(digest).fetch_optional(c).await)
        .map_err(failed("finding a device code"))?;
    row.map(TryInto::try_into).transpose()
}

pub(super) const FIND_PENDING: &str = "SELECT id, client_id, request, state, interval_s, polled_at, account_id, \
    session_id, grant_id, authorized, expires_at FROM device_authorization \
    WHERE user_code = $1 AND state = 'pending' AND expires_at > $2";

/// The device whose code a person typed, while there is something to decide.
pub async fn find_pending(
    conn: &mut Conn,
    user_code: &[u8],
    now: Timestamp,
) -> Result<Option<StoredDeviceCode>, Fault> {
    let row: Option<DeviceRow> =
        on!(conn, |c| sqlx::query_as(FIND_PENDING).bind(user_code).bind(now).fetch_optional(c).await)
            .map_err(failed("finding a device by its user code"))?;
    row.map(TryInto::try_into).transpose()
}

pub(super) const APPROVE: &str = "UPDATE device_authorization SET state = 'approved', account_id = $2, session_id = $3, \
    grant_id = $4, authorized = $5, decided_at = $6 WHERE id = $1 AND state = 'pending' AND expires_at > $6 RETURNING id";

/// The one statement that approves; `false` when somebody decided before, or its time is over.
pub async fn approve(conn: &mut Conn, id: DecoupledId, approval: &Approval, now: Timestamp) -> Result<bool, Fault> {
    let row: Option<(DecoupledId,)> = on!(conn, |c| sqlx::query_as(APPROVE)
        .bind(id)
        .bind(approval.account_id)
        .bind(approval.session_id)
        .bind(approval.grant_id)
        .bind(Json(&approval.authorized))
        .bind(now)
        .fetch_optional(c)
        .await)
    .map_err(failed("approving a device"))?;
    Ok(row.is_some())
}

pub(super) const DENY: &str = "UPDATE device_authorization SET state = 'denied', decided_at = $2 \
    WHERE id = $1 AND state = 'pending' AND expires_at > $2 RETURNING id";

/// `false` when somebody decided before, or its time is over.
pub async fn deny(conn: &mut Conn, id: DecoupledId, now: Timestamp) -> Result<bool, Fault> {
    let row: Option<(DecoupledId,)> = on!(conn, |c| sqlx::query_as(DENY).bind(id).bind(now).fetch_optional(c).await)
        .map_err(failed("denying a device"))?;
    Ok(row.is_some())
}

pub(super) const POLLED: &str = "UPDATE device_authorization SET polled_at = $3, interval_s = $4 \
    WHERE digest = $1 AND client_id = $2 AND state = 'pending'";

pub(super) const CONSUME: &str = "UPDATE device_authorization SET state = 'used', used_at = $3, expires_at = $4 \
    WHERE digest = $1 AND client_id = $2 AND state = 'approved' AND expires_at > $3 RETURNING id";

/// What they share with their like.
pub const REQUESTS: Requests = Requests { what: "polling or using device codes", polled: POLLED, consume: CONSUME };
