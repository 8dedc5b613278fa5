"""The time limits of the daemon that no setting needs to change."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits, in seconds."""

    idle: float = 30.0
    """Without work, after which the workers are stopped."""
    stall: float = 900.0
    """Without a heartbeat, beyond twice a file's time limit, after which pings stop.

    The write of a file of 4 GB to a slow share has no heartbeat for 15 minutes.
    """
