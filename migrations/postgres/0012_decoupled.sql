-- Requests whose person is at another device: device authorization (RFC 8628) and backchannel authentication (CIBA Core).
-- Each is decided once, by a person, and used up once, by its client.

CREATE TABLE device_authorization (
    id          UUID PRIMARY KEY,
    -- Of the device code, which only the device has.
    digest      BYTEA NOT NULL UNIQUE,
    -- Of the code that the person reads and types; keyed, because it is short.
    user_code   BYTEA NOT NULL,
    client_id   TEXT NOT NULL,
    request     JSONB NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'used')),
    -- Seconds between polls; each one that comes too early adds to it.
    interval_s  BIGINT NOT NULL,
    polled_at   TIMESTAMPTZ,
    account_id  UUID,
    session_id  UUID,
    grant_id    UUID,
    authorized  JSONB,
    created_at  TIMESTAMPTZ NOT NULL,
    expires_at  TIMESTAMPTZ NOT NULL,
    decided_at  TIMESTAMPTZ,
    used_at     TIMESTAMPTZ
);
CREATE UNIQUE INDEX device_authorization_user_code ON device_authorization (user_code) WHERE state = 'pending';
CREATE INDEX device_authorization_expires ON device_authorization (expires_at);

CREATE TABLE backchannel_authentication (
    id             UUID PRIMARY KEY,
    digest         BYTEA NOT NULL UNIQUE,
    client_id      TEXT NOT NULL,
    -- Whom the request is about: known from the beginning.
    account_id     UUID NOT NULL,
    request        JSONB NOT NULL,
    mode           TEXT NOT NULL CHECK (mode IN ('poll', 'ping', 'push')),
    -- The request's id and the client's notification token, sealed: for ping and push.
    notice_sealed  BYTEA,
    state          TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'used')),
    -- Numbers typed that were not the one at the other device.
    wrong_numbers  BIGINT NOT NULL DEFAULT 0,
    interval_s     BIGINT NOT NULL,
    polled_at      TIMESTAMPTZ,
    session_id     UUID,
    grant_id       UUID,
    authorized     JSONB,
    created_at     TIMESTAMPTZ NOT NULL,
    expires_at     TIMESTAMPTZ NOT NULL,
    decided_at     TIMESTAMPTZ,
    used_at        TIMESTAMPTZ
);
CREATE INDEX backchannel_authentication_account ON backchannel_authentication (account_id, created_at);
CREATE INDEX backchannel_authentication_expires ON backchannel_authentication (expires_at);

-- Notices of backchannel authentication leave by the outbox.
ALTER TABLE outbox DROP CONSTRAINT outbox_kind_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_kind_check CHECK (kind IN ('sms', 'backchannel_logout', 'ciba_notice'));

-- Codes of devices that were typed and are none.
ALTER TABLE failure_counter DROP CONSTRAINT failure_counter_kind_check;
ALTER TABLE failure_counter ADD CONSTRAINT failure_counter_kind_check
    CHECK (kind IN ('password', 'second_factor', 'code_send', 'register', 'client', 'user_code'));
