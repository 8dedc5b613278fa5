"""Installed models: a line, a card, or an object for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from tagger.cli.output import print_json, printable

if TYPE_CHECKING:
    from tagger.config import Settings
    from tagger.inference.registry import InstalledModel


def model_line(model: InstalledModel) -> str:
    """Return the date, the genres, the tracks and the first figure of a model."""
    if model.problem or model.manifest is None:
        return f"cannot be used: {model.problem}"
    manifest = model.manifest
    figures = [
        f"{figure.accuracy:.0%} right ({name.replace('_', ' ')})"
        for name, figure in _figures(model)
    ]
    made = f"{manifest.created.isoformat()}, {len(manifest.genres)} genres"
    return ", ".join([made, f"{manifest.training.tracks} tracks", *figures[:1]])


def _figures(model: InstalledModel) -> list[tuple[str, Any]]:
    return list(model.manifest.evaluation.items()) if model.manifest else []


def model_json(model: InstalledModel) -> dict[str, Any]:
    """Return a model in the form that is documented for scripts."""
    manifest = model.manifest
    return {
        "name": model.name,
        "active": model.active,
        "folder": str(model.folder),
        "id": manifest.id if manifest else None,
        "created": manifest.created.isoformat() if manifest else None,
        "genres": list(manifest.genres) if manifest else [],
        "tracks": manifest.training.tracks if manifest else None,
        "accuracy": {name: figure.accuracy for name, figure in _figures(model)},
        "problem": model.problem,
    }


def model_card(model: InstalledModel) -> str:
    """Return the card of a model, or its line where it has no card."""
    card = model.folder / "MODEL_CARD.md"
    return card.read_text("utf-8", errors="replace") if card.is_file() else model_line(model)


def show_listed(model: InstalledModel, *, as_json: bool) -> None:
    """Print a model of the list; the active model has a star."""
    if as_json:
        print_json(model_json(model))
        return
    star = "*" if model.active else " "
    click.echo(printable(f"{star} {model.name:<24} {model_line(model)}"))


def show_model(model: InstalledModel, *, as_json: bool) -> None:
    """Print the card of a model, or its manifest as JSON."""
    if as_json:
        print_json(model_json(model) | {"manifest": msgspec.to_builtins(model.manifest)})
        return
    click.echo("\n".join(map(printable, model_card(model).splitlines())))


def show_switch(settings: Settings, text: str) -> None:
    """Print that another model is active, and the next step."""
    click.echo(printable(text))
    warn_of_override(settings)
    click.echo("`tagger scan --reclassify` decides again on genres that tagger wrote")


def warn_of_override(settings: Settings) -> None:
    """Warn where the configuration names a bundle, which then decides in any case."""
    if settings.model.bundle != "active":
        text = f'model.bundle = "{settings.model.bundle}" in the configuration decides instead'
        click.echo(printable(text), err=True)
