"""The changes of a run, as a bounded set of folders for players."""

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

MAX_FOLDERS = 100
"""Above this number, parent folders replace the folders."""
WRITTEN = (Action.SET, Action.ADD)


class Changes:
    """Folders whose files or playlists changed."""

    def __init__(self) -> None:
        self._folders: set[Path] = set()

    def __bool__(self) -> bool:
        return bool(self._folders)

    def file(self, path: Path) -> None:
        """Add a written file."""
        self._add(path.parent)

    def outcome(self, outcome: Outcome) -> None:
        """Add a file if its tags were changed."""
        if outcome.action in WRITTEN and outcome.before != outcome.after:
            self.file(outcome.path)

    def playlists(self, paths: Iterable[Path]) -> None:
        """Add created, changed or removed playlists."""
        for path in paths:
            self._add(path.parent)

    def merge(self, other: Changes) -> None:
        """Add all changes of another set."""
        for folder in other.folders:
            self._add(folder)

    @property
    def folders(self) -> list[Path]:
        """The folders, without subfolders of each other."""
        return sorted(f for f in self._folders if not self._folders.intersection(f.parents))

    @property
    def common(self) -> Path:
        """The common parent of all folders; there must be at least one folder."""
        return Path(os.path.commonpath(self._folders))

    def _add(self, folder: Path) -> None:
        if not self._folders.intersection((folder, *folder.parents)):
            self._folders.add(folder)
        while len(self._folders) > MAX_FOLDERS:
            self._folders = {folder.parent for folder in self.folders}


def player_path(folder: Path, maps: Sequence[PathMap]) -> str | None:
    """Return the player's path for a folder, by the path maps of its configuration.

    A folder whose name is not printable is replaced by its nearest printable parent. None where
    no map contains the folder: the player has to scan its whole library.
    """
    plain = next(f for f in (folder, *folder.parents) if str(f).isprintable())
    return PathMaps(maps).translate(plain)
