"""Labels from CSV tables: `path,genre`, or a playlist in the format of Exportify."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from tagger.system.text import number_of
from training.labels import track_table
from training.labels.base import Gathered, Label, ListedTrack, Weight
from training.labels.files import decoded, gather_files, local_file
from training.labels.genre_names import GenreNames

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from training.labels.base import Context

NAME = "csv"
PARTS = {"train": "train", "training": "train", "valid": "train", "validation": "train"} | {
    "test": "test"
}


class TableSource:
    """The tables of `training.csv`."""

    def __init__(self, context: Context) -> None:
        self._named = context.settings.training.csv
        self._roots = context.settings.library.roots
        self._names = GenreNames(context.settings)

    def gather(self) -> Gathered:
        """Return a label for each row with a local file, and an entry for each other track."""
        return gather_files(self._named, (".csv",), "training.csv", self._read)

    def _read(self, file: Path) -> Gathered:
        labels, entries, notes = list[Label](), list[ListedTrack](), list[str]()
        try:
            self._add_rows(file, labels, entries, notes)
        except OSError as error:
            notes.append(f"{file} cannot be read: {error.strerror}")
        except (UnicodeDecodeError, csv.Error) as error:
            notes.append(f"{file} cannot be read: {error}")
        return Gathered(tuple(labels), tuple(entries), tuple(notes))

    def _add_rows(
        self, file: Path, labels: list[Label], entries: list[ListedTrack], notes: list[str]
    ) -> None:
        lost = number = 0
        with io.StringIO(decoded(file.read_bytes()), newline="") as lines:
            reader = csv.DictReader(lines, delimiter=track_table.delimiter(lines))
            if not {"path", "title"} & track_table.columns(reader.fieldnames).keys():
                notes.append(f"{file} has no column for a path or a title")
                return
            for number, row in enumerate(track_table.rows(reader), 2):
                genre = self._names.genre(row.get("genre", file.stem))
                if not genre:
                    continue
                path = local_file(row.get("path", ""), (file.parent, *self._roots))
                if path:
                    artist = row.get("artists", "")
                    part = PARTS.get(row.get("part", "").casefold(), "")
                    labels.append(Label(path, genre, NAME, Weight.LIST, file.name, artist, part))
                elif row.get("title"):
                    entries.append(_entry(row, genre, file.name, number - 1))
                else:
                    lost += 1
        if not number:
            notes.append(f"{file} has no tracks")
        if lost:
            notes.append(f"{file}: {number_of(lost, 'row')} with a missing file")


def _entry(row: Mapping[str, str], genre: str, table: str, position: int) -> ListedTrack:
    return ListedTrack(
        title=row["title"],
        artists=track_table.artists(row),
        genre=genre,
        source=NAME,
        album=row.get("album", ""),
        duration_s=track_table.seconds(row),
        isrc=row.get("isrc", ""),
        id=row.get("id", ""),
        origin=table,
        position=position,
    )
