//! What requests have in common whose person is at another device: they are decided once, used up once, and polled.

use serde_json::Value;

use super::{Conn, db::failed};
use crate::base::{
    Fault, Timestamp,
    ids::{AccountId, ClientId, DecoupledId, GrantId, SessionId},
};

/// How far a request of this kind has come; whether its time is over is seen from `expires_at`.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    Pending,
    Approved(Approval),
    Denied,
    /// The tokens were fetched.
    Used(Approval),
}

/// Who approved, and what. `authorized` is for the flows to read.
#[derive(Clone, Debug, PartialEq)]
pub struct Approval {
    pub account_id: AccountId,
    pub session_id: SessionId,
    pub grant_id: GrantId,
    pub authorized: Value,
}

/// When the client asked last, and how long it has to wait in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Polling {
    pub interval_s: i64,
    pub polled_at: Option<Timestamp>,
}

/// `None` when the state and the approval do not belong together.
pub(super) fn progress(state: &str, approval: Option<Approval>) -> Option<Progress> {
    match (state, approval) {
        ("pending", None) => Some(Progress::Pending),
        ("denied", None) => Some(Progress::Denied),
        ("approved", Some(approval)) => Some(Progress::Approved(approval)),
        ("used", Some(approval)) => Some(Progress::Used(approval)),
        _ => None,
    }
}

/// The statements that both kinds have alike, each on its own table.
#[derive(Clone, Copy, Debug)]
pub struct Requests {
    /// What one of them is called where a statement fails.
    pub(super) what: &'static str,
    pub(super) polled: &'static str,
    pub(super) consume: &'static str,
}

impl Requests {
    /// Writes down that the client asked.
    pub async fn polled(
        &self,
        conn: &mut Conn,
        (digest, client): (&[u8], &ClientId),
        (at, interval_s): (Timestamp, i64),
    ) -> Result<(), Fault> {
        let sql = self.polled;
        on!(conn, |c| sqlx::query(sql).bind(digest).bind(client).bind(at).bind(interval_s).execute(c).await.map(|_| ()))
            .map_err(failed(self.what))
    }

    /// The one statement that gives the tokens away: by this client, approved, not used, not over. It is kept until its grant is over.
    pub async fn consume(
        &self,
        conn: &mut Conn,
        digest: &[u8],
        client: &ClientId,
        (now, kept_until): (Timestamp, Timestamp),
    ) -> Result<bool, Fault> {
        let sql = self.consume;
        let row: Option<(DecoupledId,)> = on!(conn, |c| sqlx::query_as(sql)
            .bind(digest)
            .bind(client)
            .bind(now)
            .bind(kept_until)
            .fetch_optional(c)
            .await)
        .map_err(failed(self.what))?;
        Ok(row.is_some())
    }
}
