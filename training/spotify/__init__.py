"""The user's own Spotify playlists: logging in, reading them page by page, keeping them a while.

Only lists of titles come from there. No sound, no preview and no audio feature of Spotify's is
ever asked for: a playlist says which of the user's own files belong together.
"""

from __future__ import annotations

from importlib.util import find_spec

from tagger.errors import TaggerError

if find_spec("spotipy") is None:
    raise TaggerError(
        "Spotify playlists need what comes with the extra `train`",
        hint="pip install 'tagger-by-ear[train]'",
    )
