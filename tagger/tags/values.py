"""Options of a write, and snapshots of genre fields for the undo journal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from tagger.errors import CorruptTagsError
from tagger.tags.residue import Residue  # noqa: TC001 - msgspec reads the type

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How files are written."""

    preserve_mtime: bool = False
    """Off by default: players read a file again only after its time has changed."""
    hard_links: Literal["skip", "break"] = "skip"
    """The treatment of a file with several names: a replacement separates this name."""
    id3_version: Literal["keep", "2.3", "2.4"] = "keep"
    """The version of ID3 to write; a new tag is 2.4 unless this is 2.3."""


@dataclass(frozen=True, slots=True)
class PlacedItem:
    """A genre field of a tag, as raw bytes with its position among all fields."""

    index: int
    name: str
    raw: bytes
    place: str = ""


class TagState(
    msgspec.Struct, frozen=True, rename={"version": "dialect", "reserved_bytes": "room"}
):
    """The genre fields of one tag of a file; journals contain the older names of two fields."""

    version: str
    """The version of the tag; raw fields are valid only in the same version."""
    reserved_bytes: int
    """The size of the tag with its padding, bytes."""
    items: tuple[PlacedItem, ...]
    blank: bool = False
    """Whether the tag had no field at all; journals before this field contain none."""


@dataclass(frozen=True, slots=True)
class GenreSnapshot:
    """All genre fields of a file, byte by byte; plain data for the undo journal."""

    genres: tuple[str, ...]
    """In words, for a tag that another program has converted since."""
    tags: dict[str, TagState]
    """The state of each tag of the file, by kind."""
    sound: str
    """`fingerprint.stream_fingerprint` of the file: it identifies the recording."""
    head: Residue | None = None
    """Bytes before the sound that belong to no field."""
    tail: Residue | None = None
    """Bytes behind the sound that belong to no field."""

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
