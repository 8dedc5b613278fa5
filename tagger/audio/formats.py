"""The one table of audio formats, and FFmpeg limited to them.

Content may be hostile: an `.mp3` may contain an HLS playlist or an ffconcat script, and FFmpeg
would follow it to other files or hosts. `av.open` therefore gets `DEMUXER_OPTIONS` and a file
object, never a path. A demuxer can then read only the bytes of this file.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from av import AudioStream
    from av.container import InputContainer

OGG: Final = b"OggS"
_ID3_HEADER: Final = 10
_ID3_FOOTER: Final = 0x10
_NO_ID3: Final = re.compile(rb"MAC |wvpk|MPCK|MP\+")
"""The beginnings of formats before which FFmpeg expects no ID3v2 tag."""
_ASF_HEADER: Final = re.escape(bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"))


@dataclass(frozen=True, slots=True)
class Format:
    """One audio format in one container."""

    demuxers: tuple[str, ...]
    """FFmpeg's names of the demuxers that read it."""
    extensions: tuple[str, ...]
    """Lower-case endings of file names."""
    magic: bytes | None
    """A regular expression for the beginning of the file; MP3 has no magic number."""
    after_id3: bool = False
    """Whether ID3 tags may precede the magic number."""
    ogg_codec: bytes | None = None
    """The beginning of the first packet, in an Ogg container."""


FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        "aiff": Format(("aiff",), (".aif", ".aifc", ".aiff"), rb"FORM....AIF[FC]"),
        "ape": Format(("ape",), (".ape",), rb"MAC ", after_id3=True),
        "asf": Format(("asf",), (".wma",), _ASF_HEADER),
        "dsf": Format(("dsf",), (".dsf",), rb"DSD "),
        "flac": Format(("flac",), (".flac",), rb"fLaC", after_id3=True),
        "mp3": Format(("mp3",), (".mp3", ".mp2", ".mpga"), None, after_id3=True),
        # the whole family of mov, mp4 and m4a
        "mp4": Format(("mov",), (".m4a", ".mp4"), rb"....(ftyp|moov|mdat|wide|free|skip)"),
        "musepack": Format(("mpc", "mpc8"), (".mpc",), rb"MPCK|MP\+[\x07\x17]", after_id3=True),
        "oggflac": Format(("ogg",), (".oga",), OGG, ogg_codec=b"\x7fFLAC"),
        "opus": Format(("ogg",), (".opus",), OGG, ogg_codec=b"OpusHead"),
        "speex": Format(("ogg",), (".ogg", ".spx"), OGG, ogg_codec=b"Speex   "),
        "vorbis": Format(("ogg",), (".ogg",), OGG, ogg_codec=b"\x01vorbis"),
        "wav": Format(("wav",), (".wav", ".wave"), rb"RIFF....WAVE"),
        "wavpack": Format(("wv",), (".wv",), rb"wvpk", after_id3=True),
    }
)
"""Every format that tagger decodes and tags, by its name in this program."""

BEGINNINGS: Final = [
    (re.compile(form.magic, re.DOTALL), name, form)
    for name, form in FORMATS.items()
    if form.magic is not None
]
"""The beginning of each format that has a magic number, with its name."""
_INSIDE: Final = re.compile(
    rb"fLaC\0|OggS\0[\2\6]|MAC .[\x0c-\x0f]|wvpk....[\x02-\x10]\x04|MPCKSH|RIFF....WAVE"
    rb"|FORM....AIF[FC]|DSD \x1c|....ftyp|" + _ASF_HEADER,
    re.DOTALL,
)
"""Beginnings of formats that are distinct enough to be searched for."""
NO_TRACK: Final = "move the file away, or exclude it with library.ignore"
"""The next step for a file that is no track."""
LONGEST_JUNK: Final = 1 << 16
"""Foreign bytes before the beginning of a file, at most."""

_UNNAMED_ORDER: Final = " channels ("
"""FFmpeg's description of an order of channels without a name."""

OTHER_CONTAINERS: Final = rb"RIFF|FORM|\x1a\x45\xdf\xa3"
"""Magic numbers of unsupported containers; the sound in Matroska may be MP3 frames."""

DEMUXERS: Final = tuple(sorted({name for form in FORMATS.values() for name in form.demuxers}))
"""FFmpeg's names of the demuxers for all formats."""

DEMUXER_OPTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {"format_whitelist": ",".join(DEMUXERS), "protocol_whitelist": ""}
)
"""For `av.open(file, options=dict(DEMUXER_OPTIONS))`: no other demuxer, and no protocol."""

