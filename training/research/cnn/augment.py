"""Changes to levels that a genre survives: other pitch, equaliser, range, band limit, gaps."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

_EQUALISER = (1.0, 0.5, 0.5, 0.35, 0.35)
"""Relative spread of the curve's terms: tilt, then cosine and sine of one and two periods."""


@dataclass(frozen=True)
class Augmentation:
    """How far levels (0..1 for a nominal 80 dB) are changed at most, or by spread."""

    shift: float = 3.0
    """Mel bands, either way."""
    stretch: float = 0.03
    """Share of the mel axis, either way."""
    equaliser: float = 0.05
    """Standard deviation of the tilt; 0.05 is 4 dB at the ends of the axis."""
    range: float = 0.12
    """Share by which the distance below the maximum grows or shrinks."""
    band_limit: float = 0.15
    """Probability of a cut between bands 80 and 128."""
    mask_bands: float = 20.0
    mask_columns: float = 12.0
    """Greatest width of a mask (SpecAugment, arXiv 1904.08779), two of each."""
    mixup: float = 0.2
    """Both parameters of the beta distribution (arXiv 1710.09412)."""


def augmented(levels: torch.Tensor, how: Augmentation, generator: torch.Generator) -> torch.Tensor:
    """Change every clip of a batch in its own way.

    `levels` has shape (clips, bands, columns), in 0..1 as the result. `how` has the sizes of the
    changes, `generator` draws them.
    """
    count, bands, columns = levels.shape
    draw = _Draw(count, generator)
    place = torch.arange(bands)
    source = place * (1 + draw.either(how.stretch)) + draw.either(how.shift)
    source = source.clamp(0, bands - 1)
    weights = (1 - (source[:, :, None] - place).abs()).clamp(min=0)
    scale = 1 + draw.either(how.range)
    lift = 1 - scale + draw.either(0.3 * how.range) + _curve(draw, bands, how.equaliser)
    changed = (torch.bmm(weights, levels) * scale[:, :, None] + lift[:, :, None]).clamp(0, 1)
    limited = draw.uniform() < how.band_limit
    cut = torch.where(limited, 80 + (bands - 80) * draw.uniform(), bands)
    changed *= (place < cut)[:, :, None]
    mean = changed.mean(dim=(1, 2), keepdim=True)
    kept_bands = draw.mask(bands, how.mask_bands) & draw.mask(bands, how.mask_bands)
    kept_columns = draw.mask(columns, how.mask_columns) & draw.mask(columns, how.mask_columns)
    kept = kept_bands[:, :, None] & kept_columns[:, None, :]
    return torch.where(kept, changed, mean)


def mixed(
    batch: tuple[torch.Tensor, ...], how: Augmentation, generator: np.random.Generator
) -> tuple[torch.Tensor, ...]:
    """Blend every clip and its targets with another clip of the batch (mixup).

    `batch` has tensors whose first axis is the clips. `how` has the parameters of the shares, which
    `generator` draws.
    """
    drawn = generator.beta(how.mixup, how.mixup, len(batch[0])).astype(np.float32)
    share = torch.from_numpy(np.maximum(drawn, 1 - drawn))
    other = torch.from_numpy(generator.permutation(len(batch[0])))
    return tuple(
        torch.lerp(values[other], values, share.view(-1, *[1] * (values.ndim - 1)))
        for values in batch
    )


@dataclass(frozen=True)
class _Draw:
    """Random numbers for the clips of a batch."""

    count: int
    generator: torch.Generator

    def uniform(self) -> torch.Tensor:
        """Between 0 and 1, shape (clips, 1)."""
        return torch.rand(self.count, 1, generator=self.generator)

    def either(self, most: float) -> torch.Tensor:
        """Between -most and most, shape (clips, 1)."""
        return most * (2 * self.uniform() - 1)

    def mask(self, length: int, most: float) -> torch.Tensor:
        """All but one stretch of at most `most`, shape (clips, length)."""
        width = most * self.uniform()
        first = (length - width) * self.uniform()
        place = torch.arange(length)
        return (place < first) | (place >= first + width)


def _curve(draw: _Draw, bands: int, spread: float) -> torch.Tensor:
    """Smooth equaliser curves, shape (clips, bands)."""
    x = torch.linspace(-1, 1, bands)
    waves = [wave(turns * math.pi * x) for turns in (1, 2) for wave in (torch.cos, torch.sin)]
    size = torch.tensor(_EQUALISER) * spread
    weights = torch.randn(draw.count, len(size), generator=draw.generator) * size
    return weights @ torch.stack([x, *waves])
