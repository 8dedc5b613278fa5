"""`tagger classify`: print the genres that files sound like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tagger.cli.options import JOBS, JSON, NAMED, SOME_FAILED, configured, print_json, printable
from tagger.core.domain import Action
from tagger.inference import registry
from tagger.pipeline.classify import classify

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tagger.config import Settings
    from tagger.pipeline.classify import Classified


@click.command
@click.argument("paths", nargs=-1, required=True, type=NAMED, metavar="PATH...")
@JSON
@click.option("--top", type=click.IntRange(1), default=3, help="How many genres to show.")
@JOBS
@configured
def command(
    settings: Settings, /, paths: Sequence[Path], *, as_json: bool, top: int, jobs: int | None
) -> None:
    """Print the likeliest genres of files, and whether the sound is sure enough; writes nothing.

    PATH is a file or a folder. Each file is decided by its sound alone, without album, library and
    artists list, which a scan weighs as well.
    """
    settings = registry.resolve_bundle(settings).override("workers", count=jobs)
    model = registry.runnable_manifest(settings).id
    failed = False
    for found in classify(settings, paths):
        failed = failed or found.prediction is None
        if as_json:
            print_json(_json(found, model, top))
        else:
            click.echo(printable(f"{found.path}: {_text(found, top)}"))
    if failed:
        raise click.exceptions.Exit(SOME_FAILED)


def _json(found: Classified, model: str, top: int) -> dict[str, Any]:
    answer = found.prediction
    return {
        "path": str(found.path),
        "genre": answer and answer.genre,
        "confidence": answer and round(answer.confidence, 4),
        "probabilities": _ranked(found, top),
        "model": model,
        "error": found.decision.reason if answer is None else None,
        "decision": str(found.decision.action),
        "after": list(found.decision.genres),
        "reason": found.decision.reason,
    }


def _ranked(found: Classified, top: int) -> dict[str, float]:
    answer = found.prediction
    return {name: round(p, 4) for name, p in answer.ranked[:top]} if answer else {}


def _text(found: Classified, top: int) -> str:
    decision = found.decision
    if found.prediction is None:
        return decision.reason
    guesses = ", ".join(f"{genre} {int(100 * p)}%" for genre, p in found.prediction.ranked[:top])
    if decision.action.writes:
        return f"{guesses}; would write {', '.join(decision.genres)}"
    kept = "kept" if decision.action is Action.KEEP else "left alone"
    return f"{guesses}; {kept}: {decision.reason}"
