"""The user's own Spotify playlists: login, requests page by page, and a cache.

Only lists of titles come from Spotify: no sound, no preview and no audio feature. A playlist groups
the user's own files.
"""

from __future__ import annotations

from importlib.util import find_spec

from tagger.errors import TaggerError
from tagger.system.next_steps import install_step

if find_spec("spotipy") is None:
    raise TaggerError(
        "Spotify playlists need the libraries of the extra `train`",
        hint=install_step("tagger-by-ear[train]"),
    )
