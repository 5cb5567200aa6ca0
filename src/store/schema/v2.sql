-- tuantra's store, version 2: incidents, announced work, usual round-trip times, stretches of
-- blindness. docs/schema.md explains every column.

CREATE TABLE incident (
  id TEXT PRIMARY KEY,
  root INTEGER NOT NULL REFERENCES subject,
  opened INTEGER NOT NULL,
  since INTEGER NOT NULL,
  closed INTEGER,
  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
  merged_into TEXT,
  split_from TEXT,
  told TEXT CHECK (told IN ('down', 'degraded', 'flapping')),
  told_at INTEGER,
  ack_by TEXT,
  ack_note TEXT,
  ack_at INTEGER,
  ack_until INTEGER,
  seq INTEGER NOT NULL,
  CHECK ((ack_by IS NULL) = (ack_at IS NULL) AND (ack_by IS NULL) = (ack_note IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_open ON incident (opened) WHERE closed IS NULL;
CREATE INDEX incident_opened ON incident (opened);

CREATE TABLE maintenance (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL CHECK (scope IN ('subject', 'unit', 'carrier')),
  target TEXT NOT NULL,
  t0 INTEGER NOT NULL,
  t1 INTEGER NOT NULL,
  "by" TEXT NOT NULL,
  note TEXT NOT NULL,
  announced_at INTEGER NOT NULL,
  ended_at INTEGER,
  seq INTEGER NOT NULL,
  CHECK (t1 > t0)
) STRICT, WITHOUT ROWID;
CREATE INDEX maintenance_span ON maintenance (t0, t1);

CREATE TABLE baseline (
  subject INTEGER NOT NULL REFERENCES subject,
  hour INTEGER NOT NULL CHECK (hour BETWEEN 0 AND 23),
  usual_us INTEGER NOT NULL,
  rounds INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (subject, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE blind (
  t0 INTEGER NOT NULL,
  t1 INTEGER,
  carrier TEXT,
  seq INTEGER NOT NULL,
  CHECK (t1 IS NULL OR t1 >= t0)
) STRICT;
-- A NULL is equal to no other in a key: the patrol as a whole is named ''.
CREATE UNIQUE INDEX blind_key ON blind (t0, coalesce(carrier, ''));

CREATE VIEW v_incidents AS
SELECT i.id, k.key AS root, n.name AS state,
       i.since AS since_ms, i.opened AS opened_ms, i.closed AS closed_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', i.since / 1000.0, 'unixepoch') AS since,
       strftime('%Y-%m-%dT%H:%M:%fZ', i.opened / 1000.0, 'unixepoch') AS opened,
       strftime('%Y-%m-%dT%H:%M:%fZ', i.closed / 1000.0, 'unixepoch') AS closed,
       i.closed - i.since AS duration_ms,
       i.told, strftime('%Y-%m-%dT%H:%M:%fZ', i.told_at / 1000.0, 'unixepoch') AS told_at,
       i.ack_by, i.ack_note,
       strftime('%Y-%m-%dT%H:%M:%fZ', i.ack_at / 1000.0, 'unixepoch') AS ack_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', i.ack_until / 1000.0, 'unixepoch') AS ack_until,
       i.split_from, i.merged_into
FROM incident i
JOIN subject k ON k.id = i.root
JOIN state_name n ON n.state = i.state;

-- Work that was ended early counts to that moment only; what was called off before it began has
-- a duration of 0.
CREATE VIEW v_maintenance AS
SELECT id, scope, target, t0 AS start_ms, max(t0, min(t1, coalesce(ended_at, t1))) AS end_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', t0 / 1000.0, 'unixepoch') AS started,
       strftime('%Y-%m-%dT%H:%M:%fZ', max(t0, min(t1, coalesce(ended_at, t1))) / 1000.0, 'unixepoch') AS ended,
       max(t0, min(t1, coalesce(ended_at, t1))) - t0 AS duration_ms,
       "by" AS announced_by, note,
       strftime('%Y-%m-%dT%H:%M:%fZ', announced_at / 1000.0, 'unixepoch') AS announced,
       ended_at IS NOT NULL AS ended_early
FROM maintenance;
