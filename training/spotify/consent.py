"""The clause of Spotify's terms that needs the user's consent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from training.errors import SpotifyOffError

if TYPE_CHECKING:
    from tagger.config import SpotifySettings
    from training.spotify.cache import SpotifyStore

CLAUSE = "developer-policy-III.14/2025-05-15"
"""The clause and its version; a new version needs a new consent."""
NOTICE = """\
Spotify's Developer Policy (III.14, version of 15 May 2025) contains this clause:

    "Do not use the Spotify Platform or any Spotify Content to train a machine learning
    or AI model or otherwise ingest Spotify Content into a machine learning or AI model."

tagger reads the titles and artists on playlists of your own. It looks for the same tracks among
your own files, and uses the playlist as your label of their genre. The model learns from the sound
of your files. No sound and no audio features come from Spotify, and no content of Spotify goes into
a model. The lists are deleted after 30 days, or at once by `tagger spotify logout --purge`.

Whether this use is within the clause is a question between you and Spotify. Exported lists are the
same content. The same training works without Spotify: from folders, genre tags, M3U
playlists and tables.
"""
QUESTION = "Do you want to use your playlists in this way?"


def require_on(spotify: SpotifySettings) -> None:
    """Raise SpotifyOffError unless the source is enabled in the configuration."""
    if not spotify.enabled:
        raise SpotifyOffError(
            "Spotify playlists are off",
            hint="set training.spotify.enabled = true; `tagger config path` prints the file",
        )


def require(spotify: SpotifySettings, store: SpotifyStore) -> None:
    """Raise SpotifyOffError unless the source is enabled and has the user's consent."""
    require_on(spotify)
    if store.agreed(CLAUSE) is None:
        raise SpotifyOffError(
            "you have not agreed yet to the clause of Spotify's terms on machine learning",
            hint="run `tagger spotify login`, or `sync` if there are exports alone: both ask",
        )


def agree(store: SpotifyStore) -> None:
    """Store the user's consent."""
    store.agree(CLAUSE, time.time())
