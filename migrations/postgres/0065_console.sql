-- What the operators' pages keep: drafts that outlive a session, flags that somebody looked at, and an operator's own trail.

-- A draft is the operator's, not the session's: who was away and signs in again finds what they typed.
-- AAD console_draft|sealed|operator, form; what was sealed for a session opens for nobody any more.
DELETE FROM console_draft;
ALTER TABLE console_draft RENAME COLUMN session_id TO operator_id;
ALTER TABLE console_draft DROP CONSTRAINT console_draft_pkey;
ALTER TABLE console_draft ADD PRIMARY KEY (operator_id, form);

-- Who looked at a flag, and what they found.
ALTER TABLE operator_flag ADD COLUMN seen_by TEXT;
ALTER TABLE operator_flag ADD COLUMN seen_at TIMESTAMPTZ;
ALTER TABLE operator_flag ADD COLUMN finding TEXT;
CREATE INDEX operator_flag_at ON operator_flag (flagged_at, operator, pattern);
ALTER TABLE registry_flag ADD COLUMN seen_by TEXT;
ALTER TABLE registry_flag ADD COLUMN seen_at TIMESTAMPTZ;
ALTER TABLE registry_flag ADD COLUMN finding TEXT;
CREATE INDEX registry_flag_at ON registry_flag (flagged_at, id);

-- What one operator did, the latest first. Only operators' events: those of citizens and portals are many, and have indexes
-- of their own.
CREATE INDEX audit_event_operator ON audit_event (actor, at) WHERE substr(actor, 1, 9) = 'operator:';
