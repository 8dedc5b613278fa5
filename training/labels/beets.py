"""Labels from a database of beets: the genres that the user gave after the plugin of tagger.

The attributes of the plugin show which genre of an item came from tagger. beets is not needed.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.core import genres
from tagger.library import walk
from tagger.system.text import number_of
from training.errors import TrainingDataError
from training.labels.base import Gathered, Label, Weight
from training.labels.genre_names import GenreNames
from training.labels.tags import is_ours

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training.labels.base import Context

NAME = "beets"
FOUND, FIELD = "tagger_genres", "tagger_field"
"""Attributes of the plugin; the first is empty for an item that was left alone as unsure."""
DELIMITERS = ("\\\u2400", "\0")
"""Between the texts of a field with several values, in the database of beets."""


class BeetsSource:
    """The items that the plugin has judged and that have another genre now."""

    def __init__(self, context: Context) -> None:
        self._store = context.store
        self._settings = context.settings.training.beets
        self._names = GenreNames(context.settings)

    def gather(self) -> Gathered:
        """Return the first genre of each item that the user changed.

        Raises TrainingDataError when the database cannot be read.
        """
        written = {entry.change.path: entry for entry in self._store.journal.done()}
        labels, gone = [], 0
        for path, found, now in self._judged():
            texts = [text for text in now if not is_ours(text, path, written)]
            genre = self._names.first(texts)
            if not genre or genres.keys(now) == genres.keys(found):
                continue
            if walk.is_gone(path):
                gone += 1
            else:
                labels.append(Label(path, genre, NAME, Weight.CORRECTION))
        notes = (f"{number_of(gone, 'file')} of beets gone",) if gone else ()
        return Gathered(tuple(sorted(labels, key=lambda label: label.path)), notes=notes)

    def _judged(self) -> Iterator[tuple[Path, list[str], list[str]]]:
        """Yield path, genres of tagger and genres now of each item that the plugin has judged."""
        library = self._settings.library
        try:
            connection = sqlite3.connect(f"{library.absolute().as_uri()}?mode=ro", uri=True)
            with contextlib.closing(connection) as db:
                db.row_factory = sqlite3.Row
                flexible = _attributes(db)
                for row in db.execute("SELECT * FROM items ORDER BY id"):
                    own = flexible.get(row["id"], {})
                    if FOUND in own:
                        item = {**dict(row), **own}
                        yield self._path(row["path"]), _texts(own[FOUND]), _genres(item)
        except (sqlite3.Error, IndexError) as error:
            hint = "set training.beets.library to the library of beets: `beet config`"
            raise TrainingDataError(f"cannot be read: {error}", library, hint) from error

    def _path(self, stored: bytes | str) -> Path:
        """Return the path of an item; new versions of beets store it below their directory."""
        return Path(os.path.realpath(self._settings.directory / os.fsdecode(stored)))


def _attributes(db: sqlite3.Connection) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    rows = db.execute(
        "SELECT entity_id, key, value FROM item_attributes WHERE entity_id IN"
        " (SELECT entity_id FROM item_attributes WHERE key = ?)",
        (FOUND,),
    )
    for entity, key, value in rows:
        found.setdefault(entity, {})[key] = value or ""
    return found


def _genres(item: dict[str, object]) -> list[str]:
    """Return the texts in the field of the plugin; beets before 2.6 has no field `genres`."""
    field = str(item.get(FIELD) or ("genres" if "genres" in item else "genre"))
    return _texts(str(item.get(field) or ""))


def _texts(text: str) -> list[str]:
    for delimiter in DELIMITERS:
        text = text.replace(delimiter, ";")
    return [part for piece in text.split(";") if (part := piece.strip())]
