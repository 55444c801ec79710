//! Ways of looking that somebody should ask about, the latest first, and what was found: of operators at the console, and of
//! officers of state systems at the interface.

use serde::{Deserialize, Serialize};
use time::Date;
use uuid::Uuid;

use super::{Conn, db::failed, dialect, intake::list as listed};
use crate::base::{Fault, Timestamp, ids::ClientId};

/// Whose ways of looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of<'a> {
    /// Of these units; None for everywhere.
    Operators(Option<&'a [&'a str]>),
    Systems,
}

/// Which flag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FlagKey {
    Operator { operator: String, pattern: String, day: Date },
    System(Uuid),
}

#[derive(Clone, Debug)]
pub struct StoredFlag {
    pub key: FlagKey,
    /// An operator's name, or an officer as their system names them.
    pub who: String,
    pub pattern: String,
    pub flagged_at: Timestamp,
    pub system: Option<System>,
    pub seen: Option<Seen>,
}

/// Through which system somebody looked.
#[derive(Clone, Debug)]
pub struct System {
    pub client: ClientId,
    pub agency: String,
    pub dossier: String,
}

/// Who looked at a flag, and what they found.
#[derive(Clone, Debug)]
pub struct Seen {
    pub by: String,
    pub at: Timestamp,
    pub finding: String,
}

fn seen(by: Option<String>, at: Option<Timestamp>, finding: Option<String>) -> Option<Seen> {
    Some(Seen { by: by?, at: at?, finding: finding.unwrap_or_default() })
}

row! {
    struct OperatorRow {
        operator: String,
        pattern: String,
        day: Date,
        flagged_at: Timestamp,
        seen_by: Option<String>,
        seen_at: Option<Timestamp>,
        finding: Option<String>,
    }
}

impl From<OperatorRow> for StoredFlag {
    fn from(row: OperatorRow) -> Self {
        Self {
            who: row.operator.clone(),
            pattern: row.pattern.clone(),
            key: FlagKey::Operator { operator: row.operator, pattern: row.pattern, day: row.day },
            flagged_at: row.flagged_at,
            system: None,
            seen: seen(row.seen_by, row.seen_at, row.finding),
        }
    }
}

row! {
    struct SystemRow {
        id: Uuid,
        client_id: ClientId,
        officer: String,
        pattern: String,
        agency: String,
        dossier: String,
        flagged_at: Timestamp,
        seen_by: Option<String>,
        seen_at: Option<Timestamp>,
        finding: Option<String>,
    }
}

impl From<SystemRow> for StoredFlag {
    fn from(row: SystemRow) -> Self {
        Self {
            key: FlagKey::System(row.id),
            who: row.officer,
            pattern: row.pattern,
            flagged_at: row.flagged_at,
            system: Some(System { client: row.client_id, agency: row.agency, dossier: row.dossier }),
            seen: seen(row.seen_by, row.seen_at, row.finding),
        }
    }
}

/// Where a page of a list begins.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct After {
    pub at: Timestamp,
    pub key: FlagKey,
}

pub(super) const SYSTEMS: &str = "SELECT id, client_id, officer, pattern, agency, dossier, flagged_at, seen_by, seen_at, \
    finding FROM registry_flag WHERE (seen_at IS NULL) = $1 AND (flagged_at, id) < ($2, $3) \
    ORDER BY flagged_at DESC, id DESC LIMIT $4";

/// Those that nobody looked at yet, or those that somebody did; the latest first, after the end of another page.
pub async fn list(
    conn: &mut Conn,
    (of, open): (Of<'_>, bool),
    after: Option<&After>,
    most: i64,
) -> Result<Vec<StoredFlag>, Fault> {
    let at = after.map_or(Timestamp::MAX, |after| after.at);
    match of {
        Of::Operators(units) => {
            let (operator, pattern) = match after.map(|after| &after.key) {
                Some(FlagKey::Operator { operator, pattern, .. }) => (operator.as_str(), pattern.as_str()),
                _ => ("", ""),
            };
            let sql = dialect::flags_of_operators(conn.engine());
            let rows: Vec<OperatorRow> = on!(conn, |c| sqlx::query_as(sql)
                .bind(open)
                .bind(at)
                .bind(operator)
                .bind(pattern)
                .bind(most)
                .bind(listed(units.unwrap_or_default()))
                .bind(units.is_none())
                .fetch_all(c)
                .await)
            .map_err(failed("listing flags of operators"))?;
            Ok(rows.into_iter().map(Into::into).collect())
        }
        Of::Systems => {
            let id = match after.map(|after| &after.key) {
                Some(FlagKey::System(id)) => *id,
                _ => Uuid::nil(),
            };
            let rows: Vec<SystemRow> =
                on!(conn, |c| sqlx::query_as(SYSTEMS).bind(open).bind(at).bind(id).bind(most).fetch_all(c).await)
                    .map_err(failed("listing flags of systems"))?;
            Ok(rows.into_iter().map(Into::into).collect())
        }
    }
}

pub(super) const OPERATOR: &str = "SELECT operator, pattern, day, flagged_at, seen_by, seen_at, finding FROM operator_flag \
    WHERE operator = $1 AND pattern = $2 AND day = $3";
pub(super) const SYSTEM: &str = "SELECT id, client_id, officer, pattern, agency, dossier, flagged_at, seen_by, seen_at, \
    finding FROM registry_flag WHERE id = $1";

pub async fn find(conn: &mut Conn, key: &FlagKey) -> Result<Option<StoredFlag>, Fault> {
    match key {
        FlagKey::Operator { operator, pattern, day } => {
            let row: Option<OperatorRow> =
                on!(conn, |c| sqlx::query_as(OPERATOR).bind(operator).bind(pattern).bind(*day).fetch_optional(c).await)
                    .map_err(failed("finding a flag of an operator"))?;
            Ok(row.map(Into::into))
        }
        FlagKey::System(id) => {
            let row: Option<SystemRow> = on!(conn, |c| sqlx::query_as(SYSTEM).bind(*id).fetch_optional(c).await)
                .map_err(failed("finding a flag of a system"))?;
            Ok(row.map(Into::into))
        }
    }
}

pub(super) const SEE_OPERATOR: &str = "UPDATE operator_flag SET seen_by = $4, seen_at = $5, finding = $6 \
    WHERE operator = $1 AND pattern = $2 AND day = $3 AND operator <> $4 AND seen_at IS NULL RETURNING operator";
pub(super) const SEE_SYSTEM: &str =
    "UPDATE registry_flag SET seen_by = $2, seen_at = $3, finding = $4 WHERE id = $1 AND seen_at IS NULL RETURNING id";

/// `false` when somebody did before, or it is about themselves.
pub async fn see(conn: &mut Conn, key: &FlagKey, (by, finding): (&str, &str), now: Timestamp) -> Result<bool, Fault> {
    match key {
        FlagKey::Operator { operator, pattern, day } => {
            let row: Option<(String,)> = on!(conn, |c| sqlx::query_as(SEE_OPERATOR)
                .bind(operator)
                .bind(pattern)
                .bind(*day)
                .bind(by)
                .bind(now)
                .bind(finding)
                .fetch_optional(c)
                .await)
            .map_err(failed("noting what was found about an operator"))?;
            Ok(row.is_some())
        }
        FlagKey::System(id) => {
            let row: Option<(Uuid,)> = on!(conn, |c| sqlx::query_as(SEE_SYSTEM)
                .bind(*id)
                .bind(by)
                .bind(now)
                .bind(finding)
                .fetch_optional(c)
                .await)
            .map_err(failed("noting what was found about a system"))?;
            Ok(row.is_some())
        }
    }
}
