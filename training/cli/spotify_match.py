"""`tagger spotify match`: which tracks of the playlists are in the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tagger.cli.options import JSON, configured
from tagger.cli.output import printable
from training.cli import spotify_report as output

if TYPE_CHECKING:
    from tagger.config import Settings


@click.command
@JSON
@configured
def match(settings: Settings, *, as_json: bool) -> None:
    """Count the tracks of each playlist in the library. No request is sent to Spotify."""
    from training.labels.spotify import found_in_library  # noqa: PLC0415 - needs the matching

    found, notes = found_in_library(settings)
    for playlist in found:
        output.print_found(playlist, as_json=as_json)
    for note in notes:
        click.echo(printable(note), err=True)
