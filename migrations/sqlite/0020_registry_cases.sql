-- What no rule may decide alone: something that came in and contradicts the record waits here for a person.
CREATE TABLE registry_case (
    id            BLOB PRIMARY KEY,
    version       INTEGER NOT NULL DEFAULT 1,
    kind          TEXT NOT NULL,
    -- Where it came from and what that place calls it: the same thing twice opens one case.
    source        TEXT NOT NULL,
    source_id     TEXT NOT NULL,
    person_id     BLOB REFERENCES person (id),
    event_id      BLOB,
    unit_code     TEXT,
    -- What is at odds, as JSON; personal, so sealed: AAD registry_case|detail_sealed|id.
    detail_sealed BLOB NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('open', 'assigned', 'resolved')),
    opened_by     TEXT NOT NULL,
    opened_at     INTEGER NOT NULL,
    due_on        TEXT NOT NULL,
    assigned_to   TEXT,
    resolved_by   TEXT,
    resolved_at   INTEGER,
    resolution    TEXT,
    reason        TEXT,
    UNIQUE (source, source_id),
    CHECK ((state = 'resolved') = (resolved_at IS NOT NULL AND resolved_by IS NOT NULL AND resolution IS NOT NULL))
) STRICT;
CREATE INDEX registry_case_waiting ON registry_case (due_on, id) WHERE state <> 'resolved';
CREATE INDEX registry_case_person ON registry_case (person_id) WHERE person_id IS NOT NULL;
