"""Options of a write, and snapshots of genre fields for the undo journal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from tagger.errors import CorruptTagsError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How files are written."""

    preserve_mtime: bool = False
    """Off by default: players re-read a file only when its time has moved."""
    hard_links: Literal["skip", "break"] = "skip"
    """The treatment of a file with several names: a replacement separates this name."""
    id3_version: Literal["keep", "2.3", "2.4"] = "keep"
    """The version of ID3 to write; a new tag is 2.4 unless 2.3 is asked for."""


@dataclass(frozen=True, slots=True)
class PlacedItem:
    """A genre field of a tag, as the bytes that stood at a certain place among all fields."""

    index: int
    name: str
    raw: bytes
    place: str = ""


class TagState(
    msgspec.Struct, frozen=True, rename={"version": "dialect", "reserved_bytes": "room"}
):
    """The genre fields of one tag of a file; journals contain the older names of two fields."""

    version: str
    """Raw fields fit into a tag of the same version only."""
    reserved_bytes: int
    """Bytes that the tag took up with its padding."""
    items: tuple[PlacedItem, ...]


@dataclass(frozen=True, slots=True)
class GenreSnapshot:
    """All genre fields of a file, byte by byte; plain data for the undo journal."""

    genres: tuple[str, ...]
    """In words, for a tag that another program has converted since."""
    tags: dict[str, TagState]
    """By kind of tag; the file had no tag of a missing kind."""
    sound: str
    """`fingerprint.stream_fingerprint` of the file: which recording it was."""

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
            raise CorruptTagsError("the journal's record of its genres is damaged", path) from error
