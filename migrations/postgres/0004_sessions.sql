-- Single sign-on sessions and the sign-ins under way.

CREATE TABLE session (
    id            UUID PRIMARY KEY,
    account_id    UUID NOT NULL REFERENCES account (id),
    secret_digest BYTEA NOT NULL UNIQUE,
    version       BIGINT NOT NULL DEFAULT 1,
    -- The proofs with their times: [{"method","factor","proven_at","authenticator"}]; levels are computed from it, never stored.
    proofs        JSONB NOT NULL,
    user_agent    TEXT NOT NULL,
    created_at    TIMESTAMPTZ NOT NULL,
    seen_at       TIMESTAMPTZ NOT NULL,
    expires_at    TIMESTAMPTZ NOT NULL,
    ended_at      TIMESTAMPTZ,
    end_reason    TEXT
);
CREATE INDEX session_account ON session (account_id, created_at);
CREATE INDEX session_expires ON session (expires_at);

-- The clients a session signed in to; `sid` is random and differs between clients.
CREATE TABLE session_client (
    session_id UUID NOT NULL REFERENCES session (id),
    client_id  TEXT NOT NULL REFERENCES client (client_id),
    sid        TEXT NOT NULL UNIQUE,
    first_at   TIMESTAMPTZ NOT NULL,
    last_at    TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (session_id, client_id)
);

-- An authorization request that needs the person. Its id in a URL is no authority: the browser's cookie must match too.
CREATE TABLE interaction (
    id             UUID PRIMARY KEY,
    browser_digest BYTEA NOT NULL,
    client_id      TEXT NOT NULL REFERENCES client (client_id),
    request        JSONB NOT NULL,
    -- What the person did so far that is not a proof: typed number, chosen account, agreed consent.
    progress       JSONB NOT NULL,
    wrong_codes    BIGINT NOT NULL DEFAULT 0,
    created_at     TIMESTAMPTZ NOT NULL,
    expires_at     TIMESTAMPTZ NOT NULL,
    finished_at    TIMESTAMPTZ
);
CREATE INDEX interaction_expires ON interaction (expires_at);
