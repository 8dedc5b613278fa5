"""Folders here, exchanged for those that a player sees."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tagger.config import PathMap

    Exchange = Callable[[Path], str | None]
    """Takes a resolved path; None where no folder of the map holds it."""


def exchange(maps: Sequence[PathMap]) -> Exchange:
    """Exchange by the longest `from` that holds a path."""
    known = [(Path(os.path.realpath(one.source)), one.target.rstrip("/")) for one in maps]
    known.sort(key=lambda one: len(one[0].parts), reverse=True)

    def exchanged(path: Path) -> str | None:
        for source, target in known:
            if path.is_relative_to(source):
                return "/".join([target, *path.relative_to(source).parts]) or "/"
        return None

    return exchanged
