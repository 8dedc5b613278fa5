"""Small files that ask a tag reader for much time or memory, made while the tests run."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import media
from mutagen.id3 import BitPaddedInt

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MB = 10**6
SPARSE_GB = 3 * 10**9


def inflating_pictures(path: Path) -> None:
    """Write an MP3 whose six ID3v2.3 pictures of 0.5 MB inflate to 500 MB each."""
    size, squeezer = 500 * MB, zlib.compressobj(9)
    packed = b"".join(squeezer.compress(bytes(MB)) for _ in range(500)) + squeezer.flush()
    frame = b"APIC" + struct.pack(">IHI", len(packed) + 4, 0x0080, size) + packed
    _with_id3(path, 3, frame * 6)


def huge_genre(path: Path) -> None:
    """Write an MP3 with a `TCON` of 20 MB."""
    _with_id3(path, 3, _frame(b"TCON", b"\x00" + b"x" * 20 * MB))


def repeated_genre_numbers(path: Path) -> None:
    """Write an MP3 with a `TCON` of 4 MB of `(1)`."""
    _with_id3(path, 3, _frame(b"TCON", b"\x00" + b"(1)" * (4 * MB // 3)))


def short_frames(path: Path) -> None:
    """Write an MP3 with 1.5 million frames of ID3v2.2."""
    _with_id3(path, 2, b"TT2\x00\x00\x02\x00a" * 1_500_000)


def long_id3(path: Path) -> None:
    """Write an MP3 whose ID3 tag has 250 MB of padding, sparse."""
    tag = b"ID3\x03\x00\x00" + BitPaddedInt.to_str(250 * MB)
    sound = media.make(path, "mp3", seconds=4).read_bytes()
    with path.open("wb") as file:
        file.write(tag)
        file.seek(10 + 250 * MB)
        file.write(sound)


def empty_wav_chunks(path: Path) -> None:
    """Write a WAV with 20 MB of empty chunks."""
    _with_chunks(path, "wav", b"junk\x00\x00\x00\x00" * (20 * MB // 8))


def empty_aiff_chunks(path: Path) -> None:
    """Write an AIFF with 20 MB of empty chunks."""
    _with_chunks(path, "aiff", b"ANNO\x00\x00\x00\x00" * (20 * MB // 8))


def sparse_wav_chunks(path: Path) -> None:
    """Write a WAV with a sparse tail of 3 GB, which reads as chunks without a name."""
    _grow(path, "wav", b"", "<")


def huge_list(path: Path) -> None:
    """Write a WAV with a sparse `LIST` of 3 GB."""
    _grow(path, "wav", b"LIST" + struct.pack("<I", SPARSE_GB) + b"INFO", "<")


def huge_wav_id3(path: Path) -> None:
    """Write a WAV with a sparse `id3 ` of 3 GB."""
    _grow(path, "wav", b"id3 " + struct.pack("<I", SPARSE_GB), "<")


def empty_free_atoms(path: Path) -> None:
    """Write an M4A with 20 MB of empty `free` atoms."""
    media.make(path, "m4a", seconds=4)
    with path.open("ab") as file:
        file.write(b"\x00\x00\x00\x08free" * (20 * MB // 8))


def huge_moov(path: Path) -> None:
    """Write an M4A with a sparse `moov` of 3 GB before its own atoms end."""
    media.make(path, "m4a", seconds=4)
    with path.open("ab") as file:
        file.write(struct.pack(">I", SPARSE_GB) + b"moov")
        file.truncate(file.tell() + SPARSE_GB - 8)


def many_asf_objects(path: Path) -> None:
    """Write a WMA whose header has a million more empty objects."""
    data = bytearray(media.make(path, "wma", seconds=4).read_bytes())
    (size,) = struct.unpack_from("<Q", data, 16)
    (count,) = struct.unpack_from("<I", data, 24)
    more = 500_000
    struct.pack_into("<Q", data, 16, size + more * 24)
    struct.pack_into("<I", data, 24, count + more)
    data[size:size] = (bytes(16) + struct.pack("<Q", 24)) * more
    path.write_bytes(data)


def many_ape_items(path: Path) -> None:
    """Write a WavPack file with an APEv2 tag of 2 million items."""
    item, count = struct.pack("<II", 1, 0) + b"ab\x00c", 2_000_000
    size = len(item) * count + 32
    head = b"APETAGEX" + struct.pack("<III", 2000, size, count)
    media.make(path, "wavpack", seconds=4)
    with path.open("ab") as file:
        file.write(head + struct.pack("<I", 0xA0000000) + bytes(8))
        file.write(item * count + head + struct.pack("<I", 0x80000000) + bytes(8))


def many_comments(path: Path) -> None:
    """Write a FLAC with a Vorbis comment block of 16 MB of empty comments."""
    comments = b"\x01\x00\x00\x00=" * 3_300_000
    block = struct.pack("<II", 0, 3_300_000) + comments
    data = media.make(path, "flac", seconds=4).read_bytes()
    path.write_bytes(data[:42] + b"\x04" + len(block).to_bytes(3, "big") + block + _blocks(data))


BOMBS: dict[str, tuple[str, Callable[[Path], None]]] = {
    make.__name__: (extension, make)
    for extension, make in (
        ("mp3", inflating_pictures),
        ("mp3", huge_genre),
        ("mp3", repeated_genre_numbers),
        ("mp3", short_frames),
        ("mp3", long_id3),
        ("wav", empty_wav_chunks),
        ("wav", sparse_wav_chunks),
        ("wav", huge_list),
        ("wav", huge_wav_id3),
        ("aiff", empty_aiff_chunks),
        ("m4a", empty_free_atoms),
        ("m4a", huge_moov),
        ("wma", many_asf_objects),
        ("wv", many_ape_items),
        ("flac", many_comments),
    )
}
"""The extension and the function that writes the file, by name."""


def _frame(name: bytes, body: bytes) -> bytes:
    return name + struct.pack(">IH", len(body), 0) + body


def _with_id3(path: Path, version: int, frames: bytes) -> None:
    sound = media.make(path, "mp3", seconds=4).read_bytes()
    head = b"ID3" + bytes((version, 0, 0)) + BitPaddedInt.to_str(len(frames))
    path.write_bytes(head + frames + sound)


def _with_chunks(path: Path, form: str, chunks: bytes) -> None:
    data = media.make(path, form, seconds=4).read_bytes() + chunks
    order = "<" if form == "wav" else ">"
    path.write_bytes(data[:4] + struct.pack(f"{order}I", len(data) - 8) + data[8:])


def _grow(path: Path, form: str, head: bytes, order: str) -> None:
    media.make(path, form, seconds=4)
    with path.open("r+b") as file:
        file.seek(0, 2)
        file.write(head)
        file.truncate(file.tell() + SPARSE_GB)
        size = file.seek(0, 2) - 8
        file.seek(4)
        file.write(struct.pack(f"{order}I", size))


def _blocks(data: bytes) -> bytes:
    """Return a FLAC's metadata blocks after STREAMINFO, and its frames."""
    return data[42:]
