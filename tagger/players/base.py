"""The interface of a player."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tagger.players.changes import Changes


class Player(Protocol):
    """A program that plays the library."""

    name: str
    patience: float
    """Seconds that a notice may take at the end of a command, above those of every player."""

    def refresh(self, changes: Changes) -> None:
        """Make the player scan the changed folders.

        Raises `PlayerError`, or `ConfigError` when the file with its password cannot be read.
        """

    def check(self) -> str:
        """Return the player's name and version, after a test of the login; raises as `refresh`."""
