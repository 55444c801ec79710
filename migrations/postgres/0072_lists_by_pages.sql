-- What waits, page by page: of some units without walking what waits in all of them, and an officer's own in the order of the
-- list.
CREATE INDEX civil_event_unit ON civil_event (unit_code, due_on, id) WHERE state = 'proposed';
CREATE INDEX registry_case_unit ON registry_case (unit_code, due_on, id) WHERE state <> 'resolved';
DROP INDEX civil_event_mine;
CREATE INDEX civil_event_mine ON civil_event (proposed_by, state, due_on, id) WHERE state IN ('proposed', 'returned');
