-- tuantra's store, version 7: announced work that recurs. docs/schema.md explains every column.
ALTER TABLE maintenance ADD COLUMN every TEXT CHECK (length(every) <= 64);
ALTER TABLE maintenance ADD COLUMN zone TEXT CHECK ((zone IS NULL) = (every IS NULL));

-- Of work that recurs, start and end are those of its whole life, and how long it takes in all is not
-- told.
DROP VIEW v_maintenance;
CREATE VIEW v_maintenance AS
SELECT id, scope, target, t0 AS start_ms, max(t0, min(t1, coalesce(ended_at, t1))) AS end_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', t0 / 1000.0, 'unixepoch') AS started,
       strftime('%Y-%m-%dT%H:%M:%fZ', max(t0, min(t1, coalesce(ended_at, t1))) / 1000.0, 'unixepoch') AS ended,
       CASE WHEN every IS NULL THEN max(t0, min(t1, coalesce(ended_at, t1))) - t0 END AS duration_ms,
       "by" AS announced_by, note,
       strftime('%Y-%m-%dT%H:%M:%fZ', announced_at / 1000.0, 'unixepoch') AS announced,
       ended_at IS NOT NULL AS ended_early, every, zone
FROM maintenance;
