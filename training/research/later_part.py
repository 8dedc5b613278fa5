"""The worth of a later part of a song beside its beginning, on clips that are cut in two.

No whole songs with labels are at hand. So the first seconds of a clip replace the beginning of
a song, and its last seconds the later part. Models without the source and artist decide.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from scipy.special import softmax

from tagger.analysis.worker import LATER
from tagger.core.families import families
from tagger.errors import SilentError
from tagger.features import SOUNDS_SPEC
from tagger.features.frames import RATE
from tagger.features.specs import SPECS
from tagger.features.wideband import RATE as WIDEBAND_RATE
from tagger.inference import read_manifest
from training.data.vectors import SPEC, Vectors
from training.evaluation.claims import Scale, track_claims
from training.evaluation.measure import PROMISE, rounded
from training.research.left_out import left_out_models
from training.research.wide_data import GENRES, read_nonmusic, read_songs, song_rows
from training.research.wide_inputs import decoded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from training.evaluation.claims import Claims

    Array = NDArray[np.float64]

FIRST = (5, 10, 15, 20, 25)
"""Seconds of the first parts. The later part is the last LATER seconds of the clip."""
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
_SHORTEST = 28.9
"""Seconds; a shorter clip is left out."""


class LaterFigure(Struct, frozen=True):
    """The decisions on the clips by a first part, and by a later part beside it."""

    network: bool
    """Whether EfficientAT's inputs are used."""
    seconds: int
    """The length of the first part."""
    weight: float
    """Of the later part, see `tagger.core.pooling.weighed`."""
    clips: int
    likeliest: float
    """Share of the clips whose likeliest genre is right."""
    share: float
    """The largest share of the clips of which PROMISE is right, the surest first."""
    written: float
    """Share of the clips with a genre at the threshold of the default model."""
    right: float
    """Precision of the written genres."""


def figures(data: Path, network: Path, bundles: Path) -> Iterator[LaterFigure]:
    """Measure each first part without and with the later part, by both default models.

    Args:
        data: The folder of the data.
        network: The file of EfficientAT, whose folder `use_folder` names.
        bundles: The folder of the default models.

    """
    cut = [_cut(data / "collections" / row["id"]) for row in song_rows(data)]
    kept = np.array([place for place, parts in enumerate(cut) if parts is not None])
    both = np.stack([parts for parts in cut if parts is not None])
    for file in (None, network):
        songs = read_songs(data, file).vectors
        bundle = bundles / ("default-efficientat" if file else "default")
        threshold = read_manifest(bundle).tracks.threshold(PROMISE, "")
        *firsts, later = _logs(songs, kept, both[:, :, : songs.inputs.shape[1]])
        clips, scale = songs.of(kept), Scale(GENRES, families(GENRES))
        for (seconds, first), weight in product(zip(FIRST, firsts, strict=True), WEIGHTS):
            pooled = softmax((1 - weight) * first + weight * later, axis=1)
            claims = track_claims(pooled, clips.allowed, clips.sources, scale)
            right, written = claims.outcome(threshold)
            yield LaterFigure(
                file is not None,
                seconds,
                weight,
                len(kept),
                rounded(claims.right.mean()),
                rounded(_share(claims)),
                rounded(written),
                rounded(right or 0.0),
            )


def _cut(path: Path) -> NDArray[np.float32] | None:
    """Return the inputs of the parts of a clip (parts, features), as in use.

    None for a short clip, and for a clip with a silent part.
    """
    if not path.is_file() or len(samples := decoded(path, RATE)) < _SHORTEST * RATE:
        return None
    wide = decoded(path, WIDEBAND_RATE)
    try:
        both = _embedded(SPEC, samples, RATE), _embedded(SOUNDS_SPEC, wide, WIDEBAND_RATE)
    except SilentError:
        return None
    return np.concatenate(both, axis=1)


def _embedded(spec: str, samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Return the features of the first parts, then of the later part (parts, features)."""
    parts = [*(samples[: seconds * rate] for seconds in FIRST), samples[-round(LATER * rate) :]]
    extract = SPECS[spec]
    return np.stack([extract.compute(extract.front_end.compute(part)) for part in parts])


def _logs(songs: Vectors, kept: NDArray[np.intp], parts: NDArray[np.float32]) -> list[Array]:
    """Return the logarithms of the probabilities of each part, by left-out models.

    Args:
        songs: The training data.
        kept: The places of the clips among the songs.
        parts: Shape (clips, parts, features).

    """
    nonmusic, _ = read_nonmusic(songs.spec)
    scores = np.zeros((parts.shape[1], len(kept), len(GENRES)))
    for fitted, held in left_out_models(Vectors.joined([songs, nonmusic])):
        clips = np.flatnonzero(held[kept])
        for place in range(parts.shape[1]):
            scores[place, clips] = fitted.scores(parts[clips, place])
    return list(scores)


def _share(claims: Claims) -> float:
    """Return the largest share of the clips of which PROMISE is right, the surest first."""
    confidence = np.maximum(claims.confidence, claims.family_confidence)
    for threshold in np.unique(confidence):
        written, right = claims.written(threshold), claims.rightly(threshold)
        if right.sum() >= PROMISE * written.sum():
            return float(written.mean())
    return 0.0
