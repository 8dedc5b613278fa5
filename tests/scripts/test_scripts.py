"""Each file `*.txt` beside this module shows a behavior of tagger by trees and commands.

`tests/support/scripts.py` explains the format.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bundles
import media
import numpy as np
import pytest
import scripts
from daemons import Watcher, until
from scripts import Command, Leaf, Text, Tree

from tagger import tags
from tagger.inference.registry import ModelRegistry
from tagger.playlists import m3u

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from programs import Program

HERE = Path(__file__).parent
SOUNDS: dict[str, Callable[[float, int], NDArray[np.float32]]] = {
    "Classical": bundles.low,
    "Metal": bundles.high,
    "both": bundles.both,
    "silence": lambda seconds, _: np.zeros(round(44100 * seconds), np.float32),
}
"""By the genre that the model of the tests gives it."""
RATES = {"opus": 48000}
FORMATS = {suffix: name for name, suffix in reversed(media.FORMATS.items())}
PLAYLISTS = "Playlists/Genres"


@pytest.mark.parametrize("path", sorted(HERE.glob("*.txt")), ids=lambda path: path.stem)
def test_a_script_with_a_tree_and_commands_holds(path: Path, program: Program) -> None:
    with Runner(program).running() as runner:
        for step in scripts.read(path).steps:
            runner.take(step)


def test_a_script_with_a_wrong_tree_fails(tmp_path: Path, program: Program) -> None:
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("Nothing changes.\n-- music before\na.txt  text A\n-- music after\n")
    with pytest.raises(AssertionError, match="not in the script"):
        test_a_script_with_a_tree_and_commands_holds(wrong, program)


def test_a_script_with_a_wrong_fragment_fails(tmp_path: Path, program: Program) -> None:
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("A scan.\n$ tagger scan music\na genre\n")
    with pytest.raises(AssertionError, match="no 'a genre' in"):
        test_a_script_with_a_tree_and_commands_holds(wrong, program)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("A scan.\n", "a step"),
        ("A scan.\n-- music befor\n", "wrong.txt:2: no section"),
        ("A scan.\n-- music before\na.mp3  sound like Metal\n", "wrong.txt:2: .* the facts"),
    ],
)
def test_a_script_with_a_format_error_is_refused_with_its_line(
    tmp_path: Path, text: str, fault: str
) -> None:
    wrong = tmp_path / "wrong.txt"
    wrong.write_text(text)
    with pytest.raises(scripts.ScriptError, match=fault):
        scripts.read(wrong)


@dataclass
class Runner:
    """Runs the steps of one script in the home of one program."""

    program: Program
    made: dict[Path, bytes] = field(default_factory=dict)
    daemon: Watcher | None = None

    @property
    def playlists(self) -> Path:
        """The folder of the playlists."""
        return self.program.music / PLAYLISTS

    @contextlib.contextmanager
    def running(self) -> Iterator[Runner]:
        """Work in the home of the program, and end its daemon at the end."""
        with contextlib.chdir(self.program.home), contextlib.ExitStack() as self.stack:
            yield self

    def take(self, step: Tree | Text | Command) -> None:
        """Run one step."""
        if isinstance(step, Command):
            self.command(step)
        elif isinstance(step, Text):
            self.program.configure(step.text)
        else:
            sections: dict[str, Callable[[Leaf], None]] = {
                "models before": self.install,
                "music before": self.make,
                "music edited": self.edit,
                "playlists before": self.make_playlist,
            }
            for leaf in step.leaves if step.name in sections else ():
                sections[step.name](leaf)
            if step.name == "music after":
                self.await_tree(step, self.show_music)
            elif step.name == "playlists after":
                self.await_tree(step, self.show_playlist)

    def command(self, step: Command) -> None:
        """Run a command and compare its output and exit code."""
        if step.background:
            self.daemon = self.stack.enter_context(Watcher(self.program))
            return
        if step.words[0] == "tagger":
            result = self.program.run(*step.words[1:])
            code, text = result.code, result.out + result.err
        else:
            done = subprocess.run(step.words, capture_output=True, text=True, check=False)
            code, text = done.returncode, done.stdout + done.stderr
        lines = [
            " ".join(line.split())
            for line in text.replace(f"{self.program.home}/", "").splitlines()
        ]
        for fragment in step.fragments:
            assert any(fragment in line for line in lines), f"no {fragment!r} in {lines}"
        assert code == step.code, lines

    def install(self, leaf: Leaf) -> None:
        """Install a model with its own names for the two genres of the tests."""
        registry = ModelRegistry(self.program.state)
        bundles.installed(registry, leaf.path, leaf.values("genres"))
        self.program.bundle = "active"
        self.program.configure()

    def make(self, leaf: Leaf) -> None:
        """Make a file."""
        path = self.program.music / leaf.path
        path.parent.mkdir(parents=True, exist_ok=True)
        sound, text, other = map(leaf.value, ("sounds like", "text", "hard link to"))
        if text is not None:
            path.write_text(f"{text}\n", encoding="utf-8")
        elif other is not None:
            path.hardlink_to(self.program.music / other)
        else:
            assert sound in SOUNDS, f"{leaf.path} sounds like one of {', '.join(SOUNDS)}"
            kind = FORMATS[path.suffix]
            signal = SOUNDS[sound](4.0, sum(os.fsencode(path.name)))
            # the daemon watches the folder: a file comes whole, by a rename
            new = media.make(
                self.program.home / path.name, kind, signal=signal, rate=RATES.get(kind)
            )
            if fields := _fields(leaf):
                media.tag(new, **fields)
            new.rename(path)
        if "read-only" in leaf.facts:
            path.chmod(0o444)
        self.made[path] = path.read_bytes()

    def edit(self, leaf: Leaf) -> None:
        """Change the tags of a file as a tag editor does, or make a new file."""
        path = self.program.music / leaf.path
        if not path.exists():
            self.make(leaf)
            return
        media.tag(path, **_fields(leaf))
        self.made[path] = path.read_bytes()

    def make_playlist(self, leaf: Leaf) -> None:
        """Write a playlist as the user would: without tagger's mark."""
        path = self.playlists / leaf.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"../../{name}\n" for name in leaf.values("lists")))
        self.made[path] = path.read_bytes()

    def await_tree(self, tree: Tree, show: Callable[[Path, Leaf], str]) -> None:
        """Compare a tree with the files; a running daemon has time to get there."""
        folder = self.playlists if tree.name.startswith("playlists") else self.program.music
        leaves = {leaf.path: leaf for leaf in tree.leaves}
        wanted = {name: "; ".join(leaf.facts) for name, leaf in leaves.items()}

        def found() -> dict[str, str]:
            paths = (path for path in folder.rglob("*") if path.is_file())
            names = {path: path.relative_to(folder).as_posix() for path in paths}
            return {
                name: show(path, leaves[name]) if name in leaves else "not in the script"
                for path, name in names.items()
                if not name.startswith(f"{PLAYLISTS}/")
            }

        if self.daemon:
            until(lambda: found() == wanted, tree.name)
        assert found() == wanted

    def show_music(self, path: Path, leaf: Leaf) -> str:
        """Describe a file in the words of its line."""
        if "unchanged" in leaf.facts:
            return "unchanged" if path.read_bytes() == self.made.get(path) else "changed"
        genres = " + ".join(tags.read(path).genres)
        return f"genre {genres}" if genres else "no genre"

    def show_playlist(self, path: Path, leaf: Leaf) -> str:
        """Describe a playlist in the words of its line."""
        if "unchanged" in leaf.facts:
            return "unchanged" if path.read_bytes() == self.made.get(path) else "changed"
        entries = m3u.parse(path.read_bytes()).entries
        return "lists " + " + ".join(entry.location.removeprefix("../../") for entry in entries)


def _fields(leaf: Leaf) -> dict[str, Any]:
    fields: dict[str, Any] = {
        name: value
        for name in ("title", "artist", "album", "album_artist")
        if (value := leaf.value(name.replace("_", "")))
    }
    if genres := leaf.values("genre"):
        fields["genre"] = list(genres)
    if "compilation" in leaf.facts:
        fields["compilation"] = True
    return fields
