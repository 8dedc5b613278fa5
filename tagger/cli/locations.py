"""Files and folders as command line arguments."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from tagger.audio.formats import EXTENSIONS


class Location(click.Path):
    """A file or folder; an empty text, such as an unset variable, is not the working folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; an empty text is an error."""
        if not os.fspath(value):
            self.fail("the text is empty: name a file or a folder", param, ctx)
        return super().convert(value, param, ctx)


class NewFile(Location):
    """A file that a command writes; never a music file, which a slip could name."""

    def __init__(self, ending: str | None = None) -> None:
        super().__init__(path_type=Path, dir_okay=False, writable=True)
        self._ending = ending

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path without links; a fault is an error before the work and not after it."""
        given = Path(os.fsdecode(super().convert(value, param, ctx)))
        path = Path(os.path.realpath(given))  # a link stays, and may lead to a music file
        for name in (given, path):
            if name.suffix.lower() in EXTENSIONS:
                self.fail(f"{str(name)!r} has the name of a music file", param, ctx)
        if self._ending and given.suffix.lower() != self._ending:
            self.fail(f"{str(given)!r} does not end with {self._ending}: add it", param, ctx)
        if (given.exists() or path.is_symlink()) and not given.is_file():
            # a rename would replace a device; a link without links leads to itself
            reason = "is a pipe, a device or a circle of links: name a file"
            self.fail(f"{str(given)!r} {reason}", param, ctx)
        if not path.parent.is_dir():
            folder = (path if given.is_symlink() else given).parent
            self.fail(f"there is no folder {str(folder)!r}", param, ctx)
        if not os.access(path.parent, os.W_OK | os.X_OK):
            self.fail(f"the folder {str(given.parent)!r} is not writable", param, ctx)
        return path
