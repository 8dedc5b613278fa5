"""The record of each file: its path, identity, tags and sound."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from tagger.core.domain import AnalysisKey, FileIdentity, Track, TrackTags
from tagger.store.rows import (
    at_or_below,
    json_text,
    marks,
    stored_file,
    stored_json,
    stored_path,
    stored_root,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path


T = TypeVar("T")

IN_ONE_QUERY = 64
"""Paths in one query of states."""
FOLDERS_IN_ONE_QUERY = 32
_STATE = (
    "SELECT path, root, device, inode, size, mtime_ns, handled, tags,"
    " EXISTS (SELECT 1 FROM corrections WHERE corrections.path = files.path)"
)
_BELOW = (  # from folder to folder: a plain JOIN may read the whole table
    f"WITH folders (low, high) AS (VALUES {', '.join(['(?, ?)'] * FOLDERS_IN_ONE_QUERY)})"
    f" {_STATE} FROM folders CROSS JOIN files ON path > low AND path < high LIMIT ?"
)
_GENRES = "ifnull(json_extract(tags, '$.genres'), '[]')"
"""As in the index."""
_AMONG = f"{_STATE} FROM files WHERE path IN ({', '.join('?' * IN_ONE_QUERY)})"
_TABLES = ("files", "decisions", "changes", "corrections", "failures")
"""The tables with records of a file, by its path."""
_NOWHERE = b""
"""A path that no file has."""
HANDLED, NOT_WRITABLE = 1, 2
"""Marks of a handled file, and of a handled file that was not writable."""


RecordedState = tuple[bytes, bytes, int, int, int, int, int, str, int]
"""The columns of a row that show whether there is anything to do for a file.

