-- What changed of whom, for those who subscribe. A row is written with the change; its place in the feed is given afterwards,
-- when it is committed, by one at a time: a number that a writer drew could be seen before a smaller one whose writer is slower.
CREATE TABLE registry_change (
    position       INTEGER,
    person_id      BLOB NOT NULL,
    -- The version of the person that the change made.
    person_version INTEGER NOT NULL,
    kind           TEXT NOT NULL,
    event_id       BLOB NOT NULL,
    -- Names of fields, never their values.
    fields         TEXT NOT NULL,
    -- Where the person lived before and after, by the codes of that day; empty for nowhere.
    unit_before    TEXT NOT NULL,
    unit_after     TEXT NOT NULL,
    -- Never before an earlier change of the same person, whatever two machines' clocks say.
    at             INTEGER NOT NULL,
    PRIMARY KEY (person_id, person_version)
) STRICT;
CREATE UNIQUE INDEX registry_change_position ON registry_change (position) WHERE position IS NOT NULL;
CREATE INDEX registry_change_placeless ON registry_change (at, person_id, person_version) WHERE position IS NULL;

-- The last place that was given.
CREATE TABLE change_feed (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO change_feed (id, last) VALUES (1, 0);
