"""Predictions of many tracks from remembered features: read, computed and stored in blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger.analysis import worker
from tagger.features import later

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from concurrent.futures import Future
    from pathlib import Path

    from tagger.analysis.pool import Pool
    from tagger.core.domain import AnalysisKey, PackedFeatures, Prediction, Track
    from tagger.inference import Manifest
    from tagger.store import Store

BLOCK = 64
"""Tracks in one block: the features of a block are in memory together, 10 MB at most."""


@dataclass(frozen=True, slots=True)
class Block:
    """Tracks whose predictions are under way."""

    tracks: Mapping[Track, AnalysisKey]
    keys: tuple[AnalysisKey, ...]
    """The key of each prediction; tracks of the same sound share a key."""
    answer: Future[list[Prediction]]


class FromFeatures:
    """Predicts by one model from remembered features."""

    def __init__(self, store: Store, pool: Pool, bundle: Path, manifest: Manifest) -> None:
        """Predict with the model of one bundle.

        Args:
            store: Where features and predictions are remembered.
            pool: The worker processes.
            bundle: The folder of the model bundle.
            manifest: The manifest of that bundle.

        """
        self._store = store
        self._pool = pool
        self._bundle = bundle
        self._model = manifest.id
        self._specs = tuple(manifest.inputs.values())
        self._later = tuple(map(later, self._specs))
        self.ahead = pool.count
        """How many blocks may wait for workers."""

    def begin_one(self, key: AnalysisKey) -> Future[worker.Analysis] | None:
        """Begin the prediction for one sound; None without remembered features."""
        features = self._features([key]).get(str(key))
        if features is None:
            return None
        return self._pool.submit(worker.predict, key.content, features, self._bundle)

    def begin(self, tracks: Mapping[Track, AnalysisKey]) -> tuple[Block | None, list[Track]]:
        """Begin the missing predictions; also return the tracks without remembered features.

        A track with a prediction is left out.
        """
        known = self._store.analyses.predicted(tracks.values(), self._model)
        missing = {track: key for track, key in tracks.items() if str(key) not in known}
        features = self._features(missing.values())
        others = [track for track, key in missing.items() if str(key) not in features]
        block = {track: key for track, key in missing.items() if str(key) in features}
        if not block:
            return None, others
        keys = tuple(dict.fromkeys(block.values()))
        given = [features[str(key)] for key in keys]
        answer = self._pool.submit(worker.predict_all, given, self._bundle)
        return Block(block, keys, answer), others

    def finish(self, block: Block) -> None:
        """Wait for the predictions of a block, and remember them.

        Raises:
            ModelError: the model cannot be run.
            WorkerError: the worker died or ran out of time; no prediction is stored.

        """
        first = next(iter(block.tracks))
        predictions = self._pool.result(block.answer, first.path)
        with self._store.transaction():
            self._store.analyses.put_predictions(zip(block.keys, predictions, strict=True))
            for path in self._store.failures.among(track.path for track in block.tracks):
                self._store.failures.clear(path)

    def _features(self, keys: Iterable[AnalysisKey]) -> Mapping[str, tuple[PackedFeatures, ...]]:
        return self._store.analyses.packed(keys, self._specs, self._later)
