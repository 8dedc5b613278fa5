"""System calls that fail, and kills at any moment: files are old or new, and a later run mends all.

A system call fails at its first, second, ... use, until a scan needs no further use.
All tests are soaks.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import shutil
import sqlite3
import subprocess
import time
from typing import TYPE_CHECKING

import bundles
import faults
import media
import pytest
from daemons import Watcher

from tagger import tags
from tagger.tags import TEMPORARY_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from programs import Program

pytestmark = pytest.mark.soak

CALLS = (
    "copy_file_range",
    "fchmod",
    "fchown",
    "fdatasync",
    "flistxattr",
    "fsync",
    "ftruncate",
    "getdents64",
    "lseek",
    "newfstatat",
    "openat",
    "pread64",
    "pwrite64",
    "read",
    "rename",
    "renameat",
    "unlink",
    "unlinkat",
    "utimensat",
    "write",
)
FAULTS = (
    *((call, "EIO") for call in CALLS),
    ("read", "ESTALE"),
    *((call, "ENOSPC") for call in ("copy_file_range", "fsync", "openat", "pwrite64", "write")),
)
KILLS = 30
TOGETHER = 10
"""Songs of one form in a run of the sweeps of failing calls."""
SOME = 12
"""Uses of a call that fail in one command, some more where the number is no multiple."""
SECONDS = 3.2
"""Of sound in each song of the sweeps of failing calls."""
FORMS = ("mp3", "flac", "m4a")


@pytest.fixture
def music(program: Program) -> dict[Path, bytes]:
    """Make three songs, and return their bytes."""
    program.configure("[tags]\npreserve_mtime = true\n")
    songs = [
        media.make(
            program.music / f"{number}{media.FORMATS[form]}", form, signal=bundles.low(seed=number)
        )
        for number, form in enumerate(FORMS)
    ]
    return {path: path.read_bytes() for path in songs}


def check_whole(music: dict[Path, bytes], sounds: dict[Path, object]) -> None:
    """Each file is the old one, or has the genre and the same sound."""
    for path, before in music.items():
        if path.read_bytes() != before:
            assert tags.read(path).genres == ("Classical",), path
            assert (media.pcm(path) == sounds[path]).all(), path


def check_mended(program: Program, music: dict[Path, bytes]) -> None:
    """Another scan writes every file, and undo restores every byte."""
    result = program.scan()
    assert result.code == 0, [
        o for o in result.files.values() if o["decision"] in ("error", "skip")
    ]
    assert {tags.read(path).genres for path in music} == {("Classical",)}
    assert program.run("status", "--json").objects[0]["failures"] == []
    assert not list(program.music.rglob(f"*{TEMPORARY_SUFFIX}"))
    assert program.run("undo", program.music).code == 0
    assert {path: path.read_bytes() for path in music} == music


@faults.supported
@pytest.mark.parametrize("place", [*FORMS, "root", "state"])
@pytest.mark.parametrize(("call", "error"), FAULTS)
def test_a_failing_system_call_leaves_files_whole_and_condemns_none(program, call, error, place):
    """One use fails for each of some albums, or one in their root, or one in the state folder.

    The albums have one song each, and the call fails at another use for each song.
    """
    albums = make_albums(program, [place] * TOGETHER if place in FORMS else FORMS)
    *failing, spared = albums
    old = {path: path.read_bytes() for path in albums.values()}
    program.scan()
    new = {path: path.read_bytes() for path in old}
    assert program.run("undo", program.music).code == 0
    folders = {"root": [program.music], "state": [program.state]}.get(place, failing)
    with faults.FaultyProgram(program, call, [*albums, program.music, program.state]) as faulty:
        for first in itertools.count(1, len(folders)):
            shutil.rmtree(program.state)
            fault = faults.Fault({folder: first + n for n, folder in enumerate(folders)}, error)
            result = faulty.run(fault, "scan", "--json")
            case = (call, error, fault.at, fault.hits, result)
            if not fault.hits:
                break
            assert "Traceback" not in result.err, case
            assert result.code in (0, 1, 2), case
            assert all(path.read_bytes() in (old[path], new[path]) for path in old), case
            if place in FORMS:
                assert albums[spared].read_bytes() == new[albums[spared]], case
            check_filed(program, old, new, case)
    uses = max(fault.uses[folder] for folder in folders)
    assert uses < first
    print(call, error, place, uses)  # noqa: T201


@faults.supported
@pytest.mark.parametrize("command", ["undo", "apply", "playlists"])
@pytest.mark.parametrize(("call", "error"), FAULTS)
def test_a_command_in_which_a_call_fails_is_completed_by_its_repetition(
    program, call, error, command
):
    """Some uses of the call fail, spread over the command."""
    songs = tuple(make_albums(program, FORMS[1:]).values())
    words = commands(program)[command]
    before, after, names = prepared(program, command, songs, words)
    with faults.FaultyProgram(program, call, [program.home]) as faulty:
        prepared(program, command, songs)
        count = faults.Fault()
        faulty.run(count, *words)
        uses = count.uses[program.home]
        for use in range(1, uses + 1, max(1, uses // SOME)):
            prepared(program, command, songs)
            fault = faults.Fault({program.home: use}, error)
            result = faulty.run(fault, *words)
            case = (call, error, command, use, fault.hits, result)
            assert "Traceback" not in result.err, case
            assert result.code in (0, 1, 2), case
            for path in songs:
                assert path.read_bytes() in (before[path], after[path]), case
            assert program.run(*words).code == 0, case
            program.run("playlists")  # an undo without a write touches no library
            assert {path: path.read_bytes() for path in songs} == after, case
            assert names_below(program) == names, case
            assert program.run("status", "--json").objects[0]["failures"] == [], case
            assert program.run("undo", program.music).code == 0, case


def commands(program):
    """Return the words of each command."""
    plan = program.home / "plan.jsonl"
    assert program.run("scan", "--dry-run", "--plan", plan).code == 0
    return {"undo": ["undo"], "apply": ["apply", plan], "playlists": ["playlists"]}


def prepared(program, command, songs, words=()):
    """Bring the files and the state to the place before a command, whose files have no genre yet.

    With the words of the command, it is run; returns the files before and after it, and the names.
    """
    shutil.rmtree(program.state)
    shutil.rmtree(program.music / "Playlists", ignore_errors=True)
    if command != "apply":
        scan = ["scan", "--no-playlists"] if command == "playlists" else ["scan"]
        assert program.run(*scan).code == 0
    before = {path: path.read_bytes() for path in songs}
    if not words:
        return before, before, set()
    assert program.run(*words).code == 0
    after, names = {path: path.read_bytes() for path in songs}, names_below(program)
    assert program.run("undo", program.music).code == 0
    return before, after, names


def names_below(program):
    """Return the names of music, playlists and temporary files."""
    return {path.relative_to(program.home) for path in program.music.rglob("*")}


def make_albums(program: Program, forms: Sequence[str]) -> dict[Path, Path]:
    """Make a song in each of some folders; in the last one, no call fails."""
    program.configure("[tags]\npreserve_mtime = true\n")
    albums = {}
    for number, form in enumerate((*forms, FORMS[0])):
        album = program.music / f"album {number}"
        album.mkdir()
        signal = bundles.low(SECONDS, seed=number)
        albums[album] = media.make(album / f"song{media.FORMATS[form]}", form, signal=signal)
    return albums


def check_filed(program, old, new, case):
    """The next scan writes every file, and undo restores every byte."""
    result = program.scan()
    assert result.code == 0, (case, result)
    assert {path: path.read_bytes() for path in new} == new, case
    assert not list(program.music.rglob(f"*{TEMPORARY_SUFFIX}")), case
    assert program.run("status", "--json").objects[0]["failures"] == [], case
    assert program.run("undo", program.music).code == 0, case
    assert {path: path.read_bytes() for path in old} == old, case


@pytest.mark.parametrize("command", ["scan", "undo"])
def test_a_run_that_is_killed_at_any_moment_leaves_files_whole(program, music, command):
    sounds = {path: media.pcm(path) for path in music}
    chance = random.Random(command)
    began = time.monotonic()
    program.start("scan").communicate()
    longest = time.monotonic() - began
    for _ in range(KILLS):
        # a file that was in work at three kills would be left alone
        check_mended(program, music)
        shutil.rmtree(program.state)
        if command == "undo":
            program.scan()
        program.killed(command, after=chance.uniform(0, 1.2 * longest))
        check_whole(music, sounds)
    check_mended(program, music)


def test_a_daemon_that_is_killed_at_any_moment_leaves_files_whole(program, music):
    sounds = {path: media.pcm(path) for path in music}
    chance = random.Random(3)
    for _ in range(KILLS):
        with Watcher(program) as watcher:
            with contextlib.suppress(subprocess.TimeoutExpired):
                watcher.process.wait(chance.uniform(0.1, 3.0))
            watcher.kill()
        check_whole(music, sounds)
    # files in work at three kills are left alone until they change
    program.scan()
    check_whole(music, sounds)
    assert not list(program.music.rglob(f"*{TEMPORARY_SUFFIX}"))


def test_two_scans_a_daemon_and_an_undo_at_once_leave_files_whole(program, music):
    sounds = {path: media.pcm(path) for path in music}
    for _ in range(5):
        with Watcher(program) as watcher:
            runs = [program.start(*words) for words in (["scan"], ["scan"], ["undo"])]
            for run in runs:
                _, err = run.communicate(timeout=120)
                assert "Traceback" not in err
            watcher.wait_for_calm()
        check_whole(music, sounds)
    check_mended(program, music)


def test_a_music_folder_that_goes_away_and_comes_back_keeps_its_records(program, music):
    result = program.scan()
    assert result.code == 0, [
        o for o in result.files.values() if o["decision"] in ("error", "skip")
    ]
    away = program.music.with_name("away")
    program.music.rename(away)
    program.music.mkdir()  # an empty mount point
    assert program.scan().files == {}
    program.music.rmdir()
    away.rename(program.music)
    assert program.run("undo", program.music).code == 0
    assert {path: path.read_bytes() for path in music} == music


@pytest.mark.parametrize("back_s", [3600, 400 * 86400])
def test_a_clock_that_is_set_back_stops_neither_scan_nor_undo(program, music, back_s):
    program.scan()
    with contextlib.closing(sqlite3.connect(program.state / "tagger.sqlite3")) as db, db:
        db.execute("UPDATE runs SET started = started + ?, finished = finished + ?", (back_s,) * 2)
        db.execute("UPDATE changes SET at = at + ?", (back_s,))
    song = media.make(program.music / "new.mp3", signal=bundles.low(seed=9))
    data = song.read_bytes()
    later = time.time() + back_s
    os.utime(song, (later, later))
    assert program.scan().files["new.mp3"]["decision"] == "set"
    assert program.scan().summary["set"] == 0
    assert program.run("undo").code == 0
    assert song.read_bytes() == data
    assert program.run("undo", program.music).code == 0
    assert {path: path.read_bytes() for path in music} == music


@pytest.fixture
def small_disk(program):
    """Mount a file system of 2 MB over the music folder."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tagger-test", program.music]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount")
    yield program.music
    subprocess.run(["umount", "-l", program.music], check=True)


def test_a_full_disk_leaves_files_whole_and_condemns_none(small_disk, program):
    path = media.make(small_disk / "song.flac", "flac", signal=bundles.low())
    data, sound = path.read_bytes(), media.pcm(path)
    for spare in (*range(0, len(data) + 40960, len(data) // 8), len(data) + 65536):
        filler = small_disk / "filler"
        free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
        filler.write_bytes(bytes(max(0, free - spare)))
        result = program.scan()
        assert "Traceback" not in result.err
        check_whole({path: data}, {path: sound})
        filler.unlink()
        assert program.scan().code == 0
        assert tags.read(path).genres == ("Classical",)
        assert program.run("undo", program.music).code == 0
        assert path.read_bytes() == data
        assert not list(program.music.rglob(f"*{TEMPORARY_SUFFIX}"))
