"""`tagger train`: learn the user's own genres."""

from __future__ import annotations

import importlib.util
import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tagger.cli.options import DRY_RUN, JSON, configured, print_json
from training.cli.train_match import match_command
from training.data.store import TrainingStore
from training.errors import TrainingDataError
from training.labels import SOURCES, configured_sources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tagger.config import Settings
    from training.train import Promote

LIBRARIES = (
    "anyascii",
    "jinja2",
    "joblib",
    "onnx",
    "rapidfuzz",
    "scipy",
    "sklearn",
    "threadpoolctl",
)
"""What the extra `train` brings and a plain installation lacks."""


@click.group(invoke_without_command=True)
@click.option(
    "--source",
    "sources",
    multiple=True,
    type=click.Choice(list(SOURCES)),
    help="Learn from this source only; may be given several times.",
)
@DRY_RUN
@JSON
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="PATH",
    help="Write what was found there: a page if PATH ends in .html, else JSON.",
)
@click.option(
    "--promote",
    type=click.Choice(["always", "never", "if-better"]),
    default="if-better",
    show_default=True,
    help="When the new model becomes the active one.",
)
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
) -> None:
    """Learn your own genres from how you file your music.

    Labels come from the genres that you changed after tagger, and from the folders, tags,
    playlists and tables that [training] in the configuration names. The new model becomes the
    active one when it is not worse than the present one; `tagger models rollback` takes it back.
    """
    require_libraries()
    if ctx.invoked_subcommand:
        return
    from training.cli import train_report as told  # noqa: PLC0415 - scikit-learn takes a second
    from training.train import TrainingRun, alone  # noqa: PLC0415

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    names = sources or configured_sources(settings.training)
    state = settings.store.folder
    with TrainingStore(state) as store, alone(state), told.progress(quiet=as_json) as progress:
        session = TrainingRun(settings, store, names, progress)
        prepared = session.prepare(dry_run=dry_run)
        found = told.as_object(prepared, settings.training.minimum)
        if not as_json:
            told.print_prepared(found)
        text = ""
        if not dry_run:
            result = session.train(prepared, promote)
            found |= told.result_object(result)
            text = result.page
    if report:
        as_page = report.suffix == ".html" and text
        _write(report, text if as_page else json.dumps(found, indent=2, default=str) + "\n")
    if as_json:
        print_json(found)
    elif not dry_run:
        told.print_result(found)


def require_libraries() -> None:
    """Raise TrainingDataError, with the command to run, when the extra `train` is missing."""
    missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        raise TrainingDataError(
            f"training needs more libraries ({', '.join(missing)})",
            hint="pip install 'tagger-by-ear[train]'",
        )


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise TrainingDataError(f"cannot be written: {error.strerror}", path) from error


command.add_command(match_command)
