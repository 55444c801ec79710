//! Self-registrations under way, and the codes sent to phones.

use uuid::Uuid;

use super::{Conn, db::failed};
use crate::base::{
    Fault, Timestamp,
    ids::{InteractionId, PersonId, RegistrationId},
};

#[derive(Clone, Debug)]
pub struct StoredRegistration {
    pub id: RegistrationId,
    pub browser_digest: Vec<u8>,
    /// Empty when nothing matched, or an account exists: the pages look the same.
    pub person_id: Option<PersonId>,
    pub phone_sealed: Option<Vec<u8>>,
    pub interaction_id: Option<InteractionId>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub confirmed_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
}

row! {
    struct RegistrationRow {
        id: RegistrationId,
        browser_digest: Vec<u8>,
        person_id: Option<PersonId>,
        phone_sealed: Option<Vec<u8>>,
        interaction_id: Option<InteractionId>,
        created_at: Timestamp,
        expires_at: Timestamp,
        confirmed_at: Option<Timestamp>,
        finished_at: Option<Timestamp>,
    }
}

pub(super) const INSERT: &str = "INSERT INTO registration (id, browser_digest, person_id, phone_sealed, interaction_id, \
    created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";

pub async fn insert(conn: &mut Conn, registration: &StoredRegistration) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(INSERT)
        .bind(registration.id)
        .bind(&registration.browser_digest)
        .bind(registration.person_id)
        .bind(registration.phone_sealed.as_deref())
        .bind(registration.interaction_id)
        .bind(registration.created_at)
        .bind(registration.expires_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("storing a registration"))
}

pub(super) const FIND: &str = "SELECT id, browser_digest, person_id, phone_sealed, interaction_id, created_at, expires_at, \
    confirmed_at, finished_at FROM registration WHERE id = $1";

pub async fn find(conn: &mut Conn, id: RegistrationId) -> Result<Option<StoredRegistration>, Fault> {
    let row: Option<RegistrationRow> = on!(conn, |c| sqlx::query_as(FIND).bind(id).fetch_optional(c).await)
        .map_err(failed("finding a registration"))?;
    Ok(row.map(|row| StoredRegistration {
        id: row.id,
        browser_digest: row.browser_digest,
        person_id: row.person_id,
        phone_sealed: row.phone_sealed,
        interaction_id: row.interaction_id,
        created_at: row.created_at,
        expires_at: row.expires_at,
        confirmed_at: row.confirmed_at,
        finished_at: row.finished_at,
    }))
}

pub(super) const CONFIRM: &str = "UPDATE registration SET confirmed_at = $2 WHERE id = $1 AND confirmed_at IS NULL \
    AND finished_at IS NULL AND expires_at > $2 RETURNING id";

/// The phone's code was right.
pub async fn confirm(conn: &mut Conn, id: RegistrationId, now: Timestamp) -> Result<bool, Fault> {
    let row: Option<(RegistrationId,)> =
        on!(conn, |c| sqlx::query_as(CONFIRM).bind(id).bind(now).fetch_optional(c).await)
            .map_err(failed("confirming a registration"))?;
    Ok(row.is_some())
}

pub(super) const FINISH: &str = "UPDATE registration SET finished_at = $2 WHERE id = $1 AND confirmed_at IS NOT NULL \
    AND finished_at IS NULL AND expires_at > $2 RETURNING id";

/// The account was made of it: once.
pub async fn finish(conn: &mut Conn, id: RegistrationId, now: Timestamp) -> Result<bool, Fault> {
    let row: Option<(RegistrationId,)> =
        on!(conn, |c| sqlx::query_as(FINISH).bind(id).bind(now).fetch_optional(c).await)
            .map_err(failed("finishing a registration"))?;
    Ok(row.is_some())
}

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

#[derive(Clone, Debug)]
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
