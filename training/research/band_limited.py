"""Augmentation by band-limited copies, for recordings that end at a few kHz.

Old recordings, radio and low bit rates end at 5 to 8 kHz; the clips of the data set do not. A copy
is training data alone. It stays with its clip, so it never crosses to the other side of a split.
Held-out predictions, calibration, pooling and figures come from uncut clips.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from training.research.degradations import band_limited

if TYPE_CHECKING:
    from training.research.datasets import LevelDataset

CUTS = (5_000.0, 6_500.0, 8_000.0)
"""Hz; every copy is cut at one of them, drawn at random."""
_KHZ = " or ".join(f"{cut / 1000:g}" for cut in CUTS)
ABOUT = f"each clip taught twice, once with nothing above {_KHZ} kHz, drawn at random"
"""The augmentation in a manifest's recipe."""


def augment(data: LevelDataset) -> LevelDataset:
    """Add a band-limited copy of every clip; the same clips give the same copies."""
    draws = np.random.default_rng(0).integers(len(CUTS), size=len(data))
    copies = [band_limited(clip, CUTS[draw]) for clip, draw in zip(data.levels, draws, strict=True)]
    return replace(data, augmented_levels=np.stack(copies))
