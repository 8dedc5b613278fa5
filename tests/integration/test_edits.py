"""Edits of a file by another program during a write: no edit is lost, and the file is whole."""

from __future__ import annotations

import itertools
import os
import shutil
import threading

import bundles
import faults
import media
import pytest

from tagger import tags
from tagger.system.leases import HAS_LEASES

pytestmark = [
    faults.supported,
    pytest.mark.skipif(not HAS_LEASES, reason="needs Linux's file leases"),
]
OLD, NEW = b"former text", b"edited text"
PATIENCE_S = 0.5
"""Seconds for an edit; an edit that waits for the end of a lease goes on beside the scan."""
CALLS = (
    "copy_file_range",
    "fcntl",
    "flistxattr",
    "flock",
    "fsync",
    "newfstatat",
    "openat",
    "read",
    "renameat",
    "utimensat",
)


class Editor(threading.Thread):
    """Another program, which changes a comment in place, and keeps size and modification time."""

    def __init__(self, path):
        super().__init__()
        self.path = path

    def run(self):
        file = os.open(self.path, os.O_RDWR)
        status = os.fstat(file)
        at = os.pread(file, status.st_size, 0).index(OLD)
        os.pwrite(file, NEW, at)
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
        os.close(file)

    def begin(self):
        self.start()
        self.join(PATIENCE_S)


@pytest.fixture
def song(program):
    album = program.music / "album"
    album.mkdir()
    signal = bundles.low(3.2)
    return media.make(album / "song.mp3", signal=signal, tags={"comment": OLD.decode()})


def run_during_edit(faulty, song, nth, *args):
    """Run a command while another program edits the song at one use of the call."""
    editor = Editor(song)
    edit = faults.Fault({song.parent: nth}, None, editor.begin)
    result = faulty.run(edit, *args)
    if edit.hits:
        editor.join()
    return result, bool(edit.hits)


def test_an_edit_at_the_moment_of_the_rename_is_kept_and_the_write_withdrawn(program, song):
    before = song.read_bytes()
    with faults.FaultyProgram(program, "renameat", [song.parent]) as faulty:
        result, edited = run_during_edit(faulty, song, 1, "scan", "--json")
        assert edited
        assert result.files["song.mp3"]["decision"] == "skip"
        assert "at the same moment" in result.files["song.mp3"]["reason"]
        assert song.read_bytes() == before.replace(OLD, NEW)
        assert program.scan().summary["set"] == 1
        assert NEW in song.read_bytes()
        written = song.read_bytes().replace(NEW, OLD)
        song.write_bytes(written)
        result, edited = run_during_edit(faulty, song, 1, "undo", "--json")
        assert edited
        assert song.read_bytes() == written.replace(OLD, NEW)
    assert program.run("undo").code == 0
    assert song.read_bytes() == before.replace(OLD, NEW)
    assert [path.name for path in song.parent.iterdir()] == ["song.mp3"]


@pytest.mark.soak
@pytest.mark.parametrize("call", CALLS)
def test_an_edit_at_any_moment_of_a_scan_is_kept(program, song, call):
    before = song.read_bytes()
    with faults.FaultyProgram(program, call, [song.parent]) as faulty:
        for nth in itertools.count(1):
            song.write_bytes(before)
            shutil.rmtree(program.state, ignore_errors=True)
            result, edited = run_during_edit(faulty, song, nth, "scan", "--json")
            if not edited:
                break
            case = (call, nth, result)
            assert "Traceback" not in result.err, case
            assert NEW in song.read_bytes(), case
            program.scan()
            assert tags.read(song).genres == ("Classical",), case
            assert program.run("undo", program.music).code == 0, case
            assert song.read_bytes() == before.replace(OLD, NEW), case
    print(call, nth - 1)  # noqa: T201
