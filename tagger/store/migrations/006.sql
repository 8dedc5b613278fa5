-- What the last walk of each root passed over, by reason.
CREATE TABLE passed_over (
    root BLOB NOT NULL,
    reason TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (root, reason)
) STRICT, WITHOUT ROWID;
