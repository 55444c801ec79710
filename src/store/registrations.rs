//! Self-registrations under way, each tied to one browser's cookie.

use super::{Conn, db::failed};
use crate::base::{
    Fault, Timestamp,
    ids::{InteractionId, PersonId, RegistrationId},
};

#[derive(Clone, Debug, PartialEq)]
pub struct StoredRegistration {
    pub id: RegistrationId,
    pub browser_digest: Vec<u8>,
    /// Empty when nothing matched, or an account exists: the pages look the same.
    pub person_id: Option<PersonId>,
    pub phone_sealed: Option<Vec<u8>>,
    /// What was typed, until the phone is confirmed or the registration abandoned.
    pub details_sealed: Option<Vec<u8>>,
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
        details_sealed: Option<Vec<u8>>,
        interaction_id: Option<InteractionId>,
        created_at: Timestamp,
        expires_at: Timestamp,
        confirmed_at: Option<Timestamp>,
        finished_at: Option<Timestamp>,
    }
}

impl From<RegistrationRow> for StoredRegistration {
    fn from(row: RegistrationRow) -> Self {
        Self {
            id: row.id,
            browser_digest: row.browser_digest,
            person_id: row.person_id,
            phone_sealed: row.phone_sealed,
            details_sealed: row.details_sealed,
            interaction_id: row.interaction_id,
            created_at: row.created_at,
            expires_at: row.expires_at,
            confirmed_at: row.confirmed_at,
            finished_at: row.finished_at,
        }
    }
}

pub(super) const INSERT: &str = "INSERT INTO registration (id, browser_digest, person_id, phone_sealed, \
    details_sealed, interaction_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

pub async fn insert(conn: &mut Conn, registration: &StoredRegistration) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(INSERT)
        .bind(registration.id)
        .bind(&registration.browser_digest)
        .bind(registration.person_id)
        .bind(registration.phone_sealed.as_deref())
        .bind(registration.details_sealed.as_deref())
        .bind(registration.interaction_id)
        .bind(registration.created_at)
        .bind(registration.expires_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("storing a registration"))
}

pub(super) const NEWEST_OF_BROWSER: &str = "SELECT id, browser_digest, person_id, phone_sealed, details_sealed, \
    interaction_id, created_at, expires_at, confirmed_at, finished_at FROM registration WHERE browser_digest = $1 \
    ORDER BY created_at DESC, id DESC LIMIT 1";

/// The registration that this browser began last, in whatever state: the caller judges its times.
pub async fn newest_of_browser(conn: &mut Conn, digest: &[u8]) -> Result<Option<StoredRegistration>, Fault> {
    let row: Option<RegistrationRow> =
        on!(conn, |c| sqlx::query_as(NEWEST_OF_BROWSER).bind(digest).fetch_optional(c).await)
            .map_err(failed("finding a browser's registration"))?;
    Ok(row.map(Into::into))
}

pub(super) const FIND: &str = "SELECT id, browser_digest, person_id, phone_sealed, details_sealed, interaction_id, created_at, \
    expires_at, confirmed_at, finished_at FROM registration WHERE id = $1";

pub async fn find(conn: &mut Conn, id: RegistrationId) -> Result<Option<StoredRegistration>, Fault> {
    let row: Option<RegistrationRow> = on!(conn, |c| sqlx::query_as(FIND).bind(id).fetch_optional(c).await)
        .map_err(failed("finding a registration"))?;
    Ok(row.map(Into::into))
}

pub(super) const CONFIRM: &str = "UPDATE registration SET confirmed_at = $2, details_sealed = NULL WHERE id = $1 AND person_id IS NOT NULL \
    AND confirmed_at IS NULL AND finished_at IS NULL AND expires_at > $2 RETURNING id";

/// The phone's code was right. Never for one that matched nobody.
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

pub(super) const ABANDON: &str = "UPDATE registration SET expires_at = $2, details_sealed = NULL WHERE id = $1 AND finished_at IS NULL AND expires_at > $2";

/// The person begins anew: this one is over.
pub async fn abandon(conn: &mut Conn, id: RegistrationId, now: Timestamp) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(ABANDON).bind(id).bind(now).execute(c).await.map(|_| ()))
        .map_err(failed("abandoning a registration"))
}
