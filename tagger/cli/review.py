"""`tagger review`: choose genres on a web page of this computer."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click

from tagger.cli.browser import open_browser
from tagger.cli.options import EXISTING, configured
from tagger.review.server import ReviewServer
from tagger.system.spelling import real_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tagger.config import Settings


@click.command
@click.argument("paths", nargs=-1, type=EXISTING, metavar="[PATH]...")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="The port; 0: any free port."
)
@click.option("--no-browser", is_flag=True, help="Print the address and open no browser.")
@configured
def command(settings: Settings, /, paths: Sequence[Path], *, port: int, no_browser: bool) -> None:
    """Choose genres on a web page that only this computer can reach.

    The page lists files below PATH: unsure files first, then written files, then all files. A
    choice is written at once, is never overwritten, and is a label for `tagger train`. Ctrl-C
    ends it.
    """
    with ReviewServer(settings, list(map(real_path, paths)), port) as server:
        click.echo(server.url)
        if not no_browser:
            open_browser(server.url_once, "open the address yourself.")
        with contextlib.suppress(KeyboardInterrupt):
            server.serve()
