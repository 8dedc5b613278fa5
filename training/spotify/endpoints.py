"""Addresses of Spotify, and the interval between requests."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from tagger.errors import ConfigError

STAND_IN_VARIABLE = "TAGGER_SPOTIFY_STAND_IN"
"""Environment variable with the address of a stand-in server, for tests and demonstrations."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """One service's addresses."""

    api: str
    """With a slash at its end."""
    authorize: str
    token: str
    interval: float
    """Least number of seconds between two requests."""
    timeout: float = 10.0
    """Seconds to connect in, and again to wait for the next bytes of an answer."""


SPOTIFY = Endpoints(
    api="https://api.spotify.com/v1/",
    authorize="https://accounts.spotify.com/authorize",
    token="https://accounts.spotify.com/api/token",  # noqa: S106  # an address
    interval=1.0,
)


def chosen() -> Endpoints:
    """Return the addresses of Spotify, or of a stand-in.

    Raises ConfigError for a stand-in on another computer: it receives logins.
    """
    base = os.environ.get(STAND_IN_VARIABLE, "").rstrip("/")
    if not base:
        return SPOTIFY
    parts = urlsplit(base)
    if parts.scheme != "http" or parts.hostname != "127.0.0.1":
        raise ConfigError(f"{STAND_IN_VARIABLE} has to begin with http://127.0.0.1")
    return Endpoints(f"{base}/v1/", f"{base}/authorize", f"{base}/api/token", interval=0.0)
