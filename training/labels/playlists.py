"""Labels from M3U playlists, each of one genre that bears its name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from tagger.library import walk
from tagger.playlists import parse
from training.labels.base import Gathered, Label, ListedTrack, Weight
from training.labels.genre_names import GenreNames

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tagger.playlists import Entry as Line
    from training.labels.base import Context

NAME = "playlists"
EXTENSIONS = (".m3u", ".m3u8")
LARGEST = 64 << 20
"""Bytes."""


class PlaylistSource:
    """The playlists of `training.playlists`."""

    name = NAME

    def __init__(self, context: Context) -> None:
        self._named = context.settings.training.playlists
        self._roots = context.settings.library.roots
        self._naming = GenreNames(context.settings.training)

    def gather(self) -> Gathered:
        """Return what each playlist names: a file that is there, or what its line says of it."""
        labels: list[Label] = []
        entries: list[ListedTrack] = []
        notes: list[str] = []
        for file in files(self._named, EXTENSIONS, notes, "training.playlists"):
            found = self._read(file)
            labels += found.labels
            entries += found.entries
            notes += found.notes
        return Gathered(tuple(labels), tuple(entries), tuple(notes))

    def _read(self, file: Path) -> Gathered:
        try:
            if file.stat().st_size > LARGEST:
                return Gathered(notes=(f"{file} is too large for a playlist",))
            playlist = parse(file.read_bytes())
        except OSError as error:
            return Gathered(notes=(f"{file} cannot be read: {error.strerror}",))
        if playlist.genre:
            return Gathered(notes=(f"{file} was made by tagger and is not learned from",))
        genre = self._naming.genre(playlist.name or file.stem)
        if not genre:
            return Gathered()
        labels, entries = [], []
        for position, line in enumerate(playlist.entries, 1):
            path = self._file(line.location, file)
            if path:
                origin = file.name
                labels.append(Label(path, genre, NAME, Weight.LIST, origin))
            else:
                entries.append(_entry(line, genre, file, position))
        return Gathered(tuple(labels), tuple(entries))

    def _file(self, location: str, playlist: Path) -> Path | None:
        """Find the file as players do: from the playlist's folder on, then from each root."""
        if location.startswith("file:"):
            location = unquote(urlsplit(location).path)
        for base in (playlist.parent, *self._roots):
            path = base / location.replace("\\", "/") if "/" not in location else base / location
            if "\0" not in location and not walk.is_gone(path):
                return path.resolve()
        return None


def files(
    named: Iterable[Path], extensions: tuple[str, ...], notes: list[str], key: str
) -> Iterator[Path]:
    """Yield the named files, and of folders the files in them that end like this, by name."""
    for path in named:
        if path.is_dir():
            yield from sorted(p for p in path.iterdir() if p.suffix.lower() in extensions)
        elif path.is_file():
            yield path
        else:
            notes.append(f"{key}: there is no {path}")


def _entry(line: Line, genre: str, file: Path, position: int) -> ListedTrack:
    """Take a line for `Artist - Title`; without a label its file's name says what it can."""
    label = line.label or os.path.splitext(line.location.replace("\\", "/").rpartition("/")[2])[0]  # noqa: PTH122 - a foreign path
    artist, _, title = label.partition(" - ")
    return ListedTrack(
        title=title or label,
        artists=(artist,) if title else (),
        genre=genre,
        source=NAME,
        duration_s=line.seconds or None,
        origin=file.name,
        position=position,
    )
