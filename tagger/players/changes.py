"""What changed, as players are told it: folders, and not too many of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.config import PathMaps
from tagger.core.domain import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tagger.config import PathMap
    from tagger.core.domain import Outcome

MOST_FOLDERS = 100
"""With more of them, those that hold them are named instead."""
WRITTEN = (Action.SET, Action.ADD)


class Changes:
    """Folders whose files or playlists changed."""

    def __init__(self) -> None:
        self._folders: set[Path] = set()

    def __bool__(self) -> bool:
        return bool(self._folders)

    def file(self, path: Path) -> None:
        """Note a file that was written to."""
        self._add(path.parent)

    def outcome(self, outcome: Outcome) -> None:
        """Note a file if it was written to."""
        if outcome.action in WRITTEN and outcome.before != outcome.after:
            self.file(outcome.path)

    def playlists(self, paths: Iterable[Path]) -> None:
        """Note playlists that came, went or changed."""
        for path in paths:
            self._add(path.parent)

    def merge(self, other: Changes) -> None:
        """Note all that another one noted."""
        for folder in other.folders:
            self._add(folder)

    @property
    def folders(self) -> list[Path]:
        """The folders, without those that lie in another one of them."""
        return sorted(f for f in self._folders if not self._folders.intersection(f.parents))

    @property
    def common(self) -> Path:
        """The folder that holds them all; to be asked only if there are some."""
        return Path(os.path.commonpath(self._folders))

    def _add(self, folder: Path) -> None:
        if not self._folders.intersection((folder, *folder.parents)):
            self._folders.add(folder)
        while len(self._folders) > MOST_FOLDERS:
            self._folders = {folder.parent for folder in self.folders}


def player_path(folder: Path, maps: Sequence[PathMap]) -> str | None:
    """Return the player's name for a folder, or for the next one above it that has a plain name.

    None where the player sees it under no name that is known: it has to look through everything.
    """
    plain = next(f for f in (folder, *folder.parents) if str(f).isprintable())
    return PathMaps(maps).translate(plain)
