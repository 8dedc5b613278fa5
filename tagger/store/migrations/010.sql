-- A number that grows with each change of what the playlists are made from.
CREATE TABLE revision (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    number INTEGER NOT NULL
) STRICT;

INSERT INTO revision VALUES (0, 0);

CREATE TRIGGER files_inserted AFTER INSERT ON files BEGIN
    UPDATE revision SET number = number + 1;
END;

CREATE TRIGGER files_updated AFTER UPDATE OF path, root, tags, added ON files BEGIN
    UPDATE revision SET number = number + 1;
END;

CREATE TRIGGER files_deleted AFTER DELETE ON files BEGIN
    UPDATE revision SET number = number + 1;
END;

CREATE TRIGGER changes_inserted AFTER INSERT ON changes BEGIN
    UPDATE revision SET number = number + 1;
END;

CREATE TRIGGER changes_updated AFTER UPDATE OF path, state, before, after ON changes BEGIN
    UPDATE revision SET number = number + 1;
END;

CREATE TRIGGER changes_deleted AFTER DELETE ON changes BEGIN
    UPDATE revision SET number = number + 1;
END;

-- A list contains the unsure files; a scan decides them again, mostly with the same result.
CREATE TRIGGER decisions_inserted BEFORE INSERT ON decisions
WHEN NOT EXISTS (
    SELECT 1 FROM decisions
    WHERE path = NEW.path AND (action = 'abstain') = (NEW.action = 'abstain')
) BEGIN
    UPDATE revision SET number = number + 1;
END;

CREATE TRIGGER decisions_updated AFTER UPDATE OF path, action ON decisions BEGIN
    UPDATE revision SET number = number + 1;
END;

-- The state of everything behind the playlists of a folder when they were last written.
CREATE TABLE playlist_folders (
    path BLOB PRIMARY KEY,
    state TEXT NOT NULL
) STRICT;

CREATE INDEX files_by_root ON files (root);

CREATE INDEX changes_done ON changes (run) WHERE state = 'done';

-- The files of decisions that are not recorded, so that their decisions do not count.
CREATE TABLE without_file (
    path BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

INSERT INTO without_file SELECT path FROM decisions WHERE path NOT IN (SELECT path FROM files);

CREATE TRIGGER file_recorded AFTER INSERT ON files BEGIN
    DELETE FROM without_file WHERE path = NEW.path;
END;

CREATE TRIGGER file_forgotten AFTER DELETE ON files BEGIN
    INSERT OR IGNORE INTO without_file VALUES (OLD.path);
END;

CREATE TRIGGER file_moved AFTER UPDATE OF path ON files BEGIN
    INSERT OR IGNORE INTO without_file VALUES (OLD.path);
    DELETE FROM without_file WHERE path = NEW.path;
END;

CREATE TRIGGER decided_without_file BEFORE INSERT ON decisions
WHEN NOT EXISTS (SELECT 1 FROM files WHERE path = NEW.path) BEGIN
    INSERT OR IGNORE INTO without_file VALUES (NEW.path);
END;
