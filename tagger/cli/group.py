"""The group of commands, loaded lazily: `tagger --help` imports none of them."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.added import added_commands
from tagger.cli.sections import COMMANDS, SECTIONS
from tagger.system import memory

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class LazyGroup(click.Group):
    """A click group that imports a command's module when the command is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of all commands, ours first."""
        return [*COMMANDS, *sorted(added_commands())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return a command."""
        if cmd_name in COMMANDS:
            command: click.Command = _imported(f"tagger.cli.{cmd_name}").command
            return command
        if added := added_commands().get(cmd_name):
            found: click.Command = getattr(_imported(added.module), added.attribute)
            return found
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return a command, or raise an error with the names like a mistyped one."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            names = self.list_commands(ctx)  # click itself has the loaded commands alone
            raise click.NoSuchCommand(error.command_name, possibilities=names, ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        added = added_commands()
        known = {name for section in SECTIONS.values() for name in section}
        for heading, section in SECTIONS.items():
            rows = [(n, text) for n, text in section.items() if n in COMMANDS or n in added]
            with formatter.section(heading):
                formatter.write_dl(rows)
        others = [(n, f"From {added[n].module.split('.')[0]}.") for n in sorted({*added} - known)]
        if others:
            with formatter.section("Others"):
                formatter.write_dl(others)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the names of commands without importing them."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415

        texts = {name: text for section in SECTIONS.values() for name, text in section.items()}
        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        items = [CompletionItem(name, help=texts.get(name, "")) for name in names]
        return [*items, *click.Command.shell_complete(self, ctx, incomplete)]


def _imported(name: str) -> Any:
    if name in sys.modules:
        return sys.modules[name]
    with memory.lasting_imports():
        return importlib.import_module(name)
