"""Labels from M3U playlists: the name of a playlist is its genre."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tagger.playlists import parse
from training.labels.base import Gathered, Label, ListedTrack, Weight
from training.labels.files import decoded_path, gather_files, local_file, readable
from training.labels.genre_names import GenreNames

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.playlists import Entry as Line
    from training.labels.base import Context

NAME = "playlists"
EXTENSIONS = (".m3u", ".m3u8")


class PlaylistSource:
    """The playlists of `training.playlists`."""

    def __init__(self, context: Context) -> None:
        self._named = context.settings.training.playlists
        self._roots = context.settings.library.roots
        self._names = GenreNames(context.settings)

    def gather(self) -> Gathered:
        """Return a label for each line with a local file, and an entry for each other line."""
        return gather_files(self._named, EXTENSIONS, "training.playlists", self._read)

    def _read(self, file: Path) -> Gathered:
        try:
            playlist = parse(file.read_bytes())
        except OSError as error:
            return Gathered(notes=(f"{file} cannot be read: {error.strerror}",))
        if playlist.mark:
            return Gathered(notes=(f"{file} is a playlist of tagger: skipped",))
        genre = self._names.genre(readable(playlist.name).strip() or file.stem)
        if not genre:
            return Gathered()
        if not playlist.entries:
            return Gathered(notes=(f"{file} has no tracks",))
        labels, entries = [], []
        for position, line in enumerate(playlist.entries, 1):
            path = local_file(line.location, (file.parent, *self._roots))
            if path:
                origin = file.name
                labels.append(Label(path, genre, NAME, Weight.LIST, origin))
            else:
                entries.append(_entry(line, genre, file, position))
        return Gathered(tuple(labels), tuple(entries))


def _entry(line: Line, genre: str, file: Path, position: int) -> ListedTrack:
    """Parse the label of a line, else its file name, as `Artist - Title`."""
    name = readable(decoded_path(line.location)).replace("\\", "/").rpartition("/")[2]
    label = readable(line.label) or os.path.splitext(name)[0]  # noqa: PTH122 - a foreign path
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
