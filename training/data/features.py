"""Features of files to learn from: remembered by content, else heard by worker processes.

The same workers as `tagger scan`'s: a malformed file costs itself and nothing else. What was
heard is kept at once, so that a run that was ended goes on where it was.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tagger import tags
from tagger.analysis import worker
from tagger.analysis.pool import WorkerPool
from tagger.core.domain import AnalysisKey, FileIdentity, TrackTags
from tagger.errors import AudioError, TagError, WorkerError
from training.data.file_table import Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from tagger.config import Settings
    from tagger.errors import TaggerError
    from training.data.store import TrainingStore

AHEAD = 8
"""Files that wait for each worker."""


@dataclass(frozen=True, slots=True)
class Unheard:
    """A file that cannot be learned from."""

    path: Path
    reason: str


class Hearing:
    """Finds out what sound a file holds, and the features of that sound."""

    def __init__(self, settings: Settings, store: TrainingStore, specs: Iterable[str]) -> None:
        self._settings = settings
        self._store = store
        self._specs = tuple(specs)

    def look(self, path: Path) -> Sample | Unheard:
        """Return a file with its tags, and with its content where that is known."""
        try:
            identity = FileIdentity.of(path.stat())
        except OSError as error:
            return Unheard(path, f"cannot be read: {error.strerror}")
        known = self._store.files.get(path)
        if known and known.identity == identity:
            content = str(known.content) if known.content else None
            return Sample(path, identity, known.tags, self._fitting(content))
        sample = self._store.samples.get(path)
        if sample and sample.identity == identity:
            return Sample(path, identity, sample.tags, self._fitting(sample.content_id))
        return Sample(path, identity, _tags(path), None)

    def is_remembered(self, sample: Sample) -> bool:
        """Tell whether nothing has to be decoded for this file."""
        key = AnalysisKey.parse(sample.content_id) if sample.content_id else None
        return key is not None and self._store.analyses.has(key, self._specs)

    def hear(
        self, samples: Sequence[Sample], heard: Callable[[int], None] = lambda _: None
    ) -> tuple[list[Sample], list[Unheard]]:
        """Make sure that the features of these files are remembered.

        Returns those that can be learned from, with their content, and the others; `heard` is
        told each time how many are done.
        """
        done: list[Sample] = []
        failed: list[Unheard] = []
        limits = self._settings.workers
        waiting: deque[tuple[Sample, Future[worker.FeatureSet]]] = deque()
        with WorkerPool(limits.count, limits.timeout, limits.memory_mb, _nothing) as workers:
            for sample in samples:
                if self.is_remembered(sample):
                    done.append(sample)
                elif known := self._given_up(sample):
                    failed.append(known)
                else:
                    waiting.append((sample, self._ask(sample, workers)))
                if len(waiting) > AHEAD * workers.count:
                    _sort(self._answer(*waiting.popleft(), workers), done, failed)
                heard(len(done) + len(failed))
            while waiting:
                _sort(self._answer(*waiting.popleft(), workers), done, failed)
                heard(len(done) + len(failed))
        order = {sample.path: place for place, sample in enumerate(samples)}
        return sorted(done, key=lambda sample: order[sample.path]), failed

    def _ask(self, sample: Sample, workers: WorkerPool) -> Future[worker.FeatureSet]:
        listen = self._settings.listen
        window = worker.Window(listen.offset, listen.length)
        return workers.submit(worker.features, sample.path, self._specs, window)

    def _answer(
        self, sample: Sample, asked: Future[worker.FeatureSet], workers: WorkerPool
    ) -> Sample | Unheard:
        store = self._store
        try:
            heard = workers.result(asked, sample.path)
        except (AudioError, WorkerError) as error:
            store.failures.record_failure(sample.path, sample.identity, error)
            return Unheard(sample.path, error.reason)
        key = AnalysisKey(heard.content, self._settings.listen.window)
        found = Sample(sample.path, sample.identity, sample.tags, str(key))
        with store.transaction():
            store.failures.clear(sample.path)
            store.analyses.put_features(key, heard.features)
            self._remember(found, key)
        return found

    def _remember(self, sample: Sample, key: AnalysisKey) -> None:
        known = self._store.files.get(sample.path)
        if known and known.identity == sample.identity:
            self._store.files.put(replace(known, content=key))
        else:
            self._store.samples.put(sample)

    def _given_up(self, sample: Sample) -> Unheard | None:
        failure = self._store.failures.get(sample.path)
        if failure and failure.given_up and failure.identity == sample.identity:
            return Unheard(sample.path, failure.reason)
        return None

    def _fitting(self, content_id: str | None) -> str | None:
        """Pass on the content of the part that is listened to now, not of another one."""
        fits = content_id and content_id.endswith(self._settings.listen.window)
        return content_id if fits else None


def _sort(answer: Sample | Unheard, done: list[Sample], failed: list[Unheard]) -> None:
    if isinstance(answer, Sample):
        done.append(answer)
    else:
        failed.append(answer)


def _tags(path: Path) -> TrackTags:
    try:
        return tags.read(path)
    except TagError:
        return TrackTags()  # listening says what is wrong with it


def _nothing() -> None:
    """Workers need no model here."""


def reasons(failed: Iterable[Unheard | TaggerError]) -> Iterator[str]:
    """Say each reason once, with how often."""
    counted: dict[str, int] = {}
    for one in failed:
        counted[one.reason] = counted.get(one.reason, 0) + 1
    for reason, count in sorted(counted.items(), key=lambda item: -item[1]):
        yield f"{count} files: {reason}"
