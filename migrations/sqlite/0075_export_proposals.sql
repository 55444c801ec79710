-- A selection of people on its way out of the registry: proposed by one operator, decided by another, written into a file, and
-- fetched once by who proposed it.
CREATE TABLE export_proposal (
    id              BLOB PRIMARY KEY,
    version         INTEGER NOT NULL DEFAULT 1,
    -- A province or commune of the day it was proposed; NULL for the whole country.
    unit_code       TEXT,
    format          TEXT NOT NULL CHECK (format IN ('csv', 'ndjson', 'xml')),
    sensitive       INTEGER NOT NULL CHECK (sensitive IN (0, 1)),
    reason          TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('proposed', 'approved', 'ready', 'taken', 'rejected', 'withdrawn', 'failed')),
    proposed_by     TEXT NOT NULL,
    proposed_at     INTEGER NOT NULL,
    decided_by      TEXT,
    decided_at      INTEGER,
    decision_reason TEXT,
    -- The work under way: who works on it says so every second, and what is quiet is begun anew by another.
    worked_at       INTEGER,
    people          INTEGER NOT NULL DEFAULT 0,
    without_number  INTEGER NOT NULL DEFAULT 0,
    not_alive       INTEGER NOT NULL DEFAULT 0,
    -- In the folder of exports; each try has a name of its own.
    file_name       TEXT,
    sha256          BLOB,
    bytes           INTEGER NOT NULL DEFAULT 0,
    ready_at        INTEGER,
    taken_at        INTEGER,
    CHECK (decided_by IS NULL OR decided_by <> proposed_by),
    CHECK (state NOT IN ('approved', 'ready', 'taken', 'rejected') OR (decided_by IS NOT NULL AND decided_at IS NOT NULL)),
    CHECK (state NOT IN ('ready', 'taken') OR (file_name IS NOT NULL AND sha256 IS NOT NULL AND ready_at IS NOT NULL))
) STRICT;
CREATE INDEX export_proposal_at ON export_proposal (proposed_at, id);
CREATE INDEX export_proposal_work ON export_proposal (worked_at) WHERE state = 'approved';
CREATE INDEX export_proposal_file ON export_proposal (file_name) WHERE file_name IS NOT NULL;
