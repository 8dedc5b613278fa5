CREATE TABLE readings (
    id INTEGER PRIMARY KEY,
    playlist TEXT NOT NULL,
    name TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    total INTEGER,
    next_offset INTEGER NOT NULL DEFAULT 0,
    finished INTEGER NOT NULL DEFAULT 0,
    started REAL NOT NULL,
    UNIQUE (playlist, snapshot)
) STRICT;

CREATE TABLE rows (
    reading INTEGER NOT NULL REFERENCES readings (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    uri TEXT NOT NULL,
    title TEXT NOT NULL,
    artists TEXT NOT NULL,
    album TEXT NOT NULL,
    duration_s REAL,
    isrc TEXT NOT NULL,
    PRIMARY KEY (reading, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE problems (
    playlist TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    hint TEXT NOT NULL,
    at REAL NOT NULL
) STRICT;

CREATE TABLE agreements (clause TEXT PRIMARY KEY, at REAL NOT NULL) STRICT;

CREATE TABLE pauses (until REAL NOT NULL) STRICT;
