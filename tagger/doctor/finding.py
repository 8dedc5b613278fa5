"""A finding of a check, with the next step and perhaps a repair."""

from __future__ import annotations

import stat
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from tagger.errors import TaggerError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Severity(StrEnum):
    """The severity of a finding."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    name: str
    level: Severity
    text: str
    next_step: str = ""
    repair: Callable[[], str] | None = None
    """Repairs the cause and returns a text on it; raises OSError or TaggerError."""


def repaired(finding: Finding) -> Finding:
    """Return the finding after its repair, or the same finding with the error of the repair."""
    if finding.repair is None:
        return finding
    try:
        text = finding.repair()
    except (OSError, TaggerError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        return replace(finding, text=f"{finding.text}; not repaired: {reason}", repair=None)
    return Finding(finding.name, Severity.OK, f"repaired: {text}")


def failed(name: str, error: TaggerError, step: str) -> Finding:
    """Return the finding for an error.

    Args:
        name: The name of the check.
        error: The error.
        step: The next step, where the error has none.

    """
    text = f"{error.path}: {error.reason}" if error.path else error.reason
    return Finding(name, Severity.FAILED, text, error.hint or step)


def grant(path: Path, allowed: int, denied: int = 0) -> Callable[[], str]:
    """Return a repair of the permissions of a file or folder.

    Args:
        path: The file or folder.
        allowed: Bits that are added.
        denied: Bits that are removed.

    """

    def repair() -> str:
        mode = stat.S_IMODE(path.stat().st_mode) & ~denied | allowed
        path.chmod(mode)
        return f"the permissions of {path} are {mode:o} now"

    return repair
