"""The command line: each command is a module that is imported only when it is named."""

from __future__ import annotations

import errno
import os
import sys

import click

from tagger.cli.group import cli
from tagger.errors import TaggerError
from tagger.system.text import one_line

__all__ = ["main"]

UNUSABLE = 2
INTERRUPTED = 130


def main() -> None:
    """Run `tagger`.

    Exits with 0 after success, 1 when some files failed, 130 after an interrupt. The exit code 2
    means an unusable command line, configuration, model, state or output.
    """
    try:
        status = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except TaggerError as error:
        click.echo(one_line(f"tagger: {error}"), err=True)
        status = UNUSABLE
    except (click.Abort, KeyboardInterrupt):
        click.echo("\ntagger: interrupted; everything done so far is kept", err=True)
        status = INTERRUPTED
    except BrokenPipeError:
        # the reader of the output is gone, so the interpreter must not flush the rest
        _silence()
        status = 0
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        # files and state that find no room are errors of ours: this is the output's
        click.echo(f"tagger: the output finds no room ({error.strerror})", err=True)
        _silence()
        status = UNUSABLE
    sys.exit(status)


def _silence() -> None:
    """Redirect the output, so that the interpreter can flush it without a reader."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
