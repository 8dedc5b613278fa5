"""The picture in the tags of a file; for use in a worker process."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

import mutagen
from mutagen.flac import Picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGEST = 8 << 20
"""Bytes; a larger picture is left out."""
_MAGIC = {
    rb"\xff\xd8\xff": "image/jpeg",
    rb"\x89PNG\r\n\x1a\n": "image/png",
    rb"GIF8[79]a": "image/gif",
    rb"RIFF....WEBP": "image/webp",
}


def image_type(data: bytes) -> str | None:
    """Return the media type of a picture by its first bytes, None for anything else."""
    found = (kind for magic, kind in _MAGIC.items() if re.match(magic, data, re.DOTALL))
    return next(found, None)


def cover(path: Path) -> bytes | None:
    """Return the first picture in the tags of a file, None without a picture."""
    try:
        file = mutagen.File(path)
        found = (data for data in _pictures(file) if len(data) <= LARGEST and image_type(data))
        return next(found, None)
    except Exception:  # noqa: BLE001 - mutagen raises anything on hostile bytes; a cover is optional
        return None


def _pictures(file: Any) -> Iterator[bytes]:
    for picture in getattr(file, "pictures", ()):
        yield picture.data
    for key, value in dict(getattr(file, "tags", None) or {}).items():
        if key.startswith("APIC") or key == "PIC":
            yield value.data
        elif key == "covr":
            yield from map(bytes, value)
        elif key.lower() == "metadata_block_picture":
            yield from (Picture(base64.b64decode(text)).data for text in value)
        elif key.lower().startswith("cover art"):
            yield bytes(value.value).partition(b"\0")[2]
