"""One scan: files are found, indexed, decided and written; then playlists and players follow."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tagger import tags
from tagger.core.domain import Action, Outcome
from tagger.errors import ConfigError, NotAudioError
from tagger.inference import registry
from tagger.library import index, walk
from tagger.pipeline import build, reclassify, recovery
from tagger.pipeline.command_run import CommandRun
from tagger.pipeline.indexing import index_files
from tagger.pipeline.unchanged import UnchangedFinder, siblings_of
from tagger.pipeline.unknown_names import unknown_names
from tagger.playlists.refresh import check_folders
from tagger.system.spelling import real_path
from tagger.system.text import number_of

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Generator,
        Iterable,
        Iterator,
        Sequence,
    )

    from tagger.analysis.tag_jobs import TagJobs
    from tagger.config import Settings
    from tagger.core.domain import Track
    from tagger.pipeline.command_run import Observer, RunResult
    from tagger.pipeline.operations import Operation
    from tagger.pipeline.unchanged import UnchangedFiles
    from tagger.store import Store

    Take = Callable[[Outcome], object]
    """Takes outcomes as they come."""


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """The options of one scan."""

    dry_run: bool = False
    """Write nothing."""
    again: bool = False
    """Analyze files again whose analysis is remembered."""
    reclassify: bool = False
    """Decide again the files that tagger wrote, by the active model."""
    formats: frozenset[str] | None = None
    """Lower-case endings of the files to scan; None for all."""
    since: float | None = None
    """Unix seconds; files without a change since then are left out."""


class Scan:
    """Files the music at or below some paths, once."""

    def __init__(
        self, settings: Settings, store: Store, paths: Sequence[Path], options: ScanOptions
    ) -> None:
        """Check that there is something to scan.

        Args:
            settings: The settings.
            store: The state database.
            paths: Files and folders; without any, the configured roots.
            options: The options of the scan.

        Raises:
            ConfigError: a path is gone.
            ModelError: the model bundle is unusable, or its network is missing.
            PlaylistError: a file is in the place of a folder of playlists.

        """
        self._settings = registry.resolve_bundle(settings)
        self._store = store
        self._options = options
        roots = settings.library.real_roots
        starts = [real_path(path) for path in paths] or roots
        self._starts = {start: walk.root_of(start, roots) for start in starts}
        self._inner = [one for one in self._starts if _is_inside(one, self._starts)]
        """The starts below another start, whose files are found twice."""
        self._ignored: Counter[str] = Counter()
        self._manifest = registry.runnable_manifest(self._settings)
        for start in self._starts:
            if walk.is_gone(start):
                hint = "name your music's folder, set library.roots in the configuration"
                raise ConfigError("there is no such folder", start, f"{hint}, or mount its disk")
        check_folders(settings, self._starts.values())

    def run(self, observer: Observer) -> RunResult:
        """Scan, and pass each outcome to the observer.

        Raises `ModelError` when the model cannot be run; failures of single files are outcomes.
        """
        with build.tag_jobs(self._settings) as jobs:
            return self._run(observer, jobs)

    def unknown_names(self) -> Iterator[str]:
        """Yield a text for each genre of the settings that has no effect."""
        return unknown_names(self._settings, self._manifest, self._store)

    def missing_disks(self, result: RunResult) -> Iterator[str]:
        """Yield a text for each root with recorded files of which none is there."""
        for root in result.published.absent:
            if files := self._store.files.count_under(root):
                known = number_of(files, "known file")
                yield f"{root}: {known}, and none is there: is its disk mounted?"

    def missing_network(self, *, stored: bool) -> str | None:
        """Return the loss without the second network, see `registry.missing_network`."""
        return registry.missing_network(self._settings, stored=stored)

    def _run(self, observer: Observer, jobs: TagJobs) -> RunResult:
        run = CommandRun(self._settings, self._store, observer, self._has_failed)
        tracks = self._find(observer, jobs, run.take, self._finder())
        observer.passed_over(self._ignored)
        observer.expect(len(tracks))
        operation = run.start("scan", jobs, self._manifest.id, dry_run=self._options.dry_run)
        with contextlib.closing(self._outcomes(tracks, operation, observer)) as outcomes:
            for outcome in outcomes:
                run.take(outcome)
        return run.finish(dict.fromkeys(self._starts.values()))

    def _finder(self) -> UnchangedFinder | None:
        """Return what finds files without any work; None where each file needs a decision."""
        options = self._options
        if options.reclassify or options.formats is not None or options.since is not None:
            return None
        policy = build.policy(self._settings)
        return UnchangedFinder(self._store, policy, self._settings.tags.field)

    def find(self, observer: Observer, jobs: TagJobs) -> tuple[list[Track], list[Outcome]]:
        """Index the files of the scan.

        Args:
            observer: Takes the number of files found so far.
            jobs: Reads the tags of new and changed files.

        Returns:
            The tracks, and the outcomes of files that were passed over or cannot be read.

        """
        passed: list[Outcome] = []
        return self._find(observer, jobs, passed.append, None), passed

    def _find(
        self, observer: Observer, jobs: TagJobs, take: Take, finder: UnchangedFinder | None
    ) -> list[Track]:
        """Index the files, and return the tracks that need a decision."""
        recovery.recover(self._store, jobs)
        tracks: list[Track] = []
        files = self._walk(observer, take, finder)
        for item in index_files(files, self._store, jobs):
            if isinstance(item, Outcome):
                take(item)
            else:
                tracks.append(item)
        saw_all = finder and not self._inner and finder.saw_all(tracks, self._starts)
        for start in () if saw_all else self._starts:
            index.drop_missing(start, self._store)
        return tracks

    def _walk(
        self, observer: Observer, take: Take, finder: UnchangedFinder | None
    ) -> Iterator[walk.Found]:
        """Yield each file once that needs work; the outcomes of all others are taken."""
        seen = _Seen(self._inner)
        files = 0
        for start, root in self._starts.items():
            counts: Counter[str] = Counter()
            listings = self._listings(start, root, counts, take)
            for unchanged, found in self._split(map(seen.without_seen, listings), finder):
                if unchanged:
                    files += len(unchanged.decisions)
                    observer.unchanged(unchanged)
                wanted = [one for one in found if self._wanted(one.path)]
                files += len(wanted)
                observer.found(files)
                yield from wanted
            if start == root:
                self._store.passed_over.put(root, counts)

    def _listings(
        self, start: Path, root: Path, counts: Counter[str], take: Take
    ) -> Iterator[walk.Listing]:
        for listing in walk.folders(start, root, self._settings.library.ignore):
            self._pass_over(listing, counts, take)
            yield listing

    def _split(
        self, listings: Iterable[walk.Listing], finder: UnchangedFinder | None
    ) -> Iterator[tuple[UnchangedFiles | None, list[walk.Found]]]:
        """Yield the files of each folder without any work, and the other files."""
        if finder is None:
            yield from ((None, listing.all_found()) for listing in listings)
            return
        for listing, states in index.recorded(listings, self._store):
            unchanged, found = finder.split(listing, states)
            yield unchanged if unchanged.decisions else None, found

    def _pass_over(self, listing: walk.Listing, counts: Counter[str], take: Take) -> None:
        """Count what a walk passes over in one folder, and clean up after a killed tagger."""
        for item in listing.others:
            if isinstance(item, walk.Leftover):
                tags.remove_leftovers(item.folder)
                continue
            counts[walk.short_reason(item)] += 1
            if isinstance(item, walk.Ignored):
                self._ignored[item.reason] += 1
            else:
                take(_passed(item))

    def _wanted(self, path: Path) -> bool:
        options = self._options
        if options.formats is not None and path.suffix.lower() not in options.formats:
            return False
        if options.since is None:
            return True
        try:
            status = path.stat()
        except OSError:
            return True  # the analysis names the fault
        # a copy keeps its time of modification, but not of its change of status
        return max(status.st_mtime, status.st_ctime) >= options.since

    def _has_failed(self, outcome: Outcome) -> bool:
        """Return whether a file failed; a file that is no audio at all is no failure of a run."""
        if outcome.action is not Action.ERROR:
            return False
        failure = self._store.failures.get(outcome.path)
        return failure is None or not isinstance(failure.error, NotAudioError)

    def _outcomes(
        self, tracks: list[Track], operation: Operation, observer: Observer
    ) -> Generator[Outcome]:
        settings, store, manifest = self._settings, self._store, self._manifest
        with build.worker_pool(settings) as pool:
            analyzer = build.analyzer(settings, store, pool, manifest)
            if not self._options.reclassify:
                pipeline = build.pipeline(settings, store, analyzer, manifest, operation)
                ignored = settings.library.ignore
                siblings = siblings_of(tracks, self._starts, ignored, store)
                yield from pipeline.run(
                    tracks,
                    siblings=siblings,
                    again=self._options.again,
                    analyzed=observer.analyzed,
                )
                return
            work = reclassify.prepare(tracks, store, analyzer)
            rewrite = reclassify.Rewrite(work, operation)
            pipeline = build.pipeline(settings, store, analyzer, manifest, rewrite)
            yield from reclassify.skip_lost(work, operation)
            yield from pipeline.run(work.tracks, siblings=work.siblings)


class _Seen:
    """The files that an earlier start of the same scan has found."""

    def __init__(self, inner: Collection[Path]) -> None:
        """Remember the files below `inner` alone: the starts below another start."""
        self._inner = inner
        self._seen: set[Path] = set()

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


def _is_inside(start: Path, starts: Collection[Path]) -> bool:
    """Return whether a start is below another start."""
    return any(start != other and start.is_relative_to(other) for other in starts)


def _passed(item: walk.Passed) -> Outcome:
    action = Action.ERROR if item.failed else Action.SKIP
    return Outcome.undecided(item.path, action, item.reason)
