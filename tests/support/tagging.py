"""Short words for the tag room's tests."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import mutagen

from tagger import tags
from tagger.core.domain import FileIdentity

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any


BLUES = ("Blues",)
TWO = ("Deep House", "Électronique")


def target(
    path: Path, root: Path | None = None, expected: FileIdentity | None = None, **options: Any
) -> tags.Target:
    """Return the file as a target, in its present state and of its own folder by default."""
    state = expected or FileIdentity.of(path.stat())
    return tags.Target(path, root or path.parent, state, tags.WriteOptions(**options))


def write(
    path: Path,
    genres: tuple[str, ...] = TWO,
    *,
    root: Path | None = None,
    expected: FileIdentity | None = None,
    before_commit: Callable[[Any], None] | None = None,
    probability: float | None = None,
    **options: Any,
) -> Any:
    """Write genres into the file in its present state; return the edit, if there is one."""
    written = tags.write_genres(
        target(path, root, expected, **options),
        genres,
        confidence=probability,
        before_commit=before_commit or (lambda _: None),
    )
    return written and written[0]


def restore(path: Path, snapshot: Any, *, root: Path | None = None, **options: Any) -> Any:
    """Take a write back in the file's present state; return the edit, if there is one."""
    written = tags.restore_genres(
        target(path, root, **options), snapshot, before_commit=lambda _: None
    )
    return written and written[0]


def others(path: Path) -> tuple[dict[str, str], list[bytes]]:
    """Return mutagen's view of everything but the genre, for comparing before with after."""
    file = mutagen.File(path)
    genre = {"tcon", "genre", "\xa9gen", "gnre", "wm/genre", "wm/genreid"}
    fields = {k: repr(v) for k, v in dict(file.tags or {}).items() if k.lower() not in genre}
    pictures = [p.data for p in getattr(file, "pictures", [])]
    return fields, pictures


def leftovers(folder: Path) -> list[str]:
    """List what is no plain file of the test."""
    return [p.name for p in folder.iterdir() if p.name.startswith(".")]


def mp4_atom(name: bytes, body: bytes) -> bytes:
    """Make an atom of an MP4 file."""
    return struct.pack(">I4s", 8 + len(body), name) + body


def with_info(path: Path, **texts: bytes) -> Path:
    """Add a LIST INFO chunk to a RIFF file."""
    data = path.read_bytes()
    body = b"INFO" + b"".join(
        key.encode() + struct.pack("<I", len(text)) + text + bytes(len(text) % 2)
        for key, text in texts.items()
    )
    data += b"LIST" + struct.pack("<I", len(body)) + body
    path.write_bytes(b"RIFF" + struct.pack("<I", len(data) - 8) + data[8:])
    return path
