"""The audio containers that tagger opens, and how FFmpeg is kept to them.

Content is hostile: an `.mp3` may hold an HLS playlist or an ffconcat script, and FFmpeg would
follow it to other files or hosts. Passing `DEMUXER_OPTIONS` to `av.open`, always with a file
object and never with a path, leaves a demuxer nothing but the bytes it was given.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from av.container import InputContainer

DEMUXERS: Final = (
    "aiff",
    "ape",
    "asf",
    "dsf",
    "flac",
    "mov",  # the whole family: mov, mp4, m4a
    "mp3",
    "mpc",
    "mpc8",
    "ogg",
    "wav",
    "wv",
)
"""FFmpeg's names of the demuxers for the containers that tagger supports."""

DEMUXER_OPTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {"format_whitelist": ",".join(DEMUXERS), "protocol_whitelist": ""}
)
"""For `av.open(file, options=dict(DEMUXER_OPTIONS))`: no other demuxer, no protocol at all."""

EXTENSIONS: Final = frozenset(
    ".aif .aiff .ape .dsf .flac .m4a .mp3 .mp4 .mpc .oga .ogg .opus .wav .wma .wv".split()
)
"""Lower-case endings of the names that a walk takes for music; the content has the last word."""


def open_audio(file: BinaryIO) -> InputContainer:
    """Open a binary file object for demuxing, with nothing else in reach of its content.

    Raises what PyAV raises: `av.error.FFmpegError`, `ValueError` or `OSError`.
    """
    import av  # noqa: PLC0415 - walks and the daemon only want the names

    return av.open(
        _Source(file),
        mode="r",
        container_options=dict(DEMUXER_OPTIONS),
        metadata_errors="replace",
        io_open=_refuse,
    )


class _Source:
    """What FFmpeg gets of a file: its bytes, and no name that it could guess the format from.

    FFmpeg tries seeks that lead nowhere and copes with their failing; PyAV would print an
    exception for each.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read
        self.tell = file.tell
        self._seek = file.seek

    def seek(self, offset: int, whence: int = 0) -> int:
        try:
            return self._seek(offset, whence)
        except (OSError, ValueError):
            return -1


def _refuse(url: str, _flags: int, _options: dict[str, Any]) -> NoReturn:
    raise PermissionError(f"a reference to another file is not followed: {url!r}")
