//! The places where the engines truly differ. Everything else is one text.

use sqlx::{error::DatabaseError, sqlite::SqliteError};

use crate::base::{Fault, fault::FaultKind};

use super::{Conn, Engine};

impl Conn {
    pub const fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }
}

/// A deferred transaction on SQLite fails when it turns into a write under contention; IMMEDIATE waits its turn instead.
pub(super) const fn begin(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "BEGIN IMMEDIATE",
        Engine::Postgres => "BEGIN",
    }
}

/// One message and one answer, in PostgreSQL's simple protocol: as an extended query COMMIT's own success could be followed,
/// in the same answer, by the end of the connection, and read as a refusal.
pub(super) const COMMIT: &str = "COMMIT";

/// The same where nothing was asked since the last unit ran. Where one went on after an error that it kept to itself,
/// PostgreSQL answers COMMIT with "done" and rolls back; the `SELECT` fails there.
pub(super) const fn commit_unproven(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => COMMIT,
        Engine::Postgres => "SELECT 1; COMMIT",
    }
}

/// PostgreSQL's `undefined_table`.
pub(super) fn is_no_such_table(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error) if error.code().as_deref() == Some("42P01"))
}

/// Whether the engine said no to a COMMIT: then nothing was committed. Otherwise nobody knows.
pub(super) fn refused_commit(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else { return false };
    match sqlite_code(&**error) {
        // A disk that failed in the middle.
        Some(code) => code != SQLITE_IOERR,
        // The server or the connection went away, resources ran out, the system or PostgreSQL itself failed.
        None => {
            let code = error.code().unwrap_or_default();
            !["08", "53", "57", "58", "XX"].iter().any(|class| code.starts_with(class))
        }
    }
}

const SQLITE_IOERR: i32 = 10;

/// The primary result code, without what its variants add.
fn sqlite_code(error: &dyn DatabaseError) -> Option<i32> {
    error.try_downcast_ref::<SqliteError>()?;
    Some(error.code()?.parse::<i32>().ok()? & 0xFF)
}

/// All of a batch's audit events in one statement, from one JSON array.
pub(super) const fn insert_audit(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "INSERT INTO audit_event (instance, lane, seq, at, action, outcome, actor, person_id, account_id, client_id, \
             session_id, detail, prev_hash, hash) \
             SELECT $2, $3, e.value ->> 'seq', e.value ->> 'at', e.value ->> 'action', e.value ->> 'outcome', \
             e.value ->> 'actor', unhex(e.value ->> 'person_id', '-'), unhex(e.value ->> 'account_id', '-'), \
             e.value ->> 'client_id', unhex(e.value ->> 'session_id', '-'), e.value ->> 'detail', \
             unhex(e.value ->> 'prev_hash'), unhex(e.value ->> 'hash') FROM json_each($1) AS e"
        }
        Engine::Postgres => {
            "INSERT INTO audit_event (instance, lane, seq, at, action, outcome, actor, person_id, account_id, client_id, \
             session_id, detail, prev_hash, hash) \
             SELECT $2, $3, e.seq, timestamptz 'epoch' + e.at * interval '1 microsecond', e.action, e.outcome, \
             e.actor, e.person_id, e.account_id, e.client_id, e.session_id, e.detail, decode(e.prev_hash, 'hex'), \
             decode(e.hash, 'hex') FROM jsonb_to_recordset($1::jsonb) AS e(seq bigint, at bigint, action text, \
             outcome text, actor text, person_id uuid, account_id uuid, client_id text, session_id uuid, detail text, \
             prev_hash text, hash text)"
        }
    }
}

/// Whether the same work may succeed when run again, or when asked again later.
pub(super) fn fault_kind(error: &sqlx::Error) -> FaultKind {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => FaultKind::Unavailable,
        sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => FaultKind::Retry,
        sqlx::Error::Database(error) => sqlite_code(&**error)
            .map_or_else(|| kind_of_sqlstate(&error.code().unwrap_or_default()), kind_of_sqlite_code),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => FaultKind::Inconsistent,
        _ => FaultKind::Internal,
    }
}

