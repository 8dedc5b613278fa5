"""The atoms of MP4: names, sizes, and their place in a byte string.

ISO/IEC 14496-12, section 4.2.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from tagger.tags.containers.base import MalformedError, Raw, check_count, size_of

HEADER: Final = 8
META_VERSION: Final = bytes(4)


def atom(name: bytes, body: bytes) -> bytes:
    """Return the bytes of an atom."""
    return b"".join(headed(name, [body]))


def headed(name: bytes, body: list[Raw]) -> list[Raw]:
    """Return the parts of an atom with the parts of its body."""
    size = HEADER + size_of(body)
    if size >= 1 << 32:
        raise MalformedError("an atom exceeds 4 GB")
    return [struct.pack(">I4s", size, name), *body]


@dataclass(frozen=True, slots=True)
class Atom:
    """An atom in a byte string: its name and the offsets of its parts."""

    name: bytes
    start: int
    body: int
    end: int


def walk(data: Raw, at: int, end: int) -> list[Atom]:
    """Return the atoms that fill `data[at:end]`.

    Args:
        data: The bytes.
        at: The offset of the first atom.
        end: The offset after the last atom.

    Raises:
        MalformedError: an atom is cut off, or longer than the part.
    """
    atoms = []
    while at + HEADER <= end:
        size, name = struct.unpack_from(">I4s", data, at)
        body = at + HEADER
        if size == 1 and body + 8 <= end:
            (size,) = struct.unpack_from(">Q", data, body)
            body += 8
        stop = end if size == 0 else at + size
        if not body <= stop <= end:
            raise MalformedError("an atom is longer than its parent")
        atoms.append(Atom(name, at, body, stop))
        check_count(len(atoms))
        at = stop
    if bytes(data[at:end]).strip(b"\0"):
        raise MalformedError("an atom is cut off")
    return atoms


def children(data: bytes, parent: Atom) -> list[Atom]:
    """Return the atoms in an atom; a `meta` atom may have a version before them.

    Args:
        data: The bytes.
        parent: An atom in them.

    """
    bare = data[parent.body + 4 : parent.body + 8] == b"hdlr"
    skip = len(META_VERSION) if parent.name == b"meta" and not bare else 0
    return walk(data, parent.body + skip, parent.end)
