"""The `moov` atom of MP4 with the places of its tags.

The primary tag is the first `moov.udta.meta.ilst`, where TagLib and mutagen look. Other programs
write further lists: in a second `udta`, in the `udta` of a track, or beside a `keys` atom in
`moov.meta`. FFmpeg reads them all, so each list or text with a genre is a tag of its own.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from tagger.tags.containers.base import MalformedError, RawTag, check_count, size_of
from tagger.tags.containers.ilst import Ilst
from tagger.tags.containers.mp4_atoms import HEADER, META_VERSION, Atom, children, headed, walk
from tagger.tags.containers.user_data import BEFORE, BEHIND, UserData

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tagger.tags.containers.base import Raw

HANDLER: Final = struct.pack(">I4sII4s4s9s", 33, b"hdlr", 0, 0, b"mdir", b"appl", bytes(9))
_PARENTS: Final = frozenset({b"moov", b"trak", b"mdia", b"udta", b"meta"})
"""Atoms that contain lists and texts, directly or in other atoms."""
_DEEPEST: Final = 8


@dataclass(frozen=True, slots=True)
class Place:
    """A list or a text with a genre beside the primary tag."""

    start: int
    end: int
    """The offsets of its bytes."""
    parents: tuple[Atom, ...]
    """The atoms around the bytes."""
    tag: RawTag


@dataclass(frozen=True, slots=True)
class Contents:
    """What a composed atom contains in place of its tags."""

    ilst: list[Raw] | None
    """The parts of the primary tag, None without it."""
    texts: RawTag | None
    """The texts around `meta` in the first `udta`."""
    move: Callable[[bytes], bytes] | None
    """Corrects the offsets in an atom of `moov`, None where they stay."""


class Movie:
    """An atom, most often `moov`, and its tags."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.root = walk(data, 0, len(data))[0]
        self._path = self._find_path()
        self.tags: dict[str, RawTag] = {}
        if ilst := self._primary_list:
            self.tags["ilst"] = ilst
        texts = UserData.of(*self._user_data())
        self._has_texts = bool(texts.genre_items)
        if self._has_texts:
            self.tags["udta"] = texts
        self.has_items = False
        """Whether a `meta` has items with offsets into the file, such as pictures (`iloc`)."""
        self.places: dict[str, Place] = {}
        for place in self._find_places(self.root, ()):
            base = "ilst" if isinstance(place.tag, Ilst) else "udta"
            number = 2 + sum(kind.startswith(base) for kind in self.places)
            self.places[f"{base}#{number}"] = place
            check_count(number)

    def _find_path(self) -> list[Atom]:
        """Return the existing atoms of moov, moov.udta and moov.udta.meta."""
        path = [self.root]
        for name in (b"udta", b"meta") if self.root.name == b"moov" else ():
            inner = next((a for a in children(self.data, path[-1]) if a.name == name), None)
            if inner is None:
                break
            path.append(inner)
        return path

    @cached_property
    def _primary_list(self) -> Ilst | None:
        found = children(self.data, self._path[-1]) if len(self._path) == 3 else []
        for i, child in enumerate(found):
            if child.name == b"ilst":
                size = child.end - child.start
                if i + 1 < len(found) and found[i + 1].name == b"free":
                    size += found[i + 1].end - found[i + 1].start
                return Ilst.parse(
                    memoryview(self.data)[child.body : child.end], size, self._keys(found)
                )
        return None

    def _keys(self, found: list[Atom]) -> tuple[str, ...]:
        """Return the names of the keys among the atoms of a `meta`."""
        for child in found:
            if child.name == b"keys":
                entries = walk(self.data, child.body + 8, child.end)
                names = (self.data[entry.body : entry.end] for entry in entries)
                return tuple(name.decode("utf-8", "replace").lower() for name in names)
        return ()

    def _user_data(self) -> Iterator[tuple[bytes, str]]:
        """Yield the atoms of `udta` without `meta`, with their places."""
        place = BEFORE
        for child in children(self.data, self._path[1]) if len(self._path) > 1 else ():
            if child.name == b"meta":
                place = BEHIND
            else:
                yield self.data[child.start : child.end], place

    def _find_places(self, parent: Atom, parents: tuple[Atom, ...]) -> Iterator[Place]:
        """Yield the places of genres below an atom."""
        parents = (*parents, parent)
        if len(parents) > _DEEPEST:
            raise MalformedError("atoms are nested too deeply")
        found = children(self.data, parent)
        first = next((a for a in found if a.name == b"ilst"), None)
        for child in found:
            self.has_items |= child.name == b"iloc" and parent.name == b"meta"
            if child.name in _PARENTS:
                yield from self._find_places(child, parents)
            elif child.name == b"ilst" and parent.name == b"meta":
                if child is not first or parents != tuple(self._path) or len(parents) < 3:
                    body = memoryview(self.data)[child.body : child.end]
                    tag: RawTag = Ilst.parse(body, 0, self._keys(found), additional=True)
                    if tag.genre_items:
                        yield Place(child.body, child.end, (*parents, child), tag)
            elif parent.name == b"udta" and parents != tuple(self._path[:2]):
                texts = UserData.of((self.data[child.start : child.end], BEFORE))
                if texts.genre_items:
                    yield Place(child.start, child.end, parents, texts)

    def composed(
        self, tags: Mapping[str, RawTag], move: Callable[[bytes], bytes] | None = None
    ) -> list[Raw]:
        """Return the parts of the atom with these tags; a missing kind is removed.

        Args:
            tags: The tags by kind.
            move: Corrects the offsets in an atom; None where they stay.

        """
        spliced = Movie(self._spliced(tags)) if self.places else self
        ilst = tags["ilst"].pieces() if "ilst" in tags else None
        return spliced._rebuilt(0, Contents(ilst, tags.get("udta"), move))  # noqa: SLF001 - of this class

    def _spliced(self, tags: Mapping[str, RawTag]) -> bytes:
        """Return the bytes with these tags in the further places."""
        data = bytearray(self.data)
        for kind, place in reversed(self.places.items()):  # the offsets before a place stay
            body = b"".join(tags[kind].item_pieces) if kind in tags else b""
            grown = len(body) - (place.end - place.start)
            data[place.start : place.end] = body
            for parent in place.parents:
                _resize(data, parent, grown)
        return bytes(data)

    def _rebuilt(self, depth: int, new: Contents) -> list[Raw]:
        """Return the atom at `depth` of the path with this tag, or without a tag.

        Without a tag, a `meta` with no other content is removed, and a `udta` likewise.
        """
        if depth == len(self._path):
            body = new.ilst or []
            if depth < 3 and body:
                body = headed(b"meta", [META_VERSION + HANDLER, *body])
            return headed(b"udta", body) if depth == 1 and body else body
        this = self._path[depth]
        if this.name == b"meta":
            inside = self._meta_body(new.ilst)
            if new.ilst is None and not inside:
                return []
        else:
            inside = self._body(this, depth, new)
            if this.name == b"udta" and not size_of(inside):
                return []
        head = self.data[this.start : this.body]
        size = len(head) + size_of(inside)
        if len(head) == HEADER:
            return [struct.pack(">I", size) + head[4:], *inside]
        return [head[:8] + struct.pack(">Q", size), *inside]

    def _body(self, this: Atom, depth: int, new: Contents) -> list[Raw]:
        found = children(self.data, this)
        tail = self.data[found[-1].end if found else this.body : this.end]
        if this.name == b"udta" and self._has_texts:
            return [*self._with_texts(depth, new), tail]
        inner = self._path[depth + 1] if depth + 1 < len(self._path) else None
        parts: list[Raw] = []
        waiting = inner is None
        for child in found:
            if waiting and this.name == b"moov" and child.name == b"meta":
                # mutagen finds no atom behind a `meta` without a version
                parts += self._rebuilt(depth + 1, new)
                waiting = False
            if child == inner:
                parts += self._rebuilt(depth + 1, new)
            elif new.move and child.name == b"trak":
                parts.append(new.move(self.data[child.start : child.end]))
            else:
                parts.append(memoryview(self.data)[child.start : child.end])
        if waiting:
            parts += self._rebuilt(depth + 1, new)
        return [*parts, tail]

    def _with_texts(self, depth: int, new: Contents) -> list[Raw]:
        """Return the body of `udta` with other texts around `meta`."""
        metas = self._rebuilt(depth + 1, new)
        for child in children(self.data, self._path[1]):
            if child.name == b"meta" and child not in self._path:
                metas.append(memoryview(self.data)[child.start : child.end])
        texts = new.texts
        if not isinstance(texts, UserData):
            return metas
        return [*texts.place_pieces(BEFORE), *metas, *texts.place_pieces(BEHIND)]

    def _meta_body(self, tag: list[Raw] | None) -> list[Raw]:
        meta = self._path[-1]
        found = children(self.data, meta)
        parts: list[Raw] = []
        placed = False
        behind = b""
        for child in found:
            if child.name == b"ilst" and not placed:
                parts += tag or []
                placed = True
            elif not (child.name == b"free" and behind == b"ilst"):
                parts.append(memoryview(self.data)[child.start : child.end])
            behind = child.name
        if not placed and tag:
            parts += tag
        names = {child.name for child in found}
        if tag is None and names <= {b"hdlr", b"ilst", b"free"}:
            return []
        if names <= {b"ilst", b"free"}:
            parts.insert(0, HANDLER)  # FFmpeg finds no list without it
        versioned = found and found[0].start > meta.body
        version = self.data[meta.body : found[0].start] if versioned else META_VERSION
        return [version, *parts]


def _resize(data: bytearray, parent: Atom, grown: int) -> None:
    """Add to the size of an atom; a size of 0 lasts to the end of the file."""
    wide = parent.body - parent.start > HEADER
    form, at = (">Q", parent.start + 8) if wide else (">I", parent.start)
    (size,) = struct.unpack_from(form, data, at)
    if size:
        struct.pack_into(form, data, at, size + grown)
