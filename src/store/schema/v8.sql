-- tuantra's store, version 8: what the readings of a metric come to by hour and day. They stand apart
-- from the rollups of rounds: of a device there are some fifty, and reports read those of everybody.
-- docs/schema.md explains every column.
CREATE TABLE point_hours (key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE point_day (key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;

-- Days that were joined before have none: the writer rolls them up from this key on when nothing waits.
INSERT INTO meta (k, v)
SELECT 'unrolled', key FROM block_day
WHERE EXISTS (SELECT 1 FROM series WHERE kind <> 'rounds') ORDER BY key LIMIT 1;
