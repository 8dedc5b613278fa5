"""Digests that prove the same sound in a rewritten file.

`digest` covers every byte outside the tags: frames, headers, seek tables, pictures in their own
blocks, gapless data, edit lists. Chunk offsets and page numbers may change, so they are normalised.
The digest depends on tagger's own parser. So `stream_fingerprint` reads the file with
FFmpeg as an independent check: the streams, their parameters, and their first packets.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from tagger.audio.formats import memory_errors, open_audio
from tagger.audio.source import device_errors
from tagger.tags.containers.base import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, BinaryIO

    import av
    from av.container import InputContainer

    from tagger.tags.containers.base import Container, Piece, Raw

BLOCK: Final = 1 << 20
PACKETS: Final = 64
_APE_PACKET: Final = b"TAGEX\xd0\x07\0\0"
"""What FFmpeg's demuxer of Musepack reads of `APETAGEX` as a packet named `AP`."""
_MUSEPACK: Final = "mpc8"
"""The codec whose demuxer reads past the end of the sound, and fails at ID3v1 there."""


def digest(file: BinaryIO, container: Container) -> str:
    """Return the SHA-256 of everything but the tags."""
    total = hashlib.sha256()
    for data in contents(file, container.payload()):
        total.update(data)
    return total.hexdigest()


def contents(file: BinaryIO, pieces: Iterable[Piece]) -> Iterator[Raw]:
    """Yield the bytes of pieces, a span in blocks."""
    for piece in pieces:
        if not isinstance(piece, Span):
            yield piece
            continue
        at, left = piece.start, piece.size
        while left:
            file.seek(at)
            data = file.read(min(left, BLOCK))
            if not data:
                raise EOFError("the file ends before the end of its tags")
            at, left = at + len(data), left - len(data)
            yield data


def _packets(container: InputContainer) -> Iterator[av.Packet[Any]]:
    """Yield the packets of the sound; foreign bytes behind the sound may raise FFmpegError."""
    with memory_errors():
        for packet in container.demux(container.streams.audio[0]):
            if bytes(memoryview(packet)[: len(_APE_PACKET)]) == _APE_PACKET:
                return
            if packet.size:
                yield packet


def stream_fingerprint(file: BinaryIO) -> str | None:
    """Return the SHA-256 of FFmpeg's view: the audio stream's parameters and its first packets.

    None if FFmpeg cannot open the file. The last packet of a short file is left out: in some
    demuxers it extends to the end of the file.
    """
    import av  # noqa: PLC0415 - only workers open files

    total = hashlib.sha256()
    file.seek(0)
    try:
        with device_errors(file) as reading, open_audio(reading) as container:
            stream = container.streams.audio[0]
            codec = stream.codec_context
            parameters = (container.format.name, codec.name, codec.sample_rate, codec.channels)
            total.update(repr((*parameters, _fraction(stream), codec.extradata)).encode())
            packets = itertools.islice(_packets(container), PACKETS)
            with contextlib.suppress(av.FFmpegError):  # the end of a damaged file
                for packet, _ in itertools.pairwise(packets):
                    total.update(repr((packet.pts, packet.dts, packet.duration)).encode())
                    total.update(bytes(packet))
    except (av.FFmpegError, ValueError, IndexError):
        return None
    return total.hexdigest()


def _fraction(stream: av.AudioStream) -> Fraction | None:
    """Return the time base, whose own type depends on the version of PyAV."""
    base = stream.time_base
    return None if base is None else Fraction(base.numerator, base.denominator)


def decoded_fingerprint(file: BinaryIO) -> str | None:
    """Return the SHA-256 of all packets but the last, and of the decoded samples of the last.

    In formats without a size of the sound, the last packet extends to the end of the file, over
    the tag. A decoder ignores the tag there, unless the file is damaged. The digest includes an
    error behind the last packet, where a demuxer may take a tag for damaged sound. None if FFmpeg
    cannot open the file.
    """
    import av  # noqa: PLC0415 - only workers open files

    total = hashlib.sha256()
    file.seek(0)
    try:
        with device_errors(file) as reading, open_audio(reading) as container:
            stream = container.streams.audio[0]
            last = None
            try:
                for packet in _packets(container):
                    total.update(bytes(last) if last else b"")
                    last = packet
            except av.FFmpegError as error:  # the end of a damaged file
                if stream.codec_context.name != _MUSEPACK:
                    total.update(type(error).__name__.encode())
            for samples in _decoded(stream.codec_context, last):
                total.update(samples)
    except (av.FFmpegError, ValueError, IndexError):
        return None
    return total.hexdigest()


def _decoded(codec: Any, packet: Any) -> Iterator[bytes]:
    """Yield the samples of a packet, and the name of an error of the decoder."""
    import av  # noqa: PLC0415 - only workers open files

    from tagger.audio.planes import by_channel  # noqa: PLC0415 - imports NumPy

    try:
        for part in (packet, None) if packet else ():
            for frame in codec.decode(part):
                yield from (samples.tobytes() for samples in by_channel(frame))
    except av.FFmpegError as error:
        yield type(error).__name__.encode()
