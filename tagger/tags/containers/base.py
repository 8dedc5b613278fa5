"""The writer's view of tags and containers: raw items, and pieces of a file.

A tag is split only at the borders of its items. All items but those of the fields that a write sets
are copied byte for byte. So no other field can change, not even a malformed field.

A field has its name of Vorbis comments: `GENRE`, `GROUPING`, or a name such as `TAGGER_GENRE`. Each
kind of tag maps it to an item as players do. ID3v1 and INFO lists have room for `GENRE` alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final, Self

from tagger.core.domain import GENRE
from tagger.tags.containers.texts import genre_names, values

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping


MOST_FIELDS: Final = 20_000
"""Fields of a tag, or chunks, atoms or objects of a file; more would only cost time and memory."""


LARGE: Final = 1 << 16
"""Bytes of a field; a larger field is not copied."""
_BEGINNING: Final = 1 << 12
_NOTHING: Final = memoryview(b"")
Raw = bytes | memoryview


class MalformedError(ValueError):
    """The bytes contradict the format; the boundary in `tagger.tags` converts the error."""


def check_count(count: int) -> None:
    """Raise MemoryError for more than `MOST_FIELDS` fields, before they take up the memory.

    Unlike damaged tags, it ends the work on the file: a decoder would need minutes for such a file.
    """
    if count > MOST_FIELDS:
        raise MemoryError


def check_claim(count: int, least: int, size: int) -> None:
    """Raise MalformedError for a number of fields that no tag of this size has.

    Args:
        count: The number of fields that the tag claims.
        least: The size of the smallest field, bytes.
        size: The size of the tag, bytes.

    """
    if count * least > size:
        raise MalformedError("the tag is shorter than its fields")


@dataclass(frozen=True, slots=True)
class Item:
    """One field of a tag; a large field, such as a picture, is not copied."""

    name: str
    raw: bytes
    """The bytes of the field in the file, header included."""
    place: str = ""
    """The part of the tag, for tags with several parts (ASF)."""
    rest: memoryview = _NOTHING
    """The further bytes of a field of more than `LARGE`, in the bytes of its tag."""

    @classmethod
    def of(cls, name: str, data: Raw, place: str = "") -> Item:
        """Return the item of bytes; the bytes stay in memory as long as a large item.

        Args:
            name: The name of the field.
            data: Its bytes.
            place: See the attribute.

        """
        if len(data) <= LARGE:
            return cls(name, bytes(data), place)
        return cls(name, bytes(data[:_BEGINNING]), place, memoryview(data)[_BEGINNING:])

    @property
    def parts(self) -> tuple[Raw, ...]:
        """The bytes of the field."""
        return (self.raw, self.rest) if self.rest else (self.raw,)

    @property
    def whole(self) -> bytes:
        """A copy of the bytes of the field."""
        return b"".join(self.parts)

    @property
    def size(self) -> int:
        """The number of bytes of the field."""
        return len(self.raw) + len(self.rest)


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of the original file, copied unchanged."""

    start: int
    size: int


Piece = bytes | memoryview | Span


def size_of(pieces: Iterable[Piece]) -> int:
    """Return the number of bytes of pieces."""
    return sum(piece.size if isinstance(piece, Span) else len(piece) for piece in pieces)


