-- Events that other systems tell of: their uses are recorded like every question, and what came too early is tried again.
CREATE TABLE registry_use_next (
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
    what        TEXT NOT NULL CHECK (what IN ('verify', 'look_up', 'predicates', 'household', 'event', 'event_state', 'changes')),
    outcome     TEXT NOT NULL CHECK (outcome IN ('matched', 'not_matched')),
    -- Empty when the number leads to nobody.
    person_id   BLOB REFERENCES person (id),
    -- Names of the fields that were answered, never their values.
    fields      TEXT NOT NULL
) STRICT;
INSERT INTO registry_use_next SELECT id, at, client_id, request_id, agency, officer, procedure_code, dossier, purpose, what,
    outcome, person_id, fields FROM registry_use;
DROP TABLE registry_use;
ALTER TABLE registry_use_next RENAME TO registry_use;
CREATE INDEX registry_use_person ON registry_use (person_id, at) WHERE person_id IS NOT NULL;
CREATE INDEX registry_use_officer ON registry_use (client_id, officer, dossier, at);

-- When an event that builds on something not recorded yet was judged last; empty for every other.
ALTER TABLE civil_event ADD COLUMN tried_at INTEGER;
CREATE INDEX civil_event_early ON civil_event (tried_at, id) WHERE state = 'case' AND tried_at IS NOT NULL;
CREATE INDEX registry_case_event ON registry_case (event_id) WHERE event_id IS NOT NULL;
