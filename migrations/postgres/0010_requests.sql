-- Pushed authorization requests (RFC 9126): found by the digest of the reference that the client got.

CREATE TABLE pushed_request (
    digest     BYTEA PRIMARY KEY,
    client_id  TEXT NOT NULL REFERENCES client (client_id),
    -- The parameters as they were pushed, without credentials (JSON).
    request    JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    -- Moved on when a browser opens it: then it lives as long as that authorization may take.
    expires_at TIMESTAMPTZ NOT NULL,
    used_at    TIMESTAMPTZ
);
CREATE INDEX pushed_request_expires ON pushed_request (expires_at);
