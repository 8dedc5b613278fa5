"""Real audio files of every format, made while the tests run.

    path = make(tmp_path / "song.mp3", "mp3", tags={"title": "One", "genre": ["Rock"]})

Encoded bytes are cached for the session by format, sound and rate, so that a second file costs a
copy. `FORMATS` names the formats and their usual extension; the extension of `path` is free.
Tags are written by mutagen (`tag`), and ID3 in its old shapes by hand (`id3v22`, `id3v1`).
"""

from __future__ import annotations

import contextlib
import functools
import io
import itertools
import shutil
import struct
import subprocess
import tempfile
import zlib
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import media_ape
import mutagen
import numpy as np
import pytest
from mutagen import apev2, asf, flac, id3, mp4
from mutagen.asf._attrs import ASFByteArrayAttribute
from mutagen.ogg import OggPage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, BinaryIO

    from _pytest.mark import ParameterSet
    from numpy.typing import ArrayLike, NDArray

    Samples = NDArray[np.float32]


FORMATS = {
    "mp3": ".mp3",
    "flac": ".flac",
    "vorbis": ".ogg",
    "opus": ".opus",
    "oggflac": ".oga",
    "speex": ".spx",  # wants Debian's ffmpeg
    "m4a": ".m4a",
    "alac": ".m4a",
    "wav": ".wav",
    "aiff": ".aiff",
    "wma": ".wma",
    "wavpack": ".wv",
    "ape": ".ape",
    "musepack": ".mpc",  # wants Debian's musepack-tools
    "dsf": ".dsf",
}
PROGRAMS = {"speex": "ffmpeg", "musepack": "mpcenc"}
LOSSLESS = ("flac", "oggflac", "alac", "wav", "aiff", "wavpack", "ape")

# container, codec, sample format, encoder options
_ENCODERS = {
    "mp3": ("mp3", "libmp3lame", "fltp", {}),
    "flac": ("flac", "flac", "s16", {}),
    "vorbis": ("ogg", "vorbis", "fltp", {"strict": "experimental"}),
    "opus": ("ogg", "libopus", "flt", {}),
    "oggflac": ("ogg", "flac", "s16", {}),
    "m4a": ("ipod", "aac", "fltp", {}),
    "alac": ("ipod", "alac", "s16p", {}),
    "wav": ("wav", "pcm_s16le", "s16", {}),
    "aiff": ("aiff", "pcm_s16be", "s16", {}),
    "wma": ("asf", "wmav2", "fltp", {}),
    "wavpack": ("wv", "wavpack", "s16p", {}),
}
_QUIET = {"mp3": {"id3v2_version": "0", "write_xing": "1"}, "wav": {"fflags": "+bitexact"}}


def available(*fast: str) -> list[ParameterSet]:
    """Name every format, those whose encoder is not installed marked as skipped.

    With `fast` formats, the others are marked as slow.
    """
    return [
        pytest.param(
            name,
            marks=[
                pytest.mark.skipif(
                    not has_encoder(name), reason=f"{name} needs Debian's {PROGRAMS.get(name)}"
                ),
                *([pytest.mark.slow] if fast and name not in fast else []),
            ],
        )
        for name in FORMATS
    ]


def containers() -> list[ParameterSet]:
    """Name every format as `available`, with one fast format of each container."""
    return available("mp3", "flac", "vorbis", "m4a", "wav", "wma", "wavpack")


def has_encoder(name: str) -> bool:
    """Return whether files of a format can be made on this machine."""
    return name not in PROGRAMS or shutil.which(PROGRAMS[name]) is not None


@functools.cache
def tone(seconds: float = 0.5, rate: int = 44100, frequency: float = 440.0) -> Samples:
    """Make a tone with overtones and a little noise: mono float32 (n,) within -1..1."""
    time = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(7).normal(0, 0.02, len(time))
    waves = sum(np.sin(2 * np.pi * frequency * k * time) / k for k in (1, 2, 3))
    made = (0.3 * waves + noise).astype(np.float32)
    made.setflags(write=False)  # the next caller gets the same array
    return made


def make(
    path: str | Path,
    format: str = "mp3",  # noqa: A002
    *,
    seconds: float = 0.5,
    signal: ArrayLike | None = None,
    rate: int | None = None,
    tags: Mapping[str, Any] | None = None,
) -> Path:
    """Write an audio file and return its path.

    `signal`: mono float (n,) within -1..1 at `rate` (default 44,100 Hz, 48,000 for Opus); without
    it a tone of `seconds`. `tags`: see `tag`; None leaves the file without any tag that mutagen
    shows. Skips the calling test where the format's encoder is not installed.
    """
    rate = rate or (48000 if format == "opus" else 16000 if format == "speex" else 44100)
    samples = tone(seconds, rate) if signal is None else np.asarray(signal, np.float32)
    path = Path(path)
    path.write_bytes(_encoded(format, samples.tobytes(), rate))
    if tags is not None:
        tag(path, **tags)
    return path