fn kind_of_sqlstate(code: &str) -> FaultKind {
    match code {
        // serialization_failure, deadlock_detected, lock_not_available
        "40001" | "40P01" | "55P03" => FaultKind::Retry,
        code if is_lost(code) || STALE.contains(&code) => FaultKind::Retry,
        // query_canceled; insufficient resources: disk full, out of memory, too many connections
        "57014" => FaultKind::Unavailable,
        code if code.starts_with("53") => FaultKind::Unavailable,
        _ => FaultKind::Internal,
    }
}

fn kind_of_sqlite_code(code: i32) -> FaultKind {
    match code {
        // BUSY, LOCKED, NOMEM, IOERR, FULL, CANTOPEN
        5 | 6 | 7 | SQLITE_IOERR | 13 | 14 => FaultKind::Unavailable,
        _ => FaultKind::Internal,
    }
}

/// Whether PostgreSQL ended the connection: by an administrator, a crash, a start under way, idleness; or the network did.
fn is_lost(code: &str) -> bool {
    matches!(code, "57P01" | "57P02" | "57P03" | "57P05" | "25P03") || code.starts_with("08")
}

/// Whether the connection is of no use after this error, to a reader: it ended, or its prepared statements are stale.
pub(super) fn spoils_connection(error: &dyn DatabaseError) -> bool {
    error.code().is_some_and(|code| is_lost(&code) || STALE.contains(&&*code))
}

/// Of statements prepared before a migration changed their result (feature_not_supported), or forgotten by the server
/// (invalid_sql_statement_name).
const STALE: &[&str] = &["0A000", "26000"];

/// Whether a prepared statement is to blame, which only a new connection is without.
pub(super) fn is_stale(fault: &Fault) -> bool {
    let code = std::error::Error::source(fault)
        .and_then(|source| source.downcast_ref::<sqlx::Error>())
        .and_then(sqlx::Error::as_database_error)
        .and_then(DatabaseError::code);
    code.is_some_and(|code| STALE.contains(&&*code))
}

/// Two imports at once would both find a number free: on PostgreSQL they take turns, on SQLite there is one writer anyway.
pub(super) const fn take_turns_at_intake(engine: Engine) -> Option<&'static str> {
    match engine {
        Engine::Sqlite => None,
        Engine::Postgres => Some("SELECT pg_advisory_xact_lock(7236273116021)"),
    }
}

/// A lane that imports: room for the pages of its random keys, and rarer checkpoints, since the same pages change in
/// every batch. Durability is as before: each commit is synced.
pub(super) const fn widen_for_bulk(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &["PRAGMA cache_size = -65536", "PRAGMA wal_autocheckpoint = 16384"],
        Engine::Postgres => &[],
    }
}

/// Counts the changes that other connections made to the file.
pub(super) const fn changes_of_others(engine: Engine) -> Option<&'static str> {
    match engine {
        Engine::Sqlite => Some("PRAGMA data_version"),
        Engine::Postgres => None,
    }
}

/// The channel on which PostgreSQL tells of changed counters.
pub(super) const CHANGES: &str = "dinhdanh_changes";

/// Heard by those who listen when the transaction commits, never before.
pub(super) const fn tell_of_change(engine: Engine) -> Option<&'static str> {
    match engine {
        Engine::Sqlite => None,
        Engine::Postgres => Some("SELECT pg_notify('dinhdanh_changes', $1)"),
    }
}

/// The server's own time, in microseconds.
pub(super) const fn clock(engine: Engine) -> Option<&'static str> {
    match engine {
        Engine::Sqlite => None,
        Engine::Postgres => Some("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"),
    }
}

