"""Waiting for the end of a scan that tagger requested, before the playlists."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tagger.errors import PlayerError

if TYPE_CHECKING:
    from collections.abc import Callable

SCAN_SECONDS = 60.0
"""How long a scan may take before the playlists; later than that, the next notice repeats it."""
PATIENCE = SCAN_SECONDS + 10
"""See `Player.patience`, for a player that waits."""
POLL_SECONDS = 0.5
IDLE = 2
"""Successive answers without a scan that are its end: Navidrome answers before its scan begins."""


def wait_for_scan(is_scanning: Callable[[], bool], kind: str) -> None:
    """Wait until new files are in the server's library.

    `is_scanning` asks the server, `kind` is the server in messages. Raises `PlayerError` after
    `SCAN_SECONDS`.
    """
    end, idle = time.monotonic() + SCAN_SECONDS, 0
    while (idle := 0 if is_scanning() else idle + 1) < IDLE:
        if time.monotonic() > end:
            hint = "tagger updates the playlists with the next change"
            raise PlayerError(f"{kind} is scanning its library at present", hint=hint)
        time.sleep(POLL_SECONDS)
