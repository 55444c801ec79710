-- How much is asked and looked at, and by whom it is too much.

-- Answers that did not agree, of a client's day; more than half of many, and nothing is answered any more that day.
ALTER TABLE registry_volume ADD COLUMN wrong INTEGER NOT NULL DEFAULT 0;
ALTER TABLE registry_volume ADD COLUMN stopped INTEGER NOT NULL DEFAULT 0;

-- The same of each officer, whom the client names.
CREATE TABLE registry_officer_day (
    client_id TEXT NOT NULL,
    officer   TEXT NOT NULL,
    day       TEXT NOT NULL,
    wrong     INTEGER NOT NULL,
    stopped   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (client_id, officer, day)
) STRICT;

-- SQLite changes no CHECK in place.
CREATE TABLE registry_flag_new (
    id         BLOB PRIMARY KEY,
    client_id  TEXT NOT NULL,
    officer    TEXT NOT NULL,
    pattern    TEXT NOT NULL CHECK (pattern IN ('many_people_one_dossier', 'guessing', 'one_person_often',
        'many_people_an_hour', 'many_wrong_answers', 'client_wrong_answers')),
    day        TEXT NOT NULL,
    agency     TEXT NOT NULL,
    dossier    TEXT NOT NULL,
    flagged_at INTEGER NOT NULL,
    UNIQUE (client_id, officer, pattern, day)
) STRICT;
INSERT INTO registry_flag_new SELECT id, client_id, officer, pattern, day, agency, dossier, flagged_at FROM registry_flag;
DROP TABLE registry_flag;
ALTER TABLE registry_flag_new RENAME TO registry_flag;

-- What an operator looked at in a day: people whose record was opened, searches, and searches that found nobody.
CREATE TABLE operator_reading (
    operator TEXT NOT NULL,
    day      TEXT NOT NULL,
    people   INTEGER NOT NULL,
    searches INTEGER NOT NULL,
    fruitless INTEGER NOT NULL,
    PRIMARY KEY (operator, day)
) STRICT;

-- A way of looking that somebody should ask about: once a pattern, operator and day.
CREATE TABLE operator_flag (
    operator   TEXT NOT NULL,
    pattern    TEXT NOT NULL CHECK (pattern IN ('many_people', 'many_searches', 'fruitless_searches')),
    day        TEXT NOT NULL,
    flagged_at INTEGER NOT NULL,
    PRIMARY KEY (operator, pattern, day)
) STRICT;

-- What an operator typed into a form that is not sent yet: personal, so sealed, AAD console_draft|sealed|session, form.
CREATE TABLE console_draft (
    session_id BLOB NOT NULL,
    form       BLOB NOT NULL,
    sealed     BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (session_id, form)
) STRICT;
CREATE INDEX console_draft_expires ON console_draft (expires_at);
