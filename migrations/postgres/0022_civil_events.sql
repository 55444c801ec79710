-- Civil events from proposal to record. One person proposes, another decides: the table itself refuses the same one.
CREATE TABLE civil_event (
    id              UUID PRIMARY KEY,
    version         BIGINT NOT NULL DEFAULT 1,
    kind            TEXT NOT NULL,
    -- Where it came from and what that place calls it: an event that comes twice is one.
    source          TEXT NOT NULL,
    source_id       TEXT NOT NULL,
    unit_code       TEXT,
    state           TEXT NOT NULL CHECK (state IN ('proposed', 'returned', 'withdrawn', 'rejected', 'recorded', 'case')),
    -- The form as JSON; personal, so sealed: AAD civil_event|payload_sealed|id.
    payload_sealed  BYTEA NOT NULL,
    -- The versions of persons and households that the proposal rests on.
    base            TEXT NOT NULL,
    proposed_by     TEXT NOT NULL,
    proposed_at     TIMESTAMPTZ NOT NULL,
    note            TEXT,
    due_on          DATE NOT NULL,
    decided_by      TEXT,
    decided_at      TIMESTAMPTZ,
    decision_reason TEXT,
    UNIQUE (source, source_id),
    CHECK (decided_by IS NULL OR decided_by <> proposed_by),
    CHECK (state NOT IN ('recorded', 'rejected') OR (decided_by IS NOT NULL AND decided_at IS NOT NULL))
);
CREATE INDEX civil_event_waiting ON civil_event (due_on, id) WHERE state = 'proposed';
CREATE INDEX civil_event_mine ON civil_event (proposed_by, state);

-- Whom an event concerns: a person's timeline.
CREATE TABLE civil_event_person (
    person_id UUID NOT NULL,
    event_id  UUID NOT NULL,
    PRIMARY KEY (person_id, event_id)
);
