"""A plan applied: each file is compared with the plan first, then the genres are written."""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from tagger import tags
from tagger.analysis import worker
from tagger.core.domain import Action, Decision, Outcome, Track, Window
from tagger.errors import AudioError, WorkerError
from tagger.inference import in_use
from tagger.library import walk
from tagger.pipeline import build, recovery
from tagger.pipeline.command_run import CommandRun
from tagger.pipeline.indexing import index_files
from tagger.pipeline.search import passed_over
from tagger.playlists.refresh import check_folders
from tagger.store import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future

    from tagger.analysis.pool import Pool
    from tagger.analysis.tag_jobs import TagJobs
    from tagger.config import Settings
    from tagger.core.domain import AnalysisKey
    from tagger.pipeline.command_run import Observer, RunResult
    from tagger.pipeline.plan import PlannedFile
    from tagger.store import Store


def apply_plan(
    settings: Settings,
    store: Store,
    plan: Sequence[PlannedFile],
    observer: Observer,
    *,
    dry_run: bool,
) -> RunResult:
    """Write the genres of a plan into the files that are as the plan describes them.

    A file with another sound or genre is left alone. A file with the genres of the plan is done
    already, so a plan can be applied again after an interrupt.

    Args:
        settings: The settings.
        store: The state database.
        plan: The lines of the plan.
        observer: Takes the outcome of each file.
        dry_run: Write nothing.

    Raises:
        ModelError: no model can be run.
        PlaylistError: a file is in the place of a folder of playlists.

    """
    settings = in_use.resolve_bundle(settings)
    observer.expect(len(plan))
    run = CommandRun(settings, store, observer)
    with build.tag_jobs(settings) as jobs, build.worker_pool(settings) as pool:
        recovery.recover(store, jobs)
        for folder in {Path(line.path).parent for line in plan}:
            tags.remove_leftovers(folder)
        checks = _Checks(settings, store, jobs, pool)
        ready: list[tuple[Track, Decision]] = []
        for checked in checks.run(plan):
            if isinstance(checked, Outcome):
                run.take(checked)
            else:
                ready.append(checked)
        # also of files with their genre: an interrupt may have left their playlists behind
        found = settings.library.real_roots
        roots = dict.fromkeys(walk.root_of(Path(line.path), found) for line in plan)
        check_folders(settings, roots)
        operation = run.start("apply", jobs, Origin.PLAN, dry_run=dry_run)
        for track, decision in ready:
            run.take(operation.apply(track, decision))
    return run.finish(roots)


class _Checks:
    """Compares the files of a plan with the plan."""

    def __init__(self, settings: Settings, store: Store, jobs: TagJobs, pool: Pool) -> None:
        self._store = store
        self._jobs = jobs
        self._pool = pool
        self._roots = settings.library.real_roots
        self._missing: list[Outcome] = []

    def run(self, plan: Sequence[PlannedFile]) -> Iterator[Outcome | tuple[Track, Decision]]:
        """Yield the outcome of each file that is left alone, and the decisions on the others."""
        lines = {Path(line.path): line for line in plan}
        waiting: deque[tuple[Track, PlannedFile, AnalysisKey, Future[worker.FeatureSet]]] = deque()
        for item in index_files(self._found(lines), self._store, self._jobs):
            if isinstance(item, Outcome):
                yield item
                continue
            line = lines[item.path]
            if reason := _left_alone(item, line):
                yield _kept(item, *reason)
            elif (key := line.key) is None or item.content == key:
                yield item, _decision(line)
            else:
                window = Window.parse(key.window)
                future = self._pool.submit(worker.features, item.path, (), window)
                waiting.append((item, line, key, future))
            if len(waiting) > 2 * self._pool.count:
                yield self._compared(*waiting.popleft())
        yield from self._missing
        for request in waiting:
            yield self._compared(*request)

    def _found(self, lines: dict[Path, PlannedFile]) -> Iterator[walk.Found]:
        for path in lines:
            root = walk.root_of(path, self._roots)
            is_folder = os.path.isdir(path)  # noqa: PTH112 - raises no error for a long name
            item = None if is_folder else next(walk.walk(path, root), None)
            if isinstance(item, walk.Found):
                yield item
            elif isinstance(item, walk.Unfinished):
                self._missing.append(passed_over(item))
            else:
                reason = "is not there" if walk.is_gone(path) else "is not a file that can be read"
                self._missing.append(Outcome.undecided(path, Action.ERROR, reason))

    def _compared(
        self, track: Track, line: PlannedFile, key: AnalysisKey, future: Future[worker.FeatureSet]
    ) -> Outcome | tuple[Track, Decision]:
        try:
            content = self._pool.result(future, track.path).content
        except (AudioError, WorkerError) as error:
            return _kept(track, Action.ERROR, error.explanation)
        if content != key.content:
            return _kept(track, Action.SKIP, "its sound is not the sound of the plan")
        return track, _decision(line)


def _left_alone(track: Track, line: PlannedFile) -> tuple[Action, str] | None:
    """Return the action and the reason for a file that is not written, whatever its sound."""
    now = track.tags.genres
    if not line.writes:
        return Action.KEEP, "the plan leaves it alone"
    if now == line.then:
        return Action.KEEP, "has the genre of the plan"
    if now != line.now:
        text = f"its genre is {_text(now)} now, and {_text(line.now)} in the plan"
        return Action.SKIP, text
    return None


def _decision(line: PlannedFile) -> Decision:
    added = bool(line.now) and line.then[: len(line.now)] == line.now
    action = Action.ADD if added else Action.SET
    reason = line.reason or "by the plan"
    return Decision(action, line.then, reason, line.then[0], line.confidence)


def _kept(track: Track, action: Action, reason: str) -> Outcome:
    return Outcome.of(track, Decision(action, track.tags.genres, reason))


def _text(genres: tuple[str, ...]) -> str:
    return ", ".join(genres) or "empty"
