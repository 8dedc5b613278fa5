"""Proof of the inputs: features of the clips' sound against the vectors of the data."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import av
import numpy as np
import soxr
from msgspec import Struct

from tagger.features import SOUNDS_SPEC
from tagger.features.efficientat import efficientat
from tagger.features.frames import RATE, patches
from tagger.features.musicnn import sound_musicnn
from tagger.features.weights import use_folder
from tagger.features.wideband import RATE as WIDEBAND_RATE
from tagger.features.wideband import wideband_mel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

SECONDS = 30


class InputProof(Struct, frozen=True):
    """How alike two vectors of one clip are."""

    spec: str
    clip: str
    correlation: float


def compare(folder: Path, networks: Path | None = None) -> Iterator[InputProof]:
    """Yield the correlation of the embeddings for every clip with sound.

    No silence is dropped from a clip's beginning here, as in the data; in use it is, which moves
    the patches.

    Args:
        folder: The folder of the data.
        networks: The folder of EfficientAT's file; None leaves that network out.

    """
    with (folder / "vectors.csv").open(encoding="utf-8", newline="") as file:
        clips = [row["id"] for row in csv.DictReader(file)]
    with np.load(folder / "vectors.npz", allow_pickle=False) as archive:
        wanted = {"musicnn-3": archive["musicnn_embedding"]}
        if networks:
            use_folder(networks)
            wanted[SOUNDS_SPEC] = archive["mn04_embedding"]
    for place, clip in enumerate(clips):
        path = folder / "collections" / clip
        if path.is_file():
            for spec, vectors in wanted.items():
                vector = vectors[place].astype(np.float32)
                rate = WIDEBAND_RATE if spec == SOUNDS_SPEC else RATE
                found = embedding(spec, decoded(path, rate))[: len(vector)]
                yield InputProof(spec, clip, float(np.corrcoef(found, vector)[0, 1]))


def embedding(spec: str, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the features of mono samples (n,) at the rate of the spec, all patches included."""
    if spec == SOUNDS_SPEC:
        return efficientat()(wideband_mel(samples))
    return sound_musicnn()(patches(samples))


def decoded(path: Path, wanted: int) -> NDArray[np.float32]:
    """Return the first SECONDS of a file as mono samples (n,) at the rate `wanted`, Hz."""
    with av.open(str(path)) as container:
        rate = container.streams.audio[0].rate
        parts = [frame.to_ndarray().mean(axis=0) for frame in container.decode(audio=0)]
    samples = np.concatenate(parts)[: SECONDS * rate].astype(np.float32)
    resampled: NDArray[np.float32] = soxr.resample(samples, rate, wanted, "HQ")
    return resampled
