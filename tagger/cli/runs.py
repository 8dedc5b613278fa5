"""`tagger runs`: list the runs, and the changes of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tagger.cli.faults import no_such_run
from tagger.cli.options import JSON, ListFirst, configured
from tagger.cli.output import print_json
from tagger.cli.report.runs import change_json, change_line, run_json, run_line
from tagger.cli.types import RunNumber
from tagger.store import Store

if TYPE_CHECKING:
    from tagger.config import Settings

MOST_SHOWN = 20


class _Runs(ListFirst):
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return a command; a number in its place is that of a run."""
        if args[0].isdecimal() and not ctx.resilient_parsing:
            ctx.fail(f"No such command '{args[0]}'. One run: tagger runs show {args[0]}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Runs)
def command() -> None:
    """List the runs, and the changes of a run. Without a command, list the last runs."""


@command.command("list")
@JSON
@click.option("--all", "whole", is_flag=True, help="List all runs, not the last 20.")
@configured
def list_(settings: Settings, *, as_json: bool = False, whole: bool = False) -> None:
    """List the runs with their dates and counts, newest first."""
    with Store(settings.store.folder) as store:
        store.check(rows=False)
        runs = store.runs.summaries()
    shown = runs if whole or as_json else runs[:MOST_SHOWN]
    for found in shown:
        if as_json:
            print_json(run_json(found))
        else:
            click.echo(run_line(found))
    if len(shown) < len(runs):
        click.echo(f"... and {len(runs) - len(shown)} more: `tagger runs list --all`")
    if not runs and not as_json:
        click.echo("no runs yet")


@command.command
@click.argument("number", type=RunNumber())
@JSON
@configured
def show(settings: Settings, *, number: int, as_json: bool) -> None:
    """List the changes of a run: genres before and after, and the reason."""
    with Store(settings.store.folder) as store:
        store.check(rows=False)
        if not store.runs.exists(number):
            raise no_such_run(number, "NUMBER")
        if not as_json and (sources := store.runs.sources(number)):
            click.echo(", ".join(f"{n} by {source}" for source, n in sources.most_common()))
        changes = store.journal.of_run(number)
        for entry, undone in changes:
            decision = store.runs.decision(entry.change.path, run=number)
            if as_json:
                print_json(change_json(entry, decision, undone=undone))
            else:
                click.echo(change_line(entry, decision, undone=undone))
    if not changes and not as_json:
        click.echo("nothing written")
