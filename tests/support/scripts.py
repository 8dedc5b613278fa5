"""Parser of the readable scripts in `tests/scripts`.

A script begins with a sentence that says what it shows. Then follow its steps, each of them
a tree, a text or a command:

    -- music before              files that are made: what each sounds like, its tags
    calm.mp3     sounds like Classical; genre Folk + Jazz; album One; artist Ada

    -- config                    lines of config.toml
    [tags]
    keep = ["Folk"]

    $ tagger scan music          a command, then pieces of lines of its output
    keep Folk music/calm.mp3
    exit 1                       its exit code, where that is not 0

    -- music after               every file below the folder, and no other
    calm.mp3     unchanged       byte for byte as it was made or edited last
    loud.mp3     genre Metal     or `no genre`

Two spaces or more part a path from its facts; a semicolon parts two facts.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SECTIONS = (
    "config",
    "models before",
    "music before",
    "music edited",
    "music after",
    "playlists before",
    "playlists after",
)
FACTS = (
    "sounds like",
    "text",
    "hard link to",
    "title",
    "artist",
    "albumartist",
    "album",
    "compilation",
    "genre",
    "genres",
    "no genre",
    "lists",
    "read-only",
    "unchanged",
)
_EXIT = re.compile(r"exit (\d+)")


class ScriptError(Exception):
    """A script that does not keep to the format."""


@dataclass(frozen=True)
class Leaf:
    """One line of a tree: a path relative to its folder, and the facts about the file."""

    path: str
    facts: tuple[str, ...]

    def value(self, name: str) -> str | None:
        """Return the rest of the fact that begins with `name`, or None without such a fact."""
        found = (fact for fact in self.facts if f"{fact} ".startswith(f"{name} "))
        return next((fact[len(name) :].strip() for fact in found), None)

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of a fact that lists them with `+`."""
        value = self.value(name)
        return tuple(value.split(" + ")) if value else ()


@dataclass(frozen=True)
class Tree:
    """A section that lists files."""

    name: str
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True)
class Text:
    """A section whose lines are taken as they are."""

    name: str
    text: str


@dataclass(frozen=True)
class Command:
    """A command line, the fragments of its output, and its exit code."""

    words: tuple[str, ...]
    fragments: tuple[str, ...] = ()
    code: int = 0
    background: bool = False


@dataclass(frozen=True)
class Script:
    """A sentence and the steps that show that it is true."""

    about: str
    steps: tuple[Tree | Text | Command, ...]


def read(path: Path) -> Script:
    """Parse a script; raises ScriptError with the file and the line at fault."""
    lines = path.read_text(encoding="utf-8").splitlines()
    starts = [n for n, line in enumerate(lines) if line.startswith(("-- ", "$ "))]
    about = " ".join(lines[: starts[0]] if starts else lines).strip()
    if not (about and starts):
        raise ScriptError(f"{path}: a script needs a sentence and a step")
    steps = []
    for start, end in pairwise([*starts, len(lines)]):
        body = [line for line in lines[start + 1 : end] if line.strip()]
        try:
            steps.append(_step(lines[start], body))
        except ScriptError as error:
            raise ScriptError(f"{path}:{start + 1}: {error}") from None
    return Script(about, tuple(steps))


def _step(head: str, body: list[str]) -> Tree | Text | Command:
    if head.startswith("$ "):
        return _command(head[2:], body)
    name = head[3:].strip()
    if name not in SECTIONS:
        raise ScriptError(f"no section is called {name!r}; there are: {', '.join(SECTIONS)}")
    if name == "config":
        return Text(name, "\n".join(body))
    return Tree(name, tuple(map(_leaf, body)))


def _leaf(line: str) -> Leaf:
    path, *rest = re.split(r"\s{2,}", line.strip(), maxsplit=1)
    facts = rest[0].split(";") if rest else []
    leaf = Leaf(path, tuple(" ".join(fact.split()) for fact in facts))
    known = tuple(name for name in FACTS if leaf.value(name) is not None)
    if len(known) < len(leaf.facts):
        raise ScriptError(f"{line.strip()!r}: the facts about a file are {', '.join(FACTS)}")
    return leaf


def _command(line: str, body: list[str]) -> Command:
    words = shlex.split(line)
    background = words[-1] == "&"
    code = 0
    if body and (match := _EXIT.fullmatch(body[-1].strip())):
        code = int(match[1])
        body = body[:-1]
    fragments = tuple(" ".join(line.split()) for line in body)
    return Command(tuple(words[:-1] if background else words), fragments, code, background)
