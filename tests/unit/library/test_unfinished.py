"""Files that another program is still writing are found by their signs on the disk."""

from __future__ import annotations

import contextlib
import os
import subprocess
from typing import TYPE_CHECKING

import bundles
import media
import pytest

from tagger.library import unfinished, walk

if TYPE_CHECKING:
    from pathlib import Path


def sparse(path: Path, *parts: tuple[int, int], size: int = 1 << 20) -> Path:
    """Write a file of holes with data in some places, each as start and length."""
    with path.open("wb") as file:
        file.truncate(size)
        for start, length in parts:
            file.seek(start)
            file.write(b"x" * length)
    return path


def found(path: Path) -> list[type]:
    kinds = [type(item) for item in walk.walk(path.parent, path.parent)]
    return [kind for kind in kinds if kind is not walk.Ignored]


@pytest.mark.parametrize("ending", unfinished.CONTROL)
def test_a_file_with_a_control_file_beside_it_is_unfinished(tmp_path, ending):
    path = tmp_path / "Song.mp3"
    path.write_bytes(b"1")
    assert found(path) == [walk.Found]
    (tmp_path / f"Song.mp3{ending}").touch()
    assert found(path) == [walk.Unfinished]
    assert [type(item) for item in walk.walk(path, tmp_path)] == [walk.Unfinished]


def test_a_file_with_the_name_of_an_unfinished_download_is_unfinished(tmp_path):
    path = tmp_path / f"INCOMPLETE{'0af9' * 8}Song.mp3"
    path.write_bytes(b"1")
    assert found(path) == [walk.Unfinished]
    assert [type(item) for item in walk.walk(path, tmp_path)] == [walk.Unfinished]
    assert found(path.rename(tmp_path / "INCOMPLETE.mp3")) == [walk.Found]


def test_a_file_with_the_time_of_an_interrupted_rsync_is_unfinished_until_it_gets_a_time(program):
    """`rsync --partial` sets the second 0 and keeps the fraction; `--append` goes on at the end."""
    song = media.make(program.music / "song.mp3", signal=bundles.low())
    os.utime(song, ns=(0, 977_000_000))
    before = song.read_bytes()
    (line,) = program.scan().files.values()
    assert line["decision"] == "skip"
    assert line["reason"].startswith("is still being written: ")
    assert "`touch`" in line["reason"]
    assert song.read_bytes() == before
    song.touch()
    assert program.scan().files["song.mp3"]["decision"] == "set"


def test_a_control_file_of_another_file_is_no_sign(tmp_path):
    (tmp_path / "a.mp3").write_bytes(b"1")
    (tmp_path / "b.mp3.aria2").touch()
    assert found(tmp_path / "a.mp3") == [walk.Found]


@pytest.mark.parametrize(
    ("name", "parts", "kind"),
    [
        ("whole.mp3", [(0, 1 << 20)], walk.Found),
        ("begun.mp3", [(0, 1 << 19)], walk.Unfinished),
        ("middle.flac", [(0, 4096), (1 << 19, 1 << 19)], walk.Unfinished),
        ("padding.flac", [(0, 4096), (12 << 10, 1 << 20)], walk.Found),
        ("block.mp3", [(0, 4096), (16 << 10, 1 << 20)], walk.Unfinished),
        ("end.mp3", [(0, (1 << 20) - 4096)], walk.Unfinished),
        ("first.mp3", [(4096, 1 << 20)], walk.Unfinished),
        ("silence.wav", [(0, 4096), (1 << 19, 1 << 19)], walk.Found),
        ("begun.wav", [(0, 1 << 19)], walk.Unfinished),
        ("empty.aiff", [], walk.Unfinished),
    ],
)
def test_a_file_with_holes_is_unfinished_unless_they_may_be_silence(tmp_path, name, parts, kind):
    path = sparse(tmp_path / name, *parts)
    if path.stat().st_blocks * 512 >= path.stat().st_size and kind is walk.Unfinished:
        pytest.skip("this file system has no holes")
    assert found(path) == [kind]


def test_a_file_that_is_allocated_but_not_written_is_unfinished(program):
    song = media.make(program.music / "song.mp3", signal=bundles.low())
    whole = song.read_bytes()
    with song.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, len(whole))
        file.write(whole[: len(whole) // 2])
    if not unfinished.has_holes(song, len(whole)):
        pytest.skip("this file system does not mark such parts")
    assert unfinished.sign(song, song.stat())
    assert program.scan().files["song.mp3"]["decision"] == "skip"
    song.write_bytes(whole)
    assert program.scan().files["song.mp3"]["decision"] == "set"


def test_a_download_is_written_when_its_control_file_is_gone(program):
    media.make(program.music / "song.mp3", signal=bundles.low())
    control = program.music / "song.mp3.xltd"
    control.touch()
    assert program.scan().files["song.mp3"]["decision"] == "skip"
    control.unlink()
    assert program.scan().files["song.mp3"]["decision"] == "set"


def test_a_file_that_grows_during_the_settle_time_of_a_scan_is_not_written(program):
    program.configure("[daemon]\nsettle = 3\n")
    song = media.make(program.music / "song.mp3", signal=bundles.low())
    whole = song.read_bytes()
    with program.start("scan", "--json") as child:
        while child.poll() is None:
            with song.open("ab") as file:
                file.write(bytes(417))
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(0.3)
        out = child.stdout.read()
    assert '"decision": "skip"' in out
    assert song.read_bytes().startswith(whole)
