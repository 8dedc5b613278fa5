"""Counts what a scan of one file costs inside the program: calls, rows, parses, opens.

    python benchmarks/one_file.py

The figures of docs/architecture.md come from here. Counted in the parent process, for one new
WAV file without a genre that gets one, from the `scan` command to its end:

- calls between modules: a function of one `tagger` module is called by another module of
  `tagger`. A generator counts once; methods that `dataclass` generates do not count.
- row selects: statements that select the row of the file, by its path, in the table `files`.
- tag parses: a container is taken apart, or mutagen reads the file.
- container opens: the music file is opened.

The tags of a file are parsed in a worker. Its two jobs, to read the tags and to fill the copy, run
once more in a process of their own, where their parses are counted.
"""

from __future__ import annotations

import inspect
import io
import math
import multiprocessing
import os
import shutil
import struct
import sys
import tempfile
import wave
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tagger import tags
from tagger.cli import main
from tagger.core.domain import FileIdentity
from tagger.store import database

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

PACKAGE = "tagger."
GENERATED = "<string>"
"""The file name of code that `dataclass` generates."""
RATE = 22_050
SECONDS = 8
MANY = 11
"""Files of the scan that shows the cost of a further file."""
VERBOSE = "-v" in sys.argv[1:]
PARSERS = {"dismantle": "tagger", "_parse": "mutagen"}
"""Functions of `tagger.tags` that take a container apart, or have mutagen read it."""


class Counts:
    """What was counted in one run."""

    def __init__(self, music: Path) -> None:
        self.calls: Counter[tuple[str, str]] = Counter()
        self.parses: Counter[str] = Counter()
        self.selects: list[str] = []
        self.opens = 0
        self._generators: list[FrameType] = []
        self._music = os.fsencode(music)

    def profile(self, frame: FrameType, event: str, _: object) -> None:
        """Count a call between two modules, and the parses among all calls."""
        code = frame.f_code
        if event != "call" or frame.f_back is None or code.co_filename == GENERATED:
            return
        if code.co_flags & inspect.CO_GENERATOR:
            if frame in self._generators:
                return
            self._generators.append(frame)
        callee, caller = (str(f.f_globals.get("__name__")) for f in (frame, frame.f_back))
        if callee.startswith(PACKAGE + "tags.") and frame.f_code.co_name in PARSERS:
            self.parses[PARSERS[frame.f_code.co_name]] += 1
        both = callee.startswith(PACKAGE) and caller.startswith(PACKAGE)
        if both and callee != caller and frame.f_code.co_name != "<module>":
            self.calls[caller, f"{callee}.{frame.f_code.co_qualname}"] += 1

    def statement(self, sql: str) -> None:
        """Keep a statement that reads rows of the table of files."""
        start = "SELECT * FROM files WHERE path "  # `= x`, or `IN (x, y)`
        if sql.startswith(start) and self._music.hex() in sql.lower():
            self.selects.append(sql)

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Count the times that the music file is opened."""
        if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
            name = os.path.basename(os.fsencode(arguments[0]))  # noqa: PTH119 - bytes
            self.opens += name == os.path.basename(self._music)  # noqa: PTH119


def tone(path: Path) -> None:
    """Write a chord as a mono WAV file of `SECONDS` seconds at `RATE` Hz."""
    notes = (220.0, 277.2, 329.6)
    samples = (
        int(6000 * sum(math.sin(2 * math.pi * note * n / RATE) for note in notes))
        for n in range(RATE * SECONDS)
    )
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))


def measured(folder: Path, files: int = 1) -> Counts:
    """Scan new files below `folder`, and count."""
    music = folder / "music"
    music.mkdir()
    song = music / "song.wav"
    tone(song)
    for number in range(1, files):
        shutil.copy(song, music / f"song-{number}.wav")
    os.environ |= {"XDG_STATE_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    counts = Counts(song)
    connect = database.connect

    def traced(*args: Any) -> Any:
        connection = connect(*args)
        connection.set_trace_callback(counts.statement)
        return connection

    vars(sys.modules["tagger.store"])["connect"] = traced
    sys.addaudithook(counts.audit)
    sys.argv = ["tagger", "scan", "--min-confidence", "0", str(music)]
    sys.setprofile(counts.profile)
    try:
        with redirect_stdout(io.StringIO()):
            main()
    except SystemExit as end:
        if end.code:
            raise
    finally:
        sys.setprofile(None)
    return counts


def in_fresh_process(function: Callable[..., Any], *args: Any) -> Any:
    """Return the result of a function of an empty folder, in a process of its own."""
    with tempfile.TemporaryDirectory() as scratch, _fresh_process() as fresh:
        return fresh.submit(function, Path(scratch), *args).result()


def _fresh_process() -> ProcessPoolExecutor:
    # a fork of this process would take its server of workers for its own
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))


def _calls(folder: Path, files: int) -> int:
    return measured(folder, files).calls.total()


def _worker_parses(folder: Path) -> Counter[str]:
    song = folder / "song.wav"
    tone(song)
    counts = Counts(song)
    sys.setprofile(counts.profile)
    tags.read(song)
    target = tags.Target(song, folder, FileIdentity.of(song.stat()), tags.WriteOptions())
    tags.write_genres(target, ("Rock",), before_commit=lambda _: None)
    sys.setprofile(None)
    return counts.parses


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        found = measured(Path(scratch))
    calls = found.calls.total()
    print(f"calls between modules  {calls}")
    further = (in_fresh_process(_calls, MANY) - calls) / (MANY - 1)
    print(f"  for a further file   {further:.0f}")
    print(f"row selects            {len(found.selects)}")
    print(f"tag parses             {found.parses.total()}")
    print(f"  in the worker        {dict(in_fresh_process(_worker_parses))}")
    print(f"container opens        {found.opens}")
    if VERBOSE:
        print(*found.selects, sep="\n")
        for (caller, callee), count in found.calls.most_common():
            print(f"{count:5}  {caller} -> {callee}")
