-- tuantra's store, version 6: what devices see beside them (LLDP, CDP, tables of addresses), with
-- when it was first and last seen. docs/schema.md explains every column.
--
-- What is there has no last_seen of its own: a look at a device that finds all as it was writes one
-- row of neighbour_look, and not one for each of its addresses.
CREATE TABLE neighbour (
  id INTEGER PRIMARY KEY,
  subject INTEGER NOT NULL REFERENCES subject,
  protocol TEXT NOT NULL CHECK (protocol IN ('lldp', 'cdp', 'arp')),
  local_port TEXT,
  name TEXT,
  chassis TEXT,
  port TEXT,
  address TEXT,
  description TEXT,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER CHECK (last_seen >= first_seen),
  seq INTEGER NOT NULL
) STRICT;
CREATE INDEX neighbour_subject ON neighbour (subject);
CREATE INDEX neighbour_cable ON neighbour (subject) WHERE protocol <> 'arp' AND last_seen IS NULL;

CREATE TABLE neighbour_look (
  subject INTEGER PRIMARY KEY REFERENCES subject,
  at INTEGER NOT NULL,
  seq INTEGER NOT NULL
) STRICT;

CREATE VIEW v_neighbours AS
SELECT k.key AS subject, n.protocol, n.local_port, n.name, n.chassis, n.port, n.address, n.description,
       strftime('%Y-%m-%dT%H:%M:%fZ', n.first_seen / 1000.0, 'unixepoch') AS first_seen,
       strftime('%Y-%m-%dT%H:%M:%fZ', coalesce(n.last_seen, max(n.first_seen, coalesce(l.at, 0))) / 1000.0, 'unixepoch') AS last_seen,
       n.last_seen IS NULL AS is_there
FROM neighbour n
JOIN subject k ON k.id = n.subject
LEFT JOIN neighbour_look l ON l.subject = n.subject;
