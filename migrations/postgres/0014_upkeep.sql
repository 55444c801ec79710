-- What is read and swept beside the accounts' own trails.

-- Events about a person who has no account, or from before they had one.
CREATE INDEX audit_event_person ON audit_event (person_id, at) WHERE account_id IS NULL AND person_id IS NOT NULL;
-- Messages that were delivered or given up.
CREATE INDEX outbox_over ON outbox (next_attempt_at) WHERE state <> 'waiting';
