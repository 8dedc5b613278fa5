"""`tagger config`: show, locate or begin the configuration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from tagger import config
from tagger.cli.options import CONFIG_FILE
from tagger.errors import ConfigError
from tagger.system.atomic import replace_file
from tagger.system.next_steps import next_step

if TYPE_CHECKING:
    from pathlib import Path


@click.command
@click.argument("action", type=click.Choice(["show", "path", "init"]), default="show")
@CONFIG_FILE
def command(action: str, config_file: Path | None) -> None:
    """Print the settings in use or the path of their file, or write a first file."""
    if action == "init":
        click.echo(_init(config_file or config.named_file() or config.user_file()))
    elif action == "path":
        missing = "not there, so the defaults hold; `tagger config init` writes it"
        click.echo(config.find(config_file) or f"{config.user_file()} ({missing})")
    else:
        click.echo(config.to_toml(config.load(config_file)), nl=False)


def _init(path: Path) -> Path:
    if os.path.lexists(path):
        hint = "edit it, or name another file with --config"
        raise ConfigError("is there already; nothing was changed", path, hint)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, config.example_text().encode())
    except OSError as error:
        hint = next_step(error, "name another file with --config")
        raise ConfigError(f"cannot be written: {error.strerror}", path, hint) from error
    return path
