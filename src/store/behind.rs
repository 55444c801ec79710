//! What stands behind a token, a cookie or a refresh family: the thing itself with its account, person and card, in one read.

use super::{
    Conn,
    db::failed,
    grants::{Family, GrantRow, StoredGrant},
    row::Both,
    sessions::{SessionRow, StoredSession},
    standing::{AccountStanding, StandingRow},
};
use crate::base::{
    Fault, Timestamp,
    ids::{ClientId, GrantId, SessionId},
};

pub(super) const TOKEN: &str = "SELECT g.id, g.client_id, g.session_id, g.offline, g.authorized, g.expires_at, g.revoked_at, \
    a.id AS account_id, a.version AS account_version, a.level, a.state, a.password_given, \
    (SELECT string_agg(l.reason, ',') FROM account_lock l WHERE l.account_id = a.id) AS locks, \
    p.id AS person_id, p.version AS person_version, p.vital, c.state AS card_state, c.expires_on AS card_expires_on \
    FROM grants g JOIN account a ON a.id = g.account_id JOIN person p ON p.id = a.person_id \
    LEFT JOIN card c ON c.id = (SELECT k.id FROM card k WHERE k.person_id = p.id \
    ORDER BY k.issued_on DESC, k.id DESC LIMIT 1) \
    WHERE g.id = $1 AND g.revoked_at IS NULL AND g.expires_at > $2 \
    AND (g.offline OR EXISTS (SELECT 1 FROM session s WHERE s.id = g.session_id AND s.ended_at IS NULL)) \
    AND NOT EXISTS (SELECT 1 FROM revoked_token r WHERE r.jti = $3)";

/// The grant of an access token, when it is live in the sense of [`super::grants::is_live`] and this token of it was not
/// revoked alone.
pub async fn token(
    conn: &mut Conn,
    id: GrantId,
    jti: &str,
    now: Timestamp,
) -> Result<Option<(StoredGrant, AccountStanding)>, Fault> {
    let row: Option<Both<GrantRow, StandingRow>> =
        on!(conn, |c| sqlx::query_as(TOKEN).bind(id).bind(now).bind(jti).fetch_optional(c).await)
            .map_err(failed("finding what a token opens"))?;
    row.map(|Both(grant, standing)| Ok((grant.into(), standing.judged(now.vietnam_date())?))).transpose()
}

pub(super) const COOKIE: &str = "SELECT s.id, s.version, s.proofs, s.user_agent, s.created_at, s.seen_at, s.expires_at, \
    s.ended_at, \
    a.id AS account_id, a.version AS account_version, a.level, a.state, a.password_given, \
    (SELECT string_agg(l.reason, ',') FROM account_lock l WHERE l.account_id = a.id) AS locks, \
    p.id AS person_id, p.version AS person_version, p.vital, c.state AS card_state, c.expires_on AS card_expires_on \
    FROM session s JOIN account a ON a.id = s.account_id JOIN person p ON p.id = a.person_id \
    LEFT JOIN card c ON c.id = (SELECT k.id FROM card k WHERE k.person_id = p.id \
    ORDER BY k.issued_on DESC, k.id DESC LIMIT 1) \
    WHERE s.secret_digest = $1";

/// The session of a cookie, ended or over as it may be.
pub async fn cookie(
    conn: &mut Conn,
    digest: &[u8],
    now: Timestamp,
) -> Result<Option<(StoredSession, AccountStanding)>, Fault> {
    let row: Option<Both<SessionRow, StandingRow>> =
        on!(conn, |c| sqlx::query_as(COOKIE).bind(digest).fetch_optional(c).await)
            .map_err(failed("finding what a cookie opens"))?;
    row.map(|Both(session, standing)| Ok((session.into(), standing.judged(now.vietnam_date())?))).transpose()
}

pub(super) const SESSION: &str = "SELECT s.id, s.version, s.proofs, s.user_agent, s.created_at, s.seen_at, s.expires_at, \
    s.ended_at, \
    a.id AS account_id, a.version AS account_version, a.level, a.state, a.password_given, \
    (SELECT string_agg(l.reason, ',') FROM account_lock l WHERE l.account_id = a.id) AS locks, \
    p.id AS person_id, p.version AS person_version, p.vital, c.state AS card_state, c.expires_on AS card_expires_on \
    FROM session s JOIN account a ON a.id = s.account_id JOIN person p ON p.id = a.person_id \
    LEFT JOIN card c ON c.id = (SELECT k.id FROM card k WHERE k.person_id = p.id \
    ORDER BY k.issued_on DESC, k.id DESC LIMIT 1) \
    WHERE s.id = $1";

