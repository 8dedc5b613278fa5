"""A Monkey's Audio encoder for tests, since no free encoder is packaged anywhere.

It writes version 3.81 at the level "fast", 16 bit mono: the last version whose entropy coder is
plain Rice codes and whose predictor has a single tap. The format as libavcodec/apedec.c and
libavformat/ape.c decode it; FFmpeg and mutagen both read the result.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


VERSION = 3810
FAST = 1000
CREATE_WAV_HEADER = 32
BLOCKS = 9216  # samples a frame, fixed for this version


def encode(samples: NDArray[np.int16], rate: int) -> bytes:
    """Return the bytes of an APE file: `samples` int16 (n,), n >= 64."""
    values = [int(v) for v in samples]
    starts = range(0, len(values), BLOCKS)
    if len(starts) > 1 and len(values) - starts[-1] < 64:
        values = values[: starts[-1]]
        starts = starts[:-1]
    frames = [_frame(values[at : at + BLOCKS]) for at in starts]
    last = len(values) - starts[-1]
    header = struct.pack(
        "<4sHHHHIIIII",
        b"MAC ",
        VERSION,
        FAST,
        CREATE_WAV_HEADER,
        1,
        rate,
        0,
        0,
        len(frames),
        last,
    )
    first = len(header) + 4 * len(frames)
    offsets = np.cumsum([first] + [len(f) for f in frames[:-1]]).astype("<u4")
    return header + offsets.tobytes() + b"".join(frames)


def _frame(values: list[int]) -> bytes:
    bits = f"{0:032b}" + _rice(_predict(values))
    bits += "0" * (-len(bits) % 32)
    words = [int(bits[i : i + 32], 2) for i in range(0, len(bits), 32)]
    return np.array(words, "<u4").tobytes()


def _predict(values: list[int]) -> list[int]:
    """Invert the decoder's one-tap adaptive predictor."""
    residuals = list(values[:3])
    last, before, total, weight = values[2], values[1], values[2], 375
    for value in values[3:]:
        # the decoder's delay line holds what `last` was one and two samples ago
        prediction = last * 2 - before
        current = value - total
        residual = current - (prediction * weight >> 9)
        weight += 1 if (residual ^ prediction) > 0 else -1
        before, last, total = last, current, value
        residuals.append(residual)
    return residuals


def _rice(residuals: list[int]) -> str:
    """Adaptive Rice codes: 5 with ten bits, 59 with a growing window, then a window of 64."""
    codes = [2 * v - 1 if v > 0 else -2 * v for v in residuals]
    bits, k, total = [], 10, 0
    for i, code in enumerate(codes):
        bits.append("0" * (code >> k) + "1" + (f"{code & (1 << k) - 1:0{k}b}" if k else ""))
        if i < 64:
            total += code
            if i >= 4:
                k = (total // (10 if i == 4 else 2 * (i + 1))).bit_length()
            if i == 63:
                k = (total >> 7).bit_length()
            continue
        total += code - codes[i - 64]
        while total < (1 << k + 6 if k else 0):
            k -= 1
        while total >= 1 << k + 7:
            k += 1
    return "".join(bits)
