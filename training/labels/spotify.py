"""Labels from the user's own Spotify playlists, as they were last read or exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.errors import SpotifyError
from training.labels.base import Gathered, ListedTrack
from training.labels.genre_names import GenreNames
from training.spotify import consent
from training.spotify.cache import SpotifyStore
from training.spotify.playlists import known
from training.spotify.tokens import TokenFile

if TYPE_CHECKING:
    from training.labels.base import Context
    from training.spotify.playlists import Playlist

NAME = "spotify"


class SpotifySource:
    """The playlists of `[training.spotify]`."""

    name = NAME

    def __init__(self, context: Context) -> None:
        self._settings = context.settings

    def gather(self) -> Gathered:
        """Return every track of every playlist as an entry.

        Raises SpotifyOffError when the source is off or not agreed to, and SpotifyError when a
        genre has no playlist that is known: a model trained now would forget that genre.
        """
        spotify, folder = self._settings.training.spotify, self._settings.store.folder
        consent.require_on(spotify)
        with SpotifyStore(folder) as store:
            consent.require(spotify, store)
            lists = known(spotify, store)
        lost = set(spotify.playlists.values()) - {playlist.genre for playlist in lists.playlists}
        if lost or not lists.playlists:
            raise SpotifyError(
                f"nothing is known of the playlists for {', '.join(sorted(lost)) or 'any genre'}",
                hint="; ".join(lists.notes) or "set training.spotify.playlists",
            )
        naming = GenreNames(self._settings.training)
        return Gathered(
            entries=tuple(
                entry
                for playlist in lists.playlists
                if (genre := naming.genre(playlist.genre))
                for entry in entries(playlist, genre)
            ),
            notes=(*lists.notes, *TokenFile(folder).warnings()),
        )


def entries(playlist: Playlist, genre: str) -> tuple[ListedTrack, ...]:
    """Return a playlist's tracks in the form that matching looks for."""
    return tuple(
        ListedTrack(
            title=row.title,
            artists=row.artists,
            genre=genre,
            source=NAME,
            album=row.album,
            duration_s=row.duration_s,
            isrc=row.isrc,
            id=row.uri,
            origin=playlist.name,
            position=row.position + 1,
        )
        for row in playlist.tracks
    )
