-- tuantra's store, version 1. Times are UTC milliseconds, spans half-open; docs/schema.md explains every column.

CREATE TABLE meta (k TEXT PRIMARY KEY, v ANY NOT NULL) STRICT, WITHOUT ROWID;
-- Last sequence number given to a fact; taken and raised in the transaction that writes the fact.
INSERT INTO meta (k, v) VALUES ('sequence', 0);
-- Where a day begins in v_availability_daily, in milliseconds east of UTC (UTC+7).
INSERT INTO meta (k, v) VALUES ('day_offset_ms', 25200000);

CREATE TABLE subject (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  started INTEGER NOT NULL,
  alive INTEGER NOT NULL,
  stopped INTEGER,
  pid INTEGER NOT NULL
) STRICT;

CREATE TABLE state (
  subject INTEGER NOT NULL REFERENCES subject,
  t0 INTEGER NOT NULL,
  t1 INTEGER,
  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
  cause INTEGER REFERENCES subject,
  seq INTEGER NOT NULL,
  PRIMARY KEY (subject, t0),
  CHECK (t1 IS NULL OR t1 > t0)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX state_open ON state (subject) WHERE t1 IS NULL;

CREATE TABLE event (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  subject INTEGER REFERENCES subject,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX event_at ON event (at);

-- Hour first: the rows of one hour stay together, so an append touches the pages of that hour
-- only and ageing is the deletion of a contiguous range.
CREATE TABLE sample (
  hour INTEGER NOT NULL,
  subject INTEGER NOT NULL,
  at INTEGER NOT NULL,
  chk INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  lost INTEGER NOT NULL,
  error INTEGER,
  rtts BLOB NOT NULL,
  PRIMARY KEY (hour, subject, at, chk)
) STRICT, WITHOUT ROWID;

CREATE TABLE latest (
  subject INTEGER PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE state_name (
  state INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO state_name VALUES (0, 'up'), (1, 'degraded'), (2, 'down'), (3, 'unreachable'), (4, 'unmeasured');

CREATE VIEW v_now AS
SELECT k.key AS subject, n.name AS state, s.t0 AS since_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.t0 / 1000.0, 'unixepoch') AS since,
       c.key AS cause, l.at AS last_round_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', l.at / 1000.0, 'unixepoch') AS last_round
FROM state s
JOIN subject k ON k.id = s.subject
JOIN state_name n ON n.state = s.state
LEFT JOIN subject c ON c.id = s.cause
LEFT JOIN latest l ON l.subject = s.subject
WHERE s.t1 IS NULL;

-- An outage is a row of down and unreachable intervals; unmeasured time inside does not end it,
-- an up or degraded interval does. `lives` counts these, so that it is the same within one outage.
CREATE VIEW v_outages AS
WITH marked AS (
  SELECT subject, t0, t1, state,
         sum(state IN (0, 1)) OVER (PARTITION BY subject ORDER BY t0) AS lives
  FROM state
), bounds AS (
  SELECT subject, min(t0) AS first, max(t0) AS last
  FROM marked WHERE state IN (2, 3)
  GROUP BY subject, lives
)
SELECT k.key AS subject, b.first AS start_ms, z.t1 AS end_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', b.first / 1000.0, 'unixepoch') AS started,
       strftime('%Y-%m-%dT%H:%M:%fZ', z.t1 / 1000.0, 'unixepoch') AS ended,
       z.t1 - b.first AS duration_ms, n.name AS state, c.key AS cause,
       (SELECT coalesce(sum(h.t1 - h.t0), 0) FROM state h
        WHERE h.subject = b.subject AND h.t0 > b.first AND h.t0 < b.last AND h.state = 4) AS unmeasured_ms
FROM bounds b
JOIN state z ON z.subject = b.subject AND z.t0 = b.last
JOIN subject k ON k.id = b.subject
JOIN state_name n ON n.state = z.state
LEFT JOIN subject c ON c.id = z.cause;

-- Open intervals are counted up to the daemon's last sign of life.
CREATE VIEW v_availability_daily AS
WITH RECURSIVE
  zone (shift) AS (SELECT v FROM meta WHERE k = 'day_offset_ms'),
  edge (until) AS (SELECT max(alive) FROM run),
  piece (subject, state, t0, t1, day) AS (
    SELECT subject, state, t0, coalesce(t1, max(t0, until)), (t0 + shift) / 86400000
    FROM state, zone, edge
    UNION ALL
    SELECT subject, state, t0, t1, day + 1 FROM piece, zone
    WHERE (day + 1) * 86400000 - shift < t1
  ),
  part (subject, state, day, ms) AS (
    SELECT subject, state, day,
           min(t1, (day + 1) * 86400000 - shift) - max(t0, day * 86400000 - shift)
    FROM piece, zone
  )
SELECT k.key AS subject, date(p.day * 86400, 'unixepoch') AS day,
       sum(iif(state = 0, ms, 0)) AS up_ms,
       sum(iif(state = 1, ms, 0)) AS degraded_ms,
       sum(iif(state = 2, ms, 0)) AS down_ms,
       sum(iif(state = 3, ms, 0)) AS unreachable_ms,
       sum(iif(state = 4, ms, 0)) AS unmeasured_ms,
       1.0 * sum(iif(state IN (0, 1), ms, 0)) / nullif(sum(iif(state IN (0, 1, 2, 3), ms, 0)), 0) AS availability,
       1.0 * sum(iif(state <> 4, ms, 0)) / 86400000 AS measured
FROM part p JOIN subject k ON k.id = p.subject
GROUP BY p.subject, p.day;
