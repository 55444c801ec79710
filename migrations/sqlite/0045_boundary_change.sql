-- A change of boundaries is one event: carried out in portions, gone on with after a break, once.
CREATE TABLE boundary_change (
    -- Names the event in the history of everybody who was moved.
    id          BLOB PRIMARY KEY,
    day         TEXT NOT NULL UNIQUE,
    -- The move under way, of the list that the day's units give, and the last person of it who was looked at.
    move_no     INTEGER NOT NULL,
    after_id    BLOB NOT NULL,
    people      INTEGER NOT NULL,
    batches     INTEGER NOT NULL,
    started_by  TEXT NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;

-- Who is found in a commune: a move costs what it changes.
CREATE INDEX person_home_unit ON person (home_unit, id);
