-- The owner's genres of each file, by artist, album and folder: evidence for other files.
-- `owned` is NULL until the file was counted, empty where its owner gave it no genre.

ALTER TABLE files ADD COLUMN owned TEXT;
ALTER TABLE files ADD COLUMN artist_key INTEGER;
ALTER TABLE files ADD COLUMN album_key INTEGER;
ALTER TABLE files ADD COLUMN artist_id TEXT;

CREATE INDEX files_uncounted ON files (path) WHERE owned IS NULL;
CREATE INDEX files_by_artist ON files (artist_key, owned, artist_id);
CREATE INDEX files_by_artist_id ON files (artist_id, owned) WHERE artist_id > '';
CREATE INDEX files_by_album_key ON files (album_key, owned);
CREATE INDEX files_owned ON files (path, owned) WHERE owned > '';

-- What the last fit of the evidence found: one row.
CREATE TABLE evidence (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    fit TEXT NOT NULL
) STRICT;

ALTER TABLE decisions ADD COLUMN source TEXT;
ALTER TABLE decisions ADD COLUMN grounds TEXT;

CREATE INDEX decisions_by_source ON decisions (action, source);
