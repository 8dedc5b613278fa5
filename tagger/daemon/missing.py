"""Missing files, and whether their records can go: a disk may not be mounted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.daemon.host.logs import log
from tagger.library import absence, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tagger.store import Store

MAX_MISSING = 100
"""Paths; above that, one check of all roots is cheaper than a check of each path."""
NEVER = -1
"""No revision of the store."""


class MissingFiles:
    """Files and folders that may be gone, until their records are dropped."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._paths: dict[Path, None] = {}
        self._absent_at = NEVER
        """The revision of the store at which the roots of all paths were not mounted."""
        self._away: set[Path] = set()
        """The roots whose disks may not be mounted; each is logged once."""

    def __len__(self) -> int:
        return len(self._paths)

    def add(self, paths: Iterable[Path], roots: Iterable[Path]) -> None:
        """Add files and folders; too many of them are replaced by the roots."""
        self._paths |= dict.fromkeys(paths)
        if len(self._paths) > MAX_MISSING:
            self._paths = dict.fromkeys(roots)
        self._absent_at = NEVER

    def drop(self, roots: Sequence[Path]) -> int:
        """Delete the records of the files that are gone; returns their number.

        The records of a root that is not mounted stay. Such a root is looked at again after a
        change of the store or of the missing files.
        """
        if not self._paths or (revision := self._store.revision()) == self._absent_at:
            return 0
        mounted = {root for root in roots if self._is_mounted(root)}
        missing = [path for path in self._paths if walk.root_of(path, roots) in mounted]
        for path in missing:
            del self._paths[path]
        dropped = sum(absence.drop_missing(path, self._store) for path in missing)
        self._absent_at = NEVER if dropped else revision
        return dropped

    def is_back(self, root: Path) -> None:
        """Log that a root has known files, if its disk was not mounted before."""
        if root in self._away:
            self._away.remove(root)
            log.info("folder has files again", folder=root)

    def _is_mounted(self, root: Path) -> bool:
        """Return whether a known file of a root is there; a root without its disk is logged."""
        missing = absence.missing_files(root, self._store)
        if missing and missing.away and root not in self._away and not walk.is_gone(root):
            self._away.add(root)
            reason = f"{missing}: {walk.MOUNT_IT}"
            log.warning("folder without its files", folder=root, reason=reason)
        return missing is None
