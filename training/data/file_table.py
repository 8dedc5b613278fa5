"""The table of files outside the library: their tags and their analysis keys.

They are apart from the files of the library, which get genres and playlists.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tagger.core.domain import FileIdentity, TrackTags
from tagger.store.rows import json_text

if TYPE_CHECKING:
    import sqlite3


@dataclass(frozen=True, slots=True)
class Sample:
    """A file in its last known state."""

    path: Path
    identity: FileIdentity
    tags: TrackTags
    content_id: str | None
    """The text of an `AnalysisKey`."""


class Samples:
    """The table of samples, keyed by path."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def get(self, path: Path) -> Sample | None:
        """Return the row of a file."""
        row = self._db.execute(
            "SELECT * FROM samples WHERE path = ?", (os.fsencode(path),)
        ).fetchone()
        if row is None:
            return None
        return Sample(
            Path(os.fsdecode(row["path"])),
            FileIdentity(row["device"], row["inode"], row["size"], row["mtime_ns"]),
            msgspec.json.decode(row["tags"], type=TrackTags),
            row["content_id"],
        )

    def put(self, sample: Sample) -> None:
        """Insert or replace the row of a file."""
        self._db.execute(
            "INSERT OR REPLACE INTO samples VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                os.fsencode(sample.path),
                *sample.identity,
                json_text(sample.tags),
                sample.content_id,
            ),
        )
