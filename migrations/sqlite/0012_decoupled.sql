-- Requests whose person is at another device: device authorization (RFC 8628) and backchannel authentication (CIBA Core).
-- Each is decided once, by a person, and used up once, by its client.

CREATE TABLE device_authorization (
    id          BLOB PRIMARY KEY,
    -- Of the device code, which only the device has.
    digest      BLOB NOT NULL UNIQUE,
    -- Of the code that the person reads and types; keyed, because it is short.
    user_code   BLOB NOT NULL,
    client_id   TEXT NOT NULL,
    request     TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'used')),
    -- Seconds between polls; each one that comes too early adds to it.
    interval_s  INTEGER NOT NULL,
    polled_at   INTEGER,
    account_id  BLOB,
    session_id  BLOB,
    grant_id    BLOB,
    authorized  TEXT,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    decided_at  INTEGER,
    used_at     INTEGER
) STRICT;
CREATE UNIQUE INDEX device_authorization_user_code ON device_authorization (user_code) WHERE state = 'pending';
CREATE INDEX device_authorization_expires ON device_authorization (expires_at);

CREATE TABLE backchannel_authentication (
    id             BLOB PRIMARY KEY,
    digest         BLOB NOT NULL UNIQUE,
    client_id      TEXT NOT NULL,
    -- Whom the request is about: known from the beginning.
    account_id     BLOB NOT NULL,
    request        TEXT NOT NULL,
    mode           TEXT NOT NULL CHECK (mode IN ('poll', 'ping', 'push')),
    -- The request's id and the client's notification token, sealed: for ping and push.
    notice_sealed  BLOB,
    state          TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'used')),
    -- Numbers typed that were not the one at the other device.
    wrong_numbers  INTEGER NOT NULL DEFAULT 0,
    interval_s     INTEGER NOT NULL,
    polled_at      INTEGER,
    session_id     BLOB,
    grant_id       BLOB,
    authorized     TEXT,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    decided_at     INTEGER,
    used_at        INTEGER
) STRICT;
CREATE INDEX backchannel_authentication_account ON backchannel_authentication (account_id, created_at);
CREATE INDEX backchannel_authentication_expires ON backchannel_authentication (expires_at);

-- Notices of backchannel authentication leave by the outbox. SQLite changes no CHECK in place.
CREATE TABLE outbox_0012 (
    id              BLOB PRIMARY KEY,
    kind            TEXT NOT NULL CHECK (kind IN ('sms', 'backchannel_logout', 'ciba_notice')),
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
INSERT INTO outbox_0012 (id, kind, recipient, payload, state, attempts, created_at, next_attempt_at, gives_up_at, done_at, last_error)
    SELECT id, kind, recipient, payload, state, attempts, created_at, next_attempt_at, gives_up_at, done_at, last_error FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_0012 RENAME TO outbox;
CREATE INDEX outbox_due ON outbox (next_attempt_at) WHERE state = 'waiting';

-- Codes of devices that were typed and are none.
CREATE TABLE failure_counter_0012 (
    kind    TEXT NOT NULL CHECK (kind IN ('password', 'second_factor', 'code_send', 'register', 'client', 'user_code')),
    subject BLOB NOT NULL,
    network TEXT NOT NULL,
    tally   TEXT NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (kind, subject, network)
) STRICT, WITHOUT ROWID;
INSERT INTO failure_counter_0012 (kind, subject, network, tally, last_at)
    SELECT kind, subject, network, tally, last_at FROM failure_counter;
DROP TABLE failure_counter;
ALTER TABLE failure_counter_0012 RENAME TO failure_counter;
CREATE INDEX failure_counter_last ON failure_counter (last_at);
