"""Sounds from formulas: the same samples on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


RATE = 22_050


def melody(seconds: float = 30.0, brightness: int = 6) -> NDArray[np.float32]:
    """Decaying notes with overtones over a soft pulse of hiss."""
    time = np.arange(round(seconds * RATE)) / RATE
    note = np.floor(time * 3)
    pitch = 220 * 2 ** ((note * 5 % 12) / 12)
    decay = np.exp(-4 * (time * 3 - note))
    tones = sum(np.sin(2 * np.pi * pitch * h * time) / h for h in range(1, brightness + 1))
    hiss = np.arange(len(time), dtype=np.int64) ** 2 * 7919 % 65_537 / 32_768 - 1
    pulse = np.exp(-20 * (time * 2 % 1))
    return (0.3 * decay * tones + 0.05 * (pulse + 0.02) * hiss).astype(np.float32)
