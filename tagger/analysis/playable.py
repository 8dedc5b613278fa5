"""The analyzed part of a file as WAV, for browsers that do not play the format of the file."""

from __future__ import annotations

import io
import wave
from typing import TYPE_CHECKING, Final

import numpy as np

from tagger.analysis.worker import recording_of

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.core.domain import Window

RATE: Final = 44_100
"""Hz; 30 s take 2.6 MB."""


def playable(path: Path, window: Window) -> bytes:
    """Decode a part of a file to a WAV file of one channel, 16 bits and `RATE`.

    Args:
        path: The audio file.
        window: The part of the track.

    Raises:
        AudioError: the file cannot be decoded.

    """
    samples = recording_of(path, window).clip(RATE).samples
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return written.getvalue()
