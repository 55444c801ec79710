-- What was typed on the registration's first page, sealed: whoever goes back to change it finds it there.
ALTER TABLE registration ADD COLUMN details_sealed BYTEA;

-- The desk was asked to replace everything that proves an account's holder: not before `due_at`, and only if nobody showed
-- the second factor meanwhile (`totp_step` and `recovery_left` are as they were when it was asked).
CREATE TABLE means_renewal (
    account_id    UUID PRIMARY KEY REFERENCES account (id),
    asked_at      TIMESTAMPTZ NOT NULL,
    due_at        TIMESTAMPTZ NOT NULL,
    totp_step     BIGINT,
    recovery_left BIGINT NOT NULL
);
