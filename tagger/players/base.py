"""What every player can be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tagger.players.changes import Changes


class Player(Protocol):
    """A program that plays the library."""

    name: str

    def refresh(self, changes: Changes) -> None:
        """Have it look at what changed.

        Raises `PlayerError`, or `ConfigError` when the file with its password cannot be read.
        """

    def check(self) -> str:
        """Return what answers there and would do as told; raises as `refresh` does."""