@dataclass(frozen=True, slots=True)
class RawTag(ABC):
    """A tag's items in file order; a subclass adds the rest of the tag."""

    items: tuple[Item, ...]
    reserved_bytes: int
    """Bytes that the tag and its padding take up in the file; `render` keeps it if possible."""

    genre_names: ClassVar[frozenset[str]]
    has_fixed_genre: ClassVar[bool] = False
    """Whether the tag has an item for the genre even without a genre."""

    @property
    def version(self) -> str:
        """The version of the tag; raw items are valid only in the same version."""
        return ""

    @abstractmethod
    def genres(self) -> tuple[str, ...]:
        """Return the texts of the genres; see `texts.genre_names`."""

    @abstractmethod
    def encode(self, genres: tuple[str, ...]) -> tuple[Item, ...]:
        """Return the items for `genres` in this version of the tag; empty if impossible."""

    def pieces(self) -> list[Raw]:
        """Return the tag's bytes in pieces, as the container stores them: here its items alone."""
        return self.item_pieces

    def render(self) -> bytes:
        """Return the tag's bytes."""
        return b"".join(self.pieces())

    @property
    def item_pieces(self) -> list[Raw]:
        """The bytes of all items."""
        return [part for item in self.items for part in item.parts]

    def field_of(self, item: Item) -> str:  # noqa: ARG002 - for tags with room for other fields
        """Return the field of an item other than a genre; an empty name for a fixed field."""
        return ""

    def texts_of(self, item: Item) -> tuple[str, ...]:  # noqa: ARG002 - as above
        """Return the texts of an item other than a genre."""
        return ()

    def encode_field(self, field: str, texts: tuple[str, ...]) -> tuple[Item, ...]:  # noqa: ARG002 - as above
        """Return the items of a field other than `GENRE`; empty if impossible.

        Args:
            field: The name of the field.
            texts: Its values, at least one.

        """
        return ()

    def values(self, field: str) -> tuple[str, ...]:
        """Return the values of a field."""
        if field == GENRE:
            return genre_names(self.genres())
        return values(text for _, item in self.items_of((field,)) for text in self.texts_of(item))

    def encoded(self, field: str, texts: tuple[str, ...]) -> tuple[Item, ...]:
        """Return the items of a field with these values; none without a value, but a fixed genre.

        Args:
            field: The name of the field.
            texts: Its values.

        """
        if not texts and not (self.has_fixed_genre and field == GENRE):
            return ()
        return self.encode(texts) if field == GENRE else self.encode_field(field, texts)

    def _is_of(self, item: Item, fields: Collection[str]) -> bool:
        if item.name in self.genre_names:
            return GENRE in fields
        return any(field != GENRE for field in fields) and self.field_of(item) in fields

    def items_of(self, fields: Collection[str]) -> tuple[tuple[int, Item], ...]:
        """Return the items of some fields with their places among all items."""
        return tuple((i, item) for i, item in enumerate(self.items) if self._is_of(item, fields))

    @property
    def genre_items(self) -> tuple[tuple[int, Item], ...]:
        """The genre items with their places among all items."""
        return self.items_of((GENRE,))

    @property
    def end(self) -> int:
        """The position of a new item."""
        return len(self.items)

    def without(self, fields: Collection[str]) -> tuple[Item, ...]:
        """Return all items but those of some fields."""
        return tuple(item for item in self.items if not self._is_of(item, fields))

    def with_values(self, field: str, texts: tuple[str, ...]) -> Self:
        """Put the new items of a field at the position of its first old item, or at the end.

        Args:
            field: The name of the field.
            texts: Its values; none remove the field.

        """
        standing = self.items_of((field,))
        at = standing[0][0] if standing else self.end
        head, tail = (
            tuple(item for item in part if not self._is_of(item, (field,)))
            for part in (self.items[:at], self.items[at:])
        )
        return replace(self, items=head + self.encoded(field, texts) + tail)

    def with_items(
        self,
        placed: tuple[tuple[int, Item], ...],
        reserved_bytes: int,
        fields: Collection[str],
    ) -> Self:
        """Put raw items back at their old positions.

        Args:
            placed: The items with their positions.
            reserved_bytes: The size of the tag with its padding.
            fields: The fields of the items; their present items are removed.

        """
        items = list(self.without(fields))
        for index, item in placed:
            items.insert(index, item)
        return replace(self, items=tuple(items), reserved_bytes=reserved_bytes)


class Container(ABC):
    """A file, split into its tags and the rest."""

    tags: Mapping[str, RawTag]
    """The tags of the file, by kind, the primary tag first."""
    primary: str
    """The kind of tag that players look for in this container."""
    merges: ClassVar[bool] = False
    """Whether some readers join a second tag of the primary kind with the first."""

    def values(self, field: str) -> tuple[str, ...]:
        """Return the values of a field in the first tag that has it."""
        found = (tag.values(field) for tag in self.tags.values())
        return next((texts for texts in found if texts), ())

    @property
    def companions(self) -> Mapping[str, RawTag]:
        """Tags that some players read instead of the primary tag; they get every genre too."""
        return {}

    @abstractmethod
    def empty(self) -> RawTag:
        """Return a new primary tag for a file without a primary tag."""

    @abstractmethod
    def compose(self, tags: Mapping[str, RawTag]) -> Iterator[Piece]:
        """Yield the file with these tags in place of its tags; a missing kind is removed."""

    def payload(self) -> Iterator[Piece]:
        """Yield all bytes outside the tags, normalised so that their offset does not matter."""
        return self.compose({})
