"""The data of the default model: vectors of songs with sets of genres, and of non-music."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from training.data.dataset import joined
from training.data.vectors import SPEC, SPEC_WITH_NETWORK, Vectors, artist_key, artist_keys
from training.research.efficientat import logits as sound_logits
from training.research.nonmusic import NONMUSIC

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

GENRES = (
    "Ambient",
    "Blues",
    "Classical",
    "Country",
    "Electronic",
    "Folk",
    "Hip-Hop",
    "Jazz",
    "Latin",
    "Metal",
    "Pop",
    "Punk",
    "R&B",
    "Reggae",
    "Rock",
    "World",
)
_THIRDS = "4q"
"""The largest collection: its thirds by artist count as three."""


@dataclass(frozen=True, eq=False)
class Songs:
    """The music among the vectors."""

    vectors: Vectors
    best: NDArray[np.intp]
    """The first of the genres that are right for each clip."""
    known: NDArray[np.bool_]
    """Whether the artist is known."""


def read_songs(folder: Path, network: Path | None = None) -> Songs:
    """Read `vectors.csv` and `vectors.npz`; labels that are guesses are left out.

    Args:
        folder: The folder of the data.
        network: The published file of EfficientAT, whose features then follow those of musicnn.

    Raises:
        OSError: a file is not there.
        ValueError: a file is damaged.

    """
    every = _rows(folder)
    with np.load(folder / "vectors.npz", allow_pickle=False) as archive:
        parts = [archive["musicnn_embedding"], archive["musicnn_tags"]]
        if network:
            embedding = archive["mn04_embedding"].astype(np.float32)
            parts += [embedding, sound_logits(network.read_bytes(), embedding)]
    kept = [place for place, row in enumerate(every) if _is_sure(row)]
    rows = [every[place] for place in kept]
    names = [row["artist"] or f"unknown:{row['id']}" for row in rows]
    vectors = Vectors(
        GENRES,
        np.concatenate(parts, axis=1)[kept].astype(np.float32),
        np.array([[genre in row["accept"].split("|") for genre in GENRES] for row in rows]),
        np.array([_source(row) for row in rows]),
        artist_keys(names),
        SPEC_WITH_NETWORK if network else SPEC,
    )
    best = np.array([GENRES.index(row["best"]) for row in rows])
    return Songs(vectors, best, np.array([bool(row["artist"]) for row in rows]))


def song_rows(folder: Path) -> list[dict[str, str]]:
    """Return the rows of `vectors.csv` of the clips that `read_songs` returns, in its order."""
    return [row for row in _rows(folder) if _is_sure(row)]


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "vectors.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _is_sure(row: dict[str, str]) -> bool:
    return bool(row["accept"]) and row["sure"] != "low"


def read_nonmusic(spec: str, path: Path = NONMUSIC) -> tuple[Vectors, NDArray[Any]]:
    """Read the vectors of speech and noise; return them and the kind of each.

    Args:
        spec: Of the vectors.
        path: The file, as `make_nonmusic` writes it.

    """
    with np.load(path, allow_pickle=False) as archive:
        inputs = joined(archive, spec).astype(np.float32)
        sources, kinds = archive["sources"], archive["kinds"]
    nobody = artist_keys(f"{source}:{place}" for place, source in enumerate(sources))
    allowed = np.zeros((len(inputs), len(GENRES)), bool)
    return Vectors(GENRES, inputs, allowed, sources, nobody, spec), kinds


def _source(row: dict[str, str]) -> str:
    if row["source"] != _THIRDS:
        return row["source"]
    return f"{_THIRDS}, third {1 + artist_key(row['artist']) % 3}"