@functools.lru_cache(maxsize=256)
def _encoded(name: str, samples: bytes, rate: int) -> bytes:
    signal = np.frombuffer(samples, np.float32)
    if name == "ape":
        return media_ape.encode(_int16(signal), rate)
    if name == "dsf":
        return _dsf(signal, rate)
    if name in PROGRAMS:
        return _by_program(name, signal, rate)
    data = _by_av(name, signal, rate)
    return _untagged(name, data)


def _int16(signal: Samples) -> NDArray[np.int16]:
    return np.clip(np.round(signal * 32767), -32768, 32767).astype(np.int16)


def _by_av(name: str, signal: Samples, rate: int) -> bytes:
    container, codec, sample_format, options = _ENCODERS[name]
    channels = 2 if name == "vorbis" else 1  # the native Vorbis encoder is stereo only
    layout = "stereo" if channels == 2 else "mono"
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container, options=_QUIET.get(name, {})) as output:
        stream: Any = output.add_stream(codec, rate=rate, options=options)
        stream.layout = layout
        stream.bit_rate = 96_000
        stream.format = sample_format
        pcm = signal if sample_format.startswith("flt") else _int16(signal)
        plane = (
            np.tile(pcm, (channels, 1))
            if sample_format.endswith("p")
            else np.repeat(pcm, channels)[None]
        )
        fifo = av.AudioFifo()
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(plane), sample_format, layout)
        frame.rate = rate
        frame.pts, frame.time_base = 0, Fraction(1, rate)
        fifo.write(frame)
        size = stream.codec_context.frame_size or 1024
        while piece := fifo.read(size) or fifo.read(size, partial=True):
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def surround(
    path: Path, form: str, *, layout: str = "7.1", seconds: float = 4.0, rate: int = 48_000
) -> Path:
    """Write a file with the tags of FFmpeg, whose channels all have the same tone."""
    container, codec, sample_format, options = _ENCODERS[form]
    channels = av.AudioLayout(layout).nb_channels
    pcm = np.repeat(_int16(tone(seconds, rate)), channels)[None]
    frame = av.AudioFrame.from_ndarray(pcm, "s16", layout)  # fails for 8 planes
    frame.rate = rate
    with av.open(path, "w", format=container, options=_QUIET.get(form, {})) as output:
        stream: Any = output.add_stream(codec, rate=rate, options=options, layout=layout)
        stream.format = sample_format
        resampler = av.AudioResampler(sample_format, layout, rate, 960)
        for part in (*resampler.resample(frame), None):
            output.mux(stream.encode(part))
    return path


def _untagged(name: str, data: bytes) -> bytes:
    """Take away the encoder's own tags, so that a file without tags really has none."""
    buffer = io.BytesIO(data)
    file = mutagen.File(buffer)
    if file.tags and name in ("m4a", "alac", "wma", "wavpack"):
        buffer.seek(0)
        file.delete(buffer)
    elif file.tags:  # Vorbis comments always exist; only their contents can go
        file.tags.clear()
        buffer.seek(0)
        file.save(buffer)
    return buffer.getvalue()


def _by_program(name: str, signal: Samples, rate: int) -> bytes:
    program = PROGRAMS[name]
    if shutil.which(program) is None:
        pytest.skip(f"{name} needs Debian's {program}")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.wav"), Path(folder, f"out{FORMATS[name]}")
        source.write_bytes(_encoded("wav", signal.tobytes(), rate))
        commands: dict[str, list[str | Path]] = {
            "musepack": [program, "--silent", "--overwrite", source, target],
            "speex": [program, "-loglevel", "error", "-i", source, "-c:a", "libspeex", target],
        }
        subprocess.run(commands[name], check=True, capture_output=True)
        return target.read_bytes()


