"""The reading and writing of genres in files of every supported container.

A genre is written into a verified copy that replaces the file in one step. At any time the file is
the old one or the new one, with the same sound and the same other fields. The earlier genre fields
are returned as a snapshot; `restore_genres` restores them byte for byte.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

from tagger.core.domain import TrackTags
from tagger.tags.leftovers import TEMPORARY_SUFFIX, remove_leftovers
from tagger.tags.options import Target, WriteOptions
from tagger.tags.writable import Folders, check_writable, is_annexed

if TYPE_CHECKING:
    from tagger.tags.files import is_restored, read, sound, sound_of
    from tagger.tags.write import Run, rehearse, restore_genres, write_genres

__all__ = [
    "TEMPORARY_SUFFIX",
    "Folders",
    "Run",
    "Target",
    "TrackTags",
    "WriteOptions",
    "check_writable",
    "is_annexed",
    "is_restored",
    "read",
    "rehearse",
    "remove_leftovers",
    "restore_genres",
    "sound",
    "sound_of",
    "write_genres",
]

_HOMES: Final = {
    "Run": "write",
    "is_restored": "files",
    "read": "files",
    "rehearse": "write",
    "restore_genres": "write",
    "sound": "files",
    "sound_of": "files",
    "write_genres": "write",
}
"""The modules of the names that need the parsers."""

if not TYPE_CHECKING:  # a type checker would accept any name

    def __getattr__(name: str) -> Any:
        """Import the parsers with their first use: most commands parse in workers alone."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = found
        return found
