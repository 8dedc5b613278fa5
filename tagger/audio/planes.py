"""The samples of a decoded frame, by channel.

The list of planes of PyAV goes on up to the first empty place. FFmpeg has no empty place behind
eight planes and more, so the list would go on into other memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from av.audio.frame import format_dtypes
from av.audio.plane import AudioPlane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from av import AudioFrame
    from numpy.typing import NDArray


def by_channel(frame: AudioFrame) -> Sequence[NDArray[Any]]:
    """Return views of the samples of each channel, in the decoder's format.

    Raises ValueError for a sample format that NumPy lacks.
    """
    kind = format_dtypes.get(frame.format.name)
    if kind is None:
        raise ValueError(f"the sample format {frame.format.name} is not supported")
    channels = frame.layout.nb_channels
    if frame.format.is_planar:
        return [_plane(frame, number, kind, frame.samples) for number in range(channels)]
    return list(_plane(frame, 0, kind, frame.samples * channels).reshape(-1, channels).T)


def _plane(frame: AudioFrame, number: int, kind: str, count: int) -> NDArray[Any]:
    plane: Any = AudioPlane(frame, number)
    return np.frombuffer(plane, kind, count)
