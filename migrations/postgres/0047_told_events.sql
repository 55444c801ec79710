-- Events that other systems tell of: their uses are recorded like every question, and what came too early is tried again.
ALTER TABLE registry_use DROP CONSTRAINT registry_use_what_check;
ALTER TABLE registry_use ADD CONSTRAINT registry_use_what_check
    CHECK (what IN ('verify', 'look_up', 'predicates', 'household', 'event', 'event_state', 'changes'));

-- When an event that builds on something not recorded yet was judged last; empty for every other.
ALTER TABLE civil_event ADD COLUMN tried_at TIMESTAMPTZ;
CREATE INDEX civil_event_early ON civil_event (tried_at, id) WHERE state = 'case' AND tried_at IS NOT NULL;
CREATE INDEX registry_case_event ON registry_case (event_id) WHERE event_id IS NOT NULL;
