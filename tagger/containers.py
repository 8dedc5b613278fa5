"""The audio containers that tagger opens, and how FFmpeg is kept to them.

Content is hostile: an `.mp3` may hold an HLS playlist or an ffconcat script, and FFmpeg would
follow it to other files or hosts. Passing `DEMUXER_OPTIONS` to `av.open`, always with a file
object and never with a path, leaves a demuxer nothing but the bytes it was given.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

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
