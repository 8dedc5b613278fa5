"""`tagger models`: which models there are, and which one decides."""

from __future__ import annotations

from pathlib import Path
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
from tagger.errors import DownloadError
from tagger.features.weights import MN04
from tagger.inference import networks
from tagger.inference.registry import ModelRegistry, missing_network

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
    """Delete a model of your own that is not active, or the fetched network."""
    if name != MN04.name:
        ModelRegistry(settings.store.folder).remove(name)
    elif not networks.remove(MN04, settings.store.folder):
        raise DownloadError(f"the network {MN04.network} is not installed")
    click.echo(printable(f"{name} is gone"))


SOON = 15.0
"""Seconds of an attempt by the set-up, which continues without the network."""


@command.command
@click.option(
    "--from", "source", type=click.Path(path_type=Path, dir_okay=False), help="A downloaded file."
)
@click.option("--if-possible", is_flag=True, help="Try for 15 s; a failure is no error.")
@configured
def fetch(settings: Settings, *, source: Path | None, if_possible: bool) -> None:
    """Download the network EfficientAT mn04, with which more files get a genre.

    4 MB over HTTPS from the release of its authors, checked by size and SHA-256. Nothing else of
    tagger's analysis uses the network connection.
    """
    state = settings.store.folder
    if MN04.are_in(networks.folder(state)):
        click.echo(printable(f"{MN04.network} is installed in {networks.folder(state)}"))
        return
    try:
        if source:
            content = networks.read(MN04, source)
        else:
            content = networks.download(MN04, SOON if if_possible else networks.TIMEOUT)
        path = networks.install(MN04, content, state)
    except DownloadError as error:
        if not if_possible:
            raise
        loss = missing_network(settings)
        click.echo(printable("; ".join(filter(None, [error.reason, loss]))), err=True)
        return
    click.echo(printable(f"{MN04.network}, by {MN04.authors}, {MN04.licence}: {path}"))
    click.echo("the default model uses it: unsure files are decided again at the next scan")