def _dsf(signal: Samples, rate: int) -> bytes:
    """Encode DSD64 by a first-order sigma-delta modulator into Sony's DSF, mono."""
    oversampling = 64
    fine = np.repeat(signal.astype(np.float64) * 0.7, oversampling)
    # first order: the running sum crosses an odd integer each time a one is due
    steps = np.floor(np.cumsum((fine + 1) / 2))
    bits = np.diff(steps, prepend=0.0) > 0
    count = len(bits) - len(bits) % 8
    stream = np.packbits(bits[:count], bitorder="little").tobytes()
    block = 4096
    stream += b"\x69" * (-len(stream) % block)
    body = struct.pack("<4sQ", b"data", 12 + len(stream)) + stream
    form = struct.pack(
        "<4sQIIIIIIQII", b"fmt ", 52, 1, 0, 1, 1, rate * oversampling, 1, count, block, 0
    )
    head = struct.pack("<4sQQQ", b"DSD ", 28, 28 + len(form) + len(body), 0)
    return head + form + body


def musepack7(path: Path, frames: int = 20) -> Path:
    """Write silence of 26 ms a frame as Musepack of stream version 7, which no encoder makes.

    A frame is one word: its size of 20 bits, and 12 bits for one band without samples.
    """
    words = [12 << 4] + [12 << 4] * frames  # the first eight bits belong to the header
    head = b"MP+\x07" + struct.pack("<I", frames) + bytes(16)
    path.write_bytes(head + b"".join(struct.pack("<I", word) for word in words) + bytes(8))
    return path


def pcm(path: Path) -> NDArray[Any]:
    """Decode a whole file with PyAV: (channels, n). For comparing before with after."""
    with av.open(f"file:{path}") as container:
        return np.concatenate([f.to_ndarray() for f in container.decode(audio=0)], axis=-1)


@functools.cache
def png(size: int = 64) -> bytes:
    """Make a small PNG, noisy so that it does not shrink to nothing."""
    pixels = np.random.default_rng(size).integers(0, 256, (size, 3 * size), np.uint8)
    raw = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(raw))
        + chunk(b"IEND", b"")
    )


FIELDS = {
    "title": ("TIT2", "title", "\xa9nam", "Title", "Title"),
    "artist": ("TPE1", "artist", "\xa9ART", "Author", "Artist"),
    "album": ("TALB", "album", "\xa9alb", "WM/AlbumTitle", "Album"),
    "album_artist": ("TPE2", "albumartist", "aART", "WM/AlbumArtist", "Album Artist"),
    "date": ("TDRC", "date", "\xa9day", "WM/Year", "Year"),
    "comment": ("COMM", "comment", "\xa9cmt", "Description", "Comment"),
    "compilation": ("TCMP", "compilation", "cpil", "WM/IsCompilation", "Compilation"),
    "composer": ("TCOM", "composer", "\xa9wrt", "WM/Composer", "Composer"),
    "artist_id": (
        "TXXX:MusicBrainz Artist Id",
        "musicbrainz_artistid",
        "----:com.apple.iTunes:MusicBrainz Artist Id",
        "MusicBrainz/Artist Id",
        "MUSICBRAINZ_ARTISTID",
    ),
    "genre": ("TCON", "genre", "\xa9gen", "WM/Genre", "Genre"),
}


def tag(path: Path, *, picture: bytes | None = None, id3_version: int = 4, **fields: Any) -> Path:
    """Write fields with mutagen: those of FIELDS, each a text or a list; `picture` in PNG bytes.

    `id3_version` (3 or 4) is for the containers that hold ID3; two genres in 2.3 are joined by
    "; ", as that version has no lists.
    """
    file = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    column = _column(file.tags)
    for name, value in fields.items():
        key = FIELDS[name][column]
        values = [value] if isinstance(value, str | bool) else list(value)
        _set(file.tags, key, values)
    if picture is not None:
        _picture(file, picture)
    options = {}
    if column == 0:
        options = {"v2_version": id3_version, "v23_sep": "; "}
        if id3_version == 3:
            file.tags.update_to_v23()
    file.save(**options)
    return path


def _column(tags: Any) -> int:
    kinds = ((id3.ID3, 0), (mp4.MP4Tags, 2), (asf.ASFTags, 3), (apev2.APEv2, 4))
    return next((column for kind, column in kinds if isinstance(tags, kind)), 1)


def _set(tags: Any, key: str, values: list[Any]) -> None:
    column = _column(tags)
    if column == 0:
        texts = ["1" if v is True else v for v in values]
        frame, _, description = key.partition(":")
        extra = {"lang": "eng", "desc": ""} if key == "COMM" else {}
        extra |= {"desc": description} if description else {}
        tags.setall(key, [getattr(id3, frame)(encoding=3, text=texts, **extra)])
    elif key == "cpil":
        tags[key] = values[0]
    elif key.startswith("----:"):
        tags[key] = [value.encode() for value in values]
    else:
        tags[key] = ["1" if v is True else v for v in values]


