CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    started REAL NOT NULL,
    finished REAL
) STRICT;

CREATE TABLE files (
    path BLOB PRIMARY KEY,
    root BLOB NOT NULL,
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    tags TEXT NOT NULL,
    content_id TEXT
) STRICT;

CREATE INDEX files_by_inode ON files (device, inode);

CREATE TABLE features (
    content_id TEXT NOT NULL,
    spec TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (content_id, spec)
) STRICT, WITHOUT ROWID;

CREATE TABLE predictions (
    content_id TEXT NOT NULL,
    model TEXT NOT NULL,
    probabilities TEXT NOT NULL,
    PRIMARY KEY (content_id, model)
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions (
    path BLOB PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs (id),
    action TEXT NOT NULL,
    genres TEXT NOT NULL,
    genre TEXT,
    confidence REAL,
    reason TEXT NOT NULL,
    model TEXT NOT NULL,
    at REAL NOT NULL
) STRICT;

CREATE TABLE changes (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs (id),
    path BLOB NOT NULL,
    root BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('intended', 'done', 'undone')),
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    at REAL NOT NULL
) STRICT;

CREATE INDEX changes_by_path ON changes (path, id);

CREATE INDEX changes_by_run ON changes (run);

CREATE TABLE corrections (
    path BLOB PRIMARY KEY,
    content_id TEXT,
    ours TEXT NOT NULL,
    theirs TEXT NOT NULL,
    at REAL NOT NULL
) STRICT;

CREATE TABLE failures (
    path BLOB PRIMARY KEY,
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    at REAL NOT NULL
) STRICT;

CREATE TABLE playlists (
    path BLOB PRIMARY KEY,
    sha256 TEXT NOT NULL,
    genre TEXT NOT NULL
) STRICT;
