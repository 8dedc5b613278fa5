"""Degradations of a recording by codecs, cuts and silence, which leave its genre unchanged.

Some apply to levels, as a data set stores them; the others need the sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

import av
import numpy as np
import soxr

from tagger.audio.decode import read_clip
from tagger.features.mel import RATE, mel_centres, mel_to_hz
from tagger.features.statistics import COLUMN_RATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from numpy.typing import NDArray

    Levels = NDArray[np.uint8]
    Samples = NDArray[np.float32]

SILENCE = 5.0
"""Seconds of silence before the music."""
BAND_LIMIT = 8_000.0
"""Hz."""
_DELAY = round(0.001 * 44_100)


def cropped(levels: Levels, columns: slice) -> Levels:
    """Keep some columns, on the scale of their own maximum and minimum."""
    part = levels[:, columns].astype(np.float32)
    lowest, highest = part.min(), part.max()
    scaled: Levels = np.rint((part - lowest) / max(highest - lowest, 1) * 255).astype(np.uint8)
    return scaled


def band_limited(levels: Levels, limit: float = BAND_LIMIT) -> Levels:
    """Remove the bands above `limit` Hz."""
    centres = mel_to_hz(mel_centres(RATE))
    return np.where(centres[:, np.newaxis] > limit, np.uint8(0), levels)


def after_silence(levels: Levels) -> Levels:
    """Insert SILENCE and drop as much at the end, as a reader that does not skip silence does."""
    columns = round(SILENCE * COLUMN_RATE)
    return np.pad(levels, ((0, 0), (columns, 0)))[:, : levels.shape[1]]


@dataclass(frozen=True, slots=True)
class Codec:
    """A stereo file of some kind."""

    name: str
    """As FFmpeg's encoder is called."""
    suffix: str
    rate: int = 44_100
    kbps: int = 0

    def __call__(self, samples: Samples) -> Samples:
        """Send mono samples (n,) at RATE through such a file, both its channels alike."""
        mono = soxr.resample(samples, RATE, self.rate, "HQ")
        return self.through(np.stack([mono, mono]))

    def through(self, channels: NDArray[np.float32]) -> Samples:
        """Write channels (2, n) at `rate` and read them as `tagger scan` does, mono at RATE."""
        with TemporaryDirectory() as folder:
            path = Path(folder, f"clip.{self.suffix}")
            with av.open(str(path), "w") as container:
                self._write(container, channels)
            return read_clip(path).samples

    def _write(self, container: OutputContainer, channels: NDArray[np.float32]) -> None:
        stream = cast("AudioStream", container.add_stream(self.name, rate=self.rate))
        stream.layout = "stereo"
        if self.kbps:
            stream.bit_rate = 1000 * self.kbps
        whole = np.rint(channels.clip(-1, 1) * 32_767).astype(np.int16)
        packed = np.ascontiguousarray(whole.T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, "s16", "stereo")
        frame.sample_rate, frame.time_base = self.rate, Fraction(1, self.rate)
        split = av.AudioResampler(stream.format, "stereo", self.rate, stream.frame_size or None)
        for part in (*split.resample(frame), *split.resample(None)):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))


def narrow(samples: Samples) -> Samples:
    """Remove the sound above BAND_LIMIT, as at a sampling rate of 16 kHz."""
    low = soxr.resample(samples, RATE, 2 * BAND_LIMIT, "HQ")
    wide: Samples = soxr.resample(low, 2 * BAND_LIMIT, RATE, "HQ")
    return wide


def wide_stereo(samples: Samples) -> Samples:
    """Delay the right channel by a millisecond."""
    left = soxr.resample(samples, RATE, 44_100, "HQ")
    right = np.pad(left, (_DELAY, 0))[: len(left)]
    return _FLAC.through(np.stack([left, right]))


def intro(samples: Samples) -> Samples:
    """Begin with SILENCE."""
    return _FLAC(np.concatenate([np.zeros(round(SILENCE * RATE), np.float32), samples]))


_FLAC = Codec("flac", "flac")
_HALF = round(15 * COLUMN_RATE)
TO_LEVELS: dict[str, Callable[[Levels], Levels]] = {
    "unchanged": lambda levels: levels,
    "first 15 s": partial(cropped, columns=slice(_HALF)),
    "another 15 s (the last)": partial(cropped, columns=slice(-_HALF, None)),
    "band limit 8 kHz": band_limited,
    "5 s of silence first, not passed over": after_silence,
}
TO_SOUND: dict[str, Callable[[Samples], Samples]] = {
    "unchanged": lambda samples: samples,
    "MP3 64 kbit/s": Codec("libmp3lame", "mp3", kbps=64),
    "MP3 128 kbit/s": Codec("libmp3lame", "mp3", kbps=128),
    "MP3 320 kbit/s": Codec("libmp3lame", "mp3", kbps=320),
    "Opus 64 kbit/s": Codec("libopus", "opus", 48_000, 64),
    "band limit 8 kHz": narrow,
    "first 15 s": lambda samples: samples[: 15 * RATE],
    "10 s later": lambda samples: samples[10 * RATE :],
    "stereo, both channels alike": _FLAC,
    "stereo, one channel 1 ms late": wide_stereo,
    "5 s of silence first": intro,
}
