-- tuantra's store, version 3: samples in compressed blocks, rollups, the chain of sealed days.
-- docs/schema.md explains every column; docs/store.md how they move from one table to the next.
-- Then upgrade.rs moves the rows of `sample` into the journal and drops the table.
DROP VIEW v_now;

-- What is sampled of a subject. Its number is the lower 24 bits of the keys below.
CREATE TABLE series (
  id INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 16777215),
  subject INTEGER NOT NULL REFERENCES subject,
  kind TEXT NOT NULL CHECK (kind IN ('rounds', 'counter', 'gauge')),
  name TEXT NOT NULL,
  UNIQUE (subject, kind, name)
) STRICT;

-- Time first in every key (hour or day << 24 | series), so that what is written at a time and
-- what ages at a time stands together.
CREATE TABLE journal (
  key INTEGER PRIMARY KEY,
  entries INTEGER NOT NULL,
  newest INTEGER,
  data BLOB NOT NULL
) STRICT;
CREATE TABLE block (key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE block_day (key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE rollup_hour (key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE rollup_day (key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;

CREATE TABLE chain (
  n INTEGER PRIMARY KEY,
  day INTEGER NOT NULL,
  at INTEGER NOT NULL,
  why TEXT NOT NULL CHECK (why IN ('sealed', 'amended')),
  samples BLOB NOT NULL,
  states BLOB NOT NULL,
  events BLOB NOT NULL,
  last_event INTEGER NOT NULL,
  head BLOB NOT NULL
) STRICT;
CREATE INDEX chain_day ON chain (day);
-- Days that were sealed and have changed since.
CREATE TABLE amended (day INTEGER PRIMARY KEY) STRICT;
CREATE INDEX state_t1 ON state (t1);

CREATE TABLE outbox (
  id TEXT PRIMARY KEY CHECK (length(id) <= 255),
  channel TEXT NOT NULL,
  incident TEXT,
  body TEXT NOT NULL,
  made INTEGER NOT NULL,
  due INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'dead')),
  reason TEXT,
  seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (state, due);

CREATE VIEW v_now AS
SELECT k.key AS subject, n.name AS state, s.t0 AS since_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', s.t0 / 1000.0, 'unixepoch') AS since,
       c.key AS cause
FROM state s
JOIN subject k ON k.id = s.subject
JOIN state_name n ON n.state = s.state
LEFT JOIN subject c ON c.id = s.cause
WHERE s.t1 IS NULL;
