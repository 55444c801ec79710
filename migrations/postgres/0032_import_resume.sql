-- An import that was killed goes on after the last batch that was committed: how far it came, and when.
ALTER TABLE import_batch ADD COLUMN lines_done BIGINT NOT NULL DEFAULT 0;
ALTER TABLE import_batch ADD COLUMN touched_at TIMESTAMPTZ;
