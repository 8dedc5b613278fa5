"""`tagger config`: show, locate or begin the configuration."""

from __future__ import annotations

import os
from pathlib import Path

import click

from tagger import config
from tagger.cli.locations import Location
from tagger.errors import ConfigError
from tagger.system.atomic import replace_file


@click.command
@click.argument("action", type=click.Choice(["show", "path", "init"]), default="show")
@click.option("--config", "file", type=Location(path_type=Path, dir_okay=False), help="This file.")
@click.pass_context
def command(ctx: click.Context, action: str, file: Path | None) -> None:
    """Print the settings in use or the path of their file, or write a first file."""
    chosen: Path | None = file or ctx.find_root().obj
    if action == "init":
        click.echo(_init(chosen or config.user_file()))
    elif action == "path":
        click.echo(config.find(chosen) or f"{config.user_file()} (not there: defaults hold)")
    else:
        click.echo(config.to_toml(config.load(chosen)), nl=False)


def _init(path: Path) -> Path:
    if os.path.lexists(path):
        raise ConfigError("is there already; nothing was changed", path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, config.example_text().encode())
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", path) from error
    return path
