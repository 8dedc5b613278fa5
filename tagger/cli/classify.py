"""`tagger classify`: say what files sound like."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.analysis import worker
from tagger.analysis.pool import WorkerPool
from tagger.cli.options import JSON, configured, print_json, printable
from tagger.errors import AudioError, TaggerError, WorkerError
from tagger.inference import read_manifest, registry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tagger.config import Settings
    from tagger.core.domain import Prediction

SOME_FAILED = 1


@click.command
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@JSON
@click.option("--top", type=click.IntRange(1), default=3, help="How many genres to show.")
@configured
def command(settings: Settings, files: Sequence[Path], *, as_json: bool, top: int) -> None:
    """Say what files sound like; writes nothing."""
    settings = registry.resolve_bundle(settings)
    model = read_manifest(settings.model.bundle.folder).id
    failed = False
    for path, heard in _heard(settings, files):
        failed = failed or isinstance(heard, TaggerError)
        if as_json:
            print_json(_json(path, heard, model, top))
        else:
            click.echo(printable(f"{path}: {_text(heard, top)}"))
    if failed:
        raise click.exceptions.Exit(SOME_FAILED)


def _heard(
    settings: Settings, files: Sequence[Path]
) -> Iterator[tuple[Path, Prediction | TaggerError]]:
    bundle, limits = settings.model.bundle.folder, settings.workers
    listen = settings.listen
    with WorkerPool(
        min(limits.count, len(files)),
        limits.timeout,
        limits.memory_mb,
        worker.prepare,
        bundle,
    ) as workers:
        asked = [
            workers.submit(worker.listen, path, bundle, listen.offset, listen.length)
            for path in files
        ]
        for path, future in zip(files, asked, strict=True):
            try:
                yield path, workers.result(future, path).prediction
            except (AudioError, WorkerError) as error:
                yield path, error


def _json(path: Path, heard: Prediction | TaggerError, model: str, top: int) -> dict[str, Any]:
    if isinstance(heard, TaggerError):
        genre = confidence = None
        probabilities: dict[str, float] = {}
    else:
        genre, confidence = heard.genre, round(heard.confidence, 4)
        probabilities = {name: round(p, 4) for name, p in heard.ranked[:top]}
    return {
        "path": str(path),
        "genre": genre,
        "confidence": confidence,
        "probabilities": probabilities,
        "model": model,
        "error": heard.reason if isinstance(heard, TaggerError) else None,
    }


def _text(heard: Prediction | TaggerError, top: int) -> str:
    if isinstance(heard, TaggerError):
        return heard.reason
    return ", ".join(f"{genre} {probability:.0%}" for genre, probability in heard.ranked[:top])
