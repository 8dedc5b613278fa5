"""Usage errors that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tagger.cli.types import LIST_RUNS

if TYPE_CHECKING:
    from pathlib import Path


def no_such_path(path: Path, step: str = "") -> click.BadParameter:
    """Return the error for a path that is neither on the disk nor in the database.

    Args:
        path: The path.
        step: A sentence with the next step.

    """
    return click.BadParameter(f"Path '{path}' does not exist.{step}", param_hint="PATH")


def no_such_run(number: int, param_hint: str) -> click.BadParameter:
    """Return the error for a number that no run has.

    Args:
        number: The number.
        param_hint: The name of the parameter.

    """
    return click.BadParameter(f"there is no run {number}; {LIST_RUNS}", param_hint=param_hint)
