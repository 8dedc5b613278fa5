"""`tagger config`: show, locate or begin the configuration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from tagger import config
from tagger.cli.options import CONFIG_FILE
from tagger.errors import ConfigError
from tagger.system.atomic import replace_file

if TYPE_CHECKING:
    from pathlib import Path


@click.command
@click.argument("action", type=click.Choice(["show", "path", "init"]), default="show")
@CONFIG_FILE
def command(action: str, config_file: Path | None) -> None:
    """Print the settings in use or the path of their file, or write a first file."""
    if action == "init":
        click.echo(_init(config_file or config.user_file()))
    elif action == "path":
        click.echo(config.find(config_file) or f"{config.user_file()} (not there: defaults hold)")
    else:
        click.echo(config.to_toml(config.load(config_file)), nl=False)


def _init(path: Path) -> Path:
    if os.path.lexists(path):
        raise ConfigError("is there already; nothing was changed", path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, config.example_text().encode())
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", path) from error
    return path
