"""What goes in and out of the tag room."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - msgspec resolves the annotations
from typing import Literal

from tagger.core.domain import FileIdentity  # noqa: TC001


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How files are written."""

    preserve_mtime: bool = False
    """Off by default: players re-read a file only when its time has moved."""
    hard_links: Literal["skip", "break"] = "skip"
    """What to do with a file of several names: replacing it parts this name from the others."""
    id3_version: Literal["keep", "2.3", "2.4"] = "keep"
    """The version of ID3 to write; a new tag is 2.4 unless 2.3 is asked for."""


@dataclass(frozen=True, slots=True)
class PlacedItem:
    """A genre field of a tag, as the bytes that stood at a certain place among all fields."""

    index: int
    name: str
    raw: bytes
    place: str = ""


@dataclass(frozen=True, slots=True)
class TagState:
    """The genre fields of one tag of a file."""

    dialect: str
    """Raw fields fit into a tag of the same dialect only."""
    room: int
    """Bytes that the tag took up with its padding."""
    items: tuple[PlacedItem, ...]


@dataclass(frozen=True, slots=True)
class GenreSnapshot:
    """All that a file said about its genres, byte by byte; plain data for the undo journal."""

    genres: tuple[str, ...]
    """In words, for a tag that somebody has converted since."""
    tags: dict[str, TagState]
    """By kind of tag; a kind that is missing stood not in the file."""
    sound: str
    """`payload.opening` of the file: which recording it was."""


@dataclass(frozen=True, slots=True)
class TagIntent:
    """What is about to be committed: journal it before the file is replaced."""

    path: Path
    before: tuple[str, ...]
    after: tuple[str, ...]
    snapshot: GenreSnapshot


@dataclass(frozen=True, slots=True)
class Written:
    """What was committed."""

    identity: FileIdentity
    """The new file's."""
    before: tuple[str, ...]
    after: tuple[str, ...]
    snapshot: GenreSnapshot
    """What stood there before."""
