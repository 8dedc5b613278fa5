"""Types of command line arguments."""

from __future__ import annotations

import os
import re
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from tagger.audio.formats import EXTENSIONS

_AGO = re.compile(r"(\d{1,9})\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class Confidence(click.ParamType[float | str]):
    """`auto`, or a probability."""

    name = "auto|0..1"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | str:
        """Return the argument as a number unless it is `auto`."""
        if value == "auto":
            return "auto"
        number = float(click.FLOAT.convert(value, param, ctx))
        if not 0 <= number <= 1:  # which also refuses nan
            self.fail(f"{value} is not between 0 and 1", param, ctx)
        return number


class Formats(click.ParamType[frozenset[str]]):
    """Endings of file names, separated by commas."""

    name = "flac,mp3,..."

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> frozenset[str]:
        """Return the endings in lower case, each with its dot."""
        found = {f".{part.strip().lower().lstrip('.')}" for part in str(value).split(",")}
        if unknown := found - EXTENSIONS:
            known = ", ".join(sorted(ending[1:] for ending in EXTENSIONS))
            self.fail(f"{', '.join(sorted(unknown))} is none of: {known}", param, ctx)
        return frozenset(found)


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


class Moment(click.ParamType[float]):
    """A point in time, as Unix seconds."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read `2h`, `3d` or an ISO date with or without a time."""
        if ago := _AGO.fullmatch(str(value)):
            return time.time() - int(ago[1]) * _SECONDS[ago[2]]
        try:
            return datetime.fromisoformat(str(value)).timestamp()
        except ValueError:
            self.fail(f"{value!r} is neither like 2h or 3d nor like 2026-11-22T18:00", param, ctx)
