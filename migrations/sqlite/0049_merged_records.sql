-- Two records of one person: the one goes into the other, and can come out again.
ALTER TABLE person ADD COLUMN merged_into BLOB;

-- What a merge did outside the records: accounts and the names under which relying parties know people.
CREATE TABLE person_merge (
    event_id       BLOB PRIMARY KEY,
    kept_id        BLOB NOT NULL REFERENCES person (id),
    merged_id      BLOB NOT NULL REFERENCES person (id),
    -- The second account of two: locked by the merge. Or the only one: it is the kept record's now.
    closed_account BLOB,
    moved_account  BLOB,
    -- Sectors whose subject went to the kept record.
    sectors        TEXT NOT NULL,
    undone_by      BLOB
) STRICT;
CREATE INDEX person_merge_merged ON person_merge (merged_id);
CREATE INDEX person_merge_kept ON person_merge (kept_id);

-- Which households an event changed.
CREATE INDEX household_version_event ON household_version (event_id) WHERE event_id IS NOT NULL;
