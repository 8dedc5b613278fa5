"""What the stand-in for Spotify shows: made playlists in the published document's form."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    Object = dict[str, Any]


ME, SOMEBODY = "listener", "somebody"
MADE_BY_SPOTIFY = "37i9dQZF1DWXRqgorJj26U"
FAMILIES = (
    "Metal",
    "Rock",
    "Classical",
    "Rap",
    "Progressive Bluegrass",
    "R&B",
    "Baroque",
    "Tropical House",
    "Folk",
    "Ambient",
    "Serialism",
    "Jazz",
)
BASE = "https://api.spotify.com/v1"


@dataclass
class Playlist:
    """A playlist on the server; `places` are entries as the API shows them."""

    id: str
    name: str
    places: list[Object]
    owner: str = ME
    collaborative: bool = False
    snapshot: int = 1

    @property
    def snapshot_id(self) -> str:
        return f"AAAA{self.snapshot:04}{self.id}"

    def change(self) -> None:
        """Take the first track out, as the user would."""
        self.places = self.places[1:]
        self.snapshot += 1

    def touch(self) -> None:
        """Change the cover only: the snapshot moves as well."""
        self.snapshot += 1


@dataclass(frozen=True)
class Song:
    """A recording, in the server's catalogue and perhaps in somebody's library."""

    title: str
    artist: str
    album: str
    seconds: float
    isrc: str = ""
    id: str = field(default="", compare=False)


def made_id(rng: random.Random) -> str:
    return "".join(rng.choices(string.ascii_letters + string.digits, k=22))


def made_songs(rng: random.Random, size: int, family: str) -> Iterator[Song]:
    """Make songs that resemble none of the others made with the same `rng`."""
    words = "river stone ember willow harbour signal lantern copper meadow winter glass thunder"
    for number in range(size):
        title = f"{rng.choice(words.split()).title()} {rng.choice(words.split()).title()}"
        artist = f"{family} {string.ascii_uppercase[number % 26]} {rng.randrange(40)}"
        yield Song(
            f"{title} {number}",
            artist,
            f"Record {rng.randrange(30)}",
            rng.randrange(120, 420),
            f"QZ{number:03}{rng.randrange(10**7):07}",
            made_id(rng),
        )


def made_playlists(
    seed: int = 0, sizes: tuple[int, int] = (200, 800), families: Sequence[str] = FAMILIES
) -> list[Playlist]:
    """One playlist a family, with the odd places that real ones have."""
    rng = random.Random(seed)
    playlists = []
    for family in families:
        songs = made_songs(rng, rng.randint(*sizes), family)
        places = [track_place(song) for song in songs]
        places[3::97] = [gone_place() for _ in places[3::97]]
        places[5::101] = [episode_place(rng) for _ in places[5::101]]
        places[7::103] = [local_place(f"{family} demo {n}") for n in range(len(places[7::103]))]
        playlists.append(Playlist(made_id(rng), f"My {family}", places))
    return playlists


def track_place(song: Song) -> Object:
    """A place with a track in every field that the document names."""
    return _place(
        {
            "album": _album(song),
            "artists": [_artist(song.artist)],
            "available_markets": ["DE"],
            "disc_number": 1,
            "duration_ms": round(song.seconds * 1000),
            "explicit": False,
            "external_ids": {"isrc": song.isrc} if song.isrc else {},
            **_links("track", song.id),
            "is_local": False,
            "name": song.title,
            "popularity": 12,
            "preview_url": None,
            "track_number": 1,
            "type": "track",
        }
    )


def gone_place() -> Object:
    return _place(None) | {"added_at": None}


def local_place(title: str) -> Object:
    """A file of the user's own: no id, no album's id."""
    uri = f"spotify:local:Somebody:Tape:{title.replace(' ', '+')}:201"
    artist = {"external_urls": {}, "href": "", "name": "Somebody", "type": "artist", "uri": ""}
    item = {
        "artists": [artist],
        "disc_number": 0,
        "duration_ms": 201000,
        "explicit": False,
        "external_ids": {},
        "external_urls": {},
        "id": None,
        "is_local": True,
        "name": title,
        "preview_url": None,
        "track_number": 0,
        "type": "track",
        "uri": uri,
    }
    return _place(item) | {"is_local": True}


def episode_place(rng: random.Random) -> Object:
    """A place with an episode of a podcast."""
    return _place(
        {
            "audio_preview_url": None,
            "description": "talk",
            "duration_ms": 3_000_000,
            "explicit": False,
            **_links("episode", made_id(rng)),
            "html_description": "talk",
            "images": [],
            "is_externally_hosted": False,
            "is_playable": True,
            "languages": ["en"],
            "name": "A conversation",
            "release_date": "2026-01-01",
            "release_date_precision": "day",
            "show": _show(made_id(rng)),
            "type": "episode",
        }
    )


def page(href: str, items: Sequence[Any], limit: int, offset: int) -> Object:
    """A page of the list that begins at `offset`."""

    def link(start: int) -> str:
        return f"{BASE}{href}?offset={start}&limit={limit}"

    return {
        "href": link(offset),
        "items": items[offset : offset + limit],
        "limit": limit,
        "next": link(offset + limit) if offset + limit < len(items) else None,
        "offset": offset,
        "previous": link(max(0, offset - limit)) if offset else None,
        "total": len(items),
    }


def listed(playlist: Playlist) -> Object:
    """A playlist in a list of playlists."""
    href = f"{BASE}/playlists/{playlist.id}/items"
    items = {"href": href, "total": len(playlist.places)}
    return _playlist(playlist) | {"items": items}


def whole(playlist: Playlist, *, readable: bool) -> Object:
    """A playlist by itself; its items only for those who may read them."""
    found = _playlist(playlist)
    if readable:
        found["items"] = page(f"/playlists/{playlist.id}/items", playlist.places, 50, 0)
    return found


def user(name: str) -> Object:
    return {**_links("user", name), "display_name": name.title(), "images": [], "type": "user"}


def selected(value: Any, fields: str) -> Any:
    """Keep of a value what a `fields` filter names: `a,b(c,d),e.f`."""
    names, rest = _fields(fields)
    assert not rest, f"the filter {fields!r} has no form"
    return _selected(value, names)


def _selected(value: Any, names: Object | None) -> Any:
    if names is None or value is None:
        return value
    if isinstance(value, list):
        return [_selected(one, names) for one in value]
    return {name: _selected(value[name], below) for name, below in names.items() if name in value}


def _fields(text: str) -> tuple[Object, str]:
    names: Object = {}
    while True:
        size = next((n for n, c in enumerate(text) if c in ",()."), len(text))
        name, text = text[:size], text[size:]
        below: Object | None = None
        if text.startswith("("):
            below, text = _fields(text[1:])
            assert text.startswith(")"), "a bracket is not closed"
            text = text[1:]
        elif text.startswith("."):
            below, text = _fields(text[1:])
            names[name] = below
            return names, text
        names[name] = below
        if not text.startswith(","):
            return names, text
        text = text[1:]


def _place(item: Object | None) -> Object:
    return {
        "added_at": "2026-05-01T12:00:00Z",
        "added_by": user(ME) | {"images": []},
        "is_local": False,
        "item": item,
    }


def _playlist(playlist: Playlist) -> Object:
    return {
        "collaborative": playlist.collaborative,
        "description": "",
        **_links("playlist", playlist.id),
        "images": [],
        "name": playlist.name,
        "owner": user(playlist.owner),
        "public": None,
        "snapshot_id": playlist.snapshot_id,
        "type": "playlist",
    }


def _album(song: Song) -> Object:
    return {
        "album_type": "album",
        "artists": [_artist(song.artist)],
        "available_markets": ["DE"],
        **_links("album", song.id),
        "images": [],
        "name": song.album,
        "release_date": "1999",
        "release_date_precision": "year",
        "total_tracks": 12,
        "type": "album",
    }


def _show(ident: str) -> Object:
    return {
        "available_markets": ["DE"],
        "copyrights": [],
        "description": "talk",
        "explicit": False,
        **_links("show", ident),
        "html_description": "talk",
        "images": [],
        "is_externally_hosted": False,
        "languages": ["en"],
        "media_type": "audio",
        "name": "Conversations",
        "publisher": "Somebody",
        "total_episodes": 12,
        "type": "show",
    }


def _artist(name: str) -> Object:
    return {**_links("artist", "a" * 22), "name": name, "type": "artist"}


def _links(kind: str, ident: str) -> Object:
    return {
        "external_urls": {"spotify": f"https://open.spotify.com/{kind}/{ident}"},
        "href": f"{BASE}/{kind}s/{ident}",
        "id": ident,
        "uri": f"spotify:{kind}:{ident}",
    }
