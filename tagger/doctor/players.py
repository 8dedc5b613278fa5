"""The checks of players: each answers, and nobody else may read its password."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import msgspec

from tagger.config import Secret
from tagger.doctor.finding import Finding, Severity, failed, grant
from tagger.errors import TaggerError
from tagger.players import unexpected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tagger.config import PlayerSettings
    from tagger.players import Player


def answers(player: Player) -> Finding:
    """Check that a player answers."""
    name = f"player {player.name}"
    try:
        return Finding(name, Severity.OK, f"{player.check()} answers")
    except TaggerError as error:
        return failed(name, error, "see its log")
    except Exception as error:  # noqa: BLE001 - an odd answer ends no other check
        return failed(name, unexpected(error), "see its log")


def exposed_secrets(players: PlayerSettings) -> Iterator[Finding]:
    """Find files with passwords that other users may read."""
    for name, table in msgspec.structs.asdict(players).items():
        keys = msgspec.structs.asdict(table) if isinstance(table, msgspec.Struct) else {}
        for key, value in keys.items():
            if isinstance(value, Secret) and value.file and value.exposed:
                text = f"other users may read it in {value.file}"
                step = f"chmod 600 {shlex.quote(str(value.file))}"
                repair = grant(value.file, 0, denied=0o077)
                yield Finding(f"players.{name}.{key}", Severity.WARNING, text, step, repair)
