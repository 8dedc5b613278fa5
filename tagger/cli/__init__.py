"""The command line: each command is a module that is imported only when it is named."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from typing import TextIO

import click

from tagger.cli.group import cli
from tagger.errors import TaggerError
from tagger.system.text import one_line

__all__ = ["main"]

UNUSABLE = 2
INTERRUPTED = 130
NO_OUTPUT = (
    errno.EBADF,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EIO,
    errno.ENOSPC,
    errno.EPIPE,
)
"""Errors of an output that takes no more: a full disk, a closed pipe, a lost terminal."""


def main() -> None:
    """Run `tagger`.

    Exits with 0 after success, 1 when some files failed, 130 after an interrupt. The exit code 2
    means an unusable command line, configuration, model, state or output.
    """
    _open_streams()
    try:
        status = _run()
    except OSError as error:
        # files and state that find no room have errors of their own: this is the output's
        if error.errno not in NO_OUTPUT:
            raise
        with contextlib.suppress(OSError):
            click.echo(f"tagger: the output cannot be written: {error.strerror}", err=True)
        _silence(sys.stdout)
        _silence(sys.stderr)
        status = UNUSABLE
    sys.exit(status)


def _run() -> int:
    output = sys.stdout
    try:
        status: int = cli.main(standalone_mode=False)
        sys.stdout.flush()
    except SystemExit as error:
        if sys.stdout is output:
            raise
        # click replaces the stream of a closed pipe, and ends
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)) from error
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except TaggerError as error:
        click.echo(one_line(f"tagger: {error}"), err=True)
        status = UNUSABLE
    except (click.Abort, KeyboardInterrupt):
        click.echo("\ntagger: interrupted; everything done so far is kept", err=True)
        status = INTERRUPTED
    return status


def _open_streams() -> None:
    """Open missing standard streams, as after `2>&-`.

    The next file that is opened would get the number of the missing stream, and FFmpeg writes its
    messages to number 2.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115


def _silence(stream: TextIO) -> None:
    """Redirect a stream, so that the interpreter can flush it without a reader."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
