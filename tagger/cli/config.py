"""`tagger config`: show, locate or begin the configuration."""

from __future__ import annotations

from pathlib import Path

import click

from tagger import config
from tagger.cli.locations import Location
from tagger.errors import ConfigError


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
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(config.example_text())
    except FileExistsError as error:
        raise ConfigError("is there already; nothing was changed", path) from error
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", path) from error
    return path
