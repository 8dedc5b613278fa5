"""Features of the files that training uses: from the store, else from worker processes.

The failure policy is that of `tagger scan`: a malformed file costs only itself. Features are
stored as they come, so that a run after a killed run continues there.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tagger.analysis import worker
from tagger.analysis.analyzer import AHEAD
from tagger.analysis.attempts import Attempts
from tagger.analysis.pool import WorkerPool
from tagger.core.domain import AnalysisKey, FileIdentity, TrackTags
from tagger.errors import AudioError, TagError, WorkerError
from tagger.features.weights import use_folder
from tagger.inference import in_use
from tagger.inference.networks import folder
from tagger.pipeline import build
from training.data.file_table import Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from tagger.analysis.pool import Pool
    from tagger.analysis.tag_jobs import TagJobs
    from tagger.config import Settings
    from training.data.store import TrainingStore


@dataclass(frozen=True, slots=True)
class UnusableFile:
    """A labelled file without features."""

    path: Path
    reason: str


class FeatureReader:
    """Reads the tags and the features of labelled files."""

    def __init__(self, settings: Settings, store: TrainingStore, specs: Iterable[str]) -> None:
        """Read features of the window in `settings`, for all `specs`, and keep them in `store`."""
        self._settings = settings
        self._window = settings.listen.window
        self._store = store
        self._specs = tuple(specs)

    def sample(self, path: Path, tag_jobs: TagJobs) -> Sample | UnusableFile:
        """Return a file with its tags, and with its analysis key where the store has it."""
        try:
            identity = FileIdentity.of(path.stat())
        except OSError as error:
            return UnusableFile(path, f"cannot be read: {error.strerror}")
        track = self._store.files.get(path)
        if track and track.identity == identity:
            content = str(track.content) if track.content else None
            return Sample(path, identity, track.tags, self._in_window(content))
        sample = self._store.samples.get(path)
        if sample and sample.identity == identity:
            return Sample(path, identity, sample.tags, self._in_window(sample.content_id))
        return Sample(path, identity, _tags(path, tag_jobs), None)

    def has_features(self, sample: Sample) -> bool:
        """Return whether the store has all features of a file."""
        key = AnalysisKey.parse(sample.content_id) if sample.content_id else None
        return key is not None and self._store.analyses.has(key, self._specs)

    def read(
        self, samples: Sequence[Sample], progress: Callable[[int], None] = lambda _: None
    ) -> tuple[list[Sample], list[UnusableFile]]:
        """Store the features of all files.

        `progress` receives the number of finished files after each file. Returns the files with
        features, in the order of `samples` and with their analysis keys, and the other files.
        """
        done: dict[Path, Sample | UnusableFile] = {}
        with self._pool() as pool:
            attempts = Attempts(self._store, pool)
            waiting: deque[tuple[Sample, Future[worker.FeatureSet]]] = deque()
            try:
                for sample in samples:
                    if self.has_features(sample):
                        done[sample.path] = sample
                    elif (
                        failure := attempts.failure(sample.path, sample.identity)
                    ) and failure.given_up:
                        done[sample.path] = UnusableFile(sample.path, failure.reason)
                    else:
                        waiting.append((sample, self._request(sample, attempts, pool)))
                    if len(waiting) > AHEAD * pool.count:
                        self._finish(*waiting.popleft(), attempts, done)
                    progress(len(done))
                while waiting:
                    self._finish(*waiting.popleft(), attempts, done)
                    progress(len(done))
            finally:
                attempts.abandon()
        found = [done[sample.path] for sample in samples]
        return (
            [one for one in found if isinstance(one, Sample)],
            [one for one in found if isinstance(one, UnusableFile)],
        )

    def _pool(self) -> Pool:
        if self._settings.cluster.scheduler:
            return build.worker_pool(in_use.resolve_bundle(self._settings))
        networks = folder(self._settings.store.folder)
        return WorkerPool(self._settings.workers, use_folder, networks)

    def _request(self, sample: Sample, attempts: Attempts, pool: Pool) -> Future[worker.FeatureSet]:
        attempts.start(sample.path, sample.identity, alone=False)
        return pool.submit(worker.features, sample.path, self._specs, self._window)

    def _finish(
        self,
        sample: Sample,
        future: Future[worker.FeatureSet],
        attempts: Attempts,
        done: dict[Path, Sample | UnusableFile],
    ) -> None:
        """Wait for the features of a file, and store them."""
        store = self._store
        try:
            features = attempts.result(sample.path, future)
        except (AudioError, WorkerError) as error:
            done[sample.path] = UnusableFile(sample.path, error.reason)
            return
        key = AnalysisKey(features.content, str(self._window))
        analyzed = replace(sample, content_id=str(key))
        with store.transaction():
            store.failures.clear(sample.path)
            store.analyses.put_features(key, features.features)
            self._keep(analyzed, key)
        attempts.succeeded(sample.path)
        done[sample.path] = analyzed

    def _keep(self, sample: Sample, key: AnalysisKey) -> None:
        track = self._store.files.get(sample.path)
        if track and track.identity == sample.identity:
            self._store.files.put(replace(track, content=key))
        else:
            self._store.samples.put(sample)

    def _in_window(self, content_id: str | None) -> str | None:
        """Return an analysis key of the configured window, None for another window."""
        fits = content_id and content_id.endswith(str(self._window))
        return content_id if fits else None


def _tags(path: Path, tag_jobs: TagJobs) -> TrackTags:
    try:
        return tag_jobs.read(path)
    except (TagError, WorkerError):
        return TrackTags()  # the analysis of the file reports the error
