ALTER TABLE files ADD COLUMN handled INTEGER NOT NULL DEFAULT 0;

CREATE INDEX files_by_album ON files (json_extract(tags, '$.album') COLLATE NOCASE);

CREATE TABLE queue (
    path BLOB PRIMARY KEY,
    root BLOB NOT NULL,
    added REAL NOT NULL,
    taken INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX queue_in_order ON queue (taken, failed, added, path);
