-- Codes, grants, refresh families, revocations: each kind its own table, each single use one guarded statement.

CREATE TABLE authorization_code (
    digest         BLOB PRIMARY KEY,
    client_id      TEXT NOT NULL,
    grant_id       BLOB NOT NULL UNIQUE,
    account_id     BLOB NOT NULL,
    session_id     BLOB NOT NULL,
    redirect_uri   TEXT,
    code_challenge TEXT,
    -- What was granted: scopes, claims, nonce, acr, amr, auth_time, sid, sub (JSON).
    authorized     TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    used_at        INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX authorization_code_expires ON authorization_code (expires_at);

CREATE TABLE grants (
    id             BLOB PRIMARY KEY,
    client_id      TEXT NOT NULL,
    account_id     BLOB NOT NULL,
    session_id     BLOB NOT NULL,
    offline        INTEGER NOT NULL CHECK (offline IN (0, 1)),
    authorized     TEXT NOT NULL,
    version        INTEGER NOT NULL DEFAULT 1,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    revoked_at     INTEGER,
    revoke_reason  TEXT
) STRICT;
CREATE INDEX grants_session ON grants (session_id);
CREATE INDEX grants_account_client ON grants (account_id, client_id);
CREATE INDEX grants_expires ON grants (expires_at);

-- Refresh tokens are derived from (grant, generation); only the counter is kept.
CREATE TABLE refresh_family (
    grant_id      BLOB PRIMARY KEY REFERENCES grants (id),
    client_id     TEXT NOT NULL,
    generation    INTEGER NOT NULL,
    rotated_at    INTEGER NOT NULL,
    -- When the access token of the last rotation ends: a repeated answer has the same expiry.
    access_expires_at INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE revoked_token (
    jti        TEXT PRIMARY KEY,
    client_id  TEXT NOT NULL,
    revoked_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX revoked_token_expires ON revoked_token (expires_at);
