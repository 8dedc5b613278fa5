"""The writer's view of tags and containers: raw items, and pieces of a file.

A tag is split only at the borders of its items. All items but the genres are copied byte for byte.
So no other field can change, not even a malformed field.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

from tagger.tags.containers.texts import genre_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO


class MalformedError(ValueError):
    """The bytes contradict the format; the boundary in `tagger.tags` converts the error."""


@dataclass(frozen=True, slots=True)
class Item:
    """One field of a tag."""

    name: str
    raw: bytes
    """The bytes of the whole field in the file, header included."""
    place: str = ""
    """The part of the tag, for tags with several parts (ASF)."""


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of the original file, copied unchanged."""

    start: int
    size: int


Piece = bytes | Span


@dataclass(frozen=True, slots=True)
class RawTag(ABC):
    """A tag's items in file order; a subclass adds the rest of the tag."""

    items: tuple[Item, ...]
    reserved_bytes: int
    """Bytes that the tag and its padding take up in the file; `render` keeps it if possible."""

    genre_names: ClassVar[frozenset[str]]

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

    @abstractmethod
    def render(self) -> bytes:
        """Return the tag's bytes, as the container stores them."""

    def is_genre(self, item: Item) -> bool:
        """Return whether an item names a genre."""
        return item.name in self.genre_names

    @property
    def genre_items(self) -> tuple[tuple[int, Item], ...]:
        """The genre items with their places among all items."""
        return tuple((i, item) for i, item in enumerate(self.items) if self.is_genre(item))

    @property
    def end(self) -> int:
        """The position of a new item."""
        return len(self.items)

    @property
    def other_items(self) -> tuple[Item, ...]:
        """All items without the genres."""
        return tuple(item for item in self.items if not self.is_genre(item))

    def with_genres(self, genres: tuple[str, ...]) -> Self:
        """Put new genre items at the position of the first old item, or at the end."""
        standing = self.genre_items
        at = standing[0][0] if standing else self.end
        head = tuple(i for i in self.items[:at] if not self.is_genre(i))
        tail = tuple(i for i in self.items[at:] if not self.is_genre(i))
        return replace(self, items=head + self.encode(genres) + tail)

    def with_items(self, placed: tuple[tuple[int, Item], ...], reserved_bytes: int) -> Self:
        """Put raw genre items back at their old positions."""
        items = list(self.other_items)
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

    def genres(self) -> tuple[str, ...]:
        """Return the genres of the first tag with genres."""
        found = (genre_names(tag.genres()) for tag in self.tags.values())
        return next((names for names in found if names), ())

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

    def payload(self, file: BinaryIO) -> Iterator[Piece]:  # noqa: ARG002 - Ogg needs it
        """Yield all bytes outside the tags, normalised so that their offset does not matter."""
        return self.compose({})
