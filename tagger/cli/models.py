"""`tagger models`: which models there are, and which one decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from tagger.cli.options import JSON, configured, print_json, printable
from tagger.cli.report.models import model_json, model_line
from tagger.inference.registry import ModelRegistry

if TYPE_CHECKING:
    from tagger.config import Settings


@click.group
def command() -> None:
    """Show, choose and remove genre models."""


@command.command("list")
@JSON
@configured
def list_(settings: Settings, *, as_json: bool) -> None:
    """List the models; the active one has a star."""
    for model in ModelRegistry(settings.store.folder).all():
        if as_json:
            print_json(model_json(model))
        else:
            star = "*" if model.active else " "
            click.echo(printable(f"{star} {model.name:<24} {model_line(model)}"))
    _warn(settings)


@command.command
@click.argument("name", required=False)
@JSON
@configured
def show(settings: Settings, *, name: str | None, as_json: bool) -> None:
    """Show a model's card: data, figures, limits. Without NAME, the active one's."""
    models = ModelRegistry(settings.store.folder)
    model = models.get(name or models.active)
    if as_json:
        print_json(model_json(model) | {"manifest": msgspec.to_builtins(model.manifest)})
        return
    card = model.folder / "MODEL_CARD.md"
    text = card.read_text("utf-8", errors="replace") if card.is_file() else model_line(model)
    click.echo("\n".join(map(printable, text.splitlines())))


@command.command
@click.argument("name")
@configured
def use(settings: Settings, *, name: str) -> None:
    """Make a model the active one; `default` is the one that comes with tagger."""
    ModelRegistry(settings.store.folder).activate(name)
    click.echo(printable(f"{name} is active"))
    _warn(settings)
    _next()


@command.command
@configured
def rollback(settings: Settings) -> None:
    """Make the model active that was before."""
    click.echo(printable(f"{ModelRegistry(settings.store.folder).roll_back()} is active again"))
    _warn(settings)
    _next()


@command.command
@click.argument("name")
@configured
def remove(settings: Settings, *, name: str) -> None:
    """Delete a model of your own that is not active."""
    ModelRegistry(settings.store.folder).remove(name)
    click.echo(printable(f"{name} is gone"))


def _warn(settings: Settings) -> None:
    if settings.model.bundle != "active":
        text = f'model.bundle = "{settings.model.bundle}" in the configuration decides instead'
        click.echo(printable(text), err=True)


def _next() -> None:
    click.echo("`tagger scan --reclassify` decides again what tagger wrote")
