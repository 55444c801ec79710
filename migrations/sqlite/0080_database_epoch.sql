-- Which history of this database it is, and since when what was given is honoured. A copy that was restored does not know what
-- was used up, ended or revoked since: nothing given before opens anything.
CREATE TABLE database_epoch (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    -- The cluster and its timeline, as a service found them; empty until one looked, and where nobody can tell.
    lineage    TEXT NOT NULL,
    not_before INTEGER NOT NULL,
    -- By the command, or noticed.
    reason     TEXT NOT NULL,
    -- Whether the audit log says so.
    audited    INTEGER NOT NULL CHECK (audited IN (0, 1)),
    -- Places of the change feed that were given and lost: between these two nobody can go on.
    lost_after INTEGER NOT NULL,
    lost_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO database_epoch (id, lineage, not_before, reason, audited, lost_after, lost_until) VALUES (1, '', 0, '', 1, 0, 0);
