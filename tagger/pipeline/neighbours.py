"""The nearest tracks of a sound: in the user's own library, and in the training data of a model."""

from __future__ import annotations

import heapq
import zipfile
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from tagger.core.domain import Features
    from tagger.store import Store

MOST = 5
MOST_LEARNED = 10
BLOCK = 1000
"""Tracks of the library in memory."""
TRAINING = "training.npz"
"""The file of a bundle with the vectors of its training data."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A track of the library, and its likeness to another sound."""

    path: Path
    genres: tuple[str, ...]
    """The genres in the file."""
    likeness: float
    """Cosine of the angle between the standardized vectors, -1 to 1."""


def nearest(features: Features, store: Store, but: Path, most: int = MOST) -> list[Neighbour]:
    """Return the analyzed tracks of the library whose features are most alike.

    Args:
        features: The features of a sound.
        store: The state database.
        but: A file that is left out: the sound itself.
        most: The number of tracks.

    """
    scale = _scale(vectors for _, vectors in _blocks(store, features.spec, str(but)))
    sound = _vector(features.values)
    likeness = (
        pair
        for paths, vectors in _blocks(store, features.spec, str(but))
        for pair in zip(_likeness(sound, vectors, scale).tolist(), paths, strict=True)
    )
    best = [(share, Path(path)) for share, path in heapq.nlargest(most, likeness)]
    return [
        Neighbour(path, track.tags.genres, share)
        for share, path in best
        if (track := store.files.get(path))
    ]


def learned(features: Features, bundle: Path) -> Counter[str]:
    """Count the genres of the nearest tracks of the training data; empty where it is not known.

    `features` are the first features of the model in the folder `bundle`, of a sound.
    """
    try:
        with np.load(bundle / TRAINING, allow_pickle=False) as file:
            genres = [str(name) for name in file["genres"]]
            inputs = np.asarray(file["inputs"], np.float32)
            allowed = np.unpackbits(file["allowed"], axis=1)[:, : len(genres)].astype(bool)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return Counter()
    vector = _vector(features.values)
    if inputs.ndim != 2 or inputs.shape[1] < len(vector):
        return Counter()
    known = inputs[:, : len(vector)]
    near = np.argsort(-_likeness(vector, known, _scale([known])))[:MOST_LEARNED]
    return Counter(
        " or ".join(genres[n] for n in np.flatnonzero(allowed[row])) or "no music" for row in near
    )


def _vector(values: NDArray[np.float32] | NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return features as one vector; features over time are averaged."""
    floats = np.asarray(values, np.float32)
    return floats if floats.ndim == 1 else floats.mean(axis=1)


def _blocks(
    store: Store, spec: str, but: str
) -> Iterator[tuple[tuple[str, ...], NDArray[np.float32]]]:
    """Yield paths and vectors of the library; all vectors of a large library fill the memory."""
    rows = ((path, _vector(v)) for path, v in store.analyses.library(spec) if path != but)
    while some := list(islice(rows, BLOCK)):
        paths, vectors = zip(*some, strict=True)
        yield paths, np.stack(vectors)


def _scale(
    blocks: Iterable[NDArray[np.float32]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean and the spread of vectors; the spread is above 0."""
    count, total, squares = 0, np.zeros(1), np.zeros(1)
    for block in blocks:
        count += len(block)
        total = total + block.sum(axis=0, dtype=np.float64)
        squares = squares + np.square(block, dtype=np.float64).sum(axis=0)
    mean = total / max(count, 1)
    variance = np.maximum(squares / max(count, 1) - mean**2, 0)
    return mean, np.sqrt(variance) + 1e-3


def _likeness(
    one: NDArray[np.float32],
    many: NDArray[np.float32],
    scale: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Return the cosines between a vector and others, all standardized by a mean and a spread."""
    mean, spread = scale
    a, b = (one - mean) / spread, (many - mean) / spread
    likeness: NDArray[np.float64] = b @ a / (np.linalg.norm(b, axis=1) * np.linalg.norm(a) + 1e-9)
    return likeness
