"""The research data sets as stored levels: GTZAN, FMA-small and its VGGish embeddings."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tagger.core.domain import LogMel
from tagger.features.mel import N_MELS, RATE, mel_centres
from tagger.features.specs import extract
from training.data.dataset import Dataset
from training.errors import TrainingDataError
from training.research.musicnn import COLUMN_SECONDS, embedder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Levels = NDArray[np.uint8]

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
"""The data set's names to tagger's canonical names."""
_FMA_RATE = 44_100
_FMA_COLUMN_SECONDS = 30 / 128
FOLEISS = ("foleiss_1", "foleiss_2", "foleiss_3")


@dataclass(frozen=True, eq=False)
class LevelDataset(Dataset):
    """Clips as levels; features are computed from the levels on first use."""

    inputs: Mapping[str, NDArray[Any]] = field(init=False)
    augmentation: Mapping[str, NDArray[Any]] | None = field(init=False)
    known: NDArray[np.bool_]
    """Whether the artist is known; False marks a known fault or duplicate as well."""
    levels: Levels
    """Shape (clips, mels, columns)."""
    splits: Mapping[str, NDArray[np.str_]]
    """Published splits by name: `train`, `valid`, `test` or empty for every clip."""
    augmented_levels: Levels | None = field(default=None, kw_only=True)
    """Levels of an altered copy of every clip, for training data alone."""
    column_s: float = field(default=COLUMN_SECONDS, kw_only=True)
    """Seconds from one column of levels to the next."""

    def __post_init__(self) -> None:
        """Set the computed fields of a frozen value."""
        altered = self.augmented_levels
        copies = None if altered is None else _Computed(altered, self.column_s)
        object.__setattr__(self, "inputs", _Computed(self.levels, self.column_s))
        object.__setattr__(self, "augmentation", copies)

    def members(self, split: str, *parts: str) -> NDArray[np.intp]:
        """Return the indices of the clips in these parts of a published split."""
        return np.flatnonzero(np.isin(self.splits[split], parts))

    def with_features(self, features: Mapping[str, NDArray[Any]]) -> Dataset:
        """Return the same clips with other features, by spec."""
        return Dataset(self.ids, self.labels, self.genres, self.artists, features)


def read_gtzan(folder: Path) -> LevelDataset:
    """Read the 985 clips of `gtzan_logmel.npz` and `gtzan_splits.csv`.

    Raises TrainingDataError when a file is missing or the two files name different clips.
    """
    levels, ids = _arrays(folder / "gtzan_logmel.npz", "level", "id")
    rows = _rows(folder / "gtzan_splits.csv")
    if [row["id"] for row in rows] != ids.tolist():
        raise TrainingDataError("gtzan_splits.csv does not list the clips of gtzan_logmel.npz")
    genres = tuple(GTZAN_GENRES.values())
    return LevelDataset(
        ids=ids,
        labels=np.array([genres.index(GTZAN_GENRES[row["genre"]]) for row in rows]),
        genres=genres,
        artists=np.array([row["artist"] or f"unknown:{row['id']}" for row in rows]),
        known=np.array([bool(row["artist"]) for row in rows]),
        levels=levels,
        splits={name: np.array([row[name] for row in rows]) for name in (*FOLEISS, "kereliuk")},
    )


def read_fma_small(folder: Path) -> LevelDataset:
    """Read the clips of `fma_small_logmel.npz`, on the bands and the scale of `levels-1`.

    Their 128 columns are 0.234 s apart, three times the step of `levels-1`. Raises
    TrainingDataError when the file is missing.
    """
    levels, ids, names, artists, split = _arrays(
        folder / "fma_small_logmel.npz", "level", "track_id", "genre", "artist_id", "split"
    )
    genres, labels = np.unique(names.astype(str), return_inverse=True)
    parts = np.where(split.astype(str) == "training", "train", split.astype(str))
    return LevelDataset(
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

    Raises TrainingDataError when the file is missing or names other clips.
    """
    embedding, ids = _arrays(folder / "fma_small_vggish.npz", "embedding", "track_id")
    if ids.astype(str).tolist() != data.ids.tolist():
        raise TrainingDataError("fma_small_vggish.npz is not of the clips of fma_small_logmel.npz")
    vectors: NDArray[np.float32] = embedding.astype(np.float32)
    return vectors


class _Computed(dict[str, Any]):
    """Features of clips by spec, computed on first use."""

    def __init__(self, clips: Levels, column_s: float) -> None:
        super().__init__({"levels-1": clips})
        self._compute: dict[str, Callable[[Levels], NDArray[Any]]] = {
            "statistics-1": _statistics,
            "musicnn-2": embedder(column_s),
        }

    def __missing__(self, spec: str) -> NDArray[Any]:
        compute = self._compute[spec]
        self[spec] = np.stack([compute(clip) for clip in self["levels-1"]])
        values: NDArray[Any] = self[spec]
        return values


def _statistics(levels: Levels) -> NDArray[Any]:
    # The data set does not store the noise floor, and no feature depends on it.
    return extract(
        "statistics-1", LogMel(levels.astype(np.float32) / np.float32(255), -80.0)
    ).values


def _on_our_bands(levels: Levels) -> Levels:
    """Turn 6-bit levels (bands, columns) at 44.1 kHz to 8 bits and bands below 11,025 Hz.

    Linear interpolation between neighbours, as the bands are evenly spaced on the mel scale.
    """
    place = mel_centres(RATE) / mel_centres(_FMA_RATE)[0] - 1
    below = np.minimum(place.astype(int), N_MELS - 2)
    share = (place - below).astype(np.float32)[:, np.newaxis]
    interpolated = levels[below] * (1 - share) + levels[below + 1] * share
    eight_bits: Levels = np.rint(4 * interpolated).astype(np.uint8)
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
        f"no usable data set ({error})", path, "name the folder of the data sets with --data"
    )
