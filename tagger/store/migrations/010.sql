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
