"""Two versions in turn: the processor time of the same commands on the same library.

    python -m benchmarks.versions OTHER --tracks 10000 --rounds 7

`OTHER` is the checkout of the other version, as `git worktree add OTHER COMMIT` makes it. Both run
with the libraries of this environment. This version makes the library, so it is the older version
where the versions of the database differ. Other programs on the machine slow both versions down, so
the ratio of the medians counts.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import library, processes, track
from benchmarks.measure import COMPILED, commands

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.measure import Cost

THIS = Path(__file__).parents[1]
TAGGER = (sys.executable, "-P", "-m", "tagger")
"""Without the current folder, so that PYTHONPATH names the version."""

Work = tuple[str, tuple[str, ...], Path, dict[str, str]]
"""Name, arguments, folder of the state, and the variables of the environment."""


def works(folder: Path, count: int) -> Iterator[Work]:
    """Yield the commands that are compared, on a library of `count` made-up tracks."""
    song = track.music(folder, "mp3", track.TRACK)
    alone = folder / "alone"
    alone.mkdir()
    env = library.environment(alone, alone / "state", alone)
    yield "classify of one file", ("classify", str(song)), alone / "state", env
    env, music = processes.remember(folder / "many", song, count), folder / "many/music"
    state = folder / "many/state"
    yield f"second scan of {count:,} files", ("scan", "--summary", str(music)), state, env
    name = f"reclassify {count:,} tracks"
    yield name, (*processes.RECLASSIFY, str(music)), state, env
    shutil.rmtree(music / "Playlists")
    yield f"playlists of {count:,} tracks, all new", ("playlists", "--dry-run"), state, env


@contextlib.contextmanager
def unchanged(state: Path) -> Iterator[None]:
    """Leave the state as it was before."""
    kept = state.with_name("kept")
    if state.exists():
        shutil.copytree(state, kept)
    yield
    shutil.rmtree(state, ignore_errors=True)
    if kept.exists():
        kept.rename(state)


def compile_modules(version: Path, work: Work) -> None:
    """Run a command once with one version; exits where the version fails, as an older version may.

    This version makes the state, and an older version reads no database of a newer version.
    """
    name, arguments, state, env = work
    variables = os.environ | COMPILED | env | {"PYTHONPATH": str(version)}
    argv = [*TAGGER, *arguments]
    with unchanged(state):
        ended = subprocess.run(argv, env=variables, capture_output=True, text=True, check=False)
    if ended.returncode:
        step = f"if it is the older version, run the comparison in {version}, with {THIS} as OTHER"
        sys.exit(f"{version} fails: {name}: {ended.stderr.strip()}\n{step}")


def cost(version: Path, work: Work) -> Cost:
    """Return the cost of a command with one version; the state is as before afterwards."""
    _, arguments, state, env = work
    with unchanged(state):
        (found,) = commands((*TAGGER, *arguments), rounds=1, env=env | {"PYTHONPATH": str(version)})
    return found


def compare(versions: Sequence[Path], work: Work, rounds: int) -> str:
    """Return the medians of two versions in turn, and their ratio, as one line."""
    for version in versions:
        compile_modules(version, work)
    costs = [[cost(version, work) for version in versions] for _ in range(rounds)]
    times = [statistics.median(one.cpu_s for one in of_one) for of_one in zip(*costs, strict=True)]
    peaks = [max(one.peak_mb for one in of_one) for of_one in zip(*costs, strict=True)]
    other, this = (f"{s:.2f} s, {mb:.0f} MB" for s, mb in zip(times, peaks, strict=True))
    return f"{work[0]}: {other} in the other, {this} in this, {times[1] / times[0]:.2f} times"


def main() -> None:
    """Compare another version with this version."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.versions")
    parser.add_argument("other", type=Path)
    parser.add_argument("--tracks", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    if not (asked.other / "tagger" / "__init__.py").is_file():
        parser.error(f"{asked.other} is no checkout of tagger")
    with tempfile.TemporaryDirectory() as name:
        for work in works(Path(name), asked.tracks):
            print(compare((asked.other.resolve(), THIS), work, asked.rounds), flush=True)


if __name__ == "__main__":
    main()
