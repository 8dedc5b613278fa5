"""The nearest tracks of a sound: in the user's own library, and in the training data of a model."""

from __future__ import annotations

import zipfile
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tagger.core.domain import Features
    from tagger.store import Store

MOST = 5
MOST_LEARNED = 10
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
    found, vectors = [], []
    for path, tags, values in store.analyses.library(features.spec):
        if path != but:
            found.append((path, tags.genres))
            vectors.append(_vector(values))
    if not vectors:
        return []
    likeness = _likeness(_vector(features.values), np.stack(vectors))
    order = np.argsort(-likeness)[:most]
    return [Neighbour(found[n][0], found[n][1], float(likeness[n])) for n in order]


def learned(features: Features, bundle: Path, most: int = MOST_LEARNED) -> Counter[str]:
    """Count the genres of the nearest tracks of the training data; empty where it is not known.

    Args:
        features: The first features of the model, of a sound.
        bundle: The folder of the model.
        most: The number of tracks.

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
    near = np.argsort(-_likeness(vector, inputs[:, : len(vector)]))[:most]
    return Counter(
        " or ".join(genres[n] for n in np.flatnonzero(allowed[row])) or "no music" for row in near
    )


def _vector(values: NDArray[np.float32] | NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return features as one vector; features over time are averaged."""
    floats = np.asarray(values, np.float32)
    return floats if floats.ndim == 1 else floats.mean(axis=1)


def _likeness(one: NDArray[np.float32], many: NDArray[np.float32]) -> NDArray[np.float32]:
    mean, spread = many.mean(axis=0), many.std(axis=0) + np.float32(1e-3)
    a, b = (one - mean) / spread, (many - mean) / spread
    norms = np.linalg.norm(b, axis=1) * np.linalg.norm(a) + np.float32(1e-9)
    likeness: NDArray[np.float32] = b @ a / norms
    return likeness
