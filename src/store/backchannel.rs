//! Backchannel authentication (CIBA Core): about a known person, decided once, used up once by its client; polls and wrong
//! numbers are counted.

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

/// `backchannel_token_delivery_mode` as it was when the request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Poll,
    Ping,
    Push,
}

impl Mode {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::Ping => "ping",
            Self::Push => "push",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Poll, Self::Ping, Self::Push].into_iter().find(|mode| mode.as_str() == text)
    }

    /// Whether the client hears of the decision.
    pub const fn tells(self) -> bool {
        !matches!(self, Self::Poll)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct StoredBackchannel {
    pub id: DecoupledId,
    /// Of `auth_req_id`.
    pub digest: Vec<u8>,
    pub client_id: ClientId,
    /// Of nobody, where the hint named nobody: such a request waits like any other and is never answered.
    pub account_id: AccountId,
    pub request: Value,
    pub mode: Mode,
    /// What a notice needs and nobody else may read, sealed by the flows.
    pub notice_sealed: Option<Vec<u8>>,
    pub progress: Progress,
    pub wrong_numbers: i64,
    pub polling: Polling,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

row! {
    struct BackchannelRow {
        id: DecoupledId,
        digest: Vec<u8>,
        client_id: ClientId,
        account_id: AccountId,
        request: Json<Value>,
        mode: String,
        notice_sealed: Option<Vec<u8>>,
        state: String,
        wrong_numbers: i64,
        interval_s: i64,
        polled_at: Option<Timestamp>,
        session_id: Option<SessionId>,
        grant_id: Option<GrantId>,
        authorized: Option<Json<Value>>,
        created_at: Timestamp,
        expires_at: Timestamp,
    }
}

impl TryFrom<BackchannelRow> for StoredBackchannel {
    type Error = Fault;

    fn try_from(row: BackchannelRow) -> Result<Self, Fault> {
        let bad = |column: &'static str| Fault::inconsistent("backchannel_authentication", column, &row.id);
        let approval = match (row.session_id, row.grant_id, row.authorized) {
            (Some(session_id), Some(grant_id), Some(authorized)) => {
                Some(Approval { account_id: row.account_id, session_id, grant_id, authorized: authorized.0 })
            }
            _ => None,
        };
        Ok(Self {
            progress: progress(&row.state, approval).ok_or_else(|| bad("state"))?,
            mode: Mode::parse(&row.mode).ok_or_else(|| bad("mode"))?,
            id: row.id,
            digest: row.digest,
            client_id: row.client_id,
            account_id: row.account_id,
            request: row.request.0,
            notice_sealed: row.notice_sealed,
            wrong_numbers: row.wrong_numbers,
            polling: Polling { interval_s: row.interval_s, polled_at: row.polled_at },
            created_at: row.created_at,
            expires_at: row.expires_at,
        })
    }
}

pub(super) const INSERT: &str = "INSERT INTO backchannel_authentication (id, digest, client_id, account_id, request, mode, \
    notice_sealed, state, interval_s, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9, $10)";

pub async fn insert(conn: &mut Conn, request: &StoredBackchannel) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(INSERT)
        .bind(request.id)
        .bind(&request.digest)
        .bind(&request.client_id)
        .bind(request.account_id)
        .bind(Json(&request.request))
        .bind(request.mode.as_str())
        .bind(request.notice_sealed.as_deref())
        .bind(request.polling.interval_s)
        .bind(request.created_at)
        .bind(request.expires_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("storing a backchannel request"))
}

pub(super) const FIND: &str = "SELECT id, digest, client_id, account_id, request, mode, notice_sealed, state, wrong_numbers, \
    interval_s, polled_at, session_id, grant_id, authorized, created_at, expires_at \
    FROM backchannel_authentication WHERE digest = $1";

pub async fn find(conn: &mut Conn, digest: &[u8]) -> Result<Option<StoredBackchannel>, Fault> {
    let row: Option<BackchannelRow> = on!(conn, |c| sqlx::query_as(FIND).bind(digest).fetch_optional(c).await)
        .map_err(failed("finding a backchannel request"))?;
    row.map(TryInto::try_into).transpose()
}

pub(super) const FIND_BY_ID: &str = "SELECT id, digest, client_id, account_id, request, mode, notice_sealed, state, \
    wrong_numbers, interval_s, polled_at, session_id, grant_id, authorized, created_at, expires_at \
    FROM backchannel_authentication WHERE id = $1";

pub async fn find_by_id(conn: &mut Conn, id: DecoupledId) -> Result<Option<StoredBackchannel>, Fault> {
    let row: Option<BackchannelRow> = on!(conn, |c| sqlx::query_as(FIND_BY_ID).bind(id).fetch_optional(c).await)
        .map_err(failed("finding a backchannel request by its id"))?;
    row.map(TryInto::try_into).transpose()
}

pub(super) const PENDING: &str = "SELECT id, digest, client_id, account_id, request, mode, notice_sealed, state, wrong_numbers, \
    interval_s, polled_at, session_id, grant_id, authorized, created_at, expires_at FROM backchannel_authentication \
    WHERE account_id = $1 AND state = 'pending' AND expires_at > $2 ORDER BY created_at DESC, id DESC LIMIT 50";

/// What waits for this person's answer, the newest first.
pub async fn pending(conn: &mut Conn, account: AccountId, now: Timestamp) -> Result<Vec<StoredBackchannel>, Fault> {
    let rows: Vec<BackchannelRow> = on!(conn, |c| sqlx::query_as(PENDING).bind(account).bind(now).fetch_all(c).await)
        .map_err(failed("listing a person's backchannel requests"))?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(super) const COUNT_PENDING: &str = "SELECT count(*) FROM backchannel_authentication \
    WHERE account_id = $1 AND client_id = $2 AND state = 'pending' AND expires_at > $3";

/// How many of one client's requests wait for this person.
pub async fn count_pending(
    conn: &mut Conn,
    account: AccountId,
    client: &ClientId,
    now: Timestamp,
) -> Result<i64, Fault> {
    let (count,): (i64,) =
        on!(conn, |c| sqlx::query_as(COUNT_PENDING).bind(account).bind(client).bind(now).fetch_one(c).await)
            .map_err(failed("counting a client's backchannel requests"))?;
    Ok(count)
}

pub(super) const APPROVE: &str = "UPDATE backchannel_authentication SET state = 'approved', session_id = $3, grant_id = $4, \
    authorized = $5, decided_at = $6 WHERE id = $1 AND account_id = $2 AND state = 'pending' AND expires_at > $6 \
    RETURNING mode, client_id";

/// The one statement that approves, by the person it is about; answers how the client hears of it. `None` when somebody
/// decided before, or its time is over.
pub async fn approve(
    conn: &mut Conn,
    id: DecoupledId,
    approval: &Approval,
    now: Timestamp,
) -> Result<Option<(Mode, ClientId)>, Fault> {
    let row: Option<(String, ClientId)> = on!(conn, |c| sqlx::query_as(APPROVE)
        .bind(id)
        .bind(approval.account_id)
        .bind(approval.session_id)
        .bind(approval.grant_id)
        .bind(Json(&approval.authorized))
        .bind(now)
        .fetch_optional(c)
        .await)
    .map_err(failed("approving a backchannel request"))?;
    decided(row, id)
}

pub(super) const DENY: &str = "UPDATE backchannel_authentication SET state = 'denied', decided_at = $2 \
    WHERE id = $1 AND state = 'pending' AND expires_at > $2 RETURNING mode, client_id";

/// `None` when somebody decided before, or its time is over.
pub async fn deny(conn: &mut Conn, id: DecoupledId, now: Timestamp) -> Result<Option<(Mode, ClientId)>, Fault> {
    let row: Option<(String, ClientId)> =
        on!(conn, |c| sqlx::query_as(DENY).bind(id).bind(now).fetch_optional(c).await)
            .map_err(failed("denying a backchannel request"))?;
    decided(row, id)
}

fn decided(row: Option<(String, ClientId)>, id: DecoupledId) -> Result<Option<(Mode, ClientId)>, Fault> {
    let Some((mode, client)) = row else { return Ok(None) };
    let mode = Mode::parse(&mode).ok_or_else(|| Fault::inconsistent("backchannel_authentication", "mode", &id))?;
    Ok(Some((mode, client)))
}

pub(super) const WRONG_NUMBER: &str = "UPDATE backchannel_authentication SET wrong_numbers = wrong_numbers + 1 \
    WHERE id = $1 RETURNING wrong_numbers";

/// Counts a wrong number, in whichever browser it was typed; how many are too many is the caller's rule.
pub async fn wrong_number(conn: &mut Conn, id: DecoupledId) -> Result<i64, Fault> {
    let row: Option<(i64,)> = on!(conn, |c| sqlx::query_as(WRONG_NUMBER).bind(id).fetch_optional(c).await)
        .map_err(failed("counting a wrong number"))?;
    Ok(row.map_or(i64::MAX, |(count,)| count))
}

pub(super) const POLLED: &str = "UPDATE backchannel_authentication SET polled_at = $3, interval_s = $4 \
    WHERE digest = $1 AND client_id = $2 AND state = 'pending'";

pub(super) const CONSUME: &str = "UPDATE backchannel_authentication SET state = 'used', used_at = $3, expires_at = $4 \
    WHERE digest = $1 AND client_id = $2 AND state = 'approved' AND expires_at > $3 RETURNING id";

/// What they share with their like.
pub const REQUESTS: Requests =
    Requests { what: "polling or using backchannel requests", polled: POLLED, consume: CONSUME };
