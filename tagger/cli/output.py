"""Output that several commands share."""

from __future__ import annotations

import json
from typing import Any

import click

from tagger.system.text import one_line

SOME_FAILED = 1
"""Exit code."""


def print_json(value: dict[str, Any]) -> None:
    """Print one object on one line."""
    click.echo(json_line(value))


def json_line(value: dict[str, Any]) -> str:
    """Return an object as one line of ASCII, so that names that are not UTF-8 come through."""
    return json.dumps(value, default=str)


def warn(text: str) -> None:
    """Print a warning on one line of the standard error stream."""
    click.echo(printable(f"tagger: {text}"), err=True)


def printable(value: object) -> str:
    """Make sure that a name from a file system stays on its line."""
    return one_line(str(value))
