"""Labels from the user's own Spotify playlists, as last read or exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.data.store import TrainingStore
from training.errors import SpotifyError
from training.labels.base import Gathered, ListedTrack
from training.labels.collect import gather
from training.labels.genre_names import GenreNames
from training.spotify import consent
from training.spotify.cache import SpotifyStore
from training.spotify.playlists import compare, known
from training.spotify.tokens import TokenFile

if TYPE_CHECKING:
    from tagger.config import Settings
    from training.labels.base import Context
    from training.spotify.playlists import Found, Playlist

NAME = "spotify"


class SpotifySource:
    """The playlists of `[training.spotify]`."""

    def __init__(self, context: Context) -> None:
        self._settings = context.settings

    def gather(self) -> Gathered:
        """Return every track of every playlist as an entry.

        Raises SpotifyOffError when the source is disabled or without consent. Raises SpotifyError
        when a genre has no known playlist: a model trained now would lose that genre.
        """
        spotify, folder = self._settings.training.spotify, self._settings.store.folder
        consent.require_on(spotify)
        with SpotifyStore(folder) as store:
            consent.require(spotify, store)
            lists = known(spotify, store)
        lost = set(spotify.playlists.values()) - {playlist.genre for playlist in lists.playlists}
        if lost or not lists.playlists:
            raise SpotifyError(
                f"no playlist has been read for {', '.join(sorted(lost)) or 'any genre'}",
                hint="; ".join(lists.notes) or "set training.spotify.playlists",
            )
        names = GenreNames(self._settings)
        return Gathered(
            entries=tuple(
                entry
                for playlist in lists.playlists
                if (genre := names.genre(playlist.genre))
                for entry in entries(playlist, genre)
            ),
            notes=(*lists.notes, *TokenFile(folder).warnings()),
        )


def found_in_library(settings: Settings) -> tuple[tuple[Found, ...], tuple[str, ...]]:
    """Count the tracks of each configured playlist in the library; return the counts and notes."""
    with TrainingStore(settings.store.folder) as store:
        collected = gather([NAME], settings, store)
    with SpotifyStore(settings.store.folder) as spotify:
        lists = known(settings.training.spotify, spotify)
    hint = "Ambiguous tracks are left out; choose with `tagger train match`."
    notes = (*collected.notes, hint) if collected.matching.ambiguous else collected.notes
    return compare(lists, collected.matching), notes


def entries(playlist: Playlist, genre: str) -> tuple[ListedTrack, ...]:
    """Return the tracks of a playlist as entries for matching."""
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
