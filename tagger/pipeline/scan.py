"""One scan: files are found, indexed, decided and written; then playlists and players follow."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger.core.domain import Action, Outcome
from tagger.errors import ConfigError, NotAudioError
from tagger.inference import in_use
from tagger.library import absence, walk
from tagger.library.siblings import unchanged_siblings
from tagger.pipeline import build, reclassify, recovery
from tagger.pipeline.command_run import CommandRun
from tagger.pipeline.indexing import index_files
from tagger.pipeline.pipeline import Pipeline
from tagger.pipeline.search import Search
from tagger.pipeline.unchanged import UnchangedFinder
from tagger.pipeline.unknown_names import unknown_names
from tagger.playlists.refresh import check_folders
from tagger.system.spelling import real_path

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from tagger.analysis.tag_jobs import TagJobs
    from tagger.config import Settings
    from tagger.core.domain import Track
    from tagger.errors import MissingWeightsError
    from tagger.pipeline.command_run import Observer, RunResult
    from tagger.pipeline.operations import Operation
    from tagger.pipeline.search import Take
    from tagger.store import Store


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

    def wants(self, path: Path) -> bool:
        """Return whether a file has one of the endings, and has changed since."""
        if self.formats is not None and path.suffix.lower() not in self.formats:
            return False
        if self.since is None:
            return True
        try:
            status = path.stat()
        except OSError:
            return True  # the analysis names the fault
        # a copy keeps its time of modification, but not of its change of status
        return max(status.st_mtime, status.st_ctime) >= self.since


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
            ConfigError: a path is gone, or each configured root.
            ModelError: the model bundle is unusable, or its network is missing.
            PlaylistError: a file is in the place of a folder of playlists.

        """
        self._basis = build.Basis.of(settings, store)
        self._settings = self._basis.settings
        self._store = store
        self._options = options
        roots = settings.library.real_roots
        starts = [real_path(path) for path in paths] or roots
        gone = [start for start in starts if walk.is_gone(start)]
        if gone and (paths or len(gone) == len(starts)):
            hint = "name your music's folder, set library.roots in the configuration"
            raise ConfigError(walk.NO_FOLDER, gone[0], f"{hint}, or mount its disk")
        self._starts = {start: walk.root_of(start, roots) for start in starts}
        check_folders(settings, self._starts.values())

    def run(self, observer: Observer) -> RunResult:
        """Scan, and pass each outcome to the observer.

        Raises `ModelError` when the model cannot be run; failures of single files are outcomes.
        """
        with build.tag_jobs(self._settings) as jobs:
            return self._run(observer, jobs)

    def unknown_names(self) -> Iterator[str]:
        """Yield a text for each genre of the settings that has no effect."""
        return unknown_names(self._settings, self._basis.manifest, self._store)

    def absent(self, result: RunResult) -> Iterator[tuple[str, bool]]:
        """Yield a text for each root without any known file, and whether its disk may be away."""
        for root, missing in result.published.absent.items():
            if missing.files and not walk.is_gone(root):  # the walk names a root that is gone
                step = "its playlists stay until a new file is there"
                yield (
                    f"{root}: {missing}: {walk.MOUNT_IT if missing.away else step}",
                    bool(missing.away),
                )

    def loss_without_network(self, *, stored: bool) -> MissingWeightsError | None:
        """Return the loss without the second network, see `in_use.loss_without_network`."""
        return in_use.loss_without_network(self._settings, stored=stored)

    def _run(self, observer: Observer, jobs: TagJobs) -> RunResult:
        run = CommandRun(self._settings, self._store, observer, self._has_failed)
        search = self._search(self._finder())
        tracks = self._find(search, observer, jobs, run.take)
        observer.passed_over(search.ignored)
        observer.expect(len(tracks))
        model = self._basis.manifest.id
        operation = run.start("scan", jobs, model, dry_run=self._options.dry_run)
        with contextlib.closing(self._outcomes(tracks, operation, observer)) as outcomes:
            for outcome in outcomes:
                run.take(outcome)
        return run.finish(dict.fromkeys(self._starts.values()))

    def _finder(self) -> UnchangedFinder | None:
        """Return what finds files without any work; None where each file needs a decision."""
        options = self._options
        if options.reclassify or options.formats is not None or options.since is not None:
            return None
        field = self._settings.tags.field
        return UnchangedFinder(self._store, self._basis.rules.policy, field)

    def _search(self, finder: UnchangedFinder | None) -> Search:
        patterns = self._settings.library.ignore
        return Search(self._store, self._starts, patterns, self._options.wants, finder)

    def find(self, observer: Observer, jobs: TagJobs) -> tuple[list[Track], list[Outcome]]:
        """Index the files of the scan.

        Args:
            observer: Takes the number of files found so far.
            jobs: Reads the tags of new and changed files.

        Returns:
            The tracks, and the outcomes of files that were passed over or cannot be read.

        """
        passed: list[Outcome] = []
        return self._find(self._search(None), observer, jobs, passed.append), passed

    def _find(self, search: Search, observer: Observer, jobs: TagJobs, take: Take) -> list[Track]:
        """Index the files, and return the tracks that need a decision."""
        recovery.recover(self._store, jobs)
        tracks: list[Track] = []
        for item in index_files(search.files(observer, take), self._store, jobs):
            if isinstance(item, Outcome):
                take(item)
            else:
                tracks.append(item)
        for start in () if search.found_all(tracks) else self._starts:
            absence.drop_missing(start, self._store)
        return tracks

    def _has_failed(self, outcome: Outcome) -> bool:
        """Return whether a file failed; a file that is no audio at all is no failure of a run."""
        if outcome.action is not Action.ERROR:
            return False
        failure = self._store.failures.get(outcome.path)
        return failure is None or not isinstance(failure.error, NotAudioError)

    def _outcomes(
        self, tracks: list[Track], operation: Operation, observer: Observer
    ) -> Generator[Outcome]:
        with build.worker_pool(self._settings) as pool:
            analyzer = self._basis.analyzer(pool)
            if not self._options.reclassify:
                pipeline = Pipeline(self._basis, analyzer, operation)
                ignored = self._settings.library.ignore
                siblings = unchanged_siblings(tracks, self._starts, ignored, self._store)
                yield from pipeline.run(
                    tracks,
                    siblings=siblings,
                    again=self._options.again,
                    analyzed=observer.analyzed,
                )
                return
            work = reclassify.prepare(tracks, self._store, analyzer)
            rewrite = reclassify.Rewrite(work, operation)
            pipeline = Pipeline(self._basis, analyzer, rewrite)
            yield from reclassify.skip_lost(work, operation)
            yield from pipeline.run(work.tracks, siblings=work.siblings)
