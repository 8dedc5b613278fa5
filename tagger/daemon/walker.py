"""Comparing folders with what is remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger import tags
from tagger.daemon.host.logs import log
from tagger.library import walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tagger.library.walk import Found
    from tagger.store import Store

MOST_TOLD = 10_000
"""What was said once and is not to be said again."""


class Walker:
    """Walks folders, and tells once what is left out on the way."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._told: set[tuple[Path, str]] = set()

    def below(self, start: Path, root: Path, patterns: Sequence[str]) -> Iterator[Found]:
        """Yield the music below a folder; what a killed writer left there is removed."""
        if not start.is_dir():
            if start == root:
                self._tell_once(root, "is not there")
            return
        for item in walk.walk(start, root, patterns):
            if isinstance(item, walk.Leftover):
                tags.remove_leftovers(item.folder)
            elif isinstance(item, walk.Passed):
                self._tell_once(item.path, item.reason)
            else:
                yield item

    def is_new(self, found: Found) -> bool:
        """Tell whether something is left to do for a file that is not in the queue already."""
        queue = self._store.queue
        return queue.needs(found.path, found.identity) and not queue.holds(found.path)

    def _tell_once(self, path: Path, reason: str) -> None:
        if len(self._told) > MOST_TOLD:
            self._told.clear()
        if (path, reason) not in self._told:
            self._told.add((path, reason))
            log.warning("left out", path=path, reason=reason)
