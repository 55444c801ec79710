-- What finding people needs beside their numbers. Texts of names compare by their bytes, so that a prefix is a range.

ALTER TABLE person ALTER COLUMN name_plain TYPE TEXT COLLATE "C";
-- The words of name_plain in the order of their bytes: "Hòa Nguyễn Văn" and "Nguyễn Văn Hòa" have the same.
ALTER TABLE person ADD COLUMN name_sorted TEXT COLLATE "C" NOT NULL DEFAULT '';
-- Where the residence of record lies, by today's codes; empty when there is none.
ALTER TABLE person ADD COLUMN home_province TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN home_unit TEXT COLLATE "C" NOT NULL DEFAULT '';

UPDATE person SET name_sorted = array_to_string(
    ARRAY(SELECT word FROM unnest(string_to_array(name_plain, ' ')) AS word ORDER BY word COLLATE "C"), ' ');
UPDATE person SET home_unit = COALESCE((SELECT r.unit_code FROM residence r WHERE r.person_id = person.id AND r.to_date IS NULL
    ORDER BY CASE r.form WHEN 'thuong_tru' THEN 0 WHEN 'tam_tru' THEN 1 ELSE 2 END LIMIT 1), '');
UPDATE person SET home_province = COALESCE((SELECT u.province_code FROM admin_unit u WHERE u.code = person.home_unit
    ORDER BY u.valid_from DESC LIMIT 1), '') WHERE home_unit <> '';

DROP INDEX person_name_plain_birth;
CREATE INDEX person_name ON person (name_sorted, birth_date, home_province);
CREATE INDEX person_home_name ON person (home_province, name_plain, id, home_unit);
CREATE INDEX person_cmnd9 ON person (cmnd9) WHERE cmnd9 IS NOT NULL;

-- The words that names are made of, with how many names had them when they came: what a slip of the pen is measured against.
CREATE TABLE name_word (
    word TEXT COLLATE "C" PRIMARY KEY,
    uses BIGINT NOT NULL
);
