-- Version 3 of the state database had both tables already: their content is kept.

CREATE TABLE IF NOT EXISTS samples (
    path BLOB PRIMARY KEY,
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    tags TEXT NOT NULL,
    content_id TEXT
) STRICT;

CREATE TABLE IF NOT EXISTS choices (
    entry TEXT PRIMARY KEY,
    path BLOB
) STRICT;

-- A scan that finds a file moved knows nothing of choices.
CREATE TRIGGER choices_follow_files AFTER UPDATE OF path ON files
BEGIN
    UPDATE choices SET path = new.path WHERE path = old.path;
END;
