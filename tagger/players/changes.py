"""The changes of a run, as a bounded set of folders for players."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tagger.config import PathMaps

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tagger.config import PathMap
    from tagger.core.domain import Outcome

COMMENT = "Kept by tagger: "
"""The start of the comment of a playlist that tagger made on a server."""
MAX_FOLDERS = 100
"""Above this number, parent folders replace the folders."""


class PlayerTrack(Struct, frozen=True, gc=False):
    """A track of a list, as a player can find it; a library has many."""

    file: str
    """The resolved path; an object of `Path` takes more time than all other work on a list."""
    title: str
    artist: str
    album: str


@dataclass(frozen=True, slots=True)
class PlayerList:
    """A playlist for players that keep playlists themselves."""

    name: str
    mark: str
    """The identity of the list, such as `genre=Rock`."""
    tracks: tuple[PlayerTrack, ...]

    @property
    def comment(self) -> str:
        """What marks the playlist as made by tagger."""
        return COMMENT + self.mark


class Changes:
    """Folders whose files or playlists changed, and the lists after the change."""

    def __init__(self) -> None:
        self._folders: set[Path] = set()
        self._playlist_folders: set[Path] = set()
        self.playlist_files: set[Path] = set()
        """Created, changed and removed playlists."""
        self.lists: tuple[PlayerList, ...] | None = None
        """All lists; None if no player keeps playlists."""

    def __bool__(self) -> bool:
        return bool(self._folders or self._playlist_folders)

    def file(self, path: Path) -> None:
        """Add a written file."""
        self._add(path.parent)

    def outcome(self, outcome: Outcome) -> None:
        """Add a file if its tags were changed."""
        if outcome.action.writes and outcome.before != outcome.after:
            self.file(outcome.path)

    def playlists(self, paths: Iterable[Path]) -> None:
        """Add created, changed or removed playlists."""
        for path in paths:
            self._playlist_folders.add(path.parent)
            self.playlist_files.add(path)

    def merge(self, other: Changes) -> None:
        """Add all changes of a later set."""
        for folder in other._folders:
            self._add(folder)
        self._playlist_folders |= other._playlist_folders
        self.playlist_files |= other.playlist_files
        if other.lists is not None:
            self.lists = other.lists

    @property
    def folders(self) -> list[Path]:
        """The folders, without subfolders of each other."""
        return sorted(_outer(self._folders | self._playlist_folders))

    @property
    def common(self) -> Path:
        """The common parent of all folders; there must be at least one folder."""
        return Path(os.path.commonpath(self.folders))

    def seen_by(self, maps: Sequence[PathMap]) -> Changes:
        """Return the changes for a player with these path maps.

        A folder of playlists for another player is left out: no map contains it.
        """
        seen = Changes()
        seen.merge(self)
        if maps:
            seen._playlist_folders = {
                folder for folder in seen._playlist_folders if player_path(folder, maps)
            }
        return seen

    def _add(self, folder: Path) -> None:
        if not self._folders.intersection((folder, *folder.parents)):
            self._folders.add(folder)
        while len(self._folders) > MAX_FOLDERS:
            self._folders = {folder.parent for folder in _outer(self._folders)}


def _outer(folders: set[Path]) -> set[Path]:
    """Return the folders that are below no other."""
    return {folder for folder in folders if not folders.intersection(folder.parents)}


def player_path(folder: Path, maps: Sequence[PathMap]) -> str | None:
    """Return the player's path for a folder, by the path maps of its configuration.

    A folder whose name is not printable is replaced by its nearest printable parent. None where
    no map contains the folder: the player has to scan its whole library.
    """
    return PathMaps(maps).translate(printable_folder(folder))


def printable_folder(folder: Path) -> Path:
    """Return a folder, or its nearest parent with a printable name."""
    return next(f for f in (folder, *folder.parents) if str(f).isprintable())
