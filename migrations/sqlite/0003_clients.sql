-- Relying parties, what people agreed to share with them, and the names under which they know people.

CREATE TABLE client (
    client_id     TEXT PRIMARY KEY,
    version       INTEGER NOT NULL DEFAULT 1,
    state         TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
    secret_digest BLOB,
    metadata      TEXT NOT NULL,
    registered_by TEXT NOT NULL CHECK (registered_by IN ('operator', 'self')),
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE consent (
    account_id      BLOB NOT NULL REFERENCES account (id),
    client_id       TEXT NOT NULL REFERENCES client (client_id),
    version         INTEGER NOT NULL DEFAULT 1,
    scopes          TEXT NOT NULL,
    claims          TEXT NOT NULL,
    purpose_version TEXT NOT NULL,
    given_at        INTEGER NOT NULL,
    withdrawn_at    INTEGER,
    PRIMARY KEY (account_id, client_id)
) STRICT, WITHOUT ROWID;

-- Pairwise subjects: random, stored, made at first issuance; they survive a change of number and move with a merge.
CREATE TABLE subject (
    sector     TEXT NOT NULL,
    person_id  BLOB NOT NULL REFERENCES person (id),
    sub        TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (sector, person_id)
) STRICT, WITHOUT ROWID;

-- A client assertion is taken once (RFC 7523 §3 item 7).
CREATE TABLE assertion_jti (
    client_id  TEXT NOT NULL,
    jti        TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (client_id, jti)
) STRICT, WITHOUT ROWID;
CREATE INDEX assertion_jti_expires ON assertion_jti (expires_at);
