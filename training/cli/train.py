"""`tagger train`: a model of the user's own genres."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tagger.cli.options import DRY_RUN, JSON, configured
from training.cli.libraries import require_libraries
from training.cli.train_match import match_command
from training.data.store import TrainingStore
from training.labels import SOURCES, configured_sources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tagger.config import Settings
    from training.train import Promote


_SOURCE = click.Choice(list(SOURCES))
_PROMOTE = click.Choice(["always", "never", "if-better"])
_HTML_OR_JSON = click.Path(dir_okay=False, path_type=Path)
_PROMOTE_HELP = "When the new model becomes the active model."
_TEACHER = click.Choice(["known-artists"])
_TEACHER_HELP = "Learn from the artists list: your own music, without labels of yours."
_ONLY_MINE_HELP = "Learn your genres alone, without the default model's."


@click.group(invoke_without_command=True)
@click.option("--source", "sources", multiple=True, type=_SOURCE, help="Use these sources only.")
@DRY_RUN
@JSON
@click.option(
    "--report", type=_HTML_OR_JSON, metavar="PATH", help="Write HTML to PATH.html, else JSON."
)
@click.option(
    "--promote", type=_PROMOTE, default="if-better", show_default=True, help=_PROMOTE_HELP
)
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
    from tagger.inference.registry import default_folder  # noqa: PLC0415
    from training.added_model import read_base  # noqa: PLC0415 - scikit-learn takes a second
    from training.cli import train_report as output  # noqa: PLC0415
    from training.train import TrainingRun, alone  # noqa: PLC0415

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    names = sources or configured_sources(settings.training)
    state = settings.store.folder
    if teacher:
        if sources or only_mine or dry_run or report:
            raise click.UsageError("--from has no other options than --promote and --json")
        _learn_from_list(settings, promote, as_json=as_json)
        return
    with TrainingStore(state) as store, alone(state), output.progress(quiet=as_json) as progress:
        base = None if only_mine else read_base(default_folder(state))
        run = TrainingRun(settings, store, names, progress, base=base)
        prepared = run.prepare(dry_run=dry_run)
        output.show_prepared(prepared, settings.training.minimum, quiet=as_json)
        result = None if dry_run else run.train(prepared, promote)
    minimum = settings.training.minimum
    output.finish(output.as_object(prepared, result, minimum), result, report, as_json=as_json)


def _learn_from_list(settings: Settings, promote: Promote, *, as_json: bool) -> None:
    from tagger.inference.registry import default_folder  # noqa: PLC0415
    from training import known_artists  # noqa: PLC0415 - as above
    from training.added_model import read_base  # noqa: PLC0415
    from training.cli import train_report as output  # noqa: PLC0415
    from training.train import alone  # noqa: PLC0415

    state = settings.store.folder
    with TrainingStore(state) as store, alone(state), output.progress(quiet=as_json) as progress:
        base = read_base(default_folder(state))
        learned = known_artists.learn(settings, store, base, promote, progress)
    output.show_learned(learned, as_json=as_json)


command.add_command(match_command)
