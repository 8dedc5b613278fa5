"""Labels from tables: `path,genre`, or a playlist as Exportify writes it."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from tagger.library import walk
from training.labels.base import Gathered, Label, ListedTrack, Weight
from training.labels.genre_names import GenreNames
from training.labels.playlists import files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from training.labels.base import Context

NAME = "csv"
_SPELLINGS = {
    "path": ("path", "file", "filename", "location"),
    "genre": ("genre", "label"),
    "title": ("track name", "title", "track", "name"),
    "artists": ("artist name(s)", "artist names", "artist name", "artists", "artist"),
    "album": ("album name", "album"),
    "milliseconds": ("track duration (ms)", "duration (ms)", "duration_ms"),
    "seconds": ("duration", "seconds", "length"),
    "isrc": ("isrc",),
    "id": ("track uri", "spotify uri", "track id", "spotify id", "uri", "id"),
    "part": ("part", "split", "set"),
}
"""A column's names in the tables that are about, in lower case, the likeliest first."""
PARTS = {"train": "train", "training": "train", "valid": "train", "validation": "train"} | {
    "test": "test"
}


class TableSource:
    """The tables of `training.csv`."""

    name = NAME

    def __init__(self, context: Context) -> None:
        self._named = context.settings.training.csv
        self._roots = context.settings.library.roots
        self._naming = GenreNames(context.settings.training)

    def gather(self) -> Gathered:
        """Return a label for each row that names a file, an entry for each that names a track."""
        labels: list[Label] = []
        entries: list[ListedTrack] = []
        notes: list[str] = []
        for file in files(self._named, (".csv",), notes, "training.csv"):
            try:
                self._read(file, labels, entries, notes)
            except (OSError, UnicodeDecodeError, csv.Error) as error:
                notes.append(f"{file} cannot be read: {error}")
        return Gathered(tuple(labels), tuple(entries), tuple(notes))

    def _read(
        self, file: Path, labels: list[Label], entries: list[ListedTrack], notes: list[str]
    ) -> None:
        lost = 0
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            columns = _columns(reader.fieldnames or ())
            if not {"path", "title"} & columns.keys():
                notes.append(f"{file} has no column for a path or a title")
                return
            for number, cells in enumerate(reader, 2):
                row = {name: (cells.get(column) or "").strip() for name, column in columns.items()}
                genre = self._naming.genre(row.get("genre") or file.stem)
                if not genre:
                    continue
                path = self._file(row.get("path", ""), file)
                origin = f"{file.name}, line {number}"
                if path:
                    artist, part = row.get("artists", ""), PARTS.get(row.get("part", ""), "")
                    labels.append(Label(path, genre, NAME, Weight.LIST, origin, artist, part))
                elif row.get("title"):
                    entries.append(_entry(row, genre, file.name, number - 1))
                else:
                    lost += 1
        if lost:
            notes.append(f"{file}: {lost} rows name files that are not there")

    def _file(self, named: str, table: Path) -> Path | None:
        for base in (table.parent, *self._roots) if named and "\0" not in named else ():
            if not walk.is_gone(base / named):
                return (base / named).resolve()
        return None


def _columns(header: object) -> dict[str, str]:
    """Return the table's own name for each column that is known."""
    given = {str(name).strip().lower(): str(name) for name in header or ()}  # type: ignore[attr-defined]
    return {
        name: given[spelling]
        for name, spellings in _SPELLINGS.items()
        if (spelling := next((s for s in spellings if s in given), None))
    }


def _entry(row: Mapping[str, str], genre: str, table: str, position: int) -> ListedTrack:
    return ListedTrack(
        title=row["title"],
        artists=tuple(a for a in (s.strip() for s in _artists(row.get("artists", ""))) if a),
        genre=genre,
        source=NAME,
        album=row.get("album", ""),
        duration_s=_seconds(row),
        isrc=row.get("isrc", ""),
        id=row.get("id", ""),
        origin=table,
        position=position,
    )


def _artists(text: str) -> list[str]:
    """Exportify separates artists by `;`, formerly by `,`; matching takes the rest apart."""
    return text.split(";")


def _seconds(row: Mapping[str, str]) -> float | None:
    try:
        if row.get("milliseconds"):
            return float(row["milliseconds"]) / 1000 or None
        parts = [float(part) for part in row.get("seconds", "").split(":") if part]
    except ValueError:
        return None
    seconds = 0.0
    for part in parts:  # 4:05 and 1:02:03
        seconds = 60 * seconds + part
    return seconds or None
