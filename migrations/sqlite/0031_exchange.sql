-- The interface for state systems: who asked about whom, for what, and how much a client asked in a day.

CREATE TABLE registry_use (
    id          BLOB PRIMARY KEY,
    at          INTEGER NOT NULL,
    client_id   TEXT NOT NULL,
    -- As the caller's system and officer state them with each request.
    request_id  TEXT NOT NULL,
    agency      TEXT NOT NULL,
    officer     TEXT NOT NULL,
    procedure_code TEXT NOT NULL,
    dossier     TEXT NOT NULL,
    purpose     TEXT NOT NULL,
    what        TEXT NOT NULL CHECK (what IN ('verify', 'look_up', 'predicates', 'household')),
    outcome     TEXT NOT NULL CHECK (outcome IN ('matched', 'not_matched')),
    -- Empty when the number leads to nobody.
    person_id   BLOB REFERENCES person (id),
    -- Names of the fields that were answered, never their values.
    fields      TEXT NOT NULL
) STRICT;
CREATE INDEX registry_use_person ON registry_use (person_id, at) WHERE person_id IS NOT NULL;
CREATE INDEX registry_use_officer ON registry_use (client_id, officer, dossier, at);

CREATE TABLE registry_volume (
    client_id TEXT NOT NULL,
    day       TEXT NOT NULL,
    requests  INTEGER NOT NULL,
    PRIMARY KEY (client_id, day)
) STRICT;

-- A pattern of use that a person should look at: one row a pattern, officer and day.
CREATE TABLE registry_flag (
    id         BLOB PRIMARY KEY,
    client_id  TEXT NOT NULL,
    officer    TEXT NOT NULL,
    pattern    TEXT NOT NULL CHECK (pattern IN ('many_people_one_dossier', 'guessing', 'one_person_often', 'many_people_an_hour')),
    day        TEXT NOT NULL,
    agency     TEXT NOT NULL,
    dossier    TEXT NOT NULL,
    flagged_at INTEGER NOT NULL,
    UNIQUE (client_id, officer, pattern, day)
) STRICT;
