"""Every error that training raises on purpose.

TaggerError
├── TrainingDataError
└── SpotifyError
    ├── SpotifyOffError
    ├── SpotifyLoginError
    ├── SpotifyAccountError
    ├── SpotifyPlaylistError
    └── SpotifyWaitError
        ├── SpotifyPausedError
        └── SpotifyUnavailableError
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.errors import TaggerError

if TYPE_CHECKING:
    from pathlib import Path


class TrainingDataError(TaggerError):
    """Training data is missing, unusable or too little."""


class SpotifyError(TaggerError):
    """The user's Spotify playlists cannot be read."""


class SpotifyOffError(SpotifyError):
    """The Spotify source is disabled, or the user has not agreed to its terms."""


class SpotifyLoginError(SpotifyError):
    """The login is missing or no longer valid."""


class SpotifyAccountError(SpotifyError):
    """Spotify refuses every request of the app or the account."""


class SpotifyPlaylistError(SpotifyError):
    """Spotify refuses one playlist."""


class SpotifyWaitError(SpotifyError):
    """Spotify asks for a pause; a base class, never raised itself.

    `reason`, `path` and `hint` are those of `TaggerError`; `seconds` is the length of the pause.
    """

    def __init__(
        self,
        reason: str,
        path: Path | None = None,
        hint: str | None = None,
        seconds: float | None = None,
    ) -> None:
        super().__init__(reason, path, hint)
        self.args = (reason, path, hint, seconds)
        self.seconds = seconds
        """Length of the pause, None when Spotify names none."""


class SpotifyPausedError(SpotifyWaitError):
    """A quota is used up, or Spotify asks for a long pause; the cache keeps the pages so far."""


class SpotifyUnavailableError(SpotifyWaitError):
    """A temporary fault: a busy server, 5xx, a time-out or a malformed response."""
