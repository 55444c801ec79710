-- Clients that register themselves (RFC 7591, RFC 7592), and the tokens with which an operator lets them.

-- What the client shows to read, change or delete its own registration. Operators' clients have none.
ALTER TABLE client ADD COLUMN registration_digest BLOB;
-- Deleted by itself: its name is never given again, and nothing finds it.
ALTER TABLE client ADD COLUMN deleted_at INTEGER;
CREATE INDEX client_self ON client (client_id) WHERE registered_by = 'self' AND deleted_at IS NULL;

CREATE TABLE initial_access_token (
    id         TEXT PRIMARY KEY,
    digest     BLOB NOT NULL UNIQUE,
    label      TEXT NOT NULL,
    uses_left  INTEGER NOT NULL CHECK (uses_left >= 0),
    used       INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
