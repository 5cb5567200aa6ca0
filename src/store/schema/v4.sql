-- tuantra's store, version 4: the rollups of a day's hours in one row, day << 24 | series, once the
-- day is joined. Those that stand in rollup_hour are moved by the writer when nothing waits.
CREATE TABLE rollup_hours (key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
