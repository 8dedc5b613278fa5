"""`tagger playlists`: rebuild the genre playlists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tagger.cli.options import DRY_RUN, JSON, configured, print_json, printable
from tagger.players import Changes, notify_all
from tagger.playlists import refresh
from tagger.store import Store

if TYPE_CHECKING:
    from tagger.config import Settings


@click.command
@DRY_RUN
@JSON
@configured
def command(settings: Settings, *, dry_run: bool, as_json: bool) -> None:
    """Rebuild the genre playlists from what the last scans saw."""
    with Store(settings.store.folder) as store:
        refreshed = refresh.refresh_all(settings, store.files.roots(), store, dry_run=dry_run)
    for change in refreshed.changes:
        if as_json:
            print_json(
                {
                    "path": str(change.path),
                    "action": str(change.action),
                    "genre": change.genre,
                    "reason": change.reason,
                }
            )
        else:
            because = f"  ({change.reason})" if change.reason else ""
            click.echo(printable(f"{change.action:<9} {change.path}{because}"))
    for problem in refreshed.problems:
        click.echo(printable(problem), err=True)
    if not dry_run:
        changes = Changes()
        changes.playlists(refreshed.written)
        for player, error in notify_all(settings.players, changes).items():
            if error:
                click.echo(printable(f"player {player}: {error}"), err=True)
