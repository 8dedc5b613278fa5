"""The part of a file that is analysed, as mono float32 at the model's rate.

Files may be hostile. The operating system opens each file; FFmpeg never opens a name. So no demuxer
can follow a path or an address in the content. The decoder reads only the bytes that the clip
needs.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
import numpy as np
import soxr
from av.stream import Disposition

from tagger.audio.blocks import blocks, joined, reduced_pieces
from tagger.audio.formats import (
    LONGEST_JUNK,
    NO_TRACK,
    behind_id3,
    memory_errors,
    open_audio,
    pointer,
    why_unsupported,
)
from tagger.audio.mix import Mixer
from tagger.audio.source import ReadErrors, open_regular
from tagger.core.domain import AudioClip
from tagger.errors import (
    CorruptAudioError,
    MovingPictureError,
    NarrowBandError,
    NotAudioError,
    TooLongError,
    TooShortError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from av.container import InputContainer
    from numpy.typing import NDArray

    from tagger.audio.blocks import Block, Piece
    from tagger.audio.mix import Part

SAMPLE_RATE = 22_050
"""Hz; the rate of the recordings that the features are defined on."""
SHORTEST_CLIP = 3.0
"""Seconds; the rhythm of a shorter clip cannot be measured."""
SILENCE = 1e-3
"""-60 dB below the loudest sample: a softer beginning is skipped."""
LOWEST_RATE = 16_000
"""Hz; below it is speech, or music with less than half of the model's bands."""
MAX_RATE = 6_144_000
"""Hz; DSD1024 of 48 kHz behind FFmpeg's decoder."""
LONGEST = 20 * 60.0
"""Seconds; a longer file is an album, a mix or a podcast, for which 30 s are too few."""
MAX_CHANNELS = 32
_STILL = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
"""The dispositions of a video stream that contains a cover."""
BROKEN = "play it to its end: if it stops early, get it again"
"""The hint for a file whose sound cannot be decoded."""
UNSUPPORTED = "uses a codec that FFmpeg does not support"
UNKNOWN_CODEC = "encode it again, or exclude it with library.ignore"
MAX_BAD_PACKETS = 100
MAX_SILENT_PACKETS = 10_000
"""Packets in a row without decoded samples, after which decoding stops."""


@dataclass(frozen=True, slots=True)
class Recording:
    """The decoded part of a file, before resampling."""

    parts: tuple[Part, ...]
    """One for each run of one rate."""
    seconds: float
    """The maximum length of a clip."""
    content_id: str
    """SHA-256 (hex) of the encoded packets; new tags do not change it."""
    whole: float = 0.0
    """Seconds of the whole file by its container; 0 if the container has no duration."""
    offset: float = 0.0
    """Seconds from the beginning of the file; 0 as well for a file that ends before the part."""

    @classmethod
    def of(cls, samples: NDArray[np.float32], rate: int) -> Recording:
        """Return a recording without a file: mono float32 samples (n,) at `rate`, Hz."""
        return cls(
            ((rate, samples),), samples.size / rate, hashlib.sha256(samples.tobytes()).hexdigest()
        )

    @property
    def length(self) -> float:
        """Seconds, to the millisecond."""
        return round(math.fsum(samples.size / rate for rate, samples in self.parts), 3)

    def clip(self, rate: int = SAMPLE_RATE) -> AudioClip:
        """Resample to `rate`, Hz: mono, the mean of the channels, float32."""
        samples = _resampled(self.parts, rate)[: round(self.seconds * rate)]
        return AudioClip(samples, rate, self.content_id)


def read_clip(path: Path, *, offset: float = 0.0, length: float = 30.0) -> AudioClip:
    """Decode a part of a file to one clip at 22,050 Hz.

    Args:
        path: The file.
        offset: Seconds from the beginning of the file.
        length: Seconds of the clip.

    Raises:
        AudioError: see `read_recording`.
    """
    return read_recording(path, offset=offset, length=length).clip()


def read_recording(path: Path, *, offset: float = 0.0, length: float = 30.0) -> Recording:
    """Decode `length` seconds of a file from `offset` seconds on, or fewer at its end.

    Silence at the beginning does not count: the clip starts at the first sound, unless the first
    `length` seconds are silent. A file that ends before `offset` is decoded from its beginning.

    Args:
        path: The file.
        offset: Seconds from the beginning of the file.
        length: Seconds of the clip.

    Raises:
        UnreadableError: the operating system refuses the file.
        NotAudioError: not a supported audio container.
        MovingPictureError: a video.
        CorruptAudioError: the sound cannot be decoded.
        TooShortError: less than 3 seconds of sound.
        TooLongError: more than 20 minutes.
        NarrowBandError: recorded at less than 16 kHz.

    """
    with open_regular(path) as raw:
        file = ReadErrors(raw)
        try:
            recording = _decode_mixed(file, path, offset, length)
            if offset and recording.length < SHORTEST_CLIP:
                recording = _decode_mixed(file, path, 0.0, length)
        finally:
            file.raise_error(path)
    seconds = recording.length
    if seconds < SHORTEST_CLIP:
        raise TooShortError(
            f"has only {seconds:.2f} s of sound, {SHORTEST_CLIP:.0f} s are needed", path
        )
    return recording


def _decode_mixed(file: ReadErrors, path: Path, offset: float, length: float) -> Recording:
    """Decode the mean of the channels, or the loudest channel if the mean is silent."""
    mixer = Mixer()
    file.seek(0)
    recording = _decode(file, path, offset, length, mixer)
    if mixer.loudest is None:
        return recording
    file.seek(0)
    return _decode(file, path, offset, length, Mixer(mixer.loudest))


