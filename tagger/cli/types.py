"""Types of command line arguments but files; see `locations`."""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import Any

import click

from tagger.audio.formats import EXTENSIONS

LIST_RUNS = "`tagger runs` lists the runs"
"""The next step after a wrong number of a run."""
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


class RunNumber(click.ParamType[int]):
    """The number of a run."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number; SQLite has no larger numbers."""
        text = str(value)
        if not text.isdecimal() or len(text) > 18 or int(text) == 0:
            self.fail(f"{text!r} is not a number of a run; {LIST_RUNS}", param, ctx)
        return int(text)


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
