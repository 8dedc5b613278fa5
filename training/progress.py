"""How a training is watched: stages with a count each."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Is told how far a training is."""

    def stage(self, name: str, total: int) -> None:
        """Begin a stage of so many steps."""
        ...

    def done(self, steps: int) -> None:
        """Say how many steps of the stage are done."""
        ...


class Silent:
    """Nobody watches."""

    def stage(self, name: str, total: int) -> None:
        """See `Progress`."""

    def done(self, steps: int) -> None:
        """See `Progress`."""
