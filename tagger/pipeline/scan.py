"""One scan: which folders, what is in them, rules, and the playlists afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger import tags
from tagger.analysis.analyzer import Analyzer
from tagger.analysis.pool import WorkerPool
from tagger.analysis.worker import prepare
from tagger.core.domain import Action, Decision, Outcome
from tagger.errors import ConfigError
from tagger.inference import load, read_manifest, registry
from tagger.library import index, walk
from tagger.pipeline import reclassify, recovery
from tagger.pipeline.operations import DryRun, Operation, Write, write_options
from tagger.pipeline.pipeline import AHEAD, Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence
    from pathlib import Path

    from tagger.config import Settings
    from tagger.core.domain import Track
    from tagger.store import Store


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What lies in the folders."""

    tracks: tuple[Track, ...]
    passed: tuple[Outcome, ...]
    """What was passed over on the way, with the reason."""


class Scan:
    """Files the music at or below some paths, once."""

    def __init__(self, settings: Settings, store: Store, paths: Sequence[Path] = ()) -> None:
        """`paths` are what to scan; without any, the configured roots.

        Raises `ConfigError` when there is nothing to scan there, `ModelError` when the model
        bundle is unusable.
        """
        self._settings = registry.resolve_bundle(settings)
        self._store = store
        self._starts = [path.resolve() for path in paths or settings.library.roots]
        self._roots = [root.resolve() for root in settings.library.roots]
        self.run_id: int | None = None
        """The number of the run that writes, None before it and in a dry run."""
        self._manifest = read_manifest(self._settings.model.bundle.folder)
        walk.check_patterns(settings.library.ignore)
        for start in self._starts:
            if walk.is_gone(start):
                raise ConfigError(
                    "there is no such folder",
                    start,
                    "name your music's folder, or set library.roots in the configuration",
                )

    @property
    def roots(self) -> list[Path]:
        """The library roots that this scan touches."""
        return list(dict.fromkeys(walk.root_of(s, self._roots) for s in self._starts))

    def look(self, seen: Callable[[int], None] = lambda _: None) -> Surveyed:
        """Find the files and read the tags of those that changed; `seen` is told how many."""
        recovery.recover(self._store)
        tracks: dict[Path, Track] = {}
        passed: list[Outcome] = []
        for start in self._starts:
            root = walk.root_of(start, self._roots)
            for item in walk.walk(start, root, self._settings.library.ignore):
                if isinstance(item, walk.Leftover):
                    tags.remove_leftovers(item.folder)
                elif isinstance(item, walk.Passed):
                    passed.append(_passed(item))
                elif item.path not in tracks:
                    tracks[item.path] = index.index_file(item, self._store)
                    seen(len(tracks))
            index.drop_missing(start, self._store)
        return Surveyed(tuple(tracks.values()), tuple(passed))

    def run(
        self, tracks: Iterable[Track], *, dry_run: bool = False, again: bool = False
    ) -> Generator[Outcome, None, None]:
        """Yield what became of each track; see `Pipeline.run`."""
        settings = self._settings
        bundle = settings.model.bundle.folder
        limits = settings.workers
        with WorkerPool(limits.count, limits.timeout, limits.memory_mb, prepare, bundle) as workers:
            operation = self._operation(dry_run=dry_run)
            pipeline = Pipeline.of(settings, self._store, workers, self._manifest, operation)
            yield from pipeline.run(tracks, again=again)
        if self.run_id is not None:
            self._store.runs.finish(self.run_id)

    def reclassify(
        self, tracks: Sequence[Track], *, dry_run: bool = False
    ) -> Generator[Outcome, None, None]:
        """Yield what became of each track that tagger wrote; see `tagger.pipeline.reclassify`.

        `tracks` are all that were found: the others still speak for their albums.
        """
        settings, store, limits = self._settings, self._store, self._settings.workers
        bundle = settings.model.bundle.folder
        written = reclassify.own(tracks, store)
        others = [track for track in tracks if track not in written]
        model = load(bundle)
        unheard = reclassify.predict(written, store, model, settings.listen.window)
        reclassify.predict(others, store, model, settings.listen.window)
        with WorkerPool(limits.count, limits.timeout, limits.memory_mb, prepare, bundle) as workers:
            analyzer = Analyzer(store, workers, bundle, self._manifest, settings.listen)
            reclassify.hear(unheard, analyzer, AHEAD * workers.count)
            operation = reclassify.Rewrite(written, self._operation(dry_run=dry_run))
            pipeline = Pipeline.of(settings, store, workers, self._manifest, operation)
            heard = {
                track: genres for track, genres in written.items() if analyzer.remembered(track)
            }
            for track in written.keys() - heard.keys():
                lost = Decision(Action.SKIP, track.tags.genres, "could not be heard again")
                yield operation.apply(track, lost)
            before = [reclassify.as_before(track, genres) for track, genres in heard.items()]
            yield from pipeline.run(before, company=others)
        if self.run_id is not None:
            store.runs.finish(self.run_id)

    def _operation(self, *, dry_run: bool) -> Operation:
        options = write_options(self._settings)
        if dry_run:
            return DryRun(options)
        self.run_id = self._store.runs.start("scan")
        return Write(self._store, self.run_id, self._manifest.id, options)


def _passed(item: walk.Passed) -> Outcome:
    action = Action.ERROR if item.failed else Action.SKIP
    return Outcome(item.path, action, (), (), None, None, item.reason)
