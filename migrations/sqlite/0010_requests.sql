-- Pushed authorization requests (RFC 9126): found by the digest of the reference that the client got.

CREATE TABLE pushed_request (
    digest     BLOB PRIMARY KEY,
    client_id  TEXT NOT NULL REFERENCES client (client_id),
    -- The parameters as they were pushed, without credentials (JSON).
    request    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- Moved on when a browser opens it: then it lives as long as that authorization may take.
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX pushed_request_expires ON pushed_request (expires_at);
