-- The revision of the last change that left a file with these genres. A file that loses them changes
-- their count.
CREATE TABLE genre_revisions (
    genres TEXT PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER genres_inserted AFTER INSERT ON files BEGIN
    INSERT OR REPLACE INTO genre_revisions
    SELECT ifnull(json_extract(NEW.tags, '$.genres'), '[]'), number FROM revision;
END;

CREATE TRIGGER genres_updated AFTER UPDATE OF path, tags, added ON files BEGIN
    INSERT OR REPLACE INTO genre_revisions
    SELECT ifnull(json_extract(NEW.tags, '$.genres'), '[]'), number FROM revision;
END;

-- The state of everything behind a playlist when it was written; empty for unknown.
ALTER TABLE playlists ADD COLUMN state TEXT NOT NULL DEFAULT '';
