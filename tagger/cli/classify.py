"""`tagger classify`: print the genres that files sound like."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.options import JSON, SOME_FAILED, configured, print_json, printable
from tagger.errors import TaggerError
from tagger.inference import read_manifest, registry
from tagger.pipeline.classify import classify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tagger.config import Settings
    from tagger.core.domain import Prediction


@click.command
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@JSON
@click.option("--top", type=click.IntRange(1), default=3, help="How many genres to show.")
@configured
def command(settings: Settings, files: Sequence[Path], *, as_json: bool, top: int) -> None:
    """Print the genres that files sound like; writes nothing."""
    settings = registry.resolve_bundle(settings)
    model = read_manifest(settings.model.bundle.folder).id
    failed = False
    for path, answer in classify(settings, files):
        failed = failed or isinstance(answer, TaggerError)
        if as_json:
            print_json(_json(path, answer, model, top))
        else:
            click.echo(printable(f"{path}: {_text(answer, top)}"))
    if failed:
        raise click.exceptions.Exit(SOME_FAILED)


def _json(path: Path, answer: Prediction | TaggerError, model: str, top: int) -> dict[str, Any]:
    if isinstance(answer, TaggerError):
        genre = confidence = None
        probabilities: dict[str, float] = {}
    else:
        genre, confidence = answer.genre, round(answer.confidence, 4)
        probabilities = {name: round(p, 4) for name, p in answer.ranked[:top]}
    return {
        "path": str(path),
        "genre": genre,
        "confidence": confidence,
        "probabilities": probabilities,
        "model": model,
        "error": answer.reason if isinstance(answer, TaggerError) else None,
    }


def _text(answer: Prediction | TaggerError, top: int) -> str:
    if isinstance(answer, TaggerError):
        return answer.reason
    return ", ".join(f"{genre} {probability:.0%}" for genre, probability in answer.ranked[:top])
