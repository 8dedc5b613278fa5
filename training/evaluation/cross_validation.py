"""Artist-grouped cross-validation: held-out scores, computed in parallel and cached on disk.

scikit-learn's `cross_val_predict` has no place for training data that is augmented, nor for
progress and scores that outlast a killed process; its `StratifiedGroupKFold` makes the folds.
The cache is plain arrays: joblib's `Memory` stores pickles, and its processes clear each other's.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import warnings
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
from sklearn.model_selection import StratifiedGroupKFold
from threadpoolctl import ThreadpoolController

from tagger import __version__
from tagger.system.atomic import replace_file
from training.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from training.classifiers.base import Classifier
    from training.data.dataset import Dataset
    from training.data.vectors import Vectors
    from training.models.recipe import Recipe
    from training.progress import Progress

    Array = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Mask = NDArray[np.bool_]
    Fold = tuple[Indices, Indices]
    HeldOutScores = Mapping[str, Array]

FOLDS = 5
SAFE_PATH = "PYTHONSAFEPATH"
"""The variable that has the effect of Python's option `-P`; joblib passes no options."""


@dataclass(frozen=True)
class Execution:
    """Where the fits of a cross-validation run, and who watches them."""

    jobs: int = 1
    """Processes; -1 for all that joblib's backend has."""
    cache: Path | None = None
    """Folder for the scores of finished fits; a run after a killed run reads them."""
    progress: Progress = field(default_factory=Silent)
    stage: str = "fitting"
    """Name of the stage whose finished fits `progress` counts."""


def artist_folds(
    data: Dataset, members: Indices, seed: int, folds: int = FOLDS
) -> Iterator[tuple[Indices, Indices]]:
    """Split clips into stratified parts with no artist in two, and yield (others, part) for each.

    `members` are indices into `data`, as are the results; `seed` draws the folds, `folds` is their
    number.
    """
    parts = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    for fit, held in parts.split(members, data.labels[members], data.artists[members]):
        yield members[fit], members[held]


def repeated_folds(data: Dataset, members: Indices, repeats: int) -> list[Fold]:
    """Return the folds of `repeats` cross-validations, one after another.

    `members` are the clips, as indices into `data`.
    """
    return [fold for seed in range(repeats) for fold in artist_folds(data, members, seed)]


def in_order(members: Indices, folds: Sequence[Fold], values: Sequence[NDArray[Any]]) -> Array:
    """Put values of held-out clips in the order of `members`, once for each repeat.

    `folds` are those of `repeated_folds`; `values` has one array for each fold, shape (held, ...).
    Returns shape (repeats * members, ...).
    """
    rank = np.argsort(np.argsort(members))
    repeats = []
    for first in range(0, len(folds), FOLDS):
        clips = np.concatenate([held for _, held in folds[first : first + FOLDS]])
        joined = np.concatenate(values[first : first + FOLDS])
        repeats.append(joined[np.argsort(clips)][rank])
    return np.concatenate(repeats).astype(np.float64)


def source_folds(sources: NDArray[Any], folds: int) -> Indices:
    """Assign each source to a fold, the largest first and each to the smallest fold yet.

    Returns the fold of each clip, shape (clips,).
    """
    names, source, sizes = np.unique(sources, return_inverse=True, return_counts=True)
    fold_of, filled = np.zeros(len(names), np.intp), np.zeros(folds, np.intp)
    for one in np.argsort(-sizes, kind="stable"):
        fold_of[one] = filled.argmin()
        filled[fold_of[one]] += sizes[one]
    return fold_of[source]


def source_splits(vectors: Vectors, folds: int) -> Iterator[tuple[Mask, Mask]]:
    """Yield which vectors are fitted and held out, with no source and no artist in both.

    Music and no music are spread over the folds by themselves.
    """
    music = vectors.music
    fold = np.zeros(len(vectors), np.intp)
    for part in (music, ~music):
        if part.any():
            fold[part] = source_folds(vectors.sources[part], folds)
    for one in range(folds):
        held = fold == one
        yield ~held & ~np.isin(vectors.artists, vectors.artists[held]), held


