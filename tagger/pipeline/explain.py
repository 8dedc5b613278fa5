"""The explanation of one file: everything behind its decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger.analysis.portrait import Portrait, portrait
from tagger.library import walk
from tagger.pipeline import build, neighbours
from tagger.pipeline.single import SingleFiles
from tagger.system.spelling import real_path

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

    from tagger.config import Settings
    from tagger.core.domain import Decision, Prediction
    from tagger.pipeline.neighbours import Neighbour
    from tagger.store import Store


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision on one file by itself, and its grounds."""

    path: Path
    genres: tuple[str, ...]
    """The genres in the file."""
    portrait: Portrait
    weighed: Prediction
    """The prediction as the decision takes it, weighed by the genres of the library."""
    decision: Decision
    """The decision on the file by itself."""
    needed: float | None
    """The confidence that the likeliest genre needs; None if no confidence is enough."""
    promised: float | None
    """The promised share of right genres; None for a threshold set by the user."""
    last: Decision | None
    """The newest decision of a scan, which may have counted the album."""
    nearest: list[Neighbour]
    learned: Counter[str]
    """Genres of the nearest tracks of the training data."""


def explain(settings: Settings, store: Store, path: Path) -> Explanation:
    """Analyze a file and explain the decision on it.

    Args:
        settings: The settings.
        store: The state database.
        path: The file.

    Raises:
        AudioError: the file cannot be decoded.
        TagError: the tags cannot be read.
        WorkerError: a worker process failed.
        ModelError: the model cannot be run.

    """
    basis = build.Basis.of(settings, store)
    settings, files = basis.settings, SingleFiles(basis)
    path, bundle = real_path(path), settings.model.bundle.folder
    with build.worker_pool(settings, 1) as pool, build.tag_jobs(settings) as jobs:
        found = pool.result(pool.submit(portrait, path, bundle, settings.listen.window), path)
        tags = jobs.read(path)
    track = files.track(path, walk.identity_of(path), tags)
    weighed = files.weighed(track, found.prediction)
    first = found.features[0]
    automatic = settings.tags.min_confidence == "auto"
    return Explanation(
        path,
        tags.genres,
        found,
        weighed,
        files.decide(track, found.prediction),
        basis.rules.track_thresholds[weighed.genre],
        settings.tags.target_precision if automatic else None,
        store.runs.decision(path),
        neighbours.nearest(first, store, path),
        neighbours.learned(first, bundle),
    )
