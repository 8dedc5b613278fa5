"""`tagger models fetch`: download the network of the better default model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tagger.cli.options import NAMED, configured
from tagger.cli.output import printable
from tagger.errors import DownloadError
from tagger.features.weights import MN04
from tagger.inference import download, networks
from tagger.inference.in_use import loss_without_network

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.config import Settings

SOON = 15.0
"""Seconds of an attempt by the set-up, which continues without the network."""


@click.command
@click.option("--from", "source", type=NAMED, help="A downloaded file.")
@click.option("--if-possible", is_flag=True, help="Try for 15 s; a failure is no error.")
@configured
def fetch(settings: Settings, *, source: Path | None, if_possible: bool) -> None:
    """Download the network EfficientAT mn04. With it, more files get a genre.

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
            content = download.download(MN04, SOON if if_possible else download.TIMEOUT)
        path = networks.install(MN04, content, state, source)
    except DownloadError as error:
        if not if_possible:
            raise
        reason = f"{source}: {error.reason}" if source else error.reason
        if loss := loss_without_network(settings):
            reason = f"{reason}; {loss.explanation}"
        click.echo(printable(reason), err=True)
        return
    click.echo(printable(f"{MN04.network}, by {MN04.authors}, {MN04.licence}: {path}"))
    click.echo("the default model uses it: unsure files are decided again at the next scan")
