-- Two records that may be one person: found at entry or in the background, decided by a person.
CREATE TABLE duplicate_candidate (
    -- The smaller id first: a pair stands once.
    one_id     BLOB NOT NULL REFERENCES person (id),
    other_id   BLOB NOT NULL REFERENCES person (id),
    score      INTEGER NOT NULL,
    -- Stable words with their weight: why.
    reasons    TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('open', 'different', 'same')),
    version    INTEGER NOT NULL DEFAULT 1,
    found_at   INTEGER NOT NULL,
    decided_by TEXT,
    decided_at INTEGER,
    note       TEXT,
    PRIMARY KEY (one_id, other_id),
    CHECK (one_id < other_id)
) STRICT;
CREATE INDEX duplicate_open ON duplicate_candidate (score DESC, one_id, other_id) WHERE state = 'open';
