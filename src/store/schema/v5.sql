-- tuantra's store, version 5: what devices say they are, each value with when it was first and last
-- seen. docs/schema.md explains every column.
CREATE TABLE device_fact (
  subject INTEGER NOT NULL REFERENCES subject,
  key TEXT NOT NULL CHECK (length(key) <= 255),
  value TEXT NOT NULL CHECK (length(value) <= 1024),
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL CHECK (last_seen >= first_seen),
  seq INTEGER NOT NULL,
  PRIMARY KEY (subject, key, first_seen)
) STRICT, WITHOUT ROWID;

CREATE VIEW v_device_facts AS
SELECT k.key AS subject, f.key AS fact, f.value AS value,
       strftime('%Y-%m-%dT%H:%M:%fZ', f.first_seen / 1000.0, 'unixepoch') AS first_seen,
       strftime('%Y-%m-%dT%H:%M:%fZ', f.last_seen / 1000.0, 'unixepoch') AS last_seen
FROM device_fact f
JOIN subject k ON k.id = f.subject;
