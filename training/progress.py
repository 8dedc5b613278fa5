"""Progress of a training run: stages with a count each."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives the progress of a run."""

    def stage(self, name: str, total: int) -> None:
        """Begin a stage of so many steps; 0 where the number is not known."""
        ...

    def done(self, steps: int) -> None:
        """Report the number of finished steps of the stage."""
        ...


class Silent:
    """Ignores all progress."""

    def stage(self, name: str, total: int) -> None:
        """See `Progress`."""

    def done(self, steps: int) -> None:
        """See `Progress`."""
