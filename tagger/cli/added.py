"""Commands that other packages add through entry points.

`importlib.metadata` takes as long to import as click, and `tagger --help` needs names alone. So the
files of the installed packages are read here.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP: Final = "tagger.commands"
"""The group of entry points."""
_FILE: Final = "entry_points.txt"


class AddedCommand(NamedTuple):
    """A click command of another package."""

    module: str
    attribute: str


def added_commands() -> dict[str, AddedCommand]:
    """Return the commands by name; the first package in the search path has priority."""
    found: dict[str, AddedCommand] = {}
    for text in _files():
        if GROUP in text:
            for name, command in _commands(text):
                found.setdefault(name, command)
    return found


def _files() -> Iterator[str]:
    for folder in sys.path:
        try:
            names = sorted(os.listdir(folder or "."))  # noqa: PTH208
        except OSError:  # a missing folder, or a zip file
            continue
        for name in names:
            if name.endswith(".dist-info"):
                try:
                    with open(os.path.join(folder, name, _FILE), encoding="utf-8") as file:  # noqa: PTH118, PTH123 - faster
                        yield file.read()
                except (OSError, UnicodeDecodeError):
                    continue


def _commands(text: str) -> Iterator[tuple[str, AddedCommand]]:
    """Yield the entry points of the group, each a line `name = module:attribute`."""
    group = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            group = line.strip("[]")
        elif group == GROUP and "=" in line:
            name, _, value = line.partition("=")
            module, _, attribute = value.strip().partition(":")
            yield name.strip(), AddedCommand(module.strip(), attribute.strip())
