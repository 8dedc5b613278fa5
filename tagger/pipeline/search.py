"""The search of a scan: each file with work is found once, and the others are accounted for."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tagger import tags
from tagger.core.domain import Action, Outcome
from tagger.library import index, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from tagger.core.domain import Track
    from tagger.pipeline.command_run import Observer
    from tagger.pipeline.unchanged import UnchangedFiles, UnchangedFinder
    from tagger.store import Store

    Take = Callable[[Outcome], object]
    """Takes outcomes as they come."""


class Search:
    """Finds the files at or below the starts of a scan."""

    def __init__(
        self,
        store: Store,
        starts: Mapping[Path, Path],
        patterns: Sequence[str],
        wants: Callable[[Path], bool],
        finder: UnchangedFinder | None,
    ) -> None:
        """Prepare the search.

        Args:
            store: The state database.
            starts: The files and folders of the scan, each with its root.
            patterns: `library.ignore`.
            wants: Returns whether a file with work belongs to the scan.
            finder: Finds files without any work; None where each file needs a decision.

        """
        self._store = store
        self._starts = starts
        self._patterns = patterns
        self._wants = wants
        self._finder = finder
        self._seen = _Seen(starts)
        self.ignored: Counter[str] = Counter()
        """Files and folders that a rule left out, by reason."""

    def files(self, observer: Observer, take: Take) -> Iterator[walk.Found]:
        """Yield each file with work once.

        Args:
            observer: Takes the number of files found so far, and the files without work.
            take: Takes the outcome of each file that is passed over.

        """
        files = 0
        for start, root in self._starts.items():
            counts: Counter[str] = Counter()
            for unchanged, found in self._split(self._listings(start, root, counts, take)):
                if unchanged:
                    files += len(unchanged.decisions)
                    observer.unchanged(unchanged)
                wanted = [one for one in found if self._wants(one.path)]
                files += len(wanted)
                observer.found(files)
                yield from wanted
            if start == root:
                self._store.passed_over.put(root, counts)

    def found_all(self, tracks: Iterable[Track]) -> bool:
        """Return whether each recorded file was found; `tracks` are the files with work."""
        if self._finder is None or self._seen.is_needed:
            return False  # not known: some files were not compared, or were found twice
        return self._finder.saw_all(tracks, self._starts)

    def _listings(
        self, start: Path, root: Path, counts: Counter[str], take: Take
    ) -> Iterator[walk.Listing]:
        """Yield the folders; the reasons of all that a walk passes over are counted."""
        for listing in walk.folders(start, root, self._patterns):
            for item in listing.others:
                if isinstance(item, walk.Leftover):
                    tags.remove_leftovers(item.folder)  # of a tagger that was killed
                    continue
                counts[walk.short_reason(item)] += 1
                if isinstance(item, walk.Ignored):
                    self.ignored[item.reason] += 1
                else:
                    take(passed_over(item))
            yield self._seen.without_seen(listing)

    def _split(
        self, listings: Iterable[walk.Listing]
    ) -> Iterator[tuple[UnchangedFiles | None, list[walk.Found]]]:
        """Yield the files of each folder without any work, and the other files."""
        if self._finder is None:
            yield from ((None, listing.all_found()) for listing in listings)
            return
        for listing, states in index.recorded(listings, self._store):
            unchanged, found = self._finder.split(listing, states)
            yield unchanged if unchanged.decisions else None, found


class _Seen:
    """The files that an earlier start of the same scan has found."""

    def __init__(self, starts: Collection[Path]) -> None:
        """Remember the files below two starts alone."""
        self._inner = [
            one for one in starts if any(one != o and one.is_relative_to(o) for o in starts)
        ]
        """The starts that are below another start."""
        self._seen: set[Path] = set()

    @property
    def is_needed(self) -> bool:
        """Whether any file is below two starts."""
        return bool(self._inner)

    def without_seen(self, listing: walk.Listing) -> walk.Listing:
        """Return the listing without such files."""
        if not self._inner:
            return listing
        paths = [Path(listing.folder, name) for name, _ in listing.files]
        if not any(path.is_relative_to(one) for path in paths for one in self._inner):
            return listing
        files = [
            file for path, file in zip(paths, listing.files, strict=True) if path not in self._seen
        ]
        self._seen.update(paths)
        return listing._replace(files=tuple(files))


def passed_over(item: walk.Passed) -> Outcome:
    """Return the outcome of something that a walk passed over."""
    action = Action.ERROR if item.failed else Action.SKIP
    return Outcome.undecided(item.path, action, item.reason)
