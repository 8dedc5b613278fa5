"""Recorded files that are not there: gone for good, moved, or on a disk that is not mounted."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, NamedTuple

from tagger.core.domain import FileIdentity
from tagger.errors import TagError
from tagger.library import walk
from tagger.system.spelling import in_both_cases, listed, names_in
from tagger.system.text import number_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tagger.core.domain import Track
    from tagger.store import Store


def drop_missing(folder: Path, store: Store) -> int:
    """Forget files at or below `folder` that are gone; returns how many.

    Where nothing at all is left of a root, it is more likely that a disk is not there. The same
    goes for the files of one device below a root.
    """
    lost = list(store.files.states_under(folder, Lost()))
    mounted = {root for root in {root for _, root, _ in lost} if is_there(root, store)}
    gone = [state for state in lost if state[1] in mounted]
    away = _away(gone, store)
    dropped = [path for path, root, device in gone if (root, device) not in away]
    with store.transaction():
        for path in dropped:
            store.files.forget(path)
            store.failures.clear(path)
    return len(dropped)


class Lost:
    """Whether recorded files are gone, or behind a link that took the place of a folder.

    A walk enters no link: it finds such a file at its own path, or not at all. Neither does it find
    another spelling where letter case is ignored. The paths come by folder, so that each folder is
    resolved once.
    """

    def __init__(self) -> None:
        self._above, self._folder = b"", ""
        self._linked = False
        self._names: dict[str, frozenset[str]] = {}
        """The names in folders that ignore letter case, by folder; none for other folders."""

    def __call__(self, path: bytes) -> bool:
        """Return whether the file of a path, in the bytes of the file system, is lost."""
        if walk.is_gone(path):
            return True
        above = os.path.dirname(path)  # noqa: PTH120 - bytes, for speed
        if above != self._above:
            self._names.pop(self._folder, None)
            self._above, self._folder = above, os.fsdecode(above)
            linked = os.path.realpath(above) != above
            self._linked = linked or self._is_below_respelled(self._folder)
        if self._linked or self._names.get(self._folder) == frozenset():  # as a rule
            return self._linked
        return self._is_respelled(self._folder, os.fsdecode(os.path.basename(path)))  # noqa: PTH119

    def _is_below_respelled(self, folder: str) -> bool:
        """Return whether a folder, or a folder above it, has a name in other letters."""
        above, name = os.path.split(folder)
        return bool(name) and (self._is_respelled(above, name) or self._is_below_respelled(above))

    def _is_respelled(self, folder: str, name: str) -> bool:
        """Return whether a folder has an existing name in other letters."""
        if folder not in self._names:
            if name == name.swapcase():  # another name decides
                return False
            known = in_both_cases(folder, name)
            self._names[folder] = names_in(folder) if known else frozenset()
        return listed(name, self._names[folder]) != name


def _away(gone: list[tuple[Path, Path, int]], store: Store) -> set[tuple[Path, int]]:
    """Return the devices, by root, of which no file is left, and which are not where they were."""
    elsewhere = set(_elsewhere(gone))
    present: set[tuple[Path, int]] = set()
    lost = Lost()
    for root in {root for root, _ in elsewhere}:
        for path, _, device in store.files.states_under(root):
            if (root, device) in elsewhere - present and not lost(os.fsencode(path)):
                present.add((root, device))
    return elsewhere - present


def _elsewhere(states: Iterable[tuple[Path, Path, int]]) -> Iterator[tuple[Path, int]]:
    """Yield root and recorded device of each file whose place is on another device now.

    The files come by folder, so that each folder is looked up once.
    """
    above, now = None, None
    for path, root, device in states:
        if path.parent != above:
            above, now = path.parent, _device(path)
        if now != device:
            yield root, device


def was_removed(path: Path, identity: FileIdentity) -> bool:
    """Return whether a file is gone from its disk, and the disk is still there.

    Args:
        path: The file.
        identity: Its last known state.

    """
    return walk.is_gone(path) and _device(path) == identity.device


def _device(path: Path) -> int | None:
    """Return the device of the nearest folder above a path that exists."""
    for folder in path.parents:
        with contextlib.suppress(OSError):
            return FileIdentity.of(folder.stat()).device
    return None


def is_there(root: Path, store: Store) -> bool:
    """Return whether any recorded file below a root still exists."""
    lost = Lost()
    there = store.files.states_under(root, lambda path: not lost(path))
    return next(there, None) is not None


class Missing(NamedTuple):
    """The known files of a root of which none is there."""

    files: int
    away: int
    """Files on another device than the root has now: their disk may not be mounted."""

    def __str__(self) -> str:
        """Return the fault in words."""
        return f"{number_of(self.files, 'known file')}, and none is there"


def missing_files(root: Path, store: Store) -> Missing | None:
    """Return the known files of a root if none is there, else None.

    A folder that the user emptied is still on the disk of its files, an empty mount point is not.
    """
    if is_there(root, store):
        return None
    away = sum(1 for _ in _elsewhere(store.files.states_under(root)))
    return Missing(store.files.count_under(root), away)


def is_elsewhere(track: Track, lost: Lost) -> bool:
    """Return whether the file of a row is gone from its path, or another file has its name.

    `lost` is the same for all rows of one search, so that each folder is resolved once.
    """
    if lost(os.fsencode(track.path)):
        return True
    try:
        return walk.identity_of(track.path).inode != track.identity.inode
    except TagError:
        return walk.is_gone(track.path)
