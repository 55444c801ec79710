//! Electronic identification accounts and their locks. Every change that matters to an issuance bumps `version`.

use super::{Conn, db::failed};
use crate::{
    assurance::{AccountLevel, AccountState, LockReason},
    base::{
        Fault, Timestamp,
        ids::{AccountId, PersonId},
    },
};

#[derive(Clone, Debug, PartialEq)]
pub struct StoredAccount {
    pub id: AccountId,
    pub person_id: PersonId,
    pub version: i64,
    pub level: AccountLevel,
    pub state: AccountState,
    pub password_hash: Option<String>,
    pub password_set_at: Option<Timestamp>,
    pub phone_sealed: Option<Vec<u8>>,
    pub created_at: Timestamp,
}

pub(super) const PROOFED_AT: &str = "SELECT COALESCE(level_02_at, created_at) FROM account WHERE id = $1";

/// When the person was proofed for the level that the account has (Decree 69/2024 Art 7): at its making, or at its rise.
pub async fn proofed_at(conn: &mut Conn, id: AccountId) -> Result<Option<Timestamp>, Fault> {
    let row: Option<(Timestamp,)> = on!(conn, |c| sqlx::query_as(PROOFED_AT).bind(id).fetch_optional(c).await)
        .map_err(failed("finding when an account was proofed"))?;
    Ok(row.map(|(at,)| at))
}

row! {
    struct AccountRow {
        id: AccountId,
        person_id: PersonId,
        version: i64,
        level: String,
        state: String,
        password_hash: Option<String>,
        password_set_at: Option<Timestamp>,
        phone_sealed: Option<Vec<u8>>,
        created_at: Timestamp,
    }
}

impl TryFrom<AccountRow> for StoredAccount {
    type Error = Fault;

    fn try_from(row: AccountRow) -> Result<Self, Fault> {
        Ok(Self {
            level: AccountLevel::parse(&row.level).ok_or_else(|| Fault::inconsistent("account", "level", &row.id))?,
            state: AccountState::parse(&row.state).ok_or_else(|| Fault::inconsistent("account", "state", &row.id))?,
            id: row.id,
            person_id: row.person_id,
            version: row.version,
            password_hash: row.password_hash,
            password_set_at: row.password_set_at,
            phone_sealed: row.phone_sealed,
            created_at: row.created_at,
        })
    }
}

pub(super) const FIND: &str = "SELECT id, person_id, version, level, state, password_hash, password_set_at, phone_sealed, \
    created_at FROM account WHERE id = $1";

pub async fn find(conn: &mut Conn, id: AccountId) -> Result<Option<StoredAccount>, Fault> {
    let row: Option<AccountRow> =
        on!(conn, |c| sqlx::query_as(FIND).bind(id).fetch_optional(c).await).map_err(failed("finding an account"))?;
    row.map(TryInto::try_into).transpose()
}

pub(super) const FIND_BY_PERSON: &str = "SELECT id, person_id, version, level, state, password_hash, password_set_at, \
    phone_sealed, created_at FROM account WHERE person_id = $1";

pub async fn find_by_person(conn: &mut Conn, person: PersonId) -> Result<Option<StoredAccount>, Fault> {
    let row: Option<AccountRow> = on!(conn, |c| sqlx::query_as(FIND_BY_PERSON).bind(person).fetch_optional(c).await)
        .map_err(failed("finding a person's account"))?;
    row.map(TryInto::try_into).transpose()
}

pub(super) const FIND_BY_NUMBER: &str = "SELECT a.id, a.person_id, a.version, a.level, a.state, a.password_hash, \
    a.password_set_at, a.phone_sealed, a.created_at FROM personal_number n JOIN account a ON a.person_id = n.person_id \
    WHERE n.number = $1";

/// By any number the person ever had: an old one keeps leading to them.
pub async fn find_by_number(conn: &mut Conn, number: &str) -> Result<Option<StoredAccount>, Fault> {
    let row: Option<AccountRow> = on!(conn, |c| sqlx::query_as(FIND_BY_NUMBER).bind(number).fetch_optional(c).await)
        .map_err(failed("finding a number's account"))?;
    row.map(TryInto::try_into).transpose()
}

pub(super) const INSERT: &str = "INSERT INTO account (id, person_id, level, state, password_hash, password_set_at, \
    phone_sealed, created_at, activated_at, level_02_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
    ON CONFLICT (person_id) DO NOTHING RETURNING id";

/// `false` when the person has an account already.
pub async fn insert(conn: &mut Conn, account: &StoredAccount) -> Result<bool, Fault> {
    let activated = (account.state == AccountState::Active).then_some(account.created_at);
    let raised = (account.level == AccountLevel::Two).then_some(account.created_at);
    let row: Option<(AccountId,)> = on!(conn, |c| sqlx::query_as(INSERT)
        .bind(account.id)
        .bind(account.person_id)
        .bind(account.level.code())
        .bind(account.state.code())
        .bind(account.password_hash.as_deref())
        .bind(account.password_set_at)
        .bind(account.phone_sealed.as_deref())
        .bind(account.created_at)
        .bind(activated)
        .bind(raised)
        .fetch_optional(c)
        .await)
    .map_err(failed("making an account"))?;
    Ok(row.is_some())
}

pub(super) const SET_PASSWORD: &str = "UPDATE account SET password_hash = $3, password_set_at = $4, password_given = FALSE, \
    version = version + 1 WHERE id = $1 AND version = $2 RETURNING version";