def _decode(file: ReadErrors, path: Path, offset: float, length: float, mixer: Mixer) -> Recording:
    digest = hashlib.sha256()
    with _opened(file, path) as container:
        if not container.streams.audio:
            raise NotAudioError("contains no sound", path, NO_TRACK)
        if any(not stream.disposition & _STILL for stream in container.streams.video):
            raise MovingPictureError("is a video", path, NO_TRACK)
        try:
            with memory_errors():
                _check_length(container, path)
                whole = (container.duration or 0) / av.time_base
                time = _seek(container, offset) if offset else 0.0
                frames = _frames(container, digest, time, path)
                kept = _sounding(reduced_pieces(frames, mixer), length, mixer)
        except (av.error.PatchWelcomeError, av.error.NotImplementedError) as error:
            raise CorruptAudioError(UNSUPPORTED, path, UNKNOWN_CODEC) from error
        except (av.error.FFmpegError, ValueError, OSError) as error:
            found = getattr(error, "strerror", None) or error
            reason = f'is damaged: FFmpeg returns "{found}"'
            raise CorruptAudioError(reason, path, BROKEN) from error
    parts = tuple((block.rate, block.samples) for block in kept)
    return Recording(parts, length, digest.hexdigest(), whole, offset)


def _opened(file: ReadErrors, path: Path) -> InputContainer:
    try:
        return open_audio(file)
    except (av.error.FFmpegError, ValueError, OSError) as error:
        reason, hint = _why_not_audio(file)
        raise NotAudioError(reason, path, hint) from error


def _why_not_audio(file: ReadErrors) -> tuple[str, str]:
    """Return the reason and the next step."""
    file.seek(0)
    head = file.read(LONGEST_JUNK)
    if not head:
        return "is empty", NO_TRACK
    return pointer(head) or why_unsupported(file, behind_id3(file))


def _check_length(container: InputContainer, path: Path) -> None:
    """Raise TooLongError for a long file; of MP3 the frames are counted, not estimated."""
    if (container.duration or 0) <= LONGEST * av.time_base:
        return
    seconds = (container.duration or 0) / av.time_base
    if container.format.name == "mp3":
        packets = container.demux(container.streams.audio[0])
        seconds = float(sum((p.duration or 0) * (p.time_base or 0) for p in packets))
        container.seek(0)
    if seconds > LONGEST:
        reason = f"is {seconds / 60:.0f} minutes long: an album, a mix or a podcast in one file"
        raise TooLongError(reason, path)


def _seek(container: InputContainer, offset: float) -> float:
    """Go to `offset` seconds behind the first packet; returns the time of the container there.

    The times of a recorded stream, and of a part that was cut out, do not begin at 0.
    """
    first = next(container.demux(container.streams.audio[0]))
    time = offset + float((first.pts or 0) * (first.time_base or 0))
    container.seek(int(time * av.time_base))
    return time


def _frames(
    container: InputContainer, digest: hashlib._Hash, start: float, path: Path
) -> Iterator[Piece]:
    """Yield the frames that end after the time `start`, s."""
    stream = container.streams.audio[0]
    bad = barren = 0
    usable = 0, 0
    if stream.codec_context is None:  # PyAV's types lack this case
        raise CorruptAudioError(UNSUPPORTED, path, UNKNOWN_CODEC)
    digest.update(stream.codec_context.name.encode())
    for packet in container.demux(stream):
        digest.update(packet)
        try:
            frames = packet.decode()
        except av.error.InvalidDataError as error:
            bad += 1
            if bad > MAX_BAD_PACKETS:
                raise CorruptAudioError(
                    "is damaged: too much of it cannot be decoded", path, BROKEN
                ) from error
            continue
        barren = 0 if frames else barren + 1
        if barren > MAX_SILENT_PACKETS:
            raise CorruptAudioError("is damaged: its packets contain no sound", path, BROKEN)
        for frame in frames:
            size, rate, channels = frame.samples, frame.rate, frame.layout.nb_channels
            time = frame.time
            if time is not None and time + size / rate <= start:
                continue
            if (rate, channels) != usable:
                _check_usable(channels, rate, path)
                usable = rate, channels
            yield rate, channels, size, frame


def _check_usable(channels: int, rate: int, path: Path) -> None:
    if not 1 <= channels <= MAX_CHANNELS or not 0 < rate <= MAX_RATE:
        raise CorruptAudioError(f"claims {channels} channels at {rate} Hz", path, BROKEN)
    if rate < LOWEST_RATE:
        raise NarrowBandError(f"is recorded at {rate} Hz: 16 kHz or more is needed", path)


def _sounding(found: Iterator[Piece], length: float, mixer: Mixer) -> list[Block]:
    """Take `length` seconds, not counting a silent beginning.

    Silence is relative to the loudest sample, so that loudness does not matter. A soft beginning
    is dropped when louder music follows.
    """
    kept: list[Block] = []
    while more := list(blocks(found, length - _seconds(kept), mixer)):
        kept = _without_silence([*kept, *joined(more)])
    return joined(kept)


def _without_silence(kept: list[Block]) -> list[Block]:
    least = SILENCE * max(block.peak for block in kept)
    for number, block in enumerate(kept):
        if loud := block.from_level(least):
            return [loud, *kept[number + 1 :]]
    return []


def _seconds(kept: Iterable[Block]) -> float:
    return math.fsum(size / block.rate for block in kept for size in block.sizes)


def _resampled(parts: Sequence[Part], wanted: int) -> NDArray[np.float32]:
    """Join the parts at the rate `wanted`, Hz."""
    found = [
        samples if rate == wanted else soxr.resample(samples, rate, wanted, "HQ")
        for rate, samples in parts
    ]
    return found[0] if len(found) == 1 else np.concatenate([np.zeros(0, np.float32), *found])
