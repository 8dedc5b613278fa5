"""Labels from folders: one folder, one genre; and the public data sets' own layouts."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.library import walk
from tagger.library.ignore import IgnoreRules
from tagger.system.spelling import real_path
from tagger.system.text import number_of
from training.labels import fma
from training.labels.base import Gathered, Label, Weight
from training.labels.genre_names import GenreNames

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from training.labels.base import Context

NAME = "folders"
_GTZAN = re.compile(r"([a-z]+)\.\d{5}")
"""A file's name in GTZAN: `blues.00042.wav`."""
_GTZAN_FOLDERS = ("genres_original", "genres", "Data")
"""Folders of GTZAN's archives between the top and the genres."""


class FolderSource:
    """The folders of `training.folders`."""

    def __init__(self, context: Context) -> None:
        self._settings = context.settings
        self._names = GenreNames(context.settings)

    def gather(self) -> Gathered:
        """Return every music file at any depth below a genre's folder."""
        named = self._settings.training.folders
        return Gathered.joined([self._read(real_path(folder)) for folder in named])

    def _read(self, folder: Path) -> Gathered:
        try:
            return self._of(folder)
        except OSError as error:
            reason = f"training.folders: {folder} cannot be read: {error.strerror}"
            return Gathered(notes=(reason,))

    def _of(self, folder: Path) -> Gathered:
        if not folder.is_dir():
            return Gathered(notes=(f"training.folders: there is no folder {folder}",))
        if table := fma.find_table(folder):
            return fma.gather(folder, table, self._names)
        top = _below_archive(folder)
        labels, notes = list[Label](), list[str]()
        inside = sorted(top.iterdir())
        lost = [path for path in inside if path.is_symlink() and not path.exists()]
        notes += [f"training.folders: {path} links to a place that does not exist" for path in lost]
        rules, ignored = IgnoreRules(top, ()), self._settings.library.ignore
        for genre_folder in filter(Path.is_dir, inside):
            genre = self._names.genre(genre_folder.name)
            hidden = genre_folder.name.startswith(".")
            if genre and not hidden and not rules.ignores(genre_folder, is_folder=True):
                found = list(walk.walk(genre_folder, top, ignored))
                labels += _music(found, genre_folder, genre)
                notes += _left_out(found, genre_folder)
        unknown = Counter(bool(_GTZAN.fullmatch(label.path.stem)) for label in labels)[True]
        if unknown:
            notes.append(
                f"{unknown} files are GTZAN's, which names no artists: without a table of path,"
                " genre and artist (training.csv) the figures come out too good"
            )
        beside = len(next(walk.folders(top, top, ignored)).files)
        files = number_of(beside, "file")
        if not labels:
            instead = f", but {files} in it: name {top.parent}" if beside else ""
            notes.append(f"training.folders: no music in folders below {top}{instead}")
        elif beside:
            notes.append(f"training.folders: {files} in {top} are in no folder of a genre")
        return Gathered(tuple(labels), notes=tuple(notes))


def _music(found: Iterable[walk.Item], folder: Path, genre: str) -> Iterator[Label]:
    for item in found:
        if isinstance(item, walk.Found):
            yield Label(item.path, genre, NAME, Weight.FOLDER, origin=str(folder))


def _left_out(found: Iterable[walk.Item], folder: Path) -> Iterator[str]:
    """Yield a note for each reason without which the folder would have more music."""
    reasons = [walk.short_reason(item) for item in found if isinstance(item, walk.Passed)]
    for reason, count in Counter(reasons).items():
        yield f"training.folders: {folder} has {number_of(count, 'path')} left out: {reason}"


def _below_archive(folder: Path) -> Path:
    """Go down to where GTZAN's genres are: only folders of its names are on the way."""
    for name in _GTZAN_FOLDERS:
        below = folder / name
        if below.is_dir() and sum(path.is_dir() for path in folder.iterdir()) <= len(
            _GTZAN_FOLDERS
        ):
            return _below_archive(below)
    return folder
