"""`tagger train`: a model of the user's own genres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tagger.cli.options import DRY_RUN, JSON, NEW_FILE, configured
from training.cli.libraries import require_libraries
from training.cli.train_match import match_command
from training.labels import SOURCES, configured_sources

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tagger.config import Settings
    from training.evaluation.compare import Promote


_SOURCE = click.Choice(list(SOURCES))
_PROMOTE = click.Choice(["always", "never", "if-better"])
_PROMOTED = "When the new model becomes the active model."
_REPORT_HELP = "Write HTML to PATH.html, else JSON."
_TEACHER = click.Choice(["known-artists"])
_TEACHER_HELP = "Learn from the artists list: your own music, without labels of yours."
_ONLY_MINE_HELP = "Learn your genres alone, without the default model's."


@click.group(invoke_without_command=True)
@click.option("--source", "sources", multiple=True, type=_SOURCE, help="Use these sources only.")
@DRY_RUN
@JSON
@click.option("--report", type=NEW_FILE, metavar="PATH", help=_REPORT_HELP)
@click.option("--promote", type=_PROMOTE, default="if-better", show_default=True, help=_PROMOTED)
@click.option("--from", "teacher", type=_TEACHER, help=_TEACHER_HELP)
@click.option("--only-mine", is_flag=True, help=_ONLY_MINE_HELP)
@configured
@click.pass_context
def command(
    ctx: click.Context,
    settings: Settings,
    *,
    sources: Sequence[str],
    dry_run: bool,
    as_json: bool,
    report: Path | None,
    promote: Promote,
    teacher: str | None,
    only_mine: bool,
) -> None:
    """Learn your own genres from your music library.

    Labels come from genres that you changed after tagger, and from the folders, tags, playlists and
    tables under [training] in the configuration. The new model becomes the active model when it is
    not worse than the present model; `tagger models rollback` reverses this. With --from
    known-artists, the artists list labels your music, and your own genres come first.
    """
    require_libraries()
    if ctx.invoked_subcommand:
        return
    if teacher and (sources or only_mine or dry_run or report):
        raise click.UsageError("--from has no other options than --promote and --json")
    if dry_run and report and report.suffix == ".html":
        raise click.UsageError("a page needs a training: name a .json for --report with --dry-run")
    from training.cli import train_run  # noqa: PLC0415 - scikit-learn takes a second

    if teacher:
        train_run.from_known_artists(settings, promote, as_json=as_json)
        return
    names = sources or configured_sources(settings.training)
    train_run.from_sources(
        settings, names, promote, report, dry_run=dry_run, as_json=as_json, only_mine=only_mine
    )


command.add_command(match_command)
