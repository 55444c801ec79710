-- The rest of the record (Law on Identification Art 9), and its history in two times.

ALTER TABLE person ADD COLUMN capacity TEXT NOT NULL DEFAULT 'full'
    CHECK (capacity IN ('full', 'lost', 'difficulty', 'limited'));
ALTER TABLE person ADD COLUMN absence JSONB;
ALTER TABLE person ADD COLUMN shared JSONB NOT NULL DEFAULT '[]';
ALTER TABLE relation ADD COLUMN tie TEXT NOT NULL DEFAULT 'ordinary'
    CHECK (tie IN ('ordinary', 'adoption', 'recognition', 'guardianship'));
ALTER TABLE household ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE household ADD COLUMN owner JSONB;
ALTER TABLE household ADD COLUMN closed_on DATE;

-- What was learned of a person, field by field: true from a day, learned at a moment, on an event. Never changed, never
-- deleted. Who was brought in has no row here: the present row is the open version, and what it said goes to seq 0 when the
-- field changes for the first time. All that is asked begins with the person, so that the table can be partitioned by them.
CREATE TABLE facet_version (
    person_id  UUID NOT NULL,
    facet      TEXT NOT NULL,
    -- The person's version that this assertion made; 0 for what the record began with.
    seq        BIGINT NOT NULL,
    -- JSON as text; what is sensitive is sealed instead: AAD facet_version|sealed|person, facet, seq.
    value      TEXT,
    sealed     BYTEA,
    valid_from DATE,
    learned_at TIMESTAMPTZ NOT NULL,
    event_id   UUID,
    source     TEXT NOT NULL,
    PRIMARY KEY (person_id, facet, seq),
    CHECK ((value IS NULL) <> (sealed IS NULL))
);

CREATE TABLE household_version (
    household_id UUID NOT NULL,
    seq          BIGINT NOT NULL,
    value        TEXT NOT NULL,
    valid_from   DATE,
    learned_at   TIMESTAMPTZ NOT NULL,
    event_id     UUID,
    PRIMARY KEY (household_id, seq)
);
