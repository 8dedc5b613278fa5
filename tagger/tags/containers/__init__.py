"""Files taken apart into tags and the rest, byte by byte.

`dismantle` tells by the content alone what a file is. Everything here raises `MalformedError`, or
what slicing and unpacking hostile bytes happens to raise; `tagger.tags` has the boundary that turns
all of it into tagger's own errors.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from tagger.tags.containers.asf import HEADER_OBJECT, AsfFile
from tagger.tags.containers.flac import FlacFile
from tagger.tags.containers.mp4 import Mp4File
from tagger.tags.containers.ogg import OggFile, ogg_codec
from tagger.tags.containers.riff import ChunkedFile, DsfFile
from tagger.tags.containers.stream import StreamFile, sound_start

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from tagger.tags.containers.base import Container

FORMATS: Final[dict[str, Callable[[BinaryIO], Container]]] = {
    "aiff": partial(ChunkedFile, order="big"),
    "ape": partial(StreamFile, primary="apev2"),
    "asf": AsfFile,
    "dsf": DsfFile,
    "flac": FlacFile,
    "mp3": partial(StreamFile, primary="id3v2"),
    "mp4": Mp4File,
    "musepack": partial(StreamFile, primary="apev2"),
    "oggflac": OggFile,
    "opus": OggFile,
    "speex": OggFile,
    "vorbis": OggFile,
    "wav": partial(ChunkedFile, order="little"),
    "wavpack": partial(StreamFile, primary="apev2"),
}
"""What takes a file of a format apart."""

_MAGICS: Final = (
    (0, b"OggS", None),
    (0, HEADER_OBJECT, "asf"),
    (0, b"DSD ", "dsf"),
    (0, b"RIFF", None),
    (0, b"FORM", None),
    (0, b"\x1a\x45\xdf\xa3", None),  # Matroska, whose sound may be MP3 frames
    *((4, name, "mp4") for name in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")),
)
"""What stands where at the beginning of a file that no ID3 tag may precede; None: look closer."""
_FORMS: Final = {b"RIFFWAVE": "wav", b"FORMAIFF": "aiff", b"FORMAIFC": "aiff"}
_STREAMS: Final = {
    b"fLaC": "flac",
    b"MAC ": "ape",
    b"wvpk": "wavpack",
    b"MPCK": "musepack",
    b"MP+\x07": "musepack",
    b"MP+\x17": "musepack",
}


def identify(file: BinaryIO) -> str | None:
    """Return the format's name in `FORMATS`, None if it is none of them.

    What begins with no known magic may be MP3, which has none: its frames are for the reader to
    find.
    """
    file.seek(0)
    head = file.read(16)
    for at, magic, form in _MAGICS:
        if head[at:].startswith(magic):
            if magic == b"OggS":
                return ogg_codec(file)
            return form or _FORMS.get(head[:4] + head[8:12])
    file.seek(sound_start(file))
    return _STREAMS.get(file.read(4), "mp3")


def dismantle(file: BinaryIO, form: str) -> Container:
    """Take a file apart that `identify` called `form`."""
    return FORMATS[form](file)
