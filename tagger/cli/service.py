"""`tagger service`: have `tagger watch` started by itself."""

from __future__ import annotations

import getpass
import os
import shlex
from typing import TYPE_CHECKING

import click

from tagger import config
from tagger.cli.options import CONFIG_FILE
from tagger.cli.output import printable
from tagger.daemon.host import units

if TYPE_CHECKING:
    from pathlib import Path


@click.command
@click.argument("action", type=click.Choice(["show", "install", "uninstall"]), default="show")
@click.option("--system", is_flag=True, help="Show the sandboxed one for the whole machine.")
@CONFIG_FILE
def command(action: str, *, system: bool, config_file: Path | None) -> None:
    """Show the systemd unit that starts `tagger watch`, put it in its place, or remove it.

    Nothing is started or stopped: the commands for that are printed. The system's service
    runs as you, and is put in its place by
    `tagger service show --system | sudo tee /etc/systemd/system/tagger.service`.
    """
    if system and action != "show":
        raise click.UsageError("--system is for show: see `tagger service --help`")
    file = config.find(config_file)
    if system:
        settings = config.load(config_file)
        unit = units.system_unit(settings, file, _user())
        state = settings.store.folder
        if not state.is_dir():
            click.echo(f"first: mkdir -p {printable(shlex.quote(str(state)))}", err=True)
    else:
        config.load(config_file)
        unit = units.user_unit(file if file != config.user_file() else None)
    path = printable(unit.path)
    if action == "show":
        click.echo(unit.text, nl=False)
    elif action == "install":
        units.install(unit)
        click.echo(f"Written: {path}. It starts now and with every login after")
        click.echo(f"  {unit.systemctl} daemon-reload")
        click.echo(f"  {unit.systemctl} enable --now tagger")
        click.echo("To run it while you are logged out as well, run")
        click.echo("  loginctl enable-linger")
    elif units.uninstall(unit):
        click.echo(f"Removed: {path}. If it still runs, it ends after")
        click.echo(f"  {unit.systemctl} stop tagger; {unit.systemctl} daemon-reload")
    else:
        click.echo(f"There is no {path}.")


def _user() -> str:
    """Return the name of the user, or the number of a user without a name, as systemd takes it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
