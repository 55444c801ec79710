-- A file of people on its way into the registry: rehearsed, proposed by one operator, decided as a whole by another, brought in.
CREATE TABLE import_proposal (
    id              BLOB PRIMARY KEY,
    version         INTEGER NOT NULL DEFAULT 1,
    -- In the folder of imports; the digest says which bytes were rehearsed, and no others are brought in.
    file_name       TEXT NOT NULL,
    sha256          BLOB,
    state           TEXT NOT NULL CHECK (state IN ('rehearsing', 'proposed', 'approved', 'done', 'rejected', 'withdrawn', 'failed')),
    proposed_by     TEXT NOT NULL,
    proposed_at     INTEGER NOT NULL,
    -- What the rehearsal found: rows by what would become of them, and the first that would be refused, without their values.
    rows_new        INTEGER NOT NULL DEFAULT 0,
    rows_known      INTEGER NOT NULL DEFAULT 0,
    rows_refused    INTEGER NOT NULL DEFAULT 0,
    report          TEXT NOT NULL DEFAULT '[]',
    decided_by      TEXT,
    decided_at      INTEGER,
    decision_reason TEXT,
    -- The work under way: who works on it says so every second, and what is quiet is taken over.
    worked_at       INTEGER,
    done_added      INTEGER NOT NULL DEFAULT 0,
    done_known      INTEGER NOT NULL DEFAULT 0,
    done_refused    INTEGER NOT NULL DEFAULT 0,
    failure         TEXT,
    finished_at     INTEGER,
    CHECK (decided_by IS NULL OR decided_by <> proposed_by),
    CHECK (state NOT IN ('approved', 'done', 'rejected') OR (decided_by IS NOT NULL AND decided_at IS NOT NULL))
);
CREATE INDEX import_proposal_at ON import_proposal (proposed_at, id);
CREATE INDEX import_proposal_work ON import_proposal (worked_at) WHERE state IN ('rehearsing', 'approved');
