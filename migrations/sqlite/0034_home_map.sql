-- The day of the map by whose codes person.home_province and home_unit are: a later change of boundaries is carried out once.
CREATE TABLE home_map (
    id  INTEGER PRIMARY KEY CHECK (id = 1),
    day TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO home_map (id, day) VALUES (1, '2026-04-30');
