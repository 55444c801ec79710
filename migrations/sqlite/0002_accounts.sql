-- Electronic identification accounts (Decree 69/2024 Art 7–16) and what proves their holder.

CREATE TABLE account (
    id              BLOB PRIMARY KEY,
    person_id       BLOB NOT NULL UNIQUE REFERENCES person (id),
    version         INTEGER NOT NULL DEFAULT 1,
    level           TEXT NOT NULL CHECK (level IN ('01', '02')),
    state           TEXT NOT NULL CHECK (state IN ('requested', 'rejected', 'issued', 'active')),
    password_hash   TEXT,
    password_set_at INTEGER,
    phone_sealed    BLOB,
    created_at      INTEGER NOT NULL,
    activated_at    INTEGER,
    level_02_at     INTEGER
) STRICT;

-- Reasons form a set; the account is locked while it is not empty (Law on Identification Art 34).
CREATE TABLE account_lock (
    account_id BLOB NOT NULL REFERENCES account (id),
    reason     TEXT NOT NULL CHECK (reason IN ('DEATH', 'SELF', 'BREACH', 'CARD_WITHDRAWN', 'CARD_HELD', 'CARD_EXPIRED', 'AUTHORITY')),
    since      INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    note       TEXT NOT NULL,
    PRIMARY KEY (account_id, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE totp (
    id           BLOB PRIMARY KEY,
    account_id   BLOB NOT NULL REFERENCES account (id),
    seed_sealed  BLOB NOT NULL,
    last_step    INTEGER NOT NULL DEFAULT 0,
    state        TEXT NOT NULL CHECK (state IN ('pending', 'active', 'removed')),
    label        TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    confirmed_at INTEGER,
    removed_at   INTEGER
) STRICT;
CREATE INDEX totp_account ON totp (account_id);
CREATE UNIQUE INDEX totp_one_active ON totp (account_id) WHERE state = 'active';

CREATE TABLE recovery_code (
    digest     BLOB PRIMARY KEY,
    account_id BLOB NOT NULL REFERENCES account (id),
    created_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX recovery_code_account ON recovery_code (account_id);

-- One-time codes sent to a phone; bound to one purpose and one subject (a registration, or an account's session).
CREATE TABLE phone_code (
    id         BLOB PRIMARY KEY,
    purpose    TEXT NOT NULL CHECK (purpose IN ('register', 'enrol_totp')),
    subject    BLOB NOT NULL,
    digest     BLOB NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;
CREATE INDEX phone_code_subject ON phone_code (purpose, subject, created_at);

-- A self-registration under way. `person_id` is empty when nothing matched: the pages look the same.
CREATE TABLE registration (
    id             BLOB PRIMARY KEY,
    browser_digest BLOB NOT NULL,
    person_id      BLOB REFERENCES person (id),
    phone_sealed   BLOB,
    interaction_id BLOB,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    confirmed_at   INTEGER,
    finished_at    INTEGER
) STRICT;

-- Failures and sends, counted across every path and identifier. `subject` is a keyed digest; `network` is '' for the whole.
CREATE TABLE failure_counter (
    kind    TEXT NOT NULL CHECK (kind IN ('password', 'second_factor', 'code_send', 'register', 'client')),
    subject BLOB NOT NULL,
    network TEXT NOT NULL,
    tally   TEXT NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (kind, subject, network)
) STRICT, WITHOUT ROWID;
CREATE INDEX failure_counter_last ON failure_counter (last_at);
