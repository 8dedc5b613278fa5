"""Long runs under everything that can happen: `make soak`.

`TAGGER_SOAK_MINUTES` sets how long the soak is; the daemon is killed 50 times in 30 minutes.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import threading
import time
from pathlib import Path

import bundles
import media
import pytest
from daemons import Watcher, until

from tagger import tags

MINUTES = float(os.environ.get("TAGGER_SOAK_MINUTES", "30"))
KILLS = max(3, round(50 * MINUTES / 30))
BURST = 50_000
GENRES = {"low": "Classical", "high": "Metal"}

pytestmark = pytest.mark.soak


class World(threading.Thread):
    """Everybody else who has to do with the library."""

    def __init__(self, home, music):
        super().__init__(daemon=True)
        self.random = random.Random(7)
        self.home = home
        self.music = music
        self.over = threading.Event()
        self.count = 0
        self.deleted = 0
        self.sources = {}
        for name, sound in (("low", bundles.low), ("high", bundles.high)):
            for form in ("mp3", "flac", "m4a", "vorbis"):
                path = home / f"{name}{media.FORMATS[form]}"
                self.sources[path] = media.make(path, form, signal=sound(), tags={"title": "T"})

    def run(self):
        ways = (
            self.slow_copy,
            self.copy_then_rename,
            self.hard_link,
            self.moved_folder,
            self.copy_then_delete,
            self.rename_known,
        )
        while not self.over.is_set():
            self.random.choice(ways)()
            self.over.wait(self.random.uniform(0, 1.5))

    def new(self, folder=None):
        """Choose a sound and a name that nobody has; the name tells the sound."""
        source = self.random.choice(list(self.sources))
        folder = folder or self.music / f"folder {self.random.randrange(12)}"
        folder.mkdir(parents=True, exist_ok=True)
        self.count += 1
        return source, folder / f"{source.stem} {self.count}{source.suffix}"

    def slow_copy(self):
        source, target = self.new()
        data = source.read_bytes()
        step = len(data) // self.random.randint(2, 6) + 1
        for start in range(0, len(data), step):
            with target.open("ab") as file:
                file.write(data[start : start + step])
            time.sleep(self.random.uniform(0, 0.25))

    def copy_then_rename(self):
        source, target = self.new()
        part = shutil.copyfile(source, target.with_name(f"{target.name}.part"))
        time.sleep(self.random.uniform(0, 1))
        part.rename(target)

    def hard_link(self):
        source, target = self.new()
        other = shutil.copyfile(source, self.home / f"other name {self.count}")
        os.link(other, target)
        other.unlink()

    def moved_folder(self):
        outside = self.home / f"album {self.count}"
        for _ in range(self.random.randint(2, 4)):
            source, target = self.new(outside)
            shutil.copyfile(source, target)
        outside.rename(self.music / outside.name)

    def copy_then_delete(self):
        source, target = self.new()
        shutil.copyfile(source, target)
        time.sleep(self.random.uniform(0, 1.5))
        target.unlink()
        self.deleted += 1

    def rename_known(self):
        known = self.songs()
        if known:
            path = self.random.choice(known)
            self.count += 1
            with contextlib.suppress(FileNotFoundError):
                path.rename(path.with_name(f"{path.stem.split()[0]} {self.count}{path.suffix}"))

    def songs(self):
        """Return the music that is there, without copies under way."""
        endings = {source.suffix for source in self.sources}
        return [
            path
            for path in self.music.rglob("*")
            if path.suffix in endings and not path.name.startswith(".")
        ]


def test_a_daemon_under_changes_and_kills_loses_no_file(program):
    world = World(program.home, program.music)
    chance = random.Random(8)
    end = time.monotonic() + 60 * MINUTES
    kills = 0
    world.start()
    while time.monotonic() < end:
        with Watcher(program, daemon="reconcile_interval = 20") as watcher:
            life = time.monotonic() + chance.uniform(0.2, 2 * 60 * MINUTES / KILLS)
            while time.monotonic() < min(life, end):
                time.sleep(chance.uniform(0.1, 4))
                for worker in watcher.workers:
                    if chance.random() < 0.5:
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(worker, signal.SIGKILL)
            if life < end:
                watcher.kill()
                kills += 1
    world.over.set()
    world.join()
    with Watcher(program, daemon="reconcile_interval = 20") as watcher:
        songs = world.songs()
        until(lambda: all(tags.read(path).genres for path in songs), "every file", 600)
        watcher.wait_for_calm()
    print(f"{len(songs)} songs, {world.deleted} deleted, {kills} kills")  # noqa: T201
    sounds = {source: media.pcm(source) for source in world.sources}
    for path in songs:
        source = program.home / f"{path.stem.split()[0]}{path.suffix}"
        assert tags.read(path).genres == (GENRES[source.stem],)
        assert (media.pcm(path) == sounds[source]).all()
    assert not list(program.music.rglob(f"*{tags.TEMPORARY_SUFFIX}"))
    with contextlib.closing(sqlite3.connect(program.state / "tagger.sqlite3")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        done = db.execute("SELECT path, count(*) FROM changes WHERE state = 'done' GROUP BY path")
        written = {Path(os.fsdecode(path)): times for path, times in done}
        assert db.execute("SELECT count(*) FROM changes WHERE state = 'intended'").fetchone() == (
            0,
        )
        assert db.execute("SELECT count(*) FROM queue").fetchone() == (0,)
    assert {path: written.get(path) for path in songs} == dict.fromkeys(songs, 1)
    listed = "".join(p.read_text() for p in (program.music / "Playlists/Genres").iterdir())
    assert all(path.name in listed for path in songs)


def test_a_burst_with_dropped_events_is_over_within_one_reconcile_interval(program):
    """Its files have a genre, so that what is measured is the daemon and not the listening."""
    song = media.make(program.home / "a.mp3", "mp3", seconds=0.2, tags={"genre": ["Rock"]})
    data = song.read_bytes()
    folders = [program.music / f"{number}" for number in range(BURST // 50)]
    for folder in folders:
        folder.mkdir()
    with Watcher(program) as watcher:
        watcher.process.send_signal(signal.SIGSTOP)
        for number in range(BURST):
            (folders[number // 50] / f"{number}.mp3").write_bytes(data)
        began = time.monotonic()
        watcher.process.send_signal(signal.SIGCONT)
        watcher.wait_for("reconciled", why="the kernel dropped events")
        until(lambda: watcher.idle and watcher.status()["known"] == BURST, "the burst", 900)
        took = time.monotonic() - began
        until(lambda: not watcher.status()["workers"], "idleness")
        print(f"{BURST} files in {took:.0f} s")  # noqa: T201
        status = Path(f"/proc/{watcher.process.pid}/status").read_text()
        print(*[line for line in status.splitlines() if "VmRSS" in line])  # noqa: T201
    with contextlib.closing(sqlite3.connect(program.state / "tagger.sqlite3")) as db:
        handled = db.execute("SELECT count(*) FROM files WHERE handled").fetchone()
        assert handled == (BURST,)
