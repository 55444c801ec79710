//! One-time codes sent to phones: by digest, each for one purpose and one subject, tried a few times and used once.

use uuid::Uuid;

use super::{Conn, db::failed};
use crate::base::{Fault, Timestamp};

/// What a code sent to a phone is for; a code for one is nothing for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodePurpose {
    Register,
    EnrolTotp,
}

impl CodePurpose {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::EnrolTotp => "enrol_totp",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct StoredPhoneCode {
    pub id: Uuid,
    pub digest: Vec<u8>,
    pub attempts: i64,
    pub expires_at: Timestamp,
}

pub(super) const INSERT_CODE: &str = "INSERT INTO phone_code (id, purpose, subject, digest, created_at, expires_at) \
    VALUES ($1, $2, $3, $4, $5, $6)";

pub async fn insert_code(
    conn: &mut Conn,
    code: &StoredPhoneCode,
    purpose: CodePurpose,
    subject: Uuid,
    now: Timestamp,
) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(INSERT_CODE)
        .bind(code.id)
        .bind(purpose.as_str())
        .bind(subject)
        .bind(&code.digest)
        .bind(now)
        .bind(code.expires_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("storing a phone code"))
}

pub(super) const NEWEST_CODE: &str = "SELECT id, digest, attempts, expires_at FROM phone_code WHERE purpose = $1 \
    AND subject = $2 AND used_at IS NULL AND expires_at > $3 ORDER BY created_at DESC, id DESC LIMIT 1";

/// Only the newest code of a purpose and subject counts.
pub async fn newest_code(
    conn: &mut Conn,
    purpose: CodePurpose,
    subject: Uuid,
    now: Timestamp,
) -> Result<Option<StoredPhoneCode>, Fault> {
    let row: Option<(Uuid, Vec<u8>, i64, Timestamp)> = on!(conn, |c| sqlx::query_as(NEWEST_CODE)
        .bind(purpose.as_str())
        .bind(subject)
        .bind(now)
        .fetch_optional(c)
        .await)
    .map_err(failed("finding a phone code"))?;
    Ok(row.map(|(id, digest, attempts, expires_at)| StoredPhoneCode { id, digest, attempts, expires_at }))
}

pub(super) const TRY_CODE: &str = "UPDATE phone_code SET attempts = attempts + 1, \
    used_at = CASE WHEN digest = $2 THEN $3 ELSE used_at END \
    WHERE id = $1 AND used_at IS NULL AND expires_at > $3 AND attempts < $4 RETURNING used_at";

/// What came of trying a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// Right, and used up by this call.
    Right,
    Wrong,
    /// Used, expired, or tried too often.
    Over,
}

/// One statement counts the attempt and, when the digest is the right one, uses the code up.
pub async fn try_code(
    conn: &mut Conn,
    id: Uuid,
    digest: &[u8],
    now: Timestamp,
    max_attempts: i64,
) -> Result<Tried, Fault> {
    let row: Option<(Option<Timestamp>,)> = on!(conn, |c| sqlx::query_as(TRY_CODE)
        .bind(id)
        .bind(digest)
        .bind(now)
        .bind(max_attempts)
        .fetch_optional(c)
        .await)
    .map_err(failed("trying a phone code"))?;
    Ok(match row {
        Some((Some(_),)) => Tried::Right,
        Some((None,)) => Tried::Wrong,
        None => Tried::Over,
    })
}

pub(super) const CONFIRMED_SINCE: &str = "SELECT id FROM phone_code WHERE purpose = $1 AND subject = $2 \
    AND used_at > $3 LIMIT 1";

/// Whether a code of this purpose and subject was typed rightly after `since`.
pub async fn confirmed_since(
    conn: &mut Conn,
    purpose: CodePurpose,
    subject: Uuid,
    since: Timestamp,
) -> Result<bool, Fault> {
    let row: Option<(Uuid,)> = on!(conn, |c| sqlx::query_as(CONFIRMED_SINCE)
        .bind(purpose.as_str())
        .bind(subject)
        .bind(since)
        .fetch_optional(c)
        .await)
    .map_err(failed("looking for a confirmed phone code"))?;
    Ok(row.is_some())
}
