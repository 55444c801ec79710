-- The sweep finds the sheets that are over without reading those that are not.
CREATE INDEX recovery_sheet_expires ON recovery_sheet (expires_at);
