-- What a client holds, for its end: as many rows as live, however many were given to all clients.
CREATE INDEX grants_client ON grants (client_id, expires_at) WHERE revoked_at IS NULL;
CREATE INDEX consent_client ON consent (client_id) WHERE withdrawn_at IS NULL;
CREATE INDEX interaction_client ON interaction (client_id, expires_at) WHERE finished_at IS NULL;
