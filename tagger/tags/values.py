"""Snapshots of genre fields for the undo journal."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import msgspec

from tagger.core.domain import GENRE
from tagger.errors import CorruptTagsError
from tagger.tags.options import FieldValues  # noqa: TC001 - msgspec reads the type
from tagger.tags.residue import Residue  # noqa: TC001 - msgspec reads the type

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class PlacedItem:
    """A field of a tag that a write sets, as raw bytes with its position among all fields."""

    index: int
    name: str
    raw: bytes
    place: str = ""


class TagState(
    msgspec.Struct, frozen=True, rename={"version": "dialect", "reserved_bytes": "room"}
):
    """The fields of one tag that a write sets; journals contain older names of two attributes."""

    version: str
    """The version of the tag; raw fields are valid only in the same version."""
    reserved_bytes: int
    """The size of the tag with its padding, bytes."""
    items: tuple[PlacedItem, ...]
    blank: bool = False
    """Whether the tag had no field at all; journals before this field contain none."""


@dataclass(frozen=True, slots=True)
class GenreSnapshot:
    """All fields of a file that a write sets, byte by byte; plain data for the undo journal."""

    genres: tuple[str, ...]
    """The genres in words, for a tag that another program has converted since."""
    tags: dict[str, TagState]
    """The state of each tag of the file, by kind."""
    sound: str
    """`fingerprint.stream_fingerprint` of the file: it identifies the recording."""
    content: str = ""
    """`fingerprint.digest` of the file, the same with any FFmpeg; older journals lack it."""
    head: Residue | None = None
    """Bytes before the sound that belong to no field."""
    tail: Residue | None = None
    """Bytes behind the sound that belong to no field."""
    genre_field: str = GENRE
    """The field that has the genres; older journals contain none."""
    further: FieldValues = field(default_factory=dict)
    """The other fields with their values, as `genres`."""
    added: tuple[bytes, ...] = ()
    """Raw fields that the write added to a primary tag with fields."""

    @property
    def values(self) -> FieldValues:
        """The fields with their values, the one with the genres first."""
        return {self.genre_field: self.genres, **self.further}

    def with_fields_of(self, later: GenreSnapshot) -> GenreSnapshot:
        """Return the snapshot with the fields that a later write alone sets, in words."""
        lacking = {name: texts for name, texts in later.values.items() if name not in self.values}
        return replace(self, further=self.further | lacking)

    def encoded(self) -> str:
        """Return the snapshot as the JSON of the journal."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def decoded(cls, text: str, path: Path) -> GenreSnapshot:
        """Read the journal's JSON.

        Raises CorruptTagsError, with `path`, if it is damaged.
        """
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.MsgspecError as error:
            raise CorruptTagsError("the journal entry of the file is damaged", path) from error
