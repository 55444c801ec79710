-- How much is asked and looked at, and by whom it is too much.

-- Answers that did not agree, of a client's day; more than half of many, and nothing is answered any more that day.
ALTER TABLE registry_volume ADD COLUMN wrong BIGINT NOT NULL DEFAULT 0;
ALTER TABLE registry_volume ADD COLUMN stopped BOOLEAN NOT NULL DEFAULT FALSE;

-- The same of each officer, whom the client names.
CREATE TABLE registry_officer_day (
    client_id TEXT NOT NULL,
    officer   TEXT NOT NULL,
    day       DATE NOT NULL,
    wrong     BIGINT NOT NULL,
    stopped   BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (client_id, officer, day)
);

ALTER TABLE registry_flag DROP CONSTRAINT registry_flag_pattern_check;
ALTER TABLE registry_flag ADD CONSTRAINT registry_flag_pattern_check CHECK (pattern IN ('many_people_one_dossier', 'guessing',
    'one_person_often', 'many_people_an_hour', 'many_wrong_answers', 'client_wrong_answers'));

-- What an operator looked at in a day: people whose record was opened, searches, and searches that found nobody.
CREATE TABLE operator_reading (
    operator TEXT NOT NULL,
    day      DATE NOT NULL,
    people   BIGINT NOT NULL,
    searches BIGINT NOT NULL,
    fruitless BIGINT NOT NULL,
    PRIMARY KEY (operator, day)
);

-- A way of looking that somebody should ask about: once a pattern, operator and day.
CREATE TABLE operator_flag (
    operator   TEXT NOT NULL,
    pattern    TEXT NOT NULL CHECK (pattern IN ('many_people', 'many_searches', 'fruitless_searches')),
    day        DATE NOT NULL,
    flagged_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (operator, pattern, day)
);

-- What an operator typed into a form that is not sent yet: personal, so sealed, AAD console_draft|sealed|session, form.
CREATE TABLE console_draft (
    session_id UUID NOT NULL,
    form       UUID NOT NULL,
    sealed     BYTEA NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (session_id, form)
);
CREATE INDEX console_draft_expires ON console_draft (expires_at);
