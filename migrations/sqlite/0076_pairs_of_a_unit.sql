-- Whose an open pair of likely duplicates is: a line for the country (VN), and one for each commune and each province in which
-- one of the two lives by today's map. A unit's list is read along it and nothing else; the lines go when the pair is decided.
CREATE TABLE duplicate_place (
    unit_code TEXT NOT NULL,
    -- Less the score: the likeliest come first.
    rank      INTEGER NOT NULL,
    one_id    BLOB NOT NULL,
    other_id  BLOB NOT NULL,
    PRIMARY KEY (unit_code, rank, one_id, other_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX duplicate_place_pair ON duplicate_place (one_id, other_id);
-- The pairs of who moves: the other side is found by the key.
CREATE INDEX duplicate_other ON duplicate_candidate (other_id) WHERE state = 'open';
-- The list of the whole country is one of the places now.
DROP INDEX duplicate_open;

INSERT INTO duplicate_place (unit_code, rank, one_id, other_id)
SELECT 'VN', -d.score, d.one_id, d.other_id FROM duplicate_candidate d WHERE d.state = 'open'
UNION SELECT p.home_unit, -d.score, d.one_id, d.other_id FROM duplicate_candidate d
    JOIN person p ON p.id IN (d.one_id, d.other_id) WHERE d.state = 'open' AND p.home_unit <> ''
UNION SELECT p.home_province, -d.score, d.one_id, d.other_id FROM duplicate_candidate d
    JOIN person p ON p.id IN (d.one_id, d.other_id) WHERE d.state = 'open' AND p.home_province <> '';
