"""`tagger models`: which models there are, and which one decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from tagger.cli.options import JSON, configured, print_json, printable
from tagger.cli.report.models import (
    model_card,
    model_json,
    model_line,
    show_switch,
    warn_of_override,
)
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
    warn_of_override(settings)


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
    click.echo("\n".join(map(printable, model_card(model).splitlines())))


@command.command
@click.argument("name")
@configured
def use(settings: Settings, *, name: str) -> None:
    """Make a model the active one; `default` is the one that comes with tagger."""
    ModelRegistry(settings.store.folder).activate(name)
    show_switch(settings, f"{name} is active")


@command.command
@configured
def rollback(settings: Settings) -> None:
    """Make the model active that was before."""
    name = ModelRegistry(settings.store.folder).roll_back()
    show_switch(settings, f"{name} is active again")


@command.command
@click.argument("name")
@configured
def remove(settings: Settings, *, name: str) -> None:
    """Delete a model of your own that is not active."""
    ModelRegistry(settings.store.folder).remove(name)
    click.echo(printable(f"{name} is gone"))
