"""The user's references to playlists: an id, a link, a URI, or the name in an export."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from tagger.errors import ConfigError

if TYPE_CHECKING:
    from tagger.config import SpotifySettings

_ID = "(?P<id>[0-9A-Za-z]{22})"
_FORMS = (
    re.compile(_ID),
    re.compile(rf"spotify:(?:user:[^:]+:)?playlist:{_ID}"),
    re.compile(
        rf"(?:https?://)?open\.spotify\.com/(?:intl-\w+/)?(?:user/[^/]+/)?playlist/{_ID}"
        r"(?:[/?#].*)?"
    ),
)
_REPLACED = re.compile(r'[\x00-\x20\x7f/\\<>:;"|=,.?*\[\]_]+')
"""Characters that Exportify replaces in the name of a file, and the character in their place."""


def playlist_id(reference: str) -> str | None:
    """Return the id in a reference; None when it is a name."""
    for form in _FORMS:
        if found := form.fullmatch(reference.strip()):
            return found["id"]
    return None


def wanted(spotify: SpotifySettings) -> dict[str, str]:
    """Return the genre of each playlist id to request.

    Raises ConfigError when one playlist has two genres. Raises ConfigError for a name when there
    are no exports.
    """
    genres: dict[str, str] = {}
    for reference, genre in spotify.playlists.items():
        found = playlist_id(reference)
        if found is None:
            if not spotify.exports:
                raise ConfigError(
                    f"training.spotify.playlists: {reference!r} is no playlist's link or id",
                    hint="`tagger spotify playlists` shows the ids of yours",
                )
        elif genres.setdefault(found, genre) != genre:
            raise ConfigError(
                f"training.spotify.playlists: {found} has two genres, {genres[found]} and {genre}",
                hint="leave one of them",
            )
    return genres


def named(spotify: SpotifySettings) -> dict[str, str]:
    """Return the genre of each playlist that is named as in an export."""
    return {
        reference: genre
        for reference, genre in spotify.playlists.items()
        if playlist_id(reference) is None
    }


def key(name: str) -> str:
    """Reduce a playlist's name to the form of an exported file's name; symbols are kept."""
    text = unicodedata.normalize("NFC", name).casefold()
    return "_".join(filter(None, _REPLACED.split(text)))


def keys(name: str) -> tuple[str, ...]:
    """Return the keys that a playlist may have in an export, the best first.

    Some exporters leave symbols out. Two names that differ by symbols alone are two playlists, so a
    key without symbols is for exports without the other key.
    """
    text = unicodedata.normalize("NFC", name)
    return tuple(filter(None, (key(text), key(" ".join(re.findall(r"\w+", text))))))
