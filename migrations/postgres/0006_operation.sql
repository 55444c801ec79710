-- Keys, audit, the outbox, operators, and how processes hear of each other's changes.

CREATE TABLE signing_key (
    kid            TEXT PRIMARY KEY,
    alg            TEXT NOT NULL CHECK (alg IN ('RS256', 'PS256', 'ES256', 'EdDSA')),
    state          TEXT NOT NULL CHECK (state IN ('pending', 'active', 'retiring', 'retired', 'compromised')),
    private_sealed BYTEA,
    public_jwk     JSONB NOT NULL,
    created_at     TIMESTAMPTZ NOT NULL,
    published_at   TIMESTAMPTZ,
    activated_at   TIMESTAMPTZ,
    retiring_at    TIMESTAMPTZ,
    retired_at     TIMESTAMPTZ
);
CREATE UNIQUE INDEX signing_key_one_active ON signing_key (alg) WHERE state = 'active';

-- One chain per (instance, lane); only that lane of that process writes its head. `detail` is canonical text, hashed as stored.
CREATE TABLE audit_event (
    instance   UUID NOT NULL,
    lane       BIGINT NOT NULL,
    seq        BIGINT NOT NULL,
    at         TIMESTAMPTZ NOT NULL,
    action     TEXT NOT NULL,
    outcome    TEXT NOT NULL CHECK (outcome IN ('done', 'refused')),
    actor      TEXT NOT NULL,
    person_id  UUID,
    account_id UUID,
    client_id  TEXT,
    session_id UUID,
    detail     TEXT NOT NULL,
    prev_hash  BYTEA NOT NULL,
    hash       BYTEA NOT NULL,
    PRIMARY KEY (instance, lane, seq)
);
CREATE INDEX audit_event_account ON audit_event (account_id, at) WHERE account_id IS NOT NULL;

CREATE TABLE outbox (
    id              UUID PRIMARY KEY,
    kind            TEXT NOT NULL CHECK (kind IN ('sms', 'backchannel_logout')),
    recipient       TEXT NOT NULL,
    payload         BYTEA NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'dead')),
    attempts        BIGINT NOT NULL DEFAULT 0,
    created_at      TIMESTAMPTZ NOT NULL,
    next_attempt_at TIMESTAMPTZ NOT NULL,
    gives_up_at     TIMESTAMPTZ NOT NULL,
    done_at         TIMESTAMPTZ,
    last_error      TEXT
);
CREATE INDEX outbox_due ON outbox (next_attempt_at) WHERE state = 'waiting';

CREATE TABLE change_counter (
    topic TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO change_counter (topic, value) VALUES ('clients', 0), ('keys', 0);

CREATE TABLE operator (
    id             UUID PRIMARY KEY,
    name           TEXT NOT NULL UNIQUE,
    version        BIGINT NOT NULL DEFAULT 1,
    state          TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
    roles          JSONB NOT NULL,
    unit_code      TEXT,
    password_hash  TEXT NOT NULL,
    totp_sealed    BYTEA NOT NULL,
    totp_last_step BIGINT NOT NULL DEFAULT 0,
    created_at     TIMESTAMPTZ NOT NULL
);
