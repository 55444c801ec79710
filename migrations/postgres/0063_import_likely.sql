-- Rows of a file that are very like somebody who is recorded under another number.
ALTER TABLE import_proposal ADD COLUMN rows_likely BIGINT NOT NULL DEFAULT 0;
