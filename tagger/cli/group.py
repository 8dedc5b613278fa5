"""The group of commands, loaded lazily: `tagger --help` imports none of them."""

from __future__ import annotations

import importlib
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import click

from tagger import __version__

COMMANDS = {
    "scan": "Analyze music and write genres into it.",
    "apply": "Write the genres of a plan that a dry run made.",
    "watch": "Write genres into new files as they arrive.",
    "classify": "Print the likeliest genres of files; writes nothing.",
    "undo": "Undo the genres that tagger wrote.",
    "corrections": "List and forget the genres that you changed after tagger.",
    "runs": "List the runs, and the changes of a run.",
    "playlists": "Rebuild the genre playlists.",
    "status": "Show the database, failures and the daemon.",
    "doctor": "Check everything that a scan needs, with the next step.",
    "service": "Have `tagger watch` started by itself.",
    "models": "Show, choose and remove genre models.",
    "artists": "Show, add and check known artists.",
    "config": "Show, locate or begin the configuration.",
}
"""Name to one line of help; the module of that name holds a click command called `command`."""

ENTRY_POINTS = "tagger.commands"
"""Group of entry points through which other packages add commands."""


class LazyGroup(click.Group):
    """A click group that imports a command's module when the command is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of all commands, ours first."""
        return [*COMMANDS, *sorted(_added())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return a command."""
        if cmd_name in COMMANDS:
            command: click.Command = importlib.import_module(f"tagger.cli.{cmd_name}").command
            return command
        added = _added().get(cmd_name)
        return added.load() if added else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        added = [(name, f"From {point.value.split('.')[0]}.") for name, point in _added().items()]
        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items(), *sorted(added)])


def _added() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=ENTRY_POINTS)}


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tagger")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Use this configuration file.",
)
@click.pass_context
def cli(ctx: click.Context, config: Path | None) -> None:
    """File a music library by ear.

    tagger analyzes each track, writes its genre into the file, and keeps genre playlists.
    Start with `tagger scan --dry-run ~/Music`; `tagger undo` reverts the last run.
    """
    ctx.obj = config
