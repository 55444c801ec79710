-- What the pages of registration and of the account look up.

-- A browser's registration is found by its cookie.
CREATE INDEX registration_browser ON registration (browser_digest, created_at);
CREATE INDEX registration_expires ON registration (expires_at);
CREATE INDEX phone_code_expires ON phone_code (expires_at);

-- New recovery codes, sealed for the few minutes in which the page that made them may be shown; only digests stay.
CREATE TABLE recovery_sheet (
    account_id   BLOB PRIMARY KEY REFERENCES account (id),
    session_id   BLOB NOT NULL REFERENCES session (id),
    codes_sealed BLOB NOT NULL,
    made_at      INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
