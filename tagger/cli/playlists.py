"""`tagger playlists`: rebuild the genre playlists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tagger.cli.options import DRY_RUN, JSON, configured
from tagger.cli.output import SOME_FAILED, print_json, printable, warn
from tagger.cli.report.base import warnings
from tagger.pipeline.publish import after_run
from tagger.players import Changes
from tagger.store import undamaged

if TYPE_CHECKING:
    from tagger.config import Settings
    from tagger.playlists import PlaylistChange


@click.command
@DRY_RUN
@JSON
@configured
def command(settings: Settings, *, dry_run: bool, as_json: bool) -> None:
    """Rebuild the genre playlists from the files of the last scans."""
    settings = settings.override("playlists", enabled=True)
    with undamaged(settings.store.folder, warn, rows=False) as store:
        roots = store.files.roots()
        published = after_run(settings, store, Changes(), roots, dry_run=dry_run)
    for change in published.playlists.changes:
        if as_json:
            print_json(_json(change))
        else:
            because = f": {change.reason}" if change.reason else ""
            click.echo(printable(f"{change.action:<9} {change.path}{because}"))
    if not (published.playlists.changes or published.playlists.failed or as_json):
        click.echo("no playlists: no scanned file has a genre, or its disk is not mounted")
    for warning in warnings(published, listed=True):
        click.echo(printable(warning), err=True)
    if published.playlists.failed:
        raise click.exceptions.Exit(SOME_FAILED)


def _json(change: PlaylistChange) -> dict[str, str]:
    return {
        "path": str(change.path),
        "action": str(change.action),
        "genre": change.genre,
        "reason": change.reason,
    }