def _picture(file: Any, data: bytes) -> None:
    column = _column(file.tags)
    picture = flac.Picture()
    picture.type, picture.mime, picture.desc, picture.data = 3, "image/png", "front", data
    if column == 0:
        file.tags.add(id3.APIC(encoding=3, mime="image/png", type=3, desc="front", data=data))
    elif isinstance(file, flac.FLAC):
        file.add_picture(picture)
    elif column == 1:
        import base64  # noqa: PLC0415

        file.tags["metadata_block_picture"] = [base64.b64encode(picture.write()).decode()]
    elif column == 2:
        file.tags["covr"] = [mp4.MP4Cover(data, mp4.MP4Cover.FORMAT_PNG)]
    elif column == 3:
        value = struct.pack("<BI", 3, len(data)) + "image/png\0front\0".encode("utf-16-le") + data
        file.tags["WM/Picture"] = [ASFByteArrayAttribute(value)]
    else:
        file.tags["Cover Art (Front)"] = apev2.APEValue(b"front.png\0" + data, apev2.BINARY)


def id3v1(
    path: Path,
    *,
    title: str = "",
    artist: str = "",
    album: str = "",
    comment: str = "",
    genre: int = 255,
) -> Path:
    """Append an ID3v1 tag; `genre` is the number, 255 for none."""
    names, remark = (
        b"".join(text.encode("latin-1").ljust(30, b"\0")[:30] for text in texts)
        for texts in ((title, artist, album), (comment,))
    )
    with path.open("ab") as file:
        file.write(b"TAG" + names + b"1999" + remark + bytes([genre]))
    return path


def without_continuations(path: Path) -> Path:
    """Clear the flag of the pages of an Ogg file that continue a packet; mutagen needs it."""
    with path.open("rb") as file:
        pages = list(_pages(file))
    for page in pages:
        page.continued = False
    path.write_bytes(b"".join(page.write() for page in pages))
    return path


def _pages(file: BinaryIO) -> Iterator[OggPage]:
    with contextlib.suppress(EOFError):
        while True:
            yield OggPage(file)


def id3v22(path: Path, *frames: tuple[bytes, bytes]) -> Path:
    """Prepend an ID3v2.2 tag of raw (three-letter id, body) frames, with 64 bytes of padding."""
    body = b"".join(i + len(d).to_bytes(3, "big") + d for i, d in frames) + b"\0" * 64
    return _prepend(path, 2, body)


def id3v23(path: Path, *frames: tuple[bytes, bytes]) -> Path:
    """Prepend an ID3v2.3 tag of raw (id, body) frames, with 64 bytes of padding."""
    body = b"".join(i + struct.pack(">IH", len(d), 0) + d for i, d in frames) + b"\0" * 64
    return _prepend(path, 3, body)


def _prepend(path: Path, version: int, body: bytes) -> Path:
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    path.write_bytes(b"ID3" + bytes([version, 0, 0]) + size + body + path.read_bytes())
    return path


def ape_on_mp3(path: Path, **fields: Any) -> Path:
    """Add an APEv2 tag to an MP3 as mp3gain does; keys are APEv2's own."""
    tags = apev2.APEv2()
    for key, value in fields.items():
        tags[key] = value
    tags.save(path)
    return path


NAMES = (
    "plain",
    "Ünïcödé Ελληνικά",
    "日本語の曲",
    "Песня 🎵",
    "עברית",
    "new\nline",
    " leading space",
    "#hash; semi",
    "-dash",
    "quote\"'`$(x)",
)
"""File names that exercise what handles names, all UTF-8; `RAW_NAME` is not."""

RAW_NAME = b"caf\xe9 \xff\xfe"


def library(folder: Path, count: int = 60) -> list[Path]:
    """Fill `folder` with files of every format that can be made here, tags and names varied."""
    names = (n for n in FORMATS if n not in PROGRAMS or shutil.which(PROGRAMS[n]))
    paths = []
    for i, form in zip(range(count), itertools.cycle(tuple(names)), strict=False):
        album = folder / f"album {i // 12}"
        album.mkdir(parents=True, exist_ok=True)
        tags: dict[str, Any] = {
            "title": NAMES[i % len(NAMES)],
            "artist": f"Artist {i // 12}",
            "album": f"Album {i // 12}",
        }
        if i % 3 == 0:
            tags["genre"] = ["Rock", "Blues"][: 1 + i % 2]
        if i % 4 == 0:
            tags["picture"] = png(32)
        paths.append(
            make(album / f"{i:03d} {NAMES[i % len(NAMES)]}{FORMATS[form]}", form, tags=tags)
        )
    return paths
