"""A program for `test_safe_write`: one write, failing at its first step, its second, and so on.

    python -m failing_writes FILE FAULT        FAULT: ENOSPC, EIO or KILL

Each attempt runs in a forked child, on a fresh FILE, with the functions of `os` that reach the disk
wrapped: the n-th call fails with the error or kills the process, a write after half its bytes.
Prints one JSON object an attempt; ends with the first attempt that needs fewer than n calls.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tagger import tags
from tagger.core.domain import FileIdentity
from tagger.errors import TaggerError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


STEPS = (
    "open",
    "write",
    "copy_file_range",
    "fchown",
    "fchmod",
    "listxattr",
    "setxattr",
    "utime",
    "fsync",
    "replace",
    "unlink",
)
GENRES = ("Deep House", "Électronique")
DONE, REFUSED, STRANGE = 0, 3, 4


def write(path: Path) -> None:
    tags.write_genres(
        tags.Target(path, path.parent, FileIdentity.of(path.stat()), tags.WriteOptions()),
        GENRES,
        before_commit=lambda _: None,
    )


def arm(step: int, fault: str, report: int) -> None:
    """Wrap the functions; `report` learns which one failed."""
    calls = itertools.count(1)

    def wrapped(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if next(calls) != step:
                return function(*args, **kwargs)
            if name == "write":
                function(args[0], args[1][: len(args[1]) // 2])
            OS_WRITE(report, name.encode())
            if fault == "KILL":
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(getattr(errno, fault), os.strerror(getattr(errno, fault)))

        return call

    for name in STEPS:
        setattr(os, name, wrapped(name, getattr(os, name)))


OS_WRITE = os.write


def attempt(path: Path, fault: str, step: int) -> tuple[int, str]:
    """Return how the child ended and at which function it failed."""
    reader, report = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        arm(step, fault, report)
        try:
            write(path)
        except TaggerError:
            os._exit(REFUSED)
        except BaseException:  # noqa: BLE001
            os._exit(STRANGE)
        os._exit(DONE)
    os.close(report)
    _, status = os.waitpid(child, 0)
    name = os.read(reader, 100).decode()
    os.close(reader)
    return os.waitstatus_to_exitcode(status), name


def main(path: Path, fault: str) -> None:
    old = path.read_bytes()
    write(path)
    new = path.read_bytes()
    for step in itertools.count(1):
        path.write_bytes(old)
        code, name = attempt(path, fault, step)
        state = {old: "old", new: "new"}.get(path.read_bytes(), "broken")
        left = sorted(p.name for p in path.parent.iterdir() if p != path)
        removed = sorted(p.name for p in tags.remove_leftovers(path.parent))
        record = {"step": name, "code": code, "file": state, "left": left, "removed": removed}
        print(json.dumps(record), flush=True)  # noqa: T201
        if not name:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
