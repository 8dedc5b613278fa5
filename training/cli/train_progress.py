"""The progress of `tagger train`: a bar on a terminal, else a line for each stage."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

import click

from tagger.system.text import number_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress as RichProgress


class Bar:
    """Shows each stage with the remaining time."""

    def __init__(self, bars: RichProgress) -> None:
        self._bars = bars
        self._task = bars.add_task("starting", total=None)

    def stage(self, name: str, total: int) -> None:
        """See `Progress`."""
        self._bars.remove_task(self._task)
        self._task = self._bars.add_task(name, total=total or None)

    def done(self, steps: int) -> None:
        """See `Progress`."""
        self._bars.update(self._task, completed=steps)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Take the bar off the screen for some lines of text."""
        self._bars.stop()
        try:
            yield
        finally:
            self._bars.start()


class Lines:
    """Writes a line for each stage, for logs."""

    def stage(self, name: str, total: int) -> None:
        """See `Progress`."""
        click.echo(f"{name} ({number_of(total, 'step')})" if total else name, err=True)

    def done(self, steps: int) -> None:
        """See `Progress`."""

    def paused(self) -> contextlib.nullcontext[None]:
        """Do nothing, since the lines stay."""
        return contextlib.nullcontext()


@contextlib.contextmanager
def shown(*, quiet: bool) -> Iterator[Bar | Lines | None]:
    """Yield bars on a terminal, and lines elsewhere; nothing if `quiet`."""
    if quiet:
        yield None
        return
    if not sys.stderr.isatty():
        yield Lines()
        return
    from rich import progress as rich  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415

    with rich.Progress(
        rich.TextColumn("{task.description:<10}"),
        rich.BarColumn(),
        rich.MofNCompleteColumn(),
        rich.TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bars:
        yield Bar(bars)