/// Statements that take a list of texts as one JSON array.
macro_rules! with_list {
    ($(#[$doc:meta])* $name:ident, $before:literal) => {
        $(#[$doc])*
        pub(super) const fn $name(engine: Engine) -> &'static str {
            match engine {
                Engine::Sqlite => concat!($before, " IN (SELECT value FROM json_each($1))"),
                Engine::Postgres => concat!($before, " = ANY (ARRAY(SELECT jsonb_array_elements_text($1::jsonb)))"),
            }
        }
    };
}

with_list! {
    /// Whom the registry knows under any of these numbers.
    known_numbers,
    "SELECT n.number, n.state, p.name_exact, p.birth_date, p.birth_precision, p.sex \
     FROM personal_number n JOIN person p ON p.id = n.person_id WHERE n.number"
}

with_list! {
    persons_of_numbers, "SELECT number, person_id FROM personal_number WHERE number"
}

with_list! {
    households_by_file, "SELECT residence_file, id FROM household WHERE residence_file"
}

with_list! {
    /// Relations whose relative has come into the registry since.
    link_relations,
    "UPDATE relation SET relative_id = n.person_id FROM personal_number n WHERE n.number = relation.relative_number \
     AND relation.relative_id IS NULL AND relation.relative_number"
}

/// One probe of the index for each key, none longer than the page: PostgreSQL would otherwise guess how many rows a list
/// of keys has.
pub(super) const fn found_by_names(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "SELECT p.id, p.number, p.full_name, p.family_name, p.middle_name, p.given_name, p.name_plain, p.birth_date, \
             p.birth_precision, p.sex, p.vital, p.vital_since, p.home_unit FROM person p WHERE p.name_sorted IN (SELECT value FROM json_each($1)) \
             AND (p.birth_date, p.id) > ($2, $9) AND p.birth_date <= $3 AND p.home_province >= $4 AND p.home_province <= $5 \
             AND p.home_unit >= $6 AND p.home_unit <= $7 AND ($8 = '' OR EXISTS (SELECT 1 FROM relation r \
             JOIN person q ON q.id = r.relative_id WHERE r.person_id = p.id AND r.kind IN ('father', 'mother') \
             AND q.name_sorted = $8)) \
             AND (p.birth_date >= $11 OR p.birth_precision <> 'day') ORDER BY p.birth_date, p.id LIMIT $10"
        }
        Engine::Postgres => {
            "SELECT p.* FROM jsonb_array_elements_text($1::jsonb) AS k (key) CROSS JOIN LATERAL (\
             SELECT p.id, p.number, p.full_name, p.family_name, p.middle_name, p.given_name, p.name_plain, p.birth_date, \
             p.birth_precision, p.sex, p.vital, p.vital_since, p.home_unit FROM person p WHERE p.name_sorted = k.key \
             AND (p.birth_date, p.id) > ($2, $9) AND p.birth_date <= $3 AND p.home_province >= $4 AND p.home_province <= $5 \
             AND p.home_unit >= $6 AND p.home_unit <= $7 AND ($8 = '' OR EXISTS (SELECT 1 FROM relation r \
             JOIN person q ON q.id = r.relative_id WHERE r.person_id = p.id AND r.kind IN ('father', 'mother') \
             AND q.name_sorted = $8)) \
             AND (p.birth_date >= $11 OR p.birth_precision <> 'day') ORDER BY p.birth_date, p.id LIMIT $10) AS p \
             ORDER BY p.birth_date, p.id LIMIT $10"
        }
    }
}

/// Words of names with their uses, from one JSON array of pairs.
pub(super) const fn count_words(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "INSERT INTO name_word (word, uses) SELECT e.value ->> 0, e.value ->> 1 FROM json_each($1) AS e WHERE true \
             ON CONFLICT (word) DO UPDATE SET uses = name_word.uses + excluded.uses"
        }
        Engine::Postgres => {
            "INSERT INTO name_word (word, uses) SELECT e ->> 0, (e ->> 1)::bigint \
             FROM jsonb_array_elements($1::jsonb) AS e \
             ON CONFLICT (word) DO UPDATE SET uses = name_word.uses + excluded.uses"
        }
    }
}

