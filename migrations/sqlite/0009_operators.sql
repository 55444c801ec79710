-- Operators sign in: who they are by name, and a session of their own kind.

ALTER TABLE operator ADD COLUMN display_name TEXT NOT NULL DEFAULT '';

-- Opened by the password, worth something only once the second factor is there (`code_at`).
CREATE TABLE operator_session (
    id            BLOB PRIMARY KEY,
    operator_id   BLOB NOT NULL REFERENCES operator (id),
    secret_digest BLOB NOT NULL UNIQUE,
    password_at   INTEGER NOT NULL,
    code_at       INTEGER,
    wrong_codes   INTEGER NOT NULL DEFAULT 0,
    user_agent    TEXT NOT NULL,
    seen_at       INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    ended_at      INTEGER,
    end_reason    TEXT
) STRICT;
CREATE INDEX operator_session_operator ON operator_session (operator_id, expires_at);
CREATE INDEX operator_session_expires ON operator_session (expires_at);
