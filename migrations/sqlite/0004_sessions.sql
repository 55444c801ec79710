-- Single sign-on sessions and the sign-ins under way.

CREATE TABLE session (
    id            BLOB PRIMARY KEY,
    account_id    BLOB NOT NULL REFERENCES account (id),
    secret_digest BLOB NOT NULL UNIQUE,
    version       INTEGER NOT NULL DEFAULT 1,
    -- The proofs with their times: [{"method","factor","proven_at","authenticator"}]; levels are computed from it, never stored.
    proofs        TEXT NOT NULL,
    user_agent    TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    seen_at       INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    ended_at      INTEGER,
    end_reason    TEXT
) STRICT;
CREATE INDEX session_account ON session (account_id, created_at);
CREATE INDEX session_expires ON session (expires_at);

-- The clients a session signed in to; `sid` is random and differs between clients.
CREATE TABLE session_client (
    session_id BLOB NOT NULL REFERENCES session (id),
    client_id  TEXT NOT NULL REFERENCES client (client_id),
    sid        TEXT NOT NULL UNIQUE,
    first_at   INTEGER NOT NULL,
    last_at    INTEGER NOT NULL,
    PRIMARY KEY (session_id, client_id)
) STRICT, WITHOUT ROWID;

-- An authorization request that needs the person. Its id in a URL is no authority: the browser's cookie must match too.
CREATE TABLE interaction (
    id             BLOB PRIMARY KEY,
    browser_digest BLOB NOT NULL,
    client_id      TEXT NOT NULL REFERENCES client (client_id),
    request        TEXT NOT NULL,
    -- What the person did so far that is not a proof: typed number, chosen account, agreed consent.
    progress       TEXT NOT NULL,
    wrong_codes    INTEGER NOT NULL DEFAULT 0,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    finished_at    INTEGER
) STRICT;
CREATE INDEX interaction_expires ON interaction (expires_at);
