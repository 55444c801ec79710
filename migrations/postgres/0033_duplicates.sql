-- Two records that may be one person: found at entry or in the background, decided by a person.
CREATE TABLE duplicate_candidate (
    -- The smaller id first: a pair stands once.
    one_id     UUID NOT NULL REFERENCES person (id),
    other_id   UUID NOT NULL REFERENCES person (id),
    score      BIGINT NOT NULL,
    -- Stable words with their weight: why.
    reasons    JSONB NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('open', 'different', 'same')),
    version    BIGINT NOT NULL DEFAULT 1,
    found_at   TIMESTAMPTZ NOT NULL,
    decided_by TEXT,
    decided_at TIMESTAMPTZ,
    note       TEXT,
    PRIMARY KEY (one_id, other_id),
    CHECK (one_id < other_id)
);
CREATE INDEX duplicate_open ON duplicate_candidate (score DESC, one_id, other_id) WHERE state = 'open';
