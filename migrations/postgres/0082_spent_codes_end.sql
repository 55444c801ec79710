-- What was used up is kept until its grant is over, and the row itself says until when: the sweep walks over nobody's.
UPDATE authorization_code SET expires_at = g.expires_at FROM grants g
    WHERE g.id = authorization_code.grant_id AND authorization_code.used_at IS NOT NULL;
UPDATE device_authorization SET expires_at = g.expires_at FROM grants g
    WHERE g.id = device_authorization.grant_id AND device_authorization.used_at IS NOT NULL;
UPDATE backchannel_authentication SET expires_at = g.expires_at FROM grants g
    WHERE g.id = backchannel_authentication.grant_id AND backchannel_authentication.used_at IS NOT NULL;
