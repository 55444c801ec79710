-- Whom one event speaks of: the key begins with the person, for timelines; a repeated proposal asks by the event.
CREATE INDEX civil_event_person_event ON civil_event_person (event_id);
