"""Cross-validations that are done in parallel, with their progress, and never twice.

The held-out scores of every fold are kept as plain arrays in a folder, named by a hash of what
went in. A run that was ended takes them from there; `training.ensemble` does not notice.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

from tagger import __version__
from training.ensemble import Recipe, artist_folds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import onnx
    from numpy.typing import NDArray

    from training.classifiers.base import Classifier, Fitted
    from training.data.dataset import Dataset

    Array = NDArray[np.floating]
    Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Remembered:
    """A candidate whose scores are kept in a folder."""

    candidate: Classifier
    folder: Path

    @property
    def name(self) -> str:
        """The candidate's own."""
        return self.candidate.name

    @property
    def spec(self) -> str:
        """The candidate's own."""
        return self.candidate.spec

    def fit(self, inputs: NDArray[Any], labels: Indices, genres: int) -> Fit:
        """Promise a fit, which is made when its scores are not known."""
        return Fit(self, inputs, labels, genres)


class Fit:
    """A fit that is made when it is needed."""

    def __init__(
        self, remembered: Remembered, inputs: NDArray[Any], labels: Indices, genres: int
    ) -> None:
        self._remembered = remembered
        self._given = inputs, labels, genres
        self._fitted: Fitted | None = None

    @property
    def fitted(self) -> Fitted:
        """The candidate, fitted now if it was not."""
        if self._fitted is None:
            self._fitted = self._remembered.candidate.fit(*self._given)
        return self._fitted

    def scores(self, inputs: NDArray[Any]) -> Array:
        """See `Fitted`."""
        kept = self._remembered.folder / f"{self._key(inputs)}.npy"
        try:
            known: Array = np.load(kept, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            known = self.fitted.scores(inputs)
            _keep(kept, known)
        return known

    def graph(self) -> onnx.ModelProto:
        """See `Fitted`."""
        return self.fitted.graph()

    def _key(self, inputs: NDArray[Any]) -> str:
        heard, labels, genres = self._given
        known = (self._remembered.candidate, genres, __version__, version("scikit-learn"))
        digest = hashlib.blake2b(repr(known).encode(), digest_size=16)
        for array in (heard, labels, inputs):
            for row in array if array.dtype == object else (array,):
                digest.update(f"{row.shape} {row.dtype}".encode())
                digest.update(np.ascontiguousarray(row).data)
        return digest.hexdigest()


def remembered(recipe: Recipe, folder: Path) -> Recipe:
    """Return the recipe with candidates that remember; the folder is made."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    families = tuple(
        tuple(Remembered(candidate, folder) for candidate in family) for family in recipe.families
    )
    return replace(recipe, families=families)


def cross_validate(
    recipe: Recipe,
    data: Dataset,
    members: Indices,
    jobs: int,
    done: Callable[[int, int], None],
) -> None:
    """Do in parallel what `ensemble.train` will ask for; `done` is told how much of how many.

    `data` has no copies: they need levels, and of a user's library only features are kept.
    """
    tasks = [
        joblib.delayed(_score)(
            candidate, data.inputs[candidate.spec], data.labels, fold, len(data.genres)
        )
        for family in recipe.families
        for candidate in family
        for fold in _folds(recipe, data, members)
    ]
    done(0, len(tasks))
    parallel = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered", mmap_mode="r")
    for number, _ in enumerate(parallel(tasks), 1):
        done(number, len(tasks))


def _folds(recipe: Recipe, data: Dataset, members: Indices) -> Iterator[tuple[Indices, Indices]]:
    for repeat in range(recipe.repeats):
        yield from artist_folds(data, members, seed=repeat)


def _score(
    candidate: Classifier,
    inputs: NDArray[Any],
    labels: Indices,
    fold: tuple[Indices, Indices],
    genres: int,
) -> None:
    fit, held = fold
    with threadpool_limits(limits=1, user_api="blas"):
        candidate.fit(inputs[fit], labels[fit], genres).scores(inputs[held])


def _keep(path: Path, scores: Array) -> None:
    """Put an array there as a whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.save(file, scores, allow_pickle=False)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