EXTENSIONS: Final = frozenset(end for form in FORMATS.values() for end in form.extensions)
"""Lower-case file name endings that a walk accepts; the content decides later."""


UNSUPPORTED: Final[Mapping[str, str]] = MappingProxyType(
    {
        ".3ga": "3GP audio (.3ga)",
        ".3gp": "3GP (.3gp)",
        ".aa": "Audible (.aa)",
        ".aac": "AAC without a container (.aac)",
        ".aax": "Audible (.aax)",
        ".ac3": "Dolby AC-3 (.ac3)",
        ".amr": "AMR speech (.amr)",
        ".au": "Sun audio (.au)",
        ".caf": "Apple's Core Audio (.caf)",
        ".dff": "DSDIFF (.dff)",
        ".dts": "DTS (.dts)",
        ".eac3": "Dolby AC-3 (.eac3)",
        ".it": "a tracker module (.it)",
        ".m4b": "an audiobook (.m4b)",
        ".m4p": "a protected file (.m4p)",
        ".m4r": "a ringtone (.m4r)",
        ".mid": "MIDI (.mid)",
        ".mka": "Matroska (.mka)",
        ".mlp": "MLP (.mlp)",
        ".mod": "a tracker module (.mod)",
        ".mogg": "multi-track Ogg (.mogg)",
        ".mpp": "Musepack under an old name (.mpp)",
        ".ofr": "OptimFROG (.ofr)",
        ".ra": "RealAudio (.ra)",
        ".rf64": "RF64 (.rf64)",
        ".rm": "RealMedia (.rm)",
        ".s3m": "a tracker module (.s3m)",
        ".shn": "Shorten (.shn)",
        ".snd": "Sun audio (.snd)",
        ".tak": "TAK (.tak)",
        ".thd": "TrueHD (.thd)",
        ".tta": "True Audio (.tta)",
        ".voc": "Creative voice (.voc)",
        ".w64": "Wave64 (.w64)",
        ".weba": "WebM (.weba)",
        ".webm": "WebM (.webm)",
        ".xm": "a tracker module (.xm)",
    }
)
"""Lower-case file name endings of sound that tagger does not support, with the formats' names."""

_UNSUPPORTED_MAGICS: Final = (
    (rb"RF64|BW64", "an RF64 or BW64 file"),
    (rb"riff\x2e\x91\xcf\x11", "a Wave64 file"),
    (rb"\x1a\x45\xdf\xa3", "a Matroska or WebM file"),
    (rb"caff", "a Core Audio file of Apple"),
    (rb"TTA[12]", "a True Audio file"),
    (rb"\x0bw", "a Dolby AC-3 stream"),
    (rb"FRM8", "a DSDIFF file"),
    (rb"\.snd", "a Sun audio file"),
    (rb"MThd", "a MIDI file"),
    (rb"\xff[\xf0\xf1\xf8\xf9]", "AAC without a container"),
)
"""Patterns of the beginnings of unsupported files, with what they are."""


_UNSUPPORTED: Final = [(re.compile(magic), name) for magic, name in _UNSUPPORTED_MAGICS]


def unsupported_name(head: bytes) -> str | None:
    """Return what a file is that begins with `head`, if tagger does not support its format."""
    return next((name for magic, name in _UNSUPPORTED if magic.match(head)), None)


_POINTERS: Final = {
    b"/annex/objects/": ("git-annex", "git annex get"),
    b"version https://git-lfs.": ("Git LFS", "git lfs pull"),
}
"""The beginnings of texts in place of a file, each with its program and the command for it."""


def pointer(head: bytes) -> tuple[str, str] | None:
    """Return what a text in place of a file is, and the next step; None for other files."""
    for beginning, (program, command) in _POINTERS.items():
        if head.startswith(beginning):
            return f"is a pointer of {program} without the sound", f"`{command}` fetches it"
    return None


def _inner_beginning(data: bytes, start: int) -> tuple[int, str] | None:
    """Return the offset and the name of a format that begins behind foreign bytes.

    Args:
        data: The first bytes of a file.
        start: The least offset.

    """
    found = _INSIDE.search(data, start)
    if not found:
        return None
    magic = data[found.start() : found.start() + 16]
    if magic.startswith(OGG):
        return found.start(), "Ogg"
    return found.start(), next(name for start, name, _ in BEGINNINGS if start.match(magic)).upper()


