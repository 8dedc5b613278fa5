"""A large library: the second scan, queries of the database, and the start of commands."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from benchmarks.measure import Result, commands, in_turn
from tagger.core.domain import (
    GENRE,
    Action,
    AnalysisKey,
    Decision,
    FileIdentity,
    Grounds,
    Track,
    TrackTags,
)
from tagger.core.policy import Policy
from tagger.library import index
from tagger.library import walk as walk_module
from tagger.pipeline.unchanged import UnchangedFinder
from tagger.store import Store

if TYPE_CHECKING:
    from pathlib import Path

TAGGER = (sys.executable, "-m", "tagger")
GENRES = ("Rock", "Jazz", "Electronic", "Metal", "Classical", "Hip-Hop", "Folk", "Pop", "Reggae")
BATCH = 10_000


def track_of(number: int, root: Path, identity: FileIdentity | None = None) -> Track:
    """Return a made-up track."""
    artist, album = number // 40, number // 10
    genre = GENRES[artist % len(GENRES)]
    name = f"Artist {artist}"
    tags = TrackTags((genre,), f"Song {number}", name, f"Album {album}", name, duration=200.0)
    path = root / genre / name / f"Album {album}" / f"{number}.mp3"
    identity = identity or FileIdentity(1, number + 1, 5_000_000, 1_700_000_000_000_000_000)
    return Track(path, root, identity, tags, AnalysisKey(f"{number:064x}", "@0+30"))


def fill(state: Path, root: Path, count: int, *, on_disk: bool) -> None:
    """Record `count` tracks, three in ten of them written; `on_disk` makes their small files."""
    with Store(state) as store:
        run = store.runs.start("scan")
        for start in range(0, count, BATCH):
            with store.transaction():
                for number in range(start, min(count, start + BATCH)):
                    _record(store, run, number, root, on_disk=on_disk)
        store.runs.finish(run)


def _record(store: Store, run: int, number: int, root: Path, *, on_disk: bool) -> None:
    track = track_of(number, root)
    if on_disk:
        if number % 10 == 0:
            track.path.parent.mkdir(parents=True)
        track.path.write_bytes(b"x" * 100)
        track = track_of(number, root, FileIdentity.of(track.path.stat()))
    grounds = Grounds("sound", {}, {track.tags.genres[0]: 0.9})
    action = Action.SET if number % 10 < 3 else Action.KEEP
    store.files.put(track)
    store.runs.put_decision(
        track.path, run, Decision(action, track.tags.genres, "made", grounds=grounds), "made"
    )
    store.files.mark_handled(track.path)


def walk(root: Path) -> int:
    """Walk with `os.scandir` and `stat`; returns the number of files."""
    count, pending = 0, [os.fspath(root)]
    while pending:
        for entry in os.scandir(pending.pop()):
            if entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
            else:
                entry.stat(follow_symlinks=False)
                count += 1
    return count


def environment(folder: Path, state: Path, root: Path) -> dict[str, str]:
    """Write a configuration, and return the variable that names it."""
    file = folder / "config.toml"
    file.write_text(f'[library]\nroots = ["{root}"]\n[store]\nfolder = "{state}"\n')
    return {"TAGGER_CONFIG": str(file)}


def starts(track: Path):
    """Yield the cost of the start of commands."""
    click, shown = commands((sys.executable, "-c", "import click"), (*TAGGER, "--help"), rounds=7)
    yield Result("tagger --help, against import click", shown.cpu_s, "s", click.cpu_s, 1.5)
    (cold,) = commands((*TAGGER, "classify", str(track)))
    yield Result("tagger classify of one file, cold", cold.cpu_s, "s", None, 0.8)


def parts(state: Path, root: Path, count: int):
    """Yield the cost of each part of a second scan, each with the parts before it."""

    def listed() -> None:
        for _ in walk_module.folders(root, root):
            pass

    def recorded() -> None:
        for _ in index.recorded(walk_module.folders(root, root), store):
            pass

    def decided() -> None:
        finder = UnchangedFinder(store, Policy(), GENRE)
        for listing, states in index.recorded(walk_module.folders(root, root), store):
            finder.split(listing, states)

    with Store(state) as store:
        took = in_turn(lambda: walk(root), listed, recorded, decided, store.check, rounds=7)
    names = ("bare walk", "walk", "walk with rows", "walk with decisions", "check of the database")
    for name, one in zip(names, took, strict=True):
        yield Result(f"{name}, {count:,} files", one, "ms")


def second_scan(folder: Path, count: int):
    """Yield the cost of a second scan of `count` unchanged files."""
    root, state = folder / "music", folder / "state"
    root.mkdir(parents=True)
    fill(state, root, count, on_disk=True)
    env = environment(folder, state, root)
    commands((*TAGGER, "scan", str(root)), rounds=1, env=env)
    yield from parts(state, root, count)
    (plain,) = in_turn(lambda: walk(root), rounds=3)
    (scan,) = commands((*TAGGER, "scan", "--summary", str(root)), rounds=2, env=env)
    yield Result(f"second scan of {count:,} files", scan.cpu_s, "s", plain / 1000, 5.0)
    yield Result(f"second scan of {count:,} files, memory", scan.peak_mb, "MB", None, 100.0)
    (lines,) = commands((*TAGGER, "scan", str(root)), rounds=1, env=env)
    yield Result(f"second scan of {count:,} files, a line for each", lines.cpu_s, "s")


def queries(folder: Path, count: int):
    """Yield the cost of `status` and `playlists` with `count` records."""
    root, state = folder / "music", folder / "state"
    root.mkdir(parents=True)
    fill(state, root, count, on_disk=False)
    # without a file, the root counts as a disk that is away; the first of a library is there
    with Store(state) as store:
        present = next(store.files.states_under(root))[0]
    present.parent.mkdir(parents=True)
    present.touch()
    env = environment(folder, state, root)
    for name, command in (
        ("status", "status"),
        ("playlists, first", "playlists"),
        ("playlists, unchanged", "playlists"),
        ("playlists, a new album", "playlists"),
    ):
        if name.endswith("album"):
            with Store(state) as store:
                for number in range(count, count + 10):
                    store.files.put(track_of(number, root))
        (cost,) = commands((*TAGGER, command), rounds=1, env=env)
        yield Result(f"tagger {name}, {count:,} tracks", cost.cpu_s, "s", None, 2.0)
        yield Result(f"tagger {name}, {count:,} tracks, memory", cost.peak_mb, "MB", None, 200.0)
