"""The target and the options of a write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tagger.core.domain import CONFIDENCE, GENRE

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.core.domain import FileIdentity

FieldValues = dict[str, tuple[str, ...]]
"""The fields that one write sets, with their values; the first field has the genres."""


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How files are written."""

    preserve_mtime: bool = False
    """Off by default: players read a file again only after its time has changed."""
    hard_links: Literal["skip", "break"] = "skip"
    """The treatment of a file with several names: a replacement separates this name."""
    id3_version: Literal["keep", "2.3", "2.4"] = "keep"
    """The version of ID3 to write; a new tag is 2.4 unless this is 2.3."""
    field: str = GENRE
    """The field that gets the genres."""
    confidence: bool = False
    """Whether the field `TAGGER_CONFIDENCE` is written beside the genres."""

    def values(self, genres: tuple[str, ...], confidence: float | None = None) -> FieldValues:
        """Return the fields that a write of genres sets, with their values.

        Args:
            genres: The genres, in their order.
            confidence: The probability of the first genre, None for a choice of the user.

        """
        values = {self.field: genres}
        if self.confidence:
            values[CONFIDENCE] = () if confidence is None else (f"{confidence:.2f}",)
        return values


@dataclass(frozen=True, slots=True)
class Target:
    """A file to write."""

    path: Path
    """The file, or a link to it: then the target of the link is written."""
    root: Path
    """The music folder; a link that leads out of it is refused."""
    expected: FileIdentity
    """The state of the file at the decision; in another state it is not written."""
    options: WriteOptions
