"""Which files need work: included by the settings, writable, and not done in their state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger import tags
from tagger.audio.formats import EXTENSIONS
from tagger.core.domain import FileIdentity
from tagger.errors import TagError
from tagger.library import walk
from tagger.library.ignore import IgnoreRules
from tagger.pipeline import build
from tagger.store.files import HANDLED, NOT_WRITABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tagger.config import Settings
    from tagger.store import Store
    from tagger.store.files import RecordedState


class Admission:
    """Finds the files that need work, by settings that stay the same."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.roots = settings.library.real_roots
        self._patterns = settings.library.ignore
        self._options = build.write_options(settings)
        self._store = store

    def included(self, paths: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
        """Yield the music files that roots and ignore rules include now, each with its root."""
        rules: dict[Path, IgnoreRules] = {}
        for path in paths:
            root = walk.root_of(path, self.roots)
            if root not in self.roots or path.suffix.lower() not in EXTENSIONS:
                continue
            if root not in rules:
                rules[root] = IgnoreRules(root, self._patterns)
            if not rules[root].ignores_on_the_way(path):
                yield path, root

    def needed(
        self, listing: walk.Listing, states: Iterable[RecordedState | None]
    ) -> Iterator[Path]:
        """Yield the files of a folder that need work and are not in the queue; see `recorded`."""
        queue, folders = self._store.queue, tags.Folders()
        for state, (name, identity) in zip(states, listing.files, strict=True):
            mark = _mark(state, identity)
            if mark == HANDLED:
                continue
            path = listing.found(name, identity).path
            if mark == NOT_WRITABLE:  # all files of a folder may be: no query for each
                needed = self._is_writable(path, folders)
            else:
                needed = self._needs(path, identity)
            if needed and not queue.holds(path):
                yield path

    def is_needed(self, path: Path) -> bool:
        """Return whether a file is there and needs work."""
        try:
            return self._needs(path, FileIdentity.of(path.lstat()))
        except OSError:
            return False

    def _needs(self, path: Path, identity: FileIdentity) -> bool:
        """Return whether a file needs work, or could not be written before and can be now."""
        queue = self._store.queue
        if queue.needs(path, identity):
            return True
        return queue.was_not_writable(path, identity) and self._is_writable(path)

    def _is_writable(self, path: Path, folders: tags.Folders | None = None) -> bool:
        root = walk.root_of(path, self.roots)
        try:
            tags.check_writable(path, root=root, options=self._options, folders=folders)
        except TagError:
            return False
        return True


def _mark(state: RecordedState | None, identity: FileIdentity) -> int:
    """Return the mark of a file that was handled in this state, 0 for any other file."""
    if state is None:
        return 0
    _, _, _, inode, size, mtime_ns, mark, _, _ = state
    return mark if identity[1:] == (inode, size, mtime_ns) else 0