/// The session that something came from, ended or over as it may be.
pub async fn session(
    conn: &mut Conn,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<(StoredSession, AccountStanding)>, Fault> {
    let row: Option<Both<SessionRow, StandingRow>> =
        on!(conn, |c| sqlx::query_as(SESSION).bind(id).fetch_optional(c).await)
            .map_err(failed("finding what a session stands on"))?;
    row.map(|Both(session, standing)| Ok((session.into(), standing.judged(now.vietnam_date())?))).transpose()
}

/// A refresh family as it stands.
#[derive(Clone, Debug)]
pub struct FamilyStanding {
    /// Revoked or over as it may be.
    pub grant: StoredGrant,
    pub family: Family,
    /// The session that it came from is neither ended nor over.
    pub session_lives: bool,
    pub account: AccountStanding,
}

row! {
    struct FamilyRow {
        generation: i64,
        rotated_at: Timestamp,
        access_expires_at: Timestamp,
        family_expires_at: Timestamp,
        session_lives: bool,
    }
}

pub(super) const FAMILY: &str = "SELECT g.id, g.client_id, g.session_id, g.offline, g.authorized, g.expires_at, g.revoked_at, \
    f.generation, f.rotated_at, f.access_expires_at, f.expires_at AS family_expires_at, \
    EXISTS (SELECT 1 FROM session s WHERE s.id = g.session_id AND s.ended_at IS NULL AND s.expires_at > $2) \
    AS session_lives, \
    a.id AS account_id, a.version AS account_version, a.level, a.state, a.password_given, \
    (SELECT string_agg(l.reason, ',') FROM account_lock l WHERE l.account_id = a.id) AS locks, \
    p.id AS person_id, p.version AS person_version, p.vital, c.state AS card_state, c.expires_on AS card_expires_on \
    FROM grants g JOIN refresh_family f ON f.grant_id = g.id \
    JOIN account a ON a.id = g.account_id JOIN person p ON p.id = a.person_id \
    LEFT JOIN card c ON c.id = (SELECT k.id FROM card k WHERE k.person_id = p.id \
    ORDER BY k.issued_on DESC, k.id DESC LIMIT 1) \
    WHERE g.id = $1";

pub async fn family(conn: &mut Conn, id: GrantId, now: Timestamp) -> Result<Option<FamilyStanding>, Fault> {
    let row: Option<Both<GrantRow, Both<FamilyRow, StandingRow>>> =
        on!(conn, |c| sqlx::query_as(FAMILY).bind(id).bind(now).fetch_optional(c).await)
            .map_err(failed("finding what a refresh token opens"))?;
    row.map(|Both(grant, Both(family, standing))| {
        Ok(FamilyStanding {
            grant: grant.into(),
            session_lives: family.session_lives,
            family: Family {
                generation: family.generation,
                rotated_at: family.rotated_at,
                access_expires_at: family.access_expires_at,
                expires_at: family.family_expires_at,
            },
            account: standing.judged(now.vietnam_date())?,
        })
    })
    .transpose()
}

/// What a unit guards before it issues from a grant: each as it was read, at the moment of writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unchanged {
    pub client: bool,
    /// The account and its person.
    pub account: bool,
    /// The grant lives in the sense of [`super::grants::is_live`].
    pub grant: bool,
}

pub(super) const UNCHANGED: &str = "SELECT \
    EXISTS (SELECT 1 FROM client WHERE client_id = $1 AND version = $2 AND state = 'active'), \
    EXISTS (SELECT 1 FROM account a JOIN person p ON p.id = a.person_id \
    WHERE a.id = $3 AND a.version = $4 AND p.version = $5), \
    EXISTS (SELECT 1 FROM grants g WHERE g.id = $6 AND g.revoked_at IS NULL AND g.expires_at > $7 \
    AND (g.offline OR EXISTS (SELECT 1 FROM session s WHERE s.id = g.session_id AND s.ended_at IS NULL)))";

/// The guards of client, account, person and grant in one read.
pub async fn unchanged(
    conn: &mut Conn,
    (client, version): (&ClientId, i64),
    account: &AccountStanding,
    grant: GrantId,
    now: Timestamp,
) -> Result<Unchanged, Fault> {
    let (client, account, grant): (bool, bool, bool) = on!(conn, |c| sqlx::query_as(UNCHANGED)
        .bind(client)
        .bind(version)
        .bind(account.account_id)
        .bind(account.account_version)
        .bind(account.person_version)
        .bind(grant)
        .bind(now)
        .fetch_one(c)
        .await)
    .map_err(failed("checking what a grant stands on"))?;
    Ok(Unchanged { client, account, grant })
}
