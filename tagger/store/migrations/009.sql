-- When a file came into the library: its modification time when tagger first found it.
ALTER TABLE files ADD COLUMN added REAL;
UPDATE files SET added = mtime_ns / 1e9;
