"""`tagger completion`: the completion script of a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from tagger.cli.root import cli

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_TAGGER_COMPLETE"


@click.command
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """Print the script that makes a shell complete commands, options and files.

    In bash: `tagger completion bash > ~/.local/share/bash-completion/completions/tagger`.
    """
    click.echo(script(shell))


def script(shell: str) -> str:
    """Return the completion script of one of `SHELLS`."""
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"no completion for {shell}")
    return found(cli, {}, "tagger", VARIABLE).source()
