"""Seeded mutations of files, and the check of a write into each."""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING

import av
import media
from tagging import others, restore, write

from tagger import tags
from tagger.audio.formats import open_audio
from tagger.audio.planes import by_channel
from tagger.errors import TaggerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import ArrayLike

HEAD = 400
"""Bytes at the beginning and the end of a file that mutate as often as all bytes together."""
FIELDS = {"title": "x", "comment": "y" * 100, "genre": ["Rock"]}


def mutated(data: bytes, seed: int) -> bytes:
    """Return the bytes with one to twenty seeded changes."""
    rng = random.Random(seed)
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        size = len(changed)
        at = rng.choice(
            (rng.randrange(size), rng.randrange(min(size, HEAD)), size - 1 - rng.randrange(HEAD))
        )
        at = max(0, at)
        kind = rng.choice(("flip", "flip", "insert", "delete", "zero", "cut"))
        if kind == "flip":
            changed[at] ^= 1 << rng.randrange(8)
        elif kind == "insert":
            changed[at:at] = rng.randbytes(rng.choice((1, 4, 100)))
        elif kind == "delete" and size > HEAD * 2:
            del changed[at : at + rng.choice((1, 4, 100))]
        elif kind == "zero":
            changed[at : at + 50] = bytes(len(changed[at : at + 50]))
        elif kind == "cut" and rng.random() < 0.2 and at > HEAD:
            del changed[at:]
    return bytes(changed)


def sound(path: Path) -> str:
    """Return a digest of all samples up to the first error, with the error."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file, open_audio(file) as container:
            for frame in container.decode(audio=0):
                for samples in by_channel(frame):
                    digest.update(samples.tobytes())
    except (av.FFmpegError, ValueError, IndexError, MemoryError) as error:
        digest.update(type(error).__name__.encode())
    return digest.hexdigest()


def write_and_undo(path: Path) -> str:
    """Write a genre and undo it; return the first fault, else an empty text.

    It is called in a worker process, because FFmpeg may crash.
    """
    before, heard = path.read_bytes(), sound(path)
    try:
        rest = others(path)
    except Exception:  # noqa: BLE001 - mutagen raises many
        rest = None
    try:
        written = write(path)
    except TaggerError:
        return "" if path.read_bytes() == before else "a refused write changed the file"
    if written is None:
        return "" if path.read_bytes() == before else "an equal genre changed the file"
    return next(_faults(path, before, heard, rest, written.snapshot), "")


def _faults(path: Path, before: bytes, heard: str, rest: object, snapshot: str) -> Iterator[str]:
    if sound(path) != heard:
        yield "the sound differs"
    if rest is not None and others(path) != rest:
        yield "another field differs"
    if not tags.read(path).genres:
        yield "the genre is not read back"
    restore(path, snapshot)
    if path.read_bytes() != before:
        yield "undo did not restore every byte"


def rewritten_fault(path: Path, before: Path) -> str:
    """Return the first difference but the genre between a file and its former state.

    It is called in a worker process, because FFmpeg may crash.
    """
    if sound(path) != sound(before):
        return "the sound differs"
    try:
        rest = others(before)
    except Exception:  # noqa: BLE001 - mutagen raises many
        return ""
    return "" if others(path) == rest else "another field differs"


def files(folder: Path, signal: ArrayLike | None = None) -> dict[str, bytes]:
    """Return the bytes of one file of each format, with and without tags, by name."""
    found = {}
    for form, suffix in media.FORMATS.items():
        if form not in media.PROGRAMS:
            for name, fields in (("tagged", FIELDS), ("bare", None)):
                path = folder / f"{name}-{form}{suffix}"
                media.make(path, form, signal=signal, tags=fields)
                found[path.name] = path.read_bytes()
    return found
