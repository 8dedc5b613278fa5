"""Labels from the genre tags of the library, without the genres that tagger wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.core import genres
from tagger.core.domain import GENRE
from tagger.system.text import number_of
from training.labels.base import Gathered, Label, Weight
from training.labels.genre_names import GenreNames

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tagger.store import JournalEntry
    from training.labels.base import Context

NAME = "tags"
ALL = "*"


class TagSource:
    """The tags of the library's files, for the genres that `training.tags` names."""

    def __init__(self, context: Context) -> None:
        self._tracks = context.tracks
        self._store = context.store
        self._names = GenreNames(context.settings)
        named = context.settings.training.tags
        self._all = ALL in named
        self._roots = context.settings.library.real_roots
        self._wanted = {genres.key(self._names.genre(tag)): tag for tag in named if tag != ALL}

    def gather(self) -> Gathered:
        """Return every wanted genre of every file, each once."""
        done = self._store.journal.done()
        # tagger may write another field: the genre there is the owner's all the same
        written = {entry.change.path: entry for entry in done if entry.change.field == GENRE}
        labels: list[Label] = []
        ours, there = 0, set[str]()
        for track in self._tracks:
            found: dict[str, Label] = {}
            for tag in self._names.parts(track.tags.in_genre):
                genre = self._names.genre(tag)
                there.add(genres.key(genre))
                if not genre or not (self._all or genres.key(genre) in self._wanted):
                    continue
                if is_ours(tag, track.path, written):
                    ours += 1
                    continue
                found[genres.key(genre)] = Label(track.path, genre, NAME, Weight.TAG)
            labels += found.values()
        notes = [
            f"library.roots: no music below {root}"
            for root in self._roots
            if not any(track.path.is_relative_to(root) for track in self._tracks)
        ]
        notes += [
            f"training.tags: no file in library.roots has the genre {tag}"
            for key, tag in self._wanted.items()
            if key not in there
        ]
        if ours:
            notes.append(f"{number_of(ours, 'genre')} from tagger itself, not learned")
        return Gathered(tuple(labels), notes=tuple(notes))


def is_ours(tag: str, path: Path, written: Mapping[Path, JournalEntry]) -> bool:
    """Return whether tagger's last write to the file set this genre.

    Args:
        tag: The genre in the file.
        path: The file.
        written: The last write of tagger to each file.

    """
    entry = written.get(path)
    if entry is None:
        return False
    before, after = map(genres.keys_of_lists, (entry.change.before, entry.change.after))
    return genres.key(tag) in after - before