class Readable(Protocol):
    """The part of a binary file that demuxing needs."""

    def read(self, size: int = -1, /) -> bytes:
        """See `io.RawIOBase.read`."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """See `io.IOBase.seek`."""

    def tell(self) -> int:
        """See `io.IOBase.tell`."""


def why_unsupported(file: Readable, behind: int) -> tuple[str, str]:
    """Return the reason why a file has no supported format, and the next step.

    Args:
        file: The file.
        behind: The offset of the sound behind ID3 tags, 0 without them.

    """
    for start in (0, behind):
        file.seek(start)
        if name := unsupported_name(file.read(16)):
            return f"is {name}, which is not supported", NO_TRACK
    file.seek(behind)
    found = _inner_beginning(file.read(LONGEST_JUNK), 0 if behind else 1)
    if not found:
        return "is not a supported audio file", NO_TRACK
    start, name = behind + found[0], found[1]
    before = "bytes of ID3 tags" if start == behind else "other bytes"
    reason = f"is {name} behind {start} {before}, which most players cannot read"
    return reason, f"remove them: tail -c +{start + 1} FILE > NEW"


def open_audio(file: Readable) -> InputContainer:
    """Open a binary file object for demuxing, without access to other files or hosts.

    Raises `av.error.FFmpegError`, `ValueError` or `OSError`, as PyAV does, and MemoryError.
    """
    import av  # noqa: PLC0415 - walks and the daemon need only the names

    with memory_errors():
        container: InputContainer = av.open(
            _Source(file),
            mode="r",
            container_options=dict(DEMUXER_OPTIONS),
            io_open=_refuse,
            **_text_options(av.__version__),
        )
        for stream in container.streams.audio:
            _without_order(stream)
    return container


def _without_order(stream: AudioStream) -> None:
    """Forget an order of channels that has no name, and keep their number.

    PyAV shares the memory of such an order with each layout that it returns, and each frees it.
    """
    if codec := stream.codec_context:  # None for an unknown codec
        layout = codec.layout
        if _UNNAMED_ORDER in layout.name:
            codec.layout = f"{layout.nb_channels} channels"


@contextlib.contextmanager
def memory_errors() -> Iterator[None]:
    """Raise MemoryError in place of PyAV's, which is an FFmpegError like those of damaged files."""
    import av  # noqa: PLC0415 - as above

    try:
        yield
    except av.error.MemoryError as error:
        raise MemoryError from error


def _text_options(version: str) -> dict[str, Any]:
    """Return the options of `av.open` for text that is not UTF-8; PyAV 19 needs and has none."""
    return {} if int(version.partition(".")[0]) >= 19 else {"metadata_errors": "replace"}


class _Source:
    """The bytes of a file for FFmpeg, without a name that suggests a format.

    FFmpeg tries invalid seeks and handles their failure; PyAV would print an exception for
    each of them. Versions from 7 on do not skip ID3v2 before some formats, so it is left out.
    """

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._start = _start_for_ffmpeg(file)
        self.read = file.read

    def tell(self) -> int:
        return self._file.tell() - self._start

    def seek(self, offset: int, whence: int = 0) -> int:
        start = self._start if whence == os.SEEK_SET else 0
        try:
            return self._file.seek(start + offset, whence) - self._start
        except (OSError, ValueError):
            return -1


def behind_id3(file: Readable) -> int:
    """Return the offset behind all ID3v2 tags at the beginning of a file, and read on there."""
    start = 0
    file.seek(0)
    while (head := file.read(_ID3_HEADER))[:3] == b"ID3" and len(head) == _ID3_HEADER:
        headers = 2 if head[3] == 4 and head[5] & _ID3_FOOTER else 1
        start += _ID3_HEADER * headers + from_syncsafe(head[6:])
        file.seek(start)
    file.seek(start)
    return start


def _start_for_ffmpeg(file: Readable) -> int:
    """Return the offset of a sound without a frame header behind ID3v2 tags, else 0."""
    start = behind_id3(file)
    start = start if _NO_ID3.match(file.read(4)) else 0
    file.seek(start)
    return start


def from_syncsafe(data: Iterable[int]) -> int:
    """Decode four bytes of a size in ID3v2; their highest bits are ignored."""
    return sum((byte & 0x7F) << shift for byte, shift in zip(data, (21, 14, 7, 0), strict=True))


def _refuse(url: str, _flags: int, _options: dict[str, Any]) -> NoReturn:
    raise PermissionError(f"a reference to another file is not followed: {url!r}")
