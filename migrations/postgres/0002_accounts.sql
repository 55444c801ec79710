-- Electronic identification accounts (Decree 69/2024 Art 7–16) and what proves their holder.

CREATE TABLE account (
    id              UUID PRIMARY KEY,
    person_id       UUID NOT NULL UNIQUE REFERENCES person (id),
    version         BIGINT NOT NULL DEFAULT 1,
    level           TEXT NOT NULL CHECK (level IN ('01', '02')),
    state           TEXT NOT NULL CHECK (state IN ('requested', 'rejected', 'issued', 'active')),
    password_hash   TEXT,
    password_set_at TIMESTAMPTZ,
    phone_sealed    BYTEA,
    created_at      TIMESTAMPTZ NOT NULL,
    activated_at    TIMESTAMPTZ,
    level_02_at     TIMESTAMPTZ
);

-- Reasons form a set; the account is locked while it is not empty (Law on Identification Art 34).
CREATE TABLE account_lock (
    account_id UUID NOT NULL REFERENCES account (id),
    reason     TEXT NOT NULL CHECK (reason IN ('DEATH', 'SELF', 'BREACH', 'CARD_WITHDRAWN', 'CARD_HELD', 'CARD_EXPIRED', 'AUTHORITY')),
    since      TIMESTAMPTZ NOT NULL,
    actor      TEXT NOT NULL,
    note       TEXT NOT NULL,
    PRIMARY KEY (account_id, reason)
);

CREATE TABLE totp (
    id           UUID PRIMARY KEY,
    account_id   UUID NOT NULL REFERENCES account (id),
    seed_sealed  BYTEA NOT NULL,
    last_step    BIGINT NOT NULL DEFAULT 0,
    state        TEXT NOT NULL CHECK (state IN ('pending', 'active', 'removed')),
    label        TEXT NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    confirmed_at TIMESTAMPTZ,
    removed_at   TIMESTAMPTZ
);
CREATE INDEX totp_account ON totp (account_id);
CREATE UNIQUE INDEX totp_one_active ON totp (account_id) WHERE state = 'active';

CREATE TABLE recovery_code (
    digest     BYTEA PRIMARY KEY,
    account_id UUID NOT NULL REFERENCES account (id),
    created_at TIMESTAMPTZ NOT NULL,
    used_at    TIMESTAMPTZ
);
CREATE INDEX recovery_code_account ON recovery_code (account_id);

-- One-time codes sent to a phone; bound to one purpose and one subject (a registration, or an account's session).
CREATE TABLE phone_code (
    id         UUID PRIMARY KEY,
    purpose    TEXT NOT NULL CHECK (purpose IN ('register', 'enrol_totp')),
    subject    UUID NOT NULL,
    digest     BYTEA NOT NULL,
    attempts   BIGINT NOT NULL DEFAULT 0,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at    TIMESTAMPTZ
);
CREATE INDEX phone_code_subject ON phone_code (purpose, subject, created_at);

-- A self-registration under way. `person_id` is empty when nothing matched: the pages look the same.
CREATE TABLE registration (
    id             UUID PRIMARY KEY,
    browser_digest BYTEA NOT NULL,
    person_id      UUID REFERENCES person (id),
    phone_sealed   BYTEA,
    interaction_id UUID,
    created_at     TIMESTAMPTZ NOT NULL,
    expires_at     TIMESTAMPTZ NOT NULL,
    confirmed_at   TIMESTAMPTZ,
    finished_at    TIMESTAMPTZ
);

-- Failures and sends, counted across every path and identifier. `subject` is a keyed digest; `network` is '' for the whole.
CREATE TABLE failure_counter (
    kind    TEXT NOT NULL CHECK (kind IN ('password', 'second_factor', 'code_send', 'register', 'client')),
    subject BYTEA NOT NULL,
    network TEXT NOT NULL,
    tally   JSONB NOT NULL,
    last_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (kind, subject, network)
);
CREATE INDEX failure_counter_last ON failure_counter (last_at);
