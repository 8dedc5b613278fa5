"""Playlists that a server keeps itself, by the Subsonic API."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tagger.errors import PlayerError
from tagger.players.changes import COMMENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tagger.players.changes import PlayerList, PlayerTrack


class Api(Protocol):
    """The server, as `SubsonicPlayer` calls it."""

    def call(self, method: str, **parameters: str | list[str]) -> dict[str, Any]:
        """Call a method of the API; raises `PlayerError`."""

    def unexpected_answer(self) -> PlayerError:
        """Return the error for an answer that is not one of the API."""


@dataclass(frozen=True, slots=True)
class Song:
    """A song of a server."""

    id: str
    path: str
    """Below a music folder of the server; some servers make it up from the tags."""
    title: str
    artist: str
    album: str

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Song:
        """Return a song of an answer; a missing value is empty."""
        return cls(
            *(str(found.get(key) or "") for key in ("id", "path", "title", "artist", "album"))
        )


class SongIndex:
    """The songs of a server, by path and by tags."""

    def __init__(self, songs: Iterable[Song]) -> None:
        self._by_name: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        self._by_tags: dict[tuple[str, str, str], str | None] = {}
        """None for several songs with equal tags."""
        for song in songs:
            if parts := _parts(song.path):
                self._by_name[parts[-1]].append((parts, song.id))
            tags = _tags(song.title, song.artist, song.album)
            if self._by_tags.setdefault(tags, song.id) != song.id:
                self._by_tags[tags] = None

    def find(self, track: PlayerTrack) -> str | None:
        """Return the id of a track.

        The path of a song is the end of the path of its file, so the longest match is right. Else
        title, artist and album decide. None without a match, and for two equal matches.
        """
        own = _parts(track.file)
        matches = [
            (len(parts), id_)
            for parts, id_ in self._by_name.get(own[-1], ())
            if own[-len(parts) :] == parts
        ]
        longest = max((length for length, _ in matches), default=0)
        ids = {id_ for length, id_ in matches if length == longest}
        if not ids and track.title:
            return self._by_tags.get(_tags(track.title, track.artist, track.album))
        return next(iter(ids)) if len(ids) == 1 else None


class ServerPlaylists:
    """The playlists of one user on a server.

    tagger made a playlist that belongs to the user and has the comment of tagger. No other playlist
    is changed or deleted.
    """

    def __init__(self, api: Api, user: str) -> None:
        self._api = api
        self._user = user

    def update(self, wanted: Sequence[PlayerList], songs: SongIndex) -> None:
        """Create, change and delete playlists, so that the server has the wanted ones.

        `songs` are the songs of the server; a track that the server does not have is left out.
        Raises `PlayerError`, also for a server that has none of the tracks.
        """
        chosen = {
            one.comment: [id_ for t in one.tracks if (id_ := songs.find(t))] for one in wanted
        }
        if wanted and not any(chosen.values()):
            hint = "see whether the server reads the same music folder"
            raise PlayerError("none of the tracks is in the library of the server", hint=hint)
        existing = self._existing()
        marked = [(mark, p) for p in existing if (mark := self._mark(p))]
        own = dict(reversed(marked))
        # a slow server can make a playlist twice: once for a request that was given up
        doubles = [p for mark, p in marked if p is not own[mark]]
        taken = {p.get("name") for p in existing} - {p.get("name") for _, p in marked}
        for one in wanted:
            ids = chosen[one.comment]
            name = f"{one.name} (tagger)" if one.name in taken else one.name
            if one.comment in own:
                self._replace(own.pop(one.comment), name, one.comment, ids)
            elif ids:
                self._create(name, one.comment, ids)
        for gone in (*own.values(), *doubles):
            self._api.call("deletePlaylist", id=str(gone["id"]))

    def _existing(self) -> list[dict[str, Any]]:
        found = self._api.call("getPlaylists").get("playlists")
        listed = found.get("playlist", []) if isinstance(found, dict) else None
        if not isinstance(listed, list):
            raise self._api.unexpected_answer()
        return [one for one in listed if isinstance(one, dict) and "id" in one]

    def _mark(self, playlist: Mapping[str, Any]) -> str | None:
        """Return the comment of a playlist of tagger, or its name before `_named`."""
        # servers compare the name of a login in any letter case, and return their own spelling
        if str(playlist.get("owner", self._user)).casefold() != self._user.casefold():
            return None
        texts = (playlist.get("comment"), playlist.get("name"))
        return next((t for t in texts if isinstance(t, str) and t.startswith(COMMENT)), None)

    def _replace(
        self, playlist: Mapping[str, Any], name: str, comment: str, ids: list[str]
    ) -> None:
        id_ = str(playlist["id"])
        if not ids:
            self._api.call("deletePlaylist", id=id_)
            return
        if [str(entry.get("id")) for entry in self._read(id_).get("entry", [])] != ids:
            kept = str(playlist.get("name"))
            self._api.call("createPlaylist", playlistId=id_, name=kept, songId=ids)
        if (playlist.get("name"), playlist.get("comment")) != (name, comment):
            self._named(id_, name, comment)

    def _create(self, name: str, comment: str, ids: list[str]) -> None:
        """Create a playlist; servers before version 1.14 of the API do not return its id."""
        self._api.call("createPlaylist", name=comment, songId=ids)
        made = [one for one in self._existing() if self._mark(one) == comment]
        if len(made) != 1:
            raise self._api.unexpected_answer()
        self._named(str(made[0]["id"]), name, comment)

    def _named(self, id_: str, name: str, comment: str) -> None:
        """Give a playlist its comment, and then its name.

        Until the server has the comment, the comment is the name. So a playlist of tagger is
        recognized after an interruption, and on a server that keeps no comments.
        """
        self._api.call("updatePlaylist", playlistId=id_, comment=comment)
        if self._read(id_).get("comment") == comment:
            self._api.call("updatePlaylist", playlistId=id_, name=name)

    def _read(self, id_: str) -> dict[str, Any]:
        found = self._api.call("getPlaylist", id=id_).get("playlist")
        return found if isinstance(found, dict) else {}


def _parts(path: str) -> tuple[str, ...]:
    """Return the names in a path as `PurePath.parts` does, without the root and much faster."""
    return tuple(name for name in path.split("/") if name not in ("", "."))


def _tags(title: str, artist: str, album: str) -> tuple[str, str, str]:
    return title.casefold(), artist.casefold(), album.casefold()
