"""Proof of the inputs: features of the clips' sound against the vectors of the data."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import av
import numpy as np
import soxr
from msgspec import Struct

from tagger.features.frames import RATE, patches
from tagger.features.musicnn import sound_musicnn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

SECONDS = 30
_EMBEDDING = 200


class InputProof(Struct, frozen=True):
    """How alike two vectors of one clip are."""

    clip: str
    correlation: float


def compare(folder: Path) -> Iterator[InputProof]:
    """Yield the correlation of the layer of 200 for every clip with sound.

    `folder` is the folder of the data. No silence is dropped from a clip's beginning here, as in
    the data; in use it is, which moves the patches.
    """
    with (folder / "vectors.csv").open(encoding="utf-8", newline="") as file:
        clips = [row["id"] for row in csv.DictReader(file)]
    with np.load(folder / "vectors.npz", allow_pickle=False) as archive:
        wanted = archive["musicnn_embedding"].astype(np.float32)
    network = sound_musicnn()
    for clip, vector in zip(clips, wanted, strict=True):
        path = folder / "collections" / clip
        if path.is_file():
            found = network(patches(_decoded(path)))[:_EMBEDDING]
            yield InputProof(clip, float(np.corrcoef(found, vector)[0, 1]))


def _decoded(path: Path) -> NDArray[np.float32]:
    with av.open(str(path)) as container:
        rate = container.streams.audio[0].rate
        parts = [frame.to_ndarray().mean(axis=0) for frame in container.decode(audio=0)]
    samples = np.concatenate(parts)[: SECONDS * rate].astype(np.float32)
    resampled: NDArray[np.float32] = soxr.resample(samples, rate, RATE, "HQ")
    return resampled