/// Everybody in one of a record's blocks but the record itself: the same words of a name within a year, a contact, an old card.
pub(super) const fn same_block(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "SELECT id, full_name, birth_date, birth_precision, sex, cmnd9, home_unit FROM person WHERE id IN (\
             SELECT id FROM person WHERE name_sorted = $1 AND birth_date >= $2 AND birth_date <= $3 \
             UNION SELECT c.person_id FROM contact c WHERE c.ended_at IS NULL \
             AND c.value_index IN (SELECT unhex(value) FROM json_each($4)) \
             UNION SELECT id FROM person WHERE cmnd9 = $5 AND $5 <> '') AND id <> $6 LIMIT $7"
        }
        Engine::Postgres => {
            "SELECT p.id, p.full_name, p.birth_date, p.birth_precision, p.sex, p.cmnd9, p.home_unit FROM (\
             SELECT id FROM person WHERE name_sorted = $1 AND birth_date >= $2 AND birth_date <= $3 \
             UNION SELECT c.person_id FROM jsonb_array_elements_text($4::jsonb) AS k (hex) \
             JOIN contact c ON c.value_index = decode(k.hex, 'hex') AND c.ended_at IS NULL \
             UNION SELECT id FROM person WHERE cmnd9 = $5 AND $5 <> '') AS b JOIN person p ON p.id = b.id \
             WHERE p.id <> $6 LIMIT $7"
        }
    }
}

/// Father's and mother's numbers of these people, whose ids come as a JSON array of hexadecimal texts.
pub(super) const fn parents_of(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "SELECT r.person_id, COALESCE(q.number, r.relative_number) FROM relation r \
             LEFT JOIN person q ON q.id = r.relative_id WHERE r.person_id IN \
             (SELECT unhex(value) FROM json_each($1)) AND r.kind IN ('father', 'mother') \
             AND COALESCE(q.number, r.relative_number) IS NOT NULL"
        }
        Engine::Postgres => {
            "SELECT r.person_id, COALESCE(q.number, r.relative_number) FROM jsonb_array_elements_text($1::jsonb) AS k (id) \
             JOIN relation r ON r.person_id = k.id::uuid AND r.kind IN ('father', 'mother') \
             LEFT JOIN person q ON q.id = r.relative_id WHERE COALESCE(q.number, r.relative_number) IS NOT NULL"
        }
    }
}

/// Blind indexes of these people's contacts.
pub(super) const fn contacts_of(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "SELECT c.person_id, c.value_index FROM contact c WHERE c.person_id IN \
             (SELECT unhex(value) FROM json_each($1)) AND c.ended_at IS NULL"
        }
        Engine::Postgres => {
            "SELECT c.person_id, c.value_index FROM contact c WHERE c.person_id = ANY (ARRAY(\
             SELECT id::uuid FROM jsonb_array_elements_text($1::jsonb) AS k (id))) AND c.ended_at IS NULL"
        }
    }
}

/// The history that is recorded, and the one that PostgreSQL tells of: the cluster, and the timeline that each promotion and each
/// restore to a point in time begins. Fails on a standby, which nobody is served from.
pub(super) const fn lineage(engine: Engine) -> Option<&'static str> {
    match engine {
        Engine::Sqlite => None,
        Engine::Postgres => Some(
            "SELECT (SELECT lineage FROM database_epoch WHERE id = 1), system_identifier::text || '/' || \
             substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) FROM pg_control_system()",
        ),
    }
}

/// For what waits until everybody else has let go.
pub(super) const BEGIN_PATIENTLY: &str =
    "BEGIN READ WRITE; SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = '30s'";

/// Sessions, codes, grants and what is under way; children before parents. On PostgreSQL it takes as long for a country as for
/// a village.
pub(super) const fn end_everything(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "DELETE FROM session_client; DELETE FROM recovery_sheet; DELETE FROM session; DELETE FROM refresh_family; \
             DELETE FROM grants; DELETE FROM authorization_code; DELETE FROM interaction; DELETE FROM pushed_request; \
             DELETE FROM device_authorization; DELETE FROM backchannel_authentication; DELETE FROM registration; \
             DELETE FROM phone_code; DELETE FROM operator_session"
        }
        Engine::Postgres => {
            "SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = '30s'; \
             TRUNCATE session_client, recovery_sheet, session, refresh_family, grants, authorization_code, interaction, \
             pushed_request, device_authorization, backchannel_authentication, registration, phone_code, operator_session"
        }
    }
}

