-- Operators sign in: who they are by name, and a session of their own kind.

ALTER TABLE operator ADD COLUMN display_name TEXT NOT NULL DEFAULT '';

-- Opened by the password, worth something only once the second factor is there (`code_at`).
CREATE TABLE operator_session (
    id            UUID PRIMARY KEY,
    operator_id   UUID NOT NULL REFERENCES operator (id),
    secret_digest BYTEA NOT NULL UNIQUE,
    password_at   TIMESTAMPTZ NOT NULL,
    code_at       TIMESTAMPTZ,
    wrong_codes   BIGINT NOT NULL DEFAULT 0,
    user_agent    TEXT NOT NULL,
    seen_at       TIMESTAMPTZ NOT NULL,
    expires_at    TIMESTAMPTZ NOT NULL,
    ended_at      TIMESTAMPTZ,
    end_reason    TEXT
);
CREATE INDEX operator_session_operator ON operator_session (operator_id, expires_at);
CREATE INDEX operator_session_expires ON operator_session (expires_at);
