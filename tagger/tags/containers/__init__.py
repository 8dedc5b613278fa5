"""The split of files into tags and the rest, byte by byte.

`dismantle` finds the container by the content alone. All code here raises `MalformedError`, or the
errors of slicing and unpacking hostile bytes. The boundary of `tagger.tags` converts them to
the errors of tagger.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from tagger.audio.formats import (
    BEGINNINGS,
    FORMATS,
    OGG,
    OTHER_CONTAINERS,
    unsupported_name,
)
from tagger.tags.containers.asf import AsfFile
from tagger.tags.containers.dsf import DsfFile
from tagger.tags.containers.enclosed import EnclosedFile
from tagger.tags.containers.flac import FlacFile
from tagger.tags.containers.mp4 import Mp4File
from tagger.tags.containers.ogg import OggFile, ogg_codec
from tagger.tags.containers.riff import ChunkedFile
from tagger.tags.containers.stream import (
    StreamFile,
    file_size,
    read_at,
    sound_start,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from tagger.tags.containers.base import Container

PARSERS: Final[dict[str, Callable[[BinaryIO], Container]]] = {
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
"""The parser of each format of `tagger.audio.formats`."""

_OTHER: Final = re.compile(OTHER_CONTAINERS)


def identify(file: BinaryIO) -> str | None:
    """Return the format's name in `tagger.audio.formats.FORMATS`; None for other files.

    A file without a known magic number may be MP3, which has none: the reader looks for frames.
    """
    file.seek(0)
    head = file.read(16)
    for magic, name, form in BEGINNINGS:
        if not (form.after_id3 or form.ogg_codec) and magic.match(head):
            return name
    if _OTHER.match(head):
        return None
    start = sound_start(file)
    head = read_at(file, start, min(16, file_size(file) - start))
    if head.startswith(OGG):
        return ogg_codec(file, start)
    for magic, name, form in BEGINNINGS:
        if magic.match(head):
            return name if form.after_id3 else None
    return None if unsupported_name(head) else "mp3"


def dismantle(file: BinaryIO, form: str) -> Container:
    """Split a file whose format `identify` returned as `form`."""
    parse = PARSERS[form]
    return parse(file) if FORMATS[form].after_id3 else EnclosedFile(file, parse)
