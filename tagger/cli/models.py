"""`tagger models`: which models there are, and which one decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tagger.cli.models_fetch import fetch
from tagger.cli.options import JSON, configured
from tagger.cli.output import printable, warn
from tagger.cli.report.models import show_listed, show_model, show_switch, warn_of_override
from tagger.errors import DownloadError
from tagger.features.weights import MN04
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
    models = ModelRegistry(settings.store.folder)
    found = models.all()
    for model in found:
        show_listed(model, as_json=as_json)
    if not any(model.active for model in found):
        warn(f"the active model {models.active} is not there: see `tagger models use --help`")
    warn_of_override(settings)


@command.command
@click.argument("name", required=False)
@JSON
@configured
def show(settings: Settings, *, name: str | None, as_json: bool) -> None:
    """Show a model's card: data, figures, limits. Without NAME, the active one's."""
    models = ModelRegistry(settings.store.folder)
    show_model(models.get(name or models.active), as_json=as_json)


@command.command
@click.argument("name")
@configured
def use(settings: Settings, *, name: str) -> None:
    """Make a model the active one. `default` is the model that comes with tagger."""
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
    """Delete a model of your own, or the fetched network. The active model stays."""
    models = ModelRegistry(settings.store.folder)
    if name != MN04.name:
        models.remove(name, settings.model.bundle)
    elif not models.remove_network(MN04):
        raise DownloadError(f"the network {MN04.network} is not installed")
    click.echo(printable(f"{name} is gone"))


command.add_command(fetch)