They are path, root, device, inode, size, mtime_ns, handled, tags, and whether the user changed the
genre after tagger.
"""


class Combination(NamedTuple):
    """The genres that some files have together."""

    text: str
    """The genres as in the rows."""
    genres: tuple[str, ...]
    files: int
    """The number of files with exactly these genres."""
    revision: int
    """Grows with each change that left a file with these genres; 0 for no change yet."""


class Files:
    """The table of files, keyed by path."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def get(self, path: Path) -> Track | None:
        """Return the record of the file at `path`."""
        rows = self._db.execute("SELECT * FROM files WHERE path = ?", (os.fsencode(path),))
        return next(map(track_of, rows), None)

    def among(self, paths: Sequence[Path]) -> dict[Path, Track]:
        """Return the records of files, by path."""
        by_name = {os.fsencode(path): path for path in paths}
        rows = self._db.execute(
            f"SELECT * FROM files WHERE path IN ({marks(by_name)})",  # noqa: S608
            list(by_name),
        ).fetchall()
        return {path: _track(row, path) for row in rows if (path := by_name[row["path"]])}

    def states(
        self, folders: Sequence[tuple[bytes, Sequence[bytes]]]
    ) -> dict[bytes, RecordedState]:
        """Return the states of recorded files of some folders, by path.

        Args:
            folders: At most `FOLDERS_IN_ONE_QUERY` folders, each with a slash at its end, in the
                bytes of the file system, and the names of the files in each.

        """
        bounds = [bound for folder, _ in folders for bound in (folder, folder[:-1] + b"0")]
        bounds += [b""] * (2 * FOLDERS_IN_ONE_QUERY - len(bounds))
        most = 2 * sum(len(names) for _, names in folders)
        rows = self._states(_BELOW, (*bounds, most))
        if len(rows) == most:  # also files of folders below
            rows = []
            paths = [folder + name for folder, names in folders for name in names]
            for start in range(0, len(paths), IN_ONE_QUERY):
                some = paths[start : start + IN_ONE_QUERY]
                some += some[-1:] * (IN_ONE_QUERY - len(some))
                rows += self._states(_AMONG, some)
        return {row[0]: row for row in rows}

    def _states(self, sql: str, values: Sequence[object]) -> list[RecordedState]:
        rows = self._db.execute(sql, values)
        rows.row_factory = None
        return rows.fetchall()

    def in_state(self, identity: FileIdentity) -> Track | None:
        """Return a recorded file in exactly this state, at any path."""
        rows = self._db.execute(
            "SELECT * FROM files WHERE (device, inode, size, mtime_ns) = (?, ?, ?, ?) LIMIT 1",
            identity,
        )
        return next(map(track_of, rows), None)

    def put(self, track: Track) -> None:
        """Replace the row of a file, and mark the file as not handled.

        The time at which the file came into the library stays.
        """
        self._db.execute(
            "INSERT OR REPLACE INTO files"
            " (path, root, device, inode, size, mtime_ns, tags, content_id, added)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?,"
            " coalesce((SELECT added FROM files WHERE path = ?), ? / 1e9))",
            (
                os.fsencode(track.path),
                os.fsencode(track.root),
                *track.identity,
                json_text(track.tags),
                str(track.content) if track.content else None,
                os.fsencode(track.path),
                track.identity.mtime_ns,
            ),
        )

    def record_write(self, path: Path, identity: FileIdentity, tags: TrackTags) -> None:
        """Store the state of a file after a write; its sound is unchanged.

        A path without a row is ignored.

        Args:
            path: The file.
            identity: The identity of the new file.
            tags: The tags of the new file.
        """
        self._db.execute(
            "UPDATE files SET (device, inode, size, mtime_ns, tags, handled) = (?, ?, ?, ?, ?, 0)"
            " WHERE path = ?",
            (*identity, json_text(tags), os.fsencode(path)),
        )

    def set_content(self, track: Track, content: AnalysisKey) -> None:
        """Store the sound of a file, unless another process has stored a newer state of it."""
        known = self._db.execute(
            "UPDATE files SET content_id = ?, handled = 0"
            " WHERE path = ? AND (inode, size, mtime_ns) = (?, ?, ?)",
            (str(content), os.fsencode(track.path), *track.identity[1:]),
        )
        if not known.rowcount and self.get(track.path) is None:
            self.put(replace(track, content=content))

    def mark_handled(self, path: Path, *, writable: bool = True) -> None:
        """Mark a file in its recorded state as handled.

        A file that was not writable is marked as such, because it may become writable.
        """
        mark = HANDLED if writable else NOT_WRITABLE
        sql = "UPDATE files SET handled = ? WHERE path = ?"
        self._db.execute(sql, (mark, os.fsencode(path)))

    def album_siblings(self, track: Track, most: int) -> list[Track]:
        """Return at most `most` files that may belong to the same album, including the track.

        They have the same album in their tags, and the same album artist or, without one,
        the same folder.
        """
        album, artist = (f"json_extract(tags, '$.{tag}')" for tag in ("album", "album_artist"))
        # a plus before the other column lets SQLite use the better index
        if track.tags.album and track.tags.album_artist:
            where = f"{album} = ? COLLATE NOCASE AND {artist} = ? COLLATE NOCASE AND +root = ?"
            values: tuple[object, ...] = (
                track.tags.album,
                track.tags.album_artist,
                os.fsencode(track.root),
            )
        else:  # many files may lack an album
            low = os.fsencode(track.path.parent) + b"/"
            below = "path > ? AND path < ? AND instr(substr(path, length(?) + 1), x'2f') = 0"
            where = f"{below} AND +{album} = ? COLLATE NOCASE"
            values = (low, low[:-1] + b"0", low, track.tags.album)
        rows = self._db.execute(
            f"SELECT * FROM files WHERE {where} LIMIT ?",  # noqa: S608 - constants
            (*values, most),
        )
        return [track_of(row) for row in rows]

    def move(self, old: Path, new: Path) -> None:
        """Move all records of a file to its new path.

        Writes into a file that was at the new path before can no longer be undone.
        """
        self._db.execute("DELETE FROM changes WHERE path = ?", (os.fsencode(new),))
        for table in _TABLES:
            self._db.execute(
                f"UPDATE OR REPLACE {table} SET path = ? WHERE path = ?",  # noqa: S608 - a constant
                (os.fsencode(new), os.fsencode(old)),
            )
        self._db.execute("UPDATE files SET owned = NULL WHERE path = ?", (os.fsencode(new),))

    def exchange(self, one: Path, other: Path) -> None:
        """Exchange all records of two paths, either of which may have none."""
        ends = os.fsencode(one), os.fsencode(other)
        steps = ((_NOWHERE, ends[0]), ends, (ends[1], _NOWHERE))
        for table in _TABLES:
            sql = f"UPDATE {table} SET path = ? WHERE path = ?"  # noqa: S608 - a constant
            self._db.executemany(sql, steps)
        self._db.execute("UPDATE files SET owned = NULL WHERE path IN (?, ?)", ends)

    def copy(self, old: Path, new: Path) -> None:
        """Give another path the records of a path, instead of its own."""
        end = os.fsencode(new)
        self._db.execute("DELETE FROM changes WHERE path = ?", (end,))
        for table in _TABLES:
            rows = self._db.execute(
                f"SELECT * FROM {table} WHERE path = ?",  # noqa: S608 - a constant
                (os.fsencode(old),),
            )
            for row in rows.fetchall():
                values = {**row, "path": end}
                values.pop("id", None)  # of a change
                self._db.execute(
                    f"INSERT OR REPLACE INTO {table} ({', '.join(values)})"  # noqa: S608
                    f" VALUES ({marks(values)})",
                    list(values.values()),
                )
        self._db.execute("UPDATE files SET owned = NULL WHERE path = ?", (end,))

    def forget(self, path: Path) -> None:
        """Delete the row of a missing file; its decisions and writes stay in the database."""
        self._db.execute("DELETE FROM files WHERE path = ?", (os.fsencode(path),))

    def combinations(self, folders: Sequence[Path]) -> list[Combination]:
        """Return each combination of genres of the recorded files below some folders."""
        below, bounds = _below_any(folders)
        rows = self._db.execute(
            f"WITH found AS (SELECT {_GENRES} AS genres, count(*) AS counted FROM files"  # noqa: S608 - constants
            f" WHERE {below} GROUP BY 1) SELECT genres, counted, ifnull(number, 0)"
            " FROM found LEFT JOIN genre_revisions USING (genres)",
            bounds,
        )
        return [
            Combination(text, stored_json(text, tuple[str, ...]), counted, number)
            for text, counted, number in rows
        ]

    def with_genres(
        self, folders: Sequence[Path], texts: Sequence[str], kind: type[T]
    ) -> Iterator[tuple[str, T, float]]:
        """Yield path and tags of the recorded files with some genres, with the time when each came.

        Args:
            folders: The files are below any of them.
            texts: The text of each combination of genres.
            kind: A structure with some of the fields of `TrackTags`.

        Yields:
            The path, the tags, and the modification time when tagger first found the file, Unix
            seconds.

        """
        below, bounds = _below_any(folders)
        rows = self._db.execute(
            "SELECT path, tags, added FROM files"  # noqa: S608 - constants
            f" WHERE {_GENRES} IN (SELECT value FROM json_each(?)) AND ({below})",
            (json_text(texts), *bounds),
        )
        rows.row_factory = None
        for path, tags, added in rows:
            yield stored_file(path), stored_json(tags, kind), added or 0.0

    def states_under(
        self, folder: Path, wanted: Callable[[bytes], bool] | None = None
    ) -> Iterator[tuple[Path, Path, int]]:
        """Yield path, root and device of the recorded files at or below `folder`, by path.

        Args:
            folder: A folder or a file.
            wanted: Takes a path in the bytes of the file system; other files are left out.

        """
        rows = self._db.execute(
            "SELECT path, root, device FROM files WHERE path = ?"
            " UNION ALL SELECT * FROM"
            " (SELECT path, root, device FROM files WHERE path > ? AND path < ? ORDER BY path)",
            at_or_below(folder),
        )
        rows.row_factory = None
        for path, root, device in rows:
            if wanted is None or b"\0" in path or wanted(path):
                yield stored_path(path), stored_root(root), device

    def count_under(self, folder: Path) -> int:
        """Return the number of recorded files at or below `folder`."""
        row = self._db.execute(
            "SELECT (SELECT count(*) FROM files WHERE path = ?)"
            " + (SELECT count(*) FROM files WHERE path > ? AND path < ?)",
            at_or_below(folder),
        )
        return int(row.fetchone()[0])

    def renumber(self, root: Path, old: int, new: int) -> None:
        """Change the number of a device in the rows of a root, after another mount of it.

        Args:
            root: The root.
            old: The number in the rows.
            new: The number of the same device now.
        """
        self._db.execute(
            "UPDATE files SET device = ? WHERE device = ? AND root = ?",
            (new, old, os.fsencode(root)),
        )

    def count(self) -> int:
        """Return the number of recorded files."""
        return int(self._db.execute("SELECT count(*) FROM files").fetchone()[0])

    def roots(self) -> list[Path]:
        """Return the roots of the recorded files."""
        rows = self._db.execute(  # from root to root; DISTINCT would read the whole index
            "WITH RECURSIVE roots (root) AS (SELECT min(root) FROM files UNION ALL"
            " SELECT (SELECT min(root) FROM files WHERE root > roots.root) FROM roots"
            " WHERE root IS NOT NULL) SELECT root FROM roots WHERE root IS NOT NULL"
        )
        return [stored_path(row[0]) for row in rows]


def _below_any(folders: Sequence[Path]) -> tuple[str, list[bytes]]:
    """Return a condition for the paths below any of some folders, with its values.

    A plus before the column lets SQLite use the index of the genres.
    """
    bounds = [bound for folder in folders for bound in at_or_below(folder)[1:]]
    return " OR ".join(["+path > ? AND +path < ?"] * len(folders)) or "0", bounds


def track_of(row: sqlite3.Row) -> Track:
    """Return the track of a row of the table of files."""
    return _track(row, stored_path(row["path"]))


def _track(row: sqlite3.Row, path: Path) -> Track:
    content = row["content_id"]
    return Track(
        path=path,
        root=stored_root(row["root"]),
        identity=FileIdentity(row["device"], row["inode"], row["size"], row["mtime_ns"]),
        tags=stored_json(row["tags"], TrackTags),
        content=AnalysisKey.parse(content) if content else None,
    )