/// Proposals of others in these units. On PostgreSQL one probe of the index for each unit, none longer than the page.
pub(super) const fn waiting_events(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "SELECT id, version, kind, source, source_id, unit_code, state, payload_sealed, base, proposed_by, \
             proposed_at, note, due_on, decided_by, decided_at, decision_reason FROM civil_event \
             WHERE state = 'proposed' AND unit_code IN (SELECT value FROM json_each($1)) AND proposed_by <> $2 \
             AND (due_on, id) > ($3, $4) ORDER BY due_on, id LIMIT $5"
        }
        Engine::Postgres => {
            "SELECT e.* FROM jsonb_array_elements_text($1::jsonb) AS u (code) CROSS JOIN LATERAL (\
             SELECT id, version, kind, source, source_id, unit_code, state, payload_sealed, base, proposed_by, \
             proposed_at, note, due_on, decided_by, decided_at, decision_reason FROM civil_event \
             WHERE state = 'proposed' AND unit_code = u.code AND proposed_by <> $2 AND (due_on, id) > ($3, $4) \
             ORDER BY due_on, id LIMIT $5) AS e ORDER BY e.due_on, e.id LIMIT $5"
        }
    }
}

/// Cases that nobody has resolved in these units, likewise.
pub(super) const fn waiting_cases(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "SELECT id, version, kind, source, source_id, person_id, event_id, unit_code, detail_sealed, state, opened_by, \
             opened_at, due_on, assigned_to, resolution, reason FROM registry_case WHERE state <> 'resolved' \
             AND unit_code IN (SELECT value FROM json_each($1)) AND (due_on, id) > ($2, $3) ORDER BY due_on, id LIMIT $4"
        }
        Engine::Postgres => {
            "SELECT c.* FROM jsonb_array_elements_text($1::jsonb) AS u (code) CROSS JOIN LATERAL (\
             SELECT id, version, kind, source, source_id, person_id, event_id, unit_code, detail_sealed, state, opened_by, \
             opened_at, due_on, assigned_to, resolution, reason FROM registry_case WHERE state <> 'resolved' \
             AND unit_code = u.code AND (due_on, id) > ($2, $3) ORDER BY due_on, id LIMIT $4) AS c \
             ORDER BY c.due_on, c.id LIMIT $4"
        }
    }
}

/// Of an operator whose session is open, held until the transaction ends: who disables them waits for it.
pub(super) const fn hold_post(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "SELECT o.id, o.roles, o.unit_code FROM operator_session s JOIN operator o ON o.id = s.operator_id WHERE s.id = $1 \
             AND s.code_at IS NOT NULL AND s.ended_at IS NULL AND s.expires_at > $2 AND o.state = 'active'"
        }
        Engine::Postgres => {
            "SELECT o.id, o.roles, o.unit_code FROM operator_session s JOIN operator o ON o.id = s.operator_id WHERE s.id = $1 \
             AND s.code_at IS NOT NULL AND s.ended_at IS NULL AND s.expires_at > $2 AND o.state = 'active' FOR SHARE OF o"
        }
    }
}

/// What an issuance for a signed-in person rests on, the account held until the transaction ends. On SQLite there is one writer
/// anyway.
pub(super) const fn still_holds(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "SELECT a.id FROM account a JOIN person p ON p.id = a.person_id \
             JOIN session s ON s.account_id = a.id JOIN client c ON c.client_id = $1 \
             WHERE c.version = $2 AND c.state = 'active' AND a.id = $3 AND a.version = $4 AND p.version = $5 \
             AND s.id = $6 AND s.ended_at IS NULL AND s.expires_at > $7"
        }
        Engine::Postgres => {
            "SELECT a.id FROM account a JOIN person p ON p.id = a.person_id \
             JOIN session s ON s.account_id = a.id JOIN client c ON c.client_id = $1 \
             WHERE c.version = $2 AND c.state = 'active' AND a.id = $3 AND a.version = $4 AND p.version = $5 \
             AND s.id = $6 AND s.ended_at IS NULL AND s.expires_at > $7 FOR SHARE OF a"
        }
    }
}

/// An account as it was read, likewise; for units that may go on to change it.
pub(super) const fn is_unchanged(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "SELECT a.id FROM account a JOIN person p ON p.id = a.person_id \
             WHERE a.id = $1 AND a.version = $2 AND p.version = $3"
        }
        Engine::Postgres => {
            "SELECT a.id FROM account a JOIN person p ON p.id = a.person_id \
             WHERE a.id = $1 AND a.version = $2 AND p.version = $3 FOR NO KEY UPDATE OF a"
        }
    }
}

