//! All that decides whether anything may be issued for an account, in one read: account, locks, person, newest card.

use time::Date;

use super::{Conn, db::failed, dialect};
use crate::{
    assurance::{AccountLevel, AccountState, CardStanding, LockReason, Locks, PasswordOrigin, Standing, Vital},
    base::{
        Fault, Timestamp,
        ids::{AccountId, PersonId},
    },
};

/// The account with its person, as they stand. The versions are what a writing unit checks again.
#[derive(Clone, Debug)]
pub struct AccountStanding {
    pub account_id: AccountId,
    pub account_version: i64,
    pub level: AccountLevel,
    pub person_id: PersonId,
    pub person_version: i64,
    pub standing: Standing,
}

row! {
    pub(super) struct StandingRow {
        account_id: AccountId,
        account_version: i64,
        level: String,
        state: String,
        password_given: bool,
        locks: Option<String>,
        person_id: PersonId,
        person_version: i64,
        vital: String,
        card_state: Option<String>,
        card_expires_on: Option<Date>,
    }
}

pub(super) const FIND: &str = "SELECT a.id AS account_id, a.version AS account_version, a.level, a.state, a.password_given, \
    (SELECT string_agg(l.reason, ',') FROM account_lock l WHERE l.account_id = a.id) AS locks, \
    p.id AS person_id, p.version AS person_version, p.vital, c.state AS card_state, c.expires_on AS card_expires_on \
    FROM account a JOIN person p ON p.id = a.person_id \
    LEFT JOIN card c ON c.id = (SELECT k.id FROM card k WHERE k.person_id = p.id \
    ORDER BY k.issued_on DESC, k.id DESC LIMIT 1) \
    WHERE a.id = $1";

pub async fn find(conn: &mut Conn, id: AccountId, now: Timestamp) -> Result<Option<AccountStanding>, Fault> {
    let row: Option<StandingRow> = on!(conn, |c| sqlx::query_as(FIND).bind(id).fetch_optional(c).await)
        .map_err(failed("reading an account's standing"))?;
    row.map(|row| row.judged(now.vietnam_date())).transpose()
}

impl StandingRow {
    /// A card is valid through its last day in Việt Nam.
    pub(super) fn judged(self, today: Date) -> Result<AccountStanding, Fault> {
        let id = self.account_id;
        let bad = |column: &'static str| Fault::inconsistent("account", column, &id);
        let locks = self
            .locks
            .iter()
            .flat_map(|reasons| reasons.split(','))
            .map(|reason| LockReason::parse(reason).ok_or_else(|| Fault::inconsistent("account_lock", "reason", &id)))
            .collect::<Result<Locks, Fault>>()?;
        let card = match self.card_state.as_deref() {
            None => CardStanding::None,
            Some("valid") if self.card_expires_on.is_some_and(|last| last < today) => CardStanding::Expired,
            Some("valid") => CardStanding::Valid,
            Some("held") => CardStanding::Held,
            Some(_) => CardStanding::Withdrawn,
        };
        let vital = match self.vital.as_str() {
            "alive" => Vital::Alive,
            "missing_declared" => Vital::DeclaredMissing,
            "dead" | "dead_declared" => Vital::Dead,
            _ => return Err(Fault::inconsistent("person", "vital", &self.person_id)),
        };
        Ok(AccountStanding {
            account_id: id,
            account_version: self.account_version,
            level: AccountLevel::parse(&self.level).ok_or_else(|| bad("level"))?,
            person_id: self.person_id,
            person_version: self.person_version,
            standing: Standing {
                vital,
                card,
                account: AccountState::parse(&self.state).ok_or_else(|| bad("state"))?,
                locks,
                password: if self.password_given { PasswordOrigin::Desk } else { PasswordOrigin::Person },
            },
        })
    }
}

/// The guard of every issuance for a person: lock, death and revocation bump the versions that were read. The account stays so until
/// the transaction ends: a lock that comes at this moment in another process waits, and finds the session that was opened.
pub async fn is_unchanged(conn: &mut Conn, read: &AccountStanding) -> Result<bool, Fault> {
    let sql = dialect::is_unchanged(conn.engine());
    let row: Option<(AccountId,)> = on!(conn, |c| sqlx::query_as(sql)
        .bind(read.account_id)
        .bind(read.account_version)
        .bind(read.person_version)
        .fetch_optional(c)
        .await)
    .map_err(failed("checking an account's version"))?;
    Ok(row.is_some())
}
