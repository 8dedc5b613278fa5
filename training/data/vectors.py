"""Feature vectors with sets of genres: the training data that a bundle carries.

Labels are sets (Cour, Sapp and Taskar 2011, "Learning from partial labels"): a collector accepts
Rock as well as Punk for some songs. Vectors without any genre are no music. Nothing of the sound
is in them, and artists are there as keys.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tagger.evidence.names import key as text_key
from tagger.features import SOUNDS_SPEC
from tagger.features.specs import spec as feature_spec
from training.data.dataset import Dataset, join, parts
from training.matching.normalize import whole_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

SPEC = "musicnn-3"
"""Of the built-in default model."""
SPEC_WITH_NETWORK = join(SPEC, SOUNDS_SPEC)
"""Of the default model with EfficientAT."""
VECTORS_FILE = "training.npz"
_SPARED = 4
"""Bits of the fraction that `_shortened` drops."""


@dataclass(frozen=True, eq=False)
class Vectors:
    """Clips as vectors; every array's first axis is the clips."""

    genres: tuple[str, ...]
    inputs: NDArray[np.float32]
    """Shape (clips, features)."""
    allowed: NDArray[np.bool_]
    """The genres that are right for a clip, shape (clips, genres); none for a clip of no music."""
    sources: NDArray[Any]
    """The collection of each clip."""
    artists: NDArray[np.uint64]
    """Keys of the artists, see `artist_key`."""
    spec: str = SPEC
    """The feature spec of the inputs; several are joined as in `Dataset.features`."""

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def music(self) -> NDArray[np.bool_]:
        """Whether each clip has a genre."""
        music: NDArray[np.bool_] = self.allowed.sum(axis=1) > 0
        return music

    def right(self, scores: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Return whether the likeliest genre of each clip by scores (clips, genres) is right."""
        right: NDArray[np.bool_] = self.allowed[np.arange(len(self)), scores.argmax(axis=1)]
        return right

    def of(self, members: NDArray[Any]) -> Vectors:
        """Return some of the clips, by index or mask."""
        return Vectors(
            self.genres,
            self.inputs[members],
            self.allowed[members],
            self.sources[members],
            self.artists[members],
            self.spec,
        )

    @classmethod
    def joined(cls, parts: Sequence[Vectors]) -> Vectors:
        """Put vectors of the same genres and spec together."""
        return cls(
            parts[0].genres,
            np.concatenate([part.inputs for part in parts]),
            np.concatenate([part.allowed for part in parts]),
            np.concatenate([part.sources.astype(str) for part in parts]),
            np.concatenate([part.artists for part in parts]),
            parts[0].spec,
        )

    def without_genre(self, genre: str) -> Vectors:
        """Return the clips for which a genre is not allowed, without that genre."""
        place = self.genres.index(genre)
        kept = self.of(~self.allowed[:, place])
        genres = tuple(name for name in self.genres if name != genre)
        allowed = np.delete(kept.allowed, place, axis=1)
        return Vectors(genres, kept.inputs, allowed, kept.sources, kept.artists, kept.spec)

    def encode(self) -> bytes:
        """Write the vectors down; sources become numbers, features half precision."""
        buffer = io.BytesIO()
        inputs = self.inputs.astype(np.float16)
        if self.spec != SPEC:
            inputs = _shortened(inputs)
        arrays: dict[str, Any] = {
            "genres": np.array(self.genres),
            "inputs": inputs,
            "allowed": np.packbits(self.allowed, axis=1),
            "sources": np.unique(self.sources, return_inverse=True)[1].astype(np.uint16),
            "artists": self.artists,
        }
        if self.spec != SPEC:
            arrays["spec"] = np.array(self.spec)
        np.savez_compressed(buffer, **arrays)
        return buffer.getvalue()

    @classmethod
    def decode(cls, content: bytes) -> Vectors:
        """Read what `encode` wrote; nothing is unpickled. Raises ValueError for anything else."""
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            genres = tuple(archive["genres"].tolist())
            allowed = np.unpackbits(archive["allowed"], axis=1, count=len(genres)).astype(bool)
            inputs = archive["inputs"].astype(np.float32)
            spec = str(archive["spec"]) if "spec" in archive else SPEC
            return cls(genres, inputs, allowed, archive["sources"], archive["artists"], spec)


def _shortened(values: NDArray[np.float16]) -> NDArray[np.float16]:
    """Round to six bits of the fraction, which compress better.

    The error is a hundredth of a standard deviation.
    """
    bits = values.view(np.uint16).astype(np.uint32)
    rounded = (bits + (1 << _SPARED - 1)) >> _SPARED << _SPARED
    return rounded.astype(np.uint16).view(np.float16)


def split_inputs(vectors: Vectors) -> dict[str, NDArray[np.float32]]:
    """Return the inputs of each feature spec, which `Vectors.spec` joins."""
    specs = parts(vectors.spec)
    ends = np.cumsum([feature_spec(name).shape[0] for name in specs])
    return dict(zip(specs, np.split(vectors.inputs, ends[:-1], axis=1), strict=True))


def as_dataset(vectors: Vectors, labels: NDArray[np.intp]) -> Dataset:
    """Return vectors as labelled clips; `labels` has one of the genres of each."""
    return Dataset(
        ids=np.arange(len(vectors)).astype(str),
        labels=labels,
        genres=vectors.genres,
        artists=vectors.artists.astype(str),
        inputs=split_inputs(vectors),
    )


def artist_key(name: str) -> int:
    """Reduce an artist's name to a number that is unique and does not name the artist."""
    return text_key(whole_name(name)) % 2**64


def artist_keys(names: Iterable[str]) -> NDArray[np.uint64]:
    """Return the keys of artists, shape (names,)."""
    return np.array([artist_key(name) for name in names], np.uint64)
