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
        if path.exists() and not path.is_file():  # a rename would replace a device
            self.fail(f"{str(given)!r} is a pipe or a device: name a file", param, ctx)
        if not path.parent.is_dir():
            self.fail(f"there is no folder {str(given.parent)!r}", param, ctx)
        if not path.exists() and not os.access(path.parent, os.W_OK | os.X_OK):
            self.fail(f"the folder {str(given.parent)!r} is not writable", param, ctx)
        return path
