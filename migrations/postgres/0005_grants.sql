-- Codes, grants, refresh families, revocations: each kind its own table, each single use one guarded statement.

CREATE TABLE authorization_code (
    digest         BYTEA PRIMARY KEY,
    client_id      TEXT NOT NULL,
    grant_id       UUID NOT NULL UNIQUE,
    account_id     UUID NOT NULL,
    session_id     UUID NOT NULL,
    redirect_uri   TEXT,
    code_challenge TEXT,
    -- What was granted: scopes, claims, nonce, acr, amr, auth_time, sid, sub (JSON).
    authorized     JSONB NOT NULL,
    created_at     TIMESTAMPTZ NOT NULL,
    expires_at     TIMESTAMPTZ NOT NULL,
    used_at        TIMESTAMPTZ
);
CREATE INDEX authorization_code_expires ON authorization_code (expires_at);

CREATE TABLE grants (
    id             UUID PRIMARY KEY,
    client_id      TEXT NOT NULL,
    account_id     UUID NOT NULL,
    session_id     UUID NOT NULL,
    offline        BOOLEAN NOT NULL,
    authorized     JSONB NOT NULL,
    version        BIGINT NOT NULL DEFAULT 1,
    created_at     TIMESTAMPTZ NOT NULL,
    expires_at     TIMESTAMPTZ NOT NULL,
    revoked_at     TIMESTAMPTZ,
    revoke_reason  TEXT
);
CREATE INDEX grants_session ON grants (session_id);
CREATE INDEX grants_account_client ON grants (account_id, client_id);
CREATE INDEX grants_expires ON grants (expires_at);

-- Refresh tokens are derived from (grant, generation); only the counter is kept.
CREATE TABLE refresh_family (
    grant_id      UUID PRIMARY KEY REFERENCES grants (id),
    client_id     TEXT NOT NULL,
    generation    BIGINT NOT NULL,
    rotated_at    TIMESTAMPTZ NOT NULL,
    -- When the access token of the last rotation ends: a repeated answer has the same expiry.
    access_expires_at TIMESTAMPTZ NOT NULL,
    expires_at    TIMESTAMPTZ NOT NULL
);

CREATE TABLE revoked_token (
    jti        TEXT PRIMARY KEY,
    client_id  TEXT NOT NULL,
    revoked_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX revoked_token_expires ON revoked_token (expires_at);