/// The versions of these persons, held until the transaction ends: one after the other in the order of their ids, as the lock is
/// taken above the sort. On SQLite there is one writer anyway.
pub(super) const fn hold_person(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SELECT id, version FROM person WHERE id IN (SELECT unhex(value) FROM json_each($1))",
        Engine::Postgres => "SELECT id, version FROM person WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE",
    }
}

/// Households', likewise.
pub(super) const fn hold_household(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SELECT id, version FROM household WHERE id IN (SELECT unhex(value) FROM json_each($1))",
        Engine::Postgres => "SELECT id, version FROM household WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE",
    }
}

/// Proposed exports of these units, or all of them ($2), the latest first.
pub(super) const fn latest_exports(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "SELECT id, version, unit_code, format, sensitive, reason, state, proposed_by, proposed_at, decided_by, \
             decided_at, decision_reason, people, without_number, not_alive, file_name, sha256, bytes, ready_at, taken_at \
             FROM export_proposal WHERE ($2 OR unit_code IN (SELECT value FROM json_each($1))) \
             ORDER BY proposed_at DESC, id DESC LIMIT $3"
        }
        Engine::Postgres => {
            "SELECT id, version, unit_code, format, sensitive, reason, state, proposed_by, proposed_at, decided_by, \
             decided_at, decision_reason, people, without_number, not_alive, file_name, sha256, bytes, ready_at, taken_at \
             FROM export_proposal WHERE ($2 OR unit_code = ANY (ARRAY(SELECT jsonb_array_elements_text($1::jsonb)))) \
             ORDER BY proposed_at DESC, id DESC LIMIT $3"
        }
    }
}

/// What operators of these units ($8) did about a person, the latest first.
pub(super) const fn trail_of_units(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "SELECT instance, lane, seq, at, action, outcome, actor, person_id, account_id, client_id, session_id, detail, \
             prev_hash, hash FROM audit_event WHERE person_id = $1 AND account_id IS NULL \
             AND at >= $2 AND at <= $3 AND (at, instance, lane, seq) < ($3, $4, $5, $6) \
             AND actor IN (SELECT 'operator:' || name FROM operator WHERE unit_code IN (SELECT value FROM json_each($8))) \
             ORDER BY at DESC, instance DESC, lane DESC, seq DESC LIMIT $7"
        }
        Engine::Postgres => {
            "SELECT instance, lane, seq, at, action, outcome, actor, person_id, account_id, client_id, session_id, detail, \
             prev_hash, hash FROM audit_event WHERE person_id = $1 AND account_id IS NULL \
             AND at >= $2 AND at <= $3 AND (at, instance, lane, seq) < ($3, $4, $5, $6) \
             AND actor IN (SELECT 'operator:' || name FROM operator WHERE unit_code \
             = ANY (ARRAY(SELECT jsonb_array_elements_text($8::jsonb)))) \
             ORDER BY at DESC, instance DESC, lane DESC, seq DESC LIMIT $7"
        }
    }
}

/// Flags of operators of these units ($6), or of all ($7), the latest first.
pub(super) const fn flags_of_operators(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "SELECT operator, pattern, day, flagged_at, seen_by, seen_at, finding FROM operator_flag \
             WHERE (seen_at IS NULL) = $1 AND (flagged_at, operator, pattern) < ($2, $3, $4) AND ($7 OR operator IN \
             (SELECT name FROM operator WHERE unit_code IN (SELECT value FROM json_each($6)))) \
             ORDER BY flagged_at DESC, operator DESC, pattern DESC LIMIT $5"
        }
        Engine::Postgres => {
            "SELECT operator, pattern, day, flagged_at, seen_by, seen_at, finding FROM operator_flag \
             WHERE (seen_at IS NULL) = $1 AND (flagged_at, operator, pattern) < ($2, $3, $4) AND ($7 OR operator IN \
             (SELECT name FROM operator WHERE unit_code = ANY (ARRAY(SELECT jsonb_array_elements_text($6::jsonb))))) \
             ORDER BY flagged_at DESC, operator DESC, pattern DESC LIMIT $5"
        }
    }
}
