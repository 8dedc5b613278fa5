"""`tagger explain`: why a file gets its genre, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tagger.cli.locations import NewFile
from tagger.cli.options import FILE, JSON, configured
from tagger.cli.output import print_json
from tagger.cli.report.explain import explanation_json, explanation_lines
from tagger.pipeline.explain import explain
from tagger.store import existing

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.config import Settings

PICTURE = NewFile(".png")


@click.command
@click.argument("file", type=FILE)
@JSON
@click.option(
    "--plot",
    type=PICTURE,
    help="Draw the spectrogram, the guesses over time and the nearest tracks as a PNG.",
)
@configured
def command(settings: Settings, /, file: Path, *, as_json: bool, plot: Path | None) -> None:
    """Explain the decision on a file: guesses, sound, nearest tracks, threshold and rule.

    The file is decided by itself, without its album. Nothing is written into it.
    """
    if plot:
        from tagger.cli.report.plot import write_plot  # noqa: PLC0415 - needs an extra
    with existing(settings.store.folder) as store:
        found = explain(settings, store, file)
    if as_json:
        print_json(explanation_json(found))
    else:
        click.echo("\n".join(explanation_lines(found)))
    if plot:
        write_plot(plot, found)