/// The person's own; `false` when the account changed since it was read.
pub async fn set_password(
    conn: &mut Conn,
    id: AccountId,
    version: i64,
    hash: &str,
    now: Timestamp,
) -> Result<bool, Fault> {
    let row: Option<(i64,)> =
        on!(conn, |c| sqlx::query_as(SET_PASSWORD).bind(id).bind(version).bind(hash).bind(now).fetch_optional(c).await)
            .map_err(failed("setting a password"))?;
    Ok(row.is_some())
}

pub(super) const GIVE_PASSWORD: &str =
    "UPDATE account SET password_hash = $2, password_set_at = $3, password_given = TRUE WHERE id = $1";

/// Handed over at the desk: the person must set their own before anything is issued. The version is counted by what goes
/// before in the same unit, the account's making or its rise.
pub async fn give_password(conn: &mut Conn, id: AccountId, hash: &str, now: Timestamp) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(GIVE_PASSWORD).bind(id).bind(hash).bind(now).execute(c).await.map(|_| ()))
        .map_err(failed("handing over a password"))
}

pub(super) const REHASH: &str = "UPDATE account SET password_hash = $3 WHERE id = $1 AND password_hash = $2";

/// The same password under today's parameters: nobody's proofs change, so neither does the version.
pub async fn rehash(conn: &mut Conn, id: AccountId, old: &str, new: &str) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(REHASH).bind(id).bind(old).bind(new).execute(c).await.map(|_| ()))
        .map_err(failed("renewing a password's hash"))
}

pub(super) const RAISE: &str = "UPDATE account SET level = '02', level_02_at = $3, password_hash = NULL, \
    password_set_at = NULL, version = version + 1 WHERE id = $1 AND version = $2 AND level = '01' RETURNING version";

/// 01 → 02 at the desk: every earlier authenticator is discarded unless it is proved again there.
pub async fn raise(conn: &mut Conn, id: AccountId, version: i64, now: Timestamp) -> Result<Option<i64>, Fault> {
    let row: Option<(i64,)> =
        on!(conn, |c| sqlx::query_as(RAISE).bind(id).bind(version).bind(now).fetch_optional(c).await)
            .map_err(failed("raising an account"))?;
    Ok(row.map(|(version,)| version))
}

pub(super) const DISCARD: &str = "UPDATE account SET password_hash = NULL, password_set_at = NULL, version = version + 1 \
    WHERE id = $1 AND version = $2 RETURNING version";

/// The password proves nothing any more; `false` when the account changed since it was read.
pub async fn discard_password(conn: &mut Conn, id: AccountId, version: i64) -> Result<bool, Fault> {
    let row: Option<(i64,)> = on!(conn, |c| sqlx::query_as(DISCARD).bind(id).bind(version).fetch_optional(c).await)
        .map_err(failed("discarding a password"))?;
    Ok(row.is_some())
}

pub(super) const BUMP: &str = "UPDATE account SET version = version + 1 WHERE id = $1";

/// What was read of the account does not hold any more: whatever is being issued on it waits or is read again.
pub async fn bump(conn: &mut Conn, id: AccountId) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(BUMP).bind(id).execute(c).await.map(|_| ()))
        .map_err(failed("counting an account's change"))
}

pub(super) const LOCK: &str = "INSERT INTO account_lock (account_id, reason, since, actor, note) \
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id, reason) DO NOTHING RETURNING reason";

/// Adds a reason; `false` when it was there.
pub async fn lock(
    conn: &mut Conn,
    id: AccountId,
    reason: LockReason,
    actor: &str,
    note: &str,
    now: Timestamp,
) -> Result<bool, Fault> {
    let row: Option<(String,)> = on!(conn, |c| sqlx::query_as(LOCK)
        .bind(id)
        .bind(reason.code())
        .bind(now)
        .bind(actor)
        .bind(note)
        .fetch_optional(c)
        .await)
    .map_err(failed("locking an account"))?;
    bump(conn, id).await?;
    Ok(row.is_some())
}

pub(super) const UNLOCK: &str = "DELETE FROM account_lock WHERE account_id = $1 AND reason = $2 RETURNING reason";

/// Takes a reason away; `false` when it was not there.
pub async fn unlock(conn: &mut Conn, id: AccountId, reason: LockReason) -> Result<bool, Fault> {
    let row: Option<(String,)> =
        on!(conn, |c| sqlx::query_as(UNLOCK).bind(id).bind(reason.code()).fetch_optional(c).await)
            .map_err(failed("unlocking an account"))?;
    bump(conn, id).await?;
    Ok(row.is_some())
}

pub(super) const SET_PHONE: &str = "UPDATE account SET phone_sealed = $2 WHERE id = $1";

/// As it was proven at the desk.
pub async fn set_phone(conn: &mut Conn, id: AccountId, phone_sealed: &[u8]) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(SET_PHONE).bind(id).bind(phone_sealed).execute(c).await.map(|_| ()))
        .map_err(failed("setting an account's phone"))
}

/// One reason why an account is locked.
#[derive(Clone, Debug)]
pub struct StoredLock {
    pub reason: LockReason,
    pub since: Timestamp,
    pub actor: String,
    pub note: String,
}

pub(super) const LOCKS: &str =
    "SELECT reason, since, actor, note FROM account_lock WHERE account_id = $1 ORDER BY since, reason";

pub async fn locks(conn: &mut Conn, id: AccountId) -> Result<Vec<StoredLock>, Fault> {
    let rows: Vec<(String, Timestamp, String, String)> =
        on!(conn, |c| sqlx::query_as(LOCKS).bind(id).fetch_all(c).await)
            .map_err(failed("reading an account's locks"))?;
    rows.into_iter()
        .map(|(reason, since, actor, note)| {
            let reason =
                LockReason::parse(&reason).ok_or_else(|| Fault::inconsistent("account_lock", "reason", &id))?;
            Ok(StoredLock { reason, since, actor, note })
        })
        .collect()
}
