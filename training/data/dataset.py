"""Clips with genre, artist and published splits, read from a folder of data sets."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tagger.core.domain import LogMel
from tagger.errors import TrainingDataError
from tagger.features.mel import N_MELS, RATE, mel_centres
from tagger.features.specs import extract
from training.research.musicnn import COLUMN_SECONDS, embedder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

GTZAN_GENRES = {
    "blues": "Blues",
    "classical": "Classical",
    "country": "Country",
    "disco": "Disco",
    "hiphop": "Hip-Hop",
    "jazz": "Jazz",
    "metal": "Metal",
    "pop": "Pop",
    "reggae": "Reggae",
    "rock": "Rock",
}
"""The data's own names to tagger's canonical ones."""
_FMA_RATE = 44_100
_FMA_COLUMN_SECONDS = 30 / 128
FOLEISS = ("foleiss_1", "foleiss_2", "foleiss_3")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled clips; every array's first axis is the clips."""

    ids: NDArray[np.str_]
    labels: NDArray[np.intp]
    """Index into `genres`."""
    genres: tuple[str, ...]
    artists: NDArray[np.str_]
    """Who must not stand on both sides of a split; a clip without a known artist is its own."""
    known: NDArray[np.bool_]
    """Whether the artist is known; where not, the clip is a known fault or duplicate."""
    levels: NDArray[np.uint8]
    """Shape (clips, mels, columns)."""
    splits: Mapping[str, NDArray[np.str_]]
    """Published splits by name: `train`, `valid`, `test` or empty for every clip."""
    copies: NDArray[np.uint8] | None = field(default=None, kw_only=True)
    """Levels of a changed copy of every clip, for fitting alone."""
    column_s: float = field(default=COLUMN_SECONDS, kw_only=True)
    """Seconds from one column of levels to the next."""

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def inputs(self) -> Mapping[str, NDArray[Any]]:
        """Features of every clip by spec."""
        return _Computed(self.levels, self.column_s)

    def lesson(self, spec: str, members: NDArray[np.intp]) -> tuple[NDArray[Any], NDArray[np.intp]]:
        """Give what a candidate is fitted to: inputs and labels of clips and of their copies."""
        inputs, labels = self.inputs[spec][members], self.labels[members]
        if self.copies is None:
            return inputs, labels
        return np.concatenate([inputs, self._copied[spec][members]]), np.tile(labels, 2)

    def members(self, split: str, *parts: str) -> NDArray[np.intp]:
        """Return the indices of the clips in these parts of a published split."""
        return np.flatnonzero(np.isin(self.splits[split], parts))

    def with_features(self, features: Mapping[str, NDArray[Any]]) -> Heard:
        """Give the same clips with other features, by spec."""
        kept = {part.name: getattr(self, part.name) for part in fields(Dataset)}
        return Heard(**kept, features=features)

    @cached_property
    def _copied(self) -> Mapping[str, NDArray[Any]]:
        return {} if self.copies is None else _Computed(self.copies, self.column_s)


@dataclass(frozen=True, eq=False)
class Heard(Dataset):
    """Clips whose features were computed before."""

    features: Mapping[str, NDArray[Any]] = field(kw_only=True)
    """By spec; an array of arrays where clips differ in length."""

    @cached_property
    def inputs(self) -> Mapping[str, NDArray[Any]]:
        """Features of every clip by spec."""
        return self.features


def read_gtzan(folder: Path) -> Dataset:
    """Read the 985 clips of `gtzan_logmel.npz` and `gtzan_splits.csv`.

    Raises TrainingDataError when they are not there or do not belong together.
    """
    levels, ids = _arrays(folder / "gtzan_logmel.npz", "level", "id")
    rows = _rows(folder / "gtzan_splits.csv")
    if [row["id"] for row in rows] != ids.tolist():
        raise TrainingDataError("gtzan_splits.csv does not list the clips of gtzan_logmel.npz")
    genres = tuple(GTZAN_GENRES.values())
    return Dataset(
        ids=ids,
        labels=np.array([genres.index(GTZAN_GENRES[row["genre"]]) for row in rows]),
        genres=genres,
        artists=np.array([row["artist"] or f"unknown:{row['id']}" for row in rows]),
        known=np.array([bool(row["artist"]) for row in rows]),
        levels=levels,
        splits={name: np.array([row[name] for row in rows]) for name in (*FOLEISS, "kereliuk")},
    )


