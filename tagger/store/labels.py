"""The owner's genres, counted by artist, album and folder: columns of the table of files.

`owned` is NULL in the row of a new, changed or moved file until the file is counted. So every way
into the table keeps the counts true.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger.store.files import track_of
from tagger.store.rows import at_or_below, json_text, stored_json

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Hashable, Iterable, Iterator, Sequence
    from pathlib import Path

    from tagger.core.domain import Track

Genres = tuple[str, ...]
Labelled = tuple[bytes, Genres]
"""A path in the bytes of the file system, and the owner's genres of the file."""


@dataclass(frozen=True, slots=True)
class Keys:
    """By what the evidence of a file is looked up."""

    artist: int | None
    """`evidence.names.key` of the artist; None for nobody."""
    album: int | None
    """None for a track that is on no album."""
    artist_id: str = ""
    """MusicBrainz' id of the artist."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A file with its owner's genres."""

    path: Path
    genres: Genres
    keys: Keys


class Labels:
    """The owner's genres in the table of files."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def uncounted(self, most: int) -> list[Track]:
        """Return at most `most` files that were not counted yet."""
        rows = self._db.execute(
            "SELECT * FROM files INDEXED BY files_uncounted WHERE owned IS NULL LIMIT ?", (most,)
        )
        return list(map(track_of, rows))

    def uncount(self) -> None:
        """Let all files be counted again."""
        self._db.execute("UPDATE files SET owned = NULL")

    def put(self, counted: Iterable[Counted]) -> None:
        """Store the owner's genres of files."""
        self._db.executemany(
            "UPDATE files SET (owned, artist_key, album_key, artist_id) = (?, ?, ?, ?)"
            " WHERE path = ?",
            [
                (
                    json_text(file.genres) if file.genres else "",
                    file.keys.artist,
                    file.keys.album,
                    file.keys.artist_id,
                    os.fsencode(file.path),
                )
                for file in counted
            ],
        )

    def of(self, path: Path) -> Genres:
        """Return the owner's genres of one file."""
        rows = self._db.execute(
            "SELECT owned FROM files WHERE path = ? AND owned > ''", (os.fsencode(path),)
        )
        return next((stored_json(row[0], Genres) for row in rows), ())

    def of_artist(self, keys: Keys, most: int) -> list[Labelled]:
        """Return tracks of an artist by name, `most` at most.

        Where both have an id of MusicBrainz, the ids decide; else the names do.
        """
        return self._labelled(
            "artist_key = ? AND owned > '' AND (artist_id = '' OR ? = '' OR artist_id = ?)",
            (keys.artist, keys.artist_id, keys.artist_id, most),
        )

    def of_artist_id(self, keys: Keys, most: int) -> list[Labelled]:
        """Return tracks with the same id of MusicBrainz under other names, `most` at most."""
        return self._labelled(
            "artist_id = ? AND artist_id > '' AND owned > '' AND artist_key IS NOT ?",
            (keys.artist_id, keys.artist, most),
        )

    def cover_half(self, keys: Keys) -> bool:
        """Return whether the owner gave at least half of an artist's tracks a genre."""
        number, owned = self._db.execute(
            "SELECT count(*), sum(owned > '') FROM files"
            " WHERE artist_key = ? OR (artist_id > '' AND artist_id = ?)",
            (keys.artist, keys.artist_id),
        ).fetchone()
        return 2 * (owned or 0) >= int(number)

    def of_album(self, keys: Keys, most: int) -> list[Labelled]:
        """Return tracks of an album, `most` at most."""
        return self._labelled("album_key = ? AND owned > ''", (keys.album, most))

    def _labelled(self, where: str, values: Sequence[object]) -> list[Labelled]:
        rows = self._db.execute(
            f"SELECT path, owned FROM files WHERE {where} LIMIT ?",  # noqa: S608 - constants
            values,
        )
        return [(path, stored_json(owned, Genres)) for path, owned in rows]

    def below(self, folder: Path, most: int) -> list[tuple[Hashable, Genres]]:
        """Return the artist and the owner's genres of at most `most` files below a folder.

        Each file without an artist has an unknown artist of its own, without a genre.
        """
        rows = self._db.execute(
            "SELECT coalesce(artist_key, path), iif(artist_key IS NULL, '', owned) FROM files"
            " WHERE path > ? AND path < ? LIMIT ?",
            (*at_or_below(folder)[1:], most),
        )
        return [(artist, stored_json(owned, Genres) if owned else ()) for artist, owned in rows]

    def owned(self) -> Iterator[Track]:
        """Yield the files with a genre of their owner, by path."""
        rows = self._db.execute(
            "SELECT * FROM files WHERE path IN"
            " (SELECT path FROM files INDEXED BY files_owned WHERE owned > '') ORDER BY path"
        )
        yield from map(track_of, rows)

    def library(self) -> dict[Genres, int]:
        """Count the files by the genres that their owner gave them."""
        rows = self._db.execute(
            "SELECT owned, count(*) FROM files INDEXED BY files_owned WHERE owned > ''"
            " GROUP BY owned"
        )
        return {stored_json(owned, Genres): count for owned, count in rows}

    def sample(self, most: int) -> list[tuple[Track, Genres]]:
        """Return at most `most` files with genres of their owner, spread over the library."""
        labelled = self._db.execute("SELECT count(*) FROM files WHERE owned > ''").fetchone()[0]
        rows = self._db.execute(  # not each n-th rowid: each new state of a file leaves a gap there
            "SELECT * FROM files WHERE rowid IN (SELECT number FROM"
            " (SELECT rowid AS number, row_number() OVER (ORDER BY path) AS place"
            " FROM files INDEXED BY files_owned WHERE owned > '') WHERE place % ? = 0)",
            (max(1, -(-labelled // most)),),
        )
        return [(track_of(row), stored_json(row["owned"], Genres)) for row in rows]

    def unsure(self, artists: Sequence[int], most: int) -> list[Track]:
        """Return files of these artists that were left alone as unsure, `most` of each at most."""
        return [
            track_of(row)
            for artist in artists
            for row in self._db.execute(
                "SELECT files.* FROM files JOIN decisions USING (path)"
                " WHERE artist_key = ? AND owned = '' AND action = 'abstain' LIMIT ?",
                (artist, most),
            )
        ]

    def fit(self) -> str | None:
        """Return the text that the last `put_fit` stored."""
        row = self._db.execute("SELECT fit FROM evidence").fetchone()
        return row[0] if row else None

    def put_fit(self, fit: str) -> None:
        """Store the fit of the evidence, a text of `library.fit`."""
        self._db.execute("INSERT OR REPLACE INTO evidence VALUES (0, ?)", (fit,))
