"""The program as its users run it, in a home of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from forked import Forked

from tagger.analysis.forkserver import PRELOAD
from tagger.cli import main
from tagger.cli.sections import COMMANDS
from tagger.system import interrupts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


ROOT = Path(__file__).resolve().parents[2]
MODULES = {name: f"tagger.cli.{name}" for name in COMMANDS} | {"train": "training.cli.train_run"}
"""The module of each command that is forked."""


@dataclass(frozen=True)
class Result:
    """What a run of the program left."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Each line of output as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def files(self) -> dict[str, dict[str, Any]]:
        """`--json` objects of files, by file name."""
        return {Path(o["path"]).name: o for o in self.objects if "path" in o}

    @property
    def summary(self) -> dict[str, Any]:
        """The last object of `scan --json`."""
        summary: dict[str, Any] = self.objects[-1]["summary"]
        return summary


class _Captured(io.TextIOWrapper):
    """A stream that takes what a terminal or a pipe would."""

    def __init__(self) -> None:
        self._bytes = io.BytesIO()
        super().__init__(self._bytes, encoding="utf-8", newline="\n")

    @property
    def text(self) -> str:
        self.flush()
        return self._bytes.getvalue().decode()


def run_here(environment: Mapping[str, str], *args: object) -> Result:
    """Run a command to its end in this process, with another environment."""
    out, err = _Captured(), _Captured()
    handlers = {number: signal.getsignal(number) for number in interrupts.ENDING}
    with (
        mock.patch.dict(os.environ, environment, clear=True),
        mock.patch.object(sys, "argv", ["tagger", *map(str, args)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    for number, handler in handlers.items():
        signal.signal(number, handler)
    return Result(int(ended.value.code or 0), out.text, err.text)


class Program:
    """`tagger` in a home of its own, with a model whose opinion is known beforehand."""

    def __init__(self, home: Path, bundle: Path | str) -> None:
        self.home = home
        self.state = home / "state"
        self.music = home / "music"
        self.music.mkdir()
        self.config = home / "config.toml"
        self.bundle = bundle
        self.configure()

    def configure(self, text: str = "", *, workers: str = "count = 1") -> None:
        """Write the configuration: `text` after what every test needs."""
        if "[daemon]" not in text:  # the files of a test are complete
            text += "\n[daemon]\nsettle = 0\n"
        self.config.write_text(
            f'[library]\nroots = ["{self.music}"]\n'
            f'[model]\nbundle = "{self.bundle}"\n'
            f'[store]\nfolder = "{self.state}"\n'
            f"[workers]\n{workers}\n{text}\n"
        )

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the program."""
        homes = {
            name: str(self.home / name.lower())
            for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR")
        }
        named = {"HOME": str(self.home), "TAGGER_CONFIG": str(self.config)}
        return os.environ | homes | named

    def start(self, *args: object) -> Forked:
        """Start the program in a session of its own, without waiting for it."""
        words = list(map(str, args))
        modules = [MODULES[word] for word in words[:1] if word in MODULES] + [PRELOAD]
        return Forked(["-m", "tagger", *words], self.environment, modules)

    def run(self, *args: object) -> Result:
        """Run the program to its end, in this process: its imports cost most of a short run."""
        return run_here(self.environment, *args)

    def scan(self, *args: object) -> Result:
        """Run `tagger scan --json`."""
        return self.run("scan", "--json", *args)

    def killed(self, *args: object, after: float) -> None:
        """Run the program and kill it, with all its workers, `after` seconds from its start."""
        with self.start(*args) as child:
            try:
                child.communicate(timeout=after)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.communicate()
