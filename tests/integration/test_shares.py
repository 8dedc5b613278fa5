"""Writes on an SMB share and on NFS, with the answers of Linux 6.1 that were seen there.

The kernel of a test machine has neither, so a stand-in answers. On SMB, a rename over an open file
deletes the file and fails, a lock keeps all other programs from the file, and no lease is granted.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import bundles
import media
import pytest
from daemons import Watcher

from tagger import tags
from tagger.system import filesystems

if TYPE_CHECKING:
    from pathlib import Path

    from programs import Program

SHARE = """\
import errno, fcntl, os, pathlib, signal
from tagger.system import filesystems

MUSIC = {music!r}
rename, control, names = os.replace, fcntl.fcntl, []

def is_open(path, folder):
    wanted = os.stat(path, dir_fd=folder).st_ino
    found = []
    for fd in os.listdir("/proc/self/fd"):
        try:
            found.append(os.fstat(int(fd)).st_ino)
        except OSError:
            pass
    return wanted in found

def replace(name, to, *, src_dir_fd=None, dst_dir_fd=None):
    try:
        os.stat(to, dir_fd=dst_dir_fd)
    except FileNotFoundError:
        names.append(to)
        if {kill} and len(names) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        if {fail} and len(names) == 2:
            raise OSError(errno.EIO, "Input/output error")
    else:
        if src_dir_fd is not None and is_open(to, dst_dir_fd):
            os.unlink(to, dir_fd=dst_dir_fd)
            if {kill}:
                os.kill(os.getpid(), signal.SIGKILL)
            raise PermissionError(errno.EACCES, "Permission denied")
    rename(name, to, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

def flock(file, operation):
    file = file if isinstance(file, int) else file.fileno()
    assert not os.readlink(f"/proc/self/fd/{{file}}").startswith(MUSIC + "/"), "nobody can read it"
    lock(file, operation)

def fcntl_(file, command, argument=0):
    if {kind!r} == "cifs" and command == fcntl.F_SETLEASE and argument == fcntl.F_RDLCK:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
    return control(file, command, argument)

os.replace, fcntl.fcntl, lock = replace, fcntl_, fcntl.flock
if {kind!r} == "cifs":
    fcntl.flock = flock
filesystems.MOUNTS = pathlib.Path({mounts!r})
"""


def share(
    program: Program, kind: str = "cifs", *, kill: bool = False, fail: bool = False
) -> dict[str, str]:
    """Return the environment in which the library of a program is on a share.

    Args:
        program: The program.
        kind: The type of the file system.
        kill: A process that moved a file aside, or whose rename deleted the target, is killed.
        fail: The rename of the copy fails after a file was moved aside.
    """
    folder = program.home / "share"
    folder.mkdir(exist_ok=True)
    mounts = folder / "mountinfo"
    number = program.music.stat().st_dev
    device = f"{number >> 8}:{number & 255}"
    mounts.write_text(f"1 0 {device} / / rw - {kind} //nas/music rw\n")
    text = SHARE.format(
        music=str(program.music), kill=kill, fail=fail, kind=kind, mounts=str(mounts)
    )
    (folder / "sitecustomize.py").write_text(text)
    return program.environment | {"PYTHONPATH": str(folder)}


def run(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tagger", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def song(program: Program) -> Path:
    return media.make(program.music / "song.mp3", signal=bundles.low(), tags={"title": "T"})


def test_a_file_on_a_share_is_written_and_undone_to_the_byte(program, song):
    before = song.read_bytes()
    done = run(share(program), "scan")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tags.read(song).genres, tags.read(song).title) == (("Classical",), "T")
    assert [path.name for path in song.parent.glob(".*")] == []
    assert run(share(program), "undo").returncode == 0
    assert song.read_bytes() == before


def test_a_new_file_on_a_share_is_written_by_the_daemon(program):
    polled = f'poll = ["{program.music}"]\npoll_interval = 1'
    with Watcher(program, "env", env=share(program), daemon=polled) as watcher:
        path = media.make(program.music / "song.mp3", signal=bundles.low())
        watcher.wait_for("set", path=path)
    assert tags.read(path).genres == ("Classical",)


def test_a_file_whose_writer_was_killed_gets_its_name_back(program, song):
    before = song.read_bytes()
    assert run(share(program, kill=True), "scan").returncode == -9
    assert not song.exists()
    done = run(share(program), "scan")
    assert done.returncode == 0, done.stdout + done.stderr
    assert tags.read(song).genres == ("Classical",)
    assert [path.name for path in song.parent.glob(".*")] == []
    assert program.run("undo").code == 0
    assert song.read_bytes() == before


def test_a_file_keeps_its_name_where_the_copy_cannot_take_it(program, song):
    before = song.read_bytes()
    done = run(share(program, fail=True), "scan")
    assert done.returncode == 1
    assert "Input/output error" in done.stdout
    assert song.read_bytes() == before
    assert [path.name for path in song.parent.glob(".*")] == []


def assert_repaired(program, song, before):
    """Check that the next run writes the file, and that its undo restores the bytes."""
    done = program.run("scan")
    assert done.code == 0, done.out + done.err
    assert tags.read(song).genres == ("Classical",)
    assert [path.name for path in song.parent.glob(".*")] == []
    assert program.run("undo").code == 0
    assert song.read_bytes() == before


def test_a_file_that_a_failed_rename_deletes_gets_its_copy_at_once(program, song):
    before = song.read_bytes()
    done = run(share(program, "fuse.mergerfs"), "scan")
    assert done.returncode == 1
    assert "Permission denied" in done.stdout
    assert tags.read(song).genres == ("Classical",)
    assert [path.name for path in song.parent.glob(".*")] == []
    assert_repaired(program, song, before)


def test_a_file_that_half_a_rename_leaves_without_a_name_is_there_after_the_next_run(program, song):
    """A union of disks renames on one and deletes on the other; then the power fails."""
    before = song.read_bytes()
    assert run(share(program, "fuse.mergerfs", kill=True), "scan").returncode == -9
    assert not song.exists()
    assert_repaired(program, song, before)


def test_the_type_of_a_file_system_is_read_where_the_system_lists_it(tmp_path, monkeypatch):
    with open("/proc/self/status", "rb") as file:  # noqa: PTH123 - its descriptor
        assert filesystems.kind(file.fileno()) == "proc"
        monkeypatch.setattr(filesystems, "MOUNTS", tmp_path / "none")
        assert filesystems.may_delete(filesystems.kind(file.fileno()))
