"""The command line: each command is a module that is imported only when it is named."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys

from tagger.system import memory, streams

with memory.lasting_imports():
    import click

    from tagger.cli.root import cli
    from tagger.errors import AudioError, TagError, TaggerError, WorkerError
    from tagger.system.next_steps import next_step
    from tagger.system.text import one_line

__all__ = ["main"]

FAILED = 1
UNUSABLE = 2
INTERRUPTED = 130


def main() -> None:
    """Run `tagger`.

    Exits with 0 after success, 1 when some files failed, 130 after an interrupt. The exit code 2
    means an unusable command line, configuration, model, state or output.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends a run as Ctrl-C does
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # a closed terminal; not below nohup
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    streams.open_missing()
    streams.accept_all_names(sys.stdout)
    try:
        status = _run()
    except OSError as error:
        if not streams.is_of_output(error):
            raise
        with contextlib.suppress(OSError):
            click.echo(f"tagger: the output cannot be written: {error.strerror}", err=True)
        streams.discard(sys.stdout)
        streams.discard(sys.stderr)
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
        status = FAILED if isinstance(error, AudioError | TagError | WorkerError) else UNUSABLE
    except OSError as error:
        limited = error.errno in (errno.EMFILE, errno.ENFILE)
        if not limited and not isinstance(error.filename, str):
            raise
        # a disk or a share that fails in the middle of a run
        where = f"{error.filename}: " if isinstance(error.filename, str) else ""
        hint = f" ({step})" if (step := next_step(error, "")) else ""
        click.echo(one_line(f"tagger: {where}{error.strerror}{hint}"), err=True)
        status = UNUSABLE
    except (click.Abort, KeyboardInterrupt):
        click.echo("\ntagger: interrupted; everything done so far is kept", err=True)
        status = INTERRUPTED
    return status
