"""The public layout of the Free Music Archive: numbered files, described in `tracks.csv`."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from training.labels.base import Gathered, Label, Weight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training.labels.genre_names import GenreNames

SOURCE = "folders"
_COLUMNS = {
    "genre": ("track", "genre_top"),
    "artist": ("artist", "id"),
    "part": ("set", "split"),
}
"""Names of two rows; the third row is `track_id`."""
_PARTS = {"training": "train", "validation": "train", "test": "test"}


def find_table(folder: Path) -> Path | None:
    """Return the data set's table, if `folder` is of this layout."""
    if not any(folder.glob("[0-9][0-9][0-9]")):
        return None
    places = (folder, folder / "fma_metadata", folder.parent / "fma_metadata", folder.parent)
    return next((p / "tracks.csv" for p in places if (p / "tracks.csv").is_file()), None)


def gather(folder: Path, table: Path, names: GenreNames) -> Gathered:
    """Return a label for each existing file, with its artist and the published split.

    `folder` has the numbered files, `table` is `tracks.csv`, `names` the user's names of genres.
    """
    labels = []
    try:
        for track, row in _rows(table):
            path = folder / f"{track // 1000:03d}" / f"{track:06d}.mp3"
            genre = names.genre(row["genre"]) if row["genre"] else ""
            if genre and path.is_file():
                part = _PARTS.get(row["part"], "")
                artist = f"fma:{row['artist']}"
                labels.append(
                    Label(path, genre, SOURCE, Weight.FOLDER, str(table), artist=artist, part=part)
                )
    except (OSError, ValueError, KeyError, IndexError, csv.Error) as error:
        return Gathered(notes=(f"{table} cannot be read: {error}",))
    return Gathered(tuple(labels))


def _rows(table: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with Path(table).open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        above, below, _ = (next(reader, []) for _ in range(3))
        names = list(zip(above, below, strict=True))
        places = {name: names.index(column) for name, column in _COLUMNS.items()}
        for cells in reader:
            yield int(cells[0]), {name: cells[place] for name, place in places.items()}
