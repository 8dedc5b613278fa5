"""Band-limited copies of clips, so that a genre is still heard where nothing is above some kHz.

Old recordings, radio and low bit rates end at 5 to 8 kHz, and the data's clips do not. A copy is
there for fitting alone: it goes with its clip, so it never crosses to the other side of a split,
and what is held out, calibrated, pooled and measured is uncut.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from training.research.degradations import band_limited

if TYPE_CHECKING:
    from training.data.dataset import Dataset

CUTS = (5_000.0, 6_500.0, 8_000.0)
"""Hz; every copy is cut at one of them, by lot."""


def augmented(data: Dataset) -> Dataset:
    """Add a copy of every clip; the same clips give the same copies."""
    lots = np.random.default_rng(0).integers(len(CUTS), size=len(data))
    copies = [band_limited(clip, CUTS[lot]) for clip, lot in zip(data.levels, lots, strict=True)]
    return replace(data, copies=np.stack(copies))
