"""`tagger` on a system without the functions that Linux alone has.

macOS lacks them, and refuses to limit the address space. Its own calls (`fcopyfile`, `F_FULLFSYNC`)
need a Mac and are not tested here.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import bundles
import media
import pytest
from daemons import Watcher

from tagger import tags

if TYPE_CHECKING:
    from programs import Program

MISSING = """\
import fcntl, os, posix, resource, select, signal, socket, time

LINUX = {
    (os, posix): "copy_file_range sched_getaffinity sched_setaffinity posix_fadvise fdatasync "
        "posix_fallocate getxattr setxattr listxattr removexattr memfd_create eventfd pidfd_open "
        "splice pipe2 getrandom O_PATH O_TMPFILE O_DIRECT O_NOATIME",
    (fcntl,): "F_SETLEASE F_GETLEASE F_SETSIG F_OFD_SETLK F_OFD_GETLK F_SETPIPE_SZ F_ADD_SEALS",
    (signal,): "sigtimedwait sigwaitinfo pidfd_send_signal SIGRTMIN SIGRTMAX",
    (resource,): "prlimit RLIMIT_NICE RLIMIT_RTPRIO RLIMIT_RTTIME RLIMIT_SIGPENDING",
    (select,): "epoll",
    (socket,): "SO_PEERCRED AF_NETLINK",
    (time,): "CLOCK_BOOTTIME CLOCK_TAI",
}
for modules, names in LINUX.items():
    for module in modules:
        for name in names.split():
            if hasattr(module, name):
                delattr(module, name)

set_limit = resource.setrlimit
def setrlimit(kind, limits):
    if kind == resource.RLIMIT_AS:
        raise ValueError("current limit exceeds maximum limit")
    set_limit(kind, limits)
resource.setrlimit = setrlimit
"""


@pytest.fixture
def elsewhere(program: Program) -> dict[str, str]:
    """The environment of a system that is not Linux."""
    folder = program.home / "elsewhere"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(textwrap.dedent(MISSING))
    environment = program.environment | {"PYTHONPATH": str(folder)}
    check = "import os, select; assert not hasattr(os, 'memfd_create') | hasattr(select, 'epoll')"
    subprocess.run([sys.executable, "-c", check], env=environment, check=True)
    return environment


def run(environment: dict[str, str], *words: str) -> str:
    command = [sys.executable, "-m", "tagger", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_format_is_tagged_and_undone_to_the_byte(program, elsewhere):
    before = {}
    for name in filter(media.has_encoder, media.FORMATS):
        suffix = {"speex": ".ogg"}.get(name, media.FORMATS[name])
        rate = {"opus": 48000, "speex": 16000}.get(name, 44100)
        path = program.music / f"{name}{suffix}"
        media.make(path, name, signal=bundles.low(), rate=rate, tags={"title": "T"})
        before[path] = path.read_bytes()
    run(elsewhere, "scan")
    for path in before:
        assert tags.read(path).genres == ("Classical",), path
        assert tags.read(path).title == "T", path
    run(elsewhere, "undo")
    for path, data in before.items():
        assert path.read_bytes() == data, path


def test_a_new_file_is_tagged_by_the_daemon(program, elsewhere):
    polled = f'poll = ["{program.music}"]\npoll_interval = 1'
    # a forked daemon would have the functions of the server that forks it
    with Watcher(program, "env", env=elsewhere, daemon=polled) as watcher:
        path = media.make(program.music / "song.mp3", signal=bundles.low())
        watcher.wait_for("set", path=path)
    assert tags.read(path).genres == ("Classical",)
