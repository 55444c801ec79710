//! What is over and holds nothing that anybody may still ask for is deleted, a few rows at a time.

use super::{Conn, change_feed, console_drafts, db::failed, interactions};
use crate::base::{Fault, Timestamp};

/// Kinds of rows that grow old. Each has an index by its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    Codes,
    Interactions,
    AssertionJtis,
    DpopProofs,
    RevokedTokens,
    FailureCounters,
    PhoneCodes,
    Registrations,
    RecoverySheets,
    PushedRequests,
    DeviceCodes,
    OperatorSessions,
    Messages,
    BackchannelRequests,
    RegistryChanges,
    ConsoleDrafts,
    Grants,
    Sessions,
}

// A spent code's time was put off to the end of its grant.
const CODES: &str = "DELETE FROM authorization_code WHERE digest IN (SELECT digest FROM authorization_code WHERE expires_at < $1 LIMIT $2)";
const DEVICES: &str = "DELETE FROM device_authorization WHERE id IN \
    (SELECT id FROM device_authorization WHERE expires_at < $1 LIMIT $2)";
const BACKCHANNEL: &str = "DELETE FROM backchannel_authentication WHERE id IN \
    (SELECT id FROM backchannel_authentication WHERE expires_at < $1 LIMIT $2)";
const FAMILIES: &str = "DELETE FROM refresh_family WHERE grant_id IN \
    (SELECT id FROM grants WHERE expires_at < $1 ORDER BY expires_at, id LIMIT $2)";
// Those whose families are gone: another process may have swept the first ones since.
const GRANTS: &str = "DELETE FROM grants WHERE id IN (SELECT g.id FROM grants g WHERE g.expires_at < $1 \
    AND NOT EXISTS (SELECT 1 FROM refresh_family f WHERE f.grant_id = g.id) ORDER BY g.expires_at, g.id LIMIT $2)";
const SIGNED_IN: &str = "DELETE FROM session_client WHERE session_id IN \
    (SELECT id FROM session WHERE expires_at < $1 ORDER BY expires_at, id LIMIT $2)";
const SESSIONS: &str = "DELETE FROM session WHERE id IN (SELECT s.id FROM session s WHERE s.expires_at < $1 \
    AND NOT EXISTS (SELECT 1 FROM session_client c WHERE c.session_id = s.id) ORDER BY s.expires_at, s.id LIMIT $2)";
const JTIS: &str = "DELETE FROM assertion_jti WHERE (client_id, jti) IN \
    (SELECT client_id, jti FROM assertion_jti WHERE expires_at < $1 LIMIT $2)";
const PROOFS: &str =
    "DELETE FROM dpop_proof WHERE digest IN (SELECT digest FROM dpop_proof WHERE expires_at < $1 LIMIT $2)";
const REVOKED: &str =
    "DELETE FROM revoked_token WHERE jti IN (SELECT jti FROM revoked_token WHERE expires_at < $1 LIMIT $2)";
const COUNTERS: &str = "DELETE FROM failure_counter WHERE (kind, subject, network) IN \
    (SELECT kind, subject, network FROM failure_counter WHERE last_at < $1 LIMIT $2)";
const PHONE_CODES: &str =
    "DELETE FROM phone_code WHERE id IN (SELECT id FROM phone_code WHERE expires_at < $1 LIMIT $2)";
const REGISTRATIONS: &str =
    "DELETE FROM registration WHERE id IN (SELECT id FROM registration WHERE expires_at < $1 LIMIT $2)";
const SHEETS: &str = "DELETE FROM recovery_sheet WHERE account_id IN \
    (SELECT account_id FROM recovery_sheet WHERE expires_at < $1 LIMIT $2)";
const PUSHED: &str =
    "DELETE FROM pushed_request WHERE digest IN (SELECT digest FROM pushed_request WHERE expires_at < $1 LIMIT $2)";
const OPERATOR_SESSIONS: &str =
    "DELETE FROM operator_session WHERE id IN (SELECT id FROM operator_session WHERE expires_at < $1 LIMIT $2)";
/// Delivered, or given up at that time; what waits stays.
const MESSAGES: &str = "DELETE FROM outbox WHERE id IN \
    (SELECT id FROM outbox WHERE state <> 'waiting' AND next_attempt_at < $1 LIMIT $2)";

impl Stale {
    pub const ALL: [Self; 18] = [
        Self::Codes,
        Self::Interactions,
        Self::AssertionJtis,
        Self::DpopProofs,
        Self::RevokedTokens,
        Self::FailureCounters,
        Self::PhoneCodes,
        Self::Registrations,
        Self::RecoverySheets,
        Self::PushedRequests,
        Self::DeviceCodes,
        Self::OperatorSessions,
        Self::Messages,
        Self::BackchannelRequests,
        Self::RegistryChanges,
        Self::ConsoleDrafts,
        Self::Grants,
        Self::Sessions,
    ];

    /// Deletes at most `limit` rows whose time ended before `before`; answers how many went.
    pub async fn sweep(self, conn: &mut Conn, before: Timestamp, limit: i64) -> Result<u64, Fault> {
        let sql = match self {
            Self::Interactions => return interactions::sweep(conn, before, limit).await,
            Self::RegistryChanges => return change_feed::sweep(conn, before, limit).await,
            Self::ConsoleDrafts => return console_drafts::sweep(conn, before, limit).await,
            Self::Codes => CODES,
            Self::DeviceCodes => DEVICES,
            Self::BackchannelRequests => BACKCHANNEL,
            Self::Grants => {
                delete(conn, FAMILIES, before, limit).await?;
                GRANTS
            }
            Self::Sessions => {
                delete(conn, SIGNED_IN, before, limit).await?;
                SESSIONS
            }
            Self::AssertionJtis => JTIS,
            Self::DpopProofs => PROOFS,
            Self::RevokedTokens => REVOKED,
            Self::FailureCounters => COUNTERS,
            Self::PhoneCodes => PHONE_CODES,
            Self::Registrations => REGISTRATIONS,
            Self::RecoverySheets => SHEETS,
            Self::PushedRequests => PUSHED,
            Self::OperatorSessions => OPERATOR_SESSIONS,
            Self::Messages => MESSAGES,
        };
        delete(conn, sql, before, limit).await
    }
}

async fn delete(conn: &mut Conn, sql: &'static str, before: Timestamp, limit: i64) -> Result<u64, Fault> {
    on!(conn, |c| sqlx::query(sql).bind(before).bind(limit).execute(c).await.map(|done| done.rows_affected()))
        .map_err(failed("sweeping what is over"))
}
