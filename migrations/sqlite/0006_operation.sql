-- Keys, audit, the outbox, operators, and how processes hear of each other's changes.

CREATE TABLE signing_key (
    kid            TEXT PRIMARY KEY,
    alg            TEXT NOT NULL CHECK (alg IN ('RS256', 'PS256', 'ES256', 'EdDSA')),
    state          TEXT NOT NULL CHECK (state IN ('pending', 'active', 'retiring', 'retired', 'compromised')),
    private_sealed BLOB,
    public_jwk     TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    published_at   INTEGER,
    activated_at   INTEGER,
    retiring_at    INTEGER,
    retired_at     INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX signing_key_one_active ON signing_key (alg) WHERE state = 'active';

-- One chain per (instance, lane); only that lane of that process writes its head. `detail` is canonical text, hashed as stored.
CREATE TABLE audit_event (
    instance   BLOB NOT NULL,
    lane       INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    action     TEXT NOT NULL,
    outcome    TEXT NOT NULL CHECK (outcome IN ('done', 'refused')),
    actor      TEXT NOT NULL,
    person_id  BLOB,
    account_id BLOB,
    client_id  TEXT,
    session_id BLOB,
    detail     TEXT NOT NULL,
    prev_hash  BLOB NOT NULL,
    hash       BLOB NOT NULL,
    PRIMARY KEY (instance, lane, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_event_account ON audit_event (account_id, at) WHERE account_id IS NOT NULL;

CREATE TABLE outbox (
    id              BLOB PRIMARY KEY,
    kind            TEXT NOT NULL CHECK (kind IN ('sms', 'backchannel_logout')),
    recipient       TEXT NOT NULL,
    payload         BLOB NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'dead')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    created_at      INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    gives_up_at     INTEGER NOT NULL,
    done_at         INTEGER,
    last_error      TEXT
) STRICT;
CREATE INDEX outbox_due ON outbox (next_attempt_at) WHERE state = 'waiting';

CREATE TABLE change_counter (
    topic TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO change_counter (topic, value) VALUES ('clients', 0), ('keys', 0);

CREATE TABLE operator (
    id             BLOB PRIMARY KEY,
    name           TEXT NOT NULL UNIQUE,
    version        INTEGER NOT NULL DEFAULT 1,
    state          TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
    roles          TEXT NOT NULL,
    unit_code      TEXT,
    password_hash  TEXT NOT NULL,
    totp_sealed    BLOB NOT NULL,
    totp_last_step INTEGER NOT NULL DEFAULT 0,
    created_at     INTEGER NOT NULL
) STRICT;
