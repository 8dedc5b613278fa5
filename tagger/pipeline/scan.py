"""One scan: files are found, indexed, decided and written; then playlists and players follow."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger import tags
from tagger.core.domain import Action, Outcome
from tagger.errors import ConfigError, NotAudioError
from tagger.inference import registry
from tagger.library import index, walk
from tagger.library.ignore import check_patterns
from tagger.pipeline import build, reclassify, recovery
from tagger.pipeline.indexing import index_files
from tagger.pipeline.operations import DryRun, Operation, Settled, Write
from tagger.pipeline.publish import Published, after_run
from tagger.players import Changes

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence
    from pathlib import Path

    from tagger.analysis.tag_jobs import TagJobs
    from tagger.config import Settings
    from tagger.core.domain import Track
    from tagger.store import Store


class Observer:
    """Follows a run while it goes on; this base ignores everything."""

    def found(self, files: int) -> None:
        """Take the number of files found so far."""

    def passed_over(self, counts: Mapping[str, int]) -> None:
        """Take the numbers of files and folders that a rule leaves out, by reason."""

    def expect(self, files: int) -> None:
        """Take the number of outcomes that will follow."""

    def started(self, run: int) -> None:
        """Take the number of a run that writes, before its first write."""

    def outcome(self, outcome: Outcome) -> None:
        """Take the outcome of one file."""


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


@dataclass(frozen=True, slots=True)
class ScanResult:
    """The end of a scan."""

    run: int | None
    """The number of the run that wrote, None in a dry run."""
    published: Published
    failed: int
    """Files that failed, without those that are no audio at all."""


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
            ConfigError: a path is gone, or an ignore pattern is malformed.
            ModelError: the model bundle is unusable, or its network is missing.

        """
        self._settings = registry.resolve_bundle(settings)
        self._store = store
        self._options = options
        self._starts = [path.resolve() for path in paths or settings.library.roots]
        self._roots = [root.resolve() for root in settings.library.roots]
        self._ignored: Counter[str] = Counter()
        self._manifest = registry.runnable_manifest(self._settings)
        check_patterns(settings.library.ignore)
        for start in self._starts:
            if walk.is_gone(start):
                raise ConfigError(
                    "there is no such folder",
                    start,
                    "name your music's folder, or set library.roots in the configuration",
                )

    def run(self, observer: Observer) -> ScanResult:
        """Scan, and pass each outcome to the observer.

        Raises `ModelError` when the model cannot be run; failures of single files are outcomes.
        """
        with build.tag_jobs(self._settings) as jobs:
            return self._run(observer, jobs)

    def _run(self, observer: Observer, jobs: TagJobs) -> ScanResult:
        tracks, passed = self.find(observer, jobs)
        observer.passed_over(self._ignored)
        observer.expect(len(tracks) + len(passed))
        failed = 0
        for outcome in passed:
            failed += self._is_failure(outcome)
            observer.outcome(outcome)
        changes = Changes()
        run = None if self._options.dry_run else self._store.runs.start("scan")
        if run is not None:
            observer.started(run)
        operation = self._operation(jobs, run)
        with contextlib.closing(self._outcomes(tracks, operation)) as outcomes:
            for outcome in outcomes:
                failed += self._is_failure(outcome)
                changes.outcome(outcome)
                observer.outcome(outcome)
        if run is None:
            return ScanResult(None, Published(), failed)
        self._store.runs.finish(run)
        roots = dict.fromkeys(walk.root_of(start, self._roots) for start in self._starts)
        published = after_run(self._settings, self._store, changes, roots)
        return ScanResult(run, published, failed)

    def find(self, observer: Observer, jobs: TagJobs) -> tuple[list[Track], list[Outcome]]:
        """Index the files of the scan.

        Args:
            observer: Takes the number of files found so far.
            jobs: Reads the tags of new and changed files.

        Returns:
            The tracks, and the outcomes of files that were passed over or cannot be read.

        """
        recovery.recover(self._store, jobs)
        tracks: list[Track] = []
        passed: list[Outcome] = []
        for item in index_files(self._walk(passed), self._store, jobs):
            if isinstance(item, Outcome):
                passed.append(item)
            else:
                tracks.append(item)
                observer.found(len(tracks))
        for start in self._starts:
            index.drop_missing(start, self._store)
        return tracks, passed

    def _walk(self, passed: list[Outcome]) -> Iterator[walk.Found]:
        """Yield each file once; files that are passed over are added to `passed`."""
        seen: set[Path] = set()
        for start in self._starts:
            root = walk.root_of(start, self._roots)
            counts: Counter[str] = Counter()
            for item in walk.walk(start, root, self._settings.library.ignore):
                if isinstance(item, walk.Leftover):
                    tags.remove_leftovers(item.folder)
                elif isinstance(item, walk.Passed | walk.Ignored):
                    counts[walk.short_reason(item)] += 1
                    if isinstance(item, walk.Ignored):
                        self._ignored[item.reason] += 1
                    else:
                        passed.append(_passed(item))
                elif item.path not in seen and self._wanted(item.path):
                    seen.add(item.path)
                    yield item
            if start == root:
                self._store.passed_over.put(root, counts)

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

    def _is_failure(self, outcome: Outcome) -> bool:
        """Return whether a file failed; a file that is no audio at all is no failure of a run."""
        if outcome.action is not Action.ERROR:
            return False
        failure = self._store.failures.get(outcome.path)
        return failure is None or not isinstance(failure.error, NotAudioError)

    def _outcomes(self, tracks: list[Track], operation: Operation) -> Generator[Outcome]:
        settings, store, manifest = self._settings, self._store, self._manifest
        with build.worker_pool(settings) as pool:
            analyzer = build.analyzer(settings, store, pool, manifest)
            if not self._options.reclassify:
                pipeline = build.pipeline(settings, store, analyzer, manifest, operation)
                yield from pipeline.run(tracks, again=self._options.again)
                return
            work = reclassify.prepare(tracks, store, analyzer)
            rewrite = reclassify.Rewrite(work, operation)
            pipeline = build.pipeline(settings, store, analyzer, manifest, rewrite)
            yield from reclassify.skip_lost(work, operation)
            yield from pipeline.run(work.tracks, siblings=work.siblings)

    def _operation(self, jobs: TagJobs, run: int | None) -> Operation:
        options = build.write_options(self._settings)
        if run is None:
            return DryRun(jobs, options)
        write = Write(self._store, jobs, run, self._manifest.id, options)
        return Settled(write, self._settings.daemon.settle)


def _passed(item: walk.Passed) -> Outcome:
    action = Action.ERROR if item.failed else Action.SKIP
    return Outcome(item.path, action, (), (), None, None, item.reason)