def read_fma_small(folder: Path) -> Dataset:
    """Read the clips of `fma_small_logmel.npz`, on the bands and the scale of `levels-1`.

    Their 128 columns are 0.234 s apart, three times as far as those of `levels-1`. Raises
    TrainingDataError when the file is not there.
    """
    levels, ids, names, artists, split = _arrays(
        folder / "fma_small_logmel.npz", "level", "track_id", "genre", "artist_id", "split"
    )
    genres, labels = np.unique(names.astype(str), return_inverse=True)
    parts = np.where(split.astype(str) == "training", "train", split.astype(str))
    return Dataset(
        ids=ids.astype(str),
        labels=labels,
        genres=tuple(genres.tolist()),
        artists=artists.astype(str),
        known=np.ones(len(ids), bool),
        levels=np.stack([_on_our_bands(clip) for clip in levels]),
        splits={"fma_small": parts},
        column_s=_FMA_COLUMN_SECONDS,
    )


def read_vggish(folder: Path, data: Dataset) -> NDArray[np.float32]:
    """Read VGGish's embeddings of FMA-small's clips, shape (clips, 128), NaN where missing.

    Raises TrainingDataError when the file is not there, or of other clips.
    """
    embedding, ids = _arrays(folder / "fma_small_vggish.npz", "embedding", "track_id")
    if ids.astype(str).tolist() != data.ids.tolist():
        raise TrainingDataError("fma_small_vggish.npz is not of the clips of fma_small_logmel.npz")
    vectors: NDArray[np.float32] = embedding.astype(np.float32)
    return vectors


class _Computed(dict[str, Any]):
    """Features of clips by spec, computed when they are first asked for."""

    def __init__(self, clips: NDArray[np.uint8], column_s: float) -> None:
        super().__init__({"levels-1": clips})
        self._compute: dict[str, Callable[[NDArray[np.uint8]], NDArray[Any]]] = {
            "statistics-1": _statistics,
            "musicnn-2": embedder(column_s),
        }

    def __missing__(self, spec: str) -> NDArray[Any]:
        compute = self._compute[spec]
        self[spec] = np.stack([compute(clip) for clip in self["levels-1"]])
        values: NDArray[Any] = self[spec]
        return values


def _statistics(levels: NDArray[np.uint8]) -> NDArray[Any]:
    # The floor is not known here, and no feature depends on it.
    return extract(
        "statistics-1", LogMel(levels.astype(np.float32) / np.float32(255), -80.0)
    ).values


def _on_our_bands(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Turn 6-bit levels (bands, columns) at 44.1 kHz to 8 bits and bands below 11,025 Hz.

    Linear interpolation between neighbours, as the bands are evenly spaced on the mel scale.
    """
    place = mel_centres(RATE) / mel_centres(_FMA_RATE)[0] - 1
    below = np.minimum(place.astype(int), N_MELS - 2)
    share = (place - below).astype(np.float32)[:, np.newaxis]
    interpolated = levels[below] * (1 - share) + levels[below + 1] * share
    eight_bits: NDArray[np.uint8] = np.rint(4 * interpolated).astype(np.uint8)
    return eight_bits


def _arrays(path: Path, *names: str) -> list[NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return [archive[name] for name in names]
    except (OSError, KeyError, ValueError) as error:
        raise _unusable(path, error) from error


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except (OSError, ValueError) as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: Exception) -> TrainingDataError:
    return TrainingDataError(
        f"no usable data set ({error})", path, "give the folder of the data sets with --data"
    )