def cross_validate(
    recipe: Recipe,
    data: Dataset,
    members: Indices,
    execution: Execution | None = None,
) -> HeldOutScores:
    """Score every clip by fits without its artist.

    `recipe` names classifiers and repeats; `members` are indices into `data`. `execution` is one
    process without a cache where it is not given.

    Returns scores by the name of the classifier, each of shape (repeats * members, genres).
    """
    folds = repeated_folds(data, members, recipe.repeats)
    classifiers = [classifier for family in recipe.families for classifier in family]
    fits = [Fit(classifier, data, *fold) for classifier in classifiers for fold in folds]
    parts = held_out_scores(fits, execution or Execution())
    return {
        classifier.name: in_order(members, folds, parts[place : place + len(folds)])
        for place, classifier in zip(range(0, len(fits), len(folds)), classifiers, strict=True)
    }


@dataclass(frozen=True, eq=False)
class Fit:
    """One fit of a classifier and the clips that it scores."""

    classifier: Classifier
    data: Dataset
    fit: Indices
    held: Indices

    @property
    def arguments(self) -> tuple[Any, ...]:
        """Arguments of `_fit_and_score`, which holds no more of the data set than these clips."""
        training_data = self.data.training_data(self.classifier.spec, self.fit)
        inputs = self.data.features(self.classifier.spec)[self.held]
        return self.classifier, *training_data, inputs, len(self.data.genres)

    def path(self, cache: Path) -> Path:
        """Name the file of the scores by everything that determines them."""
        known = (self.arguments, *_versions())
        return cache / f"{joblib.hash(known)}.npy"


def held_out_scores(fits: Sequence[Fit], execution: Execution) -> list[NDArray[np.floating]]:
    """Return the scores of each fit: from the cache, or from processes that fit now."""
    progress, cache = execution.progress, execution.cache
    progress.stage(execution.stage, len(fits))
    paths = [fit.path(cache) if cache else None for fit in fits]
    found = {
        place: scores for place, path in enumerate(paths) if (scores := _load(path)) is not None
    }
    missing = [place for place in range(len(fits)) if place not in found]
    # Arguments go through pipes: a memory map for each fit would fill /dev/shm.
    parallel = joblib.Parallel(n_jobs=execution.jobs, return_as="generator", max_nbytes=None)
    with _safe_paths(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of fits that an error leaves unread
        tasks = (joblib.delayed(_fit_and_score)(*fits[place].arguments) for place in missing)
        with contextlib.closing(parallel(tasks)) as computed:
            for place, scores in zip(missing, computed, strict=True):
                found[place] = scores
                _save(paths[place], scores)
                progress.done(len(found))
    return [found[place] for place in range(len(fits))]


@contextlib.contextmanager
def _safe_paths() -> Iterator[None]:
    """Let the interpreters of joblib import nothing from the working folder."""
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SAFE_PATH]
        else:
            os.environ[SAFE_PATH] = before


def _fit_and_score(
    classifier: Classifier,
    inputs: NDArray[Any],
    labels: Indices,
    held: NDArray[Any],
    genres: int,
) -> NDArray[np.floating]:
    with _thread_pools().limit(limits=1, user_api="blas"):
        return classifier.fit(inputs, labels, genres).scores(held)


@functools.cache
def _thread_pools() -> ThreadpoolController:
    """Find the libraries of this process once: that takes as long as a small fit."""
    return ThreadpoolController()


@functools.cache
def _versions() -> tuple[str, str]:
    """Return the versions of tagger and of scikit-learn, whose metadata takes as long as a fit."""
    return __version__, version("scikit-learn")


def _load(path: Path | None) -> NDArray[np.floating] | None:
    try:
        return None if path is None else np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None


def _save(path: Path | None, scores: NDArray[np.floating]) -> None:
    """Write the whole file or none."""
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    content = io.BytesIO()
    np.save(content, scores, allow_pickle=False)
    replace_file(path, content.getvalue())
