-- Which history of this database it is, and since when what was given is honoured. A copy that was restored, or a standby that
-- took over without the last seconds, does not know what was used up, ended or revoked since: nothing given before opens anything.
CREATE TABLE database_epoch (
    id         BIGINT PRIMARY KEY CHECK (id = 1),
    -- The cluster and its timeline, as a service found them; empty until one looked, and where nobody can tell.
    lineage    TEXT NOT NULL,
    not_before TIMESTAMPTZ NOT NULL,
    -- By the command, or noticed.
    reason     TEXT NOT NULL,
    -- Whether the audit log says so.
    audited    BOOLEAN NOT NULL,
    -- Places of the change feed that were given and lost: between these two nobody can go on.
    lost_after BIGINT NOT NULL,
    lost_until BIGINT NOT NULL
);
INSERT INTO database_epoch (id, lineage, not_before, reason, audited, lost_after, lost_until)
    VALUES (1, '', '1970-01-01T00:00:00Z', '', TRUE, 0, 0);
