"""Whose music a track is, by the list of known artists. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tagger.core import genres
from tagger.evidence.names import credited, fold, is_nobody, plain, without_guests
from tagger.evidence.weigh import Level

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from tagger.core.domain import TrackTags
    from tagger.evidence.artists import Artist, ArtistList

CLASSICAL = "Classical"
DJS = ("Electronic", "Hip-Hop")
"""The first genres of most remixers."""
GUEST = 1 / 3
"""How much the second name of a credit counts, relative to the first."""
LATER = 0.6
"""The strength of a list where the first name of a credit is not in it."""
ARTIST_FOLDER = 3
"""Names of a path: the file, its album and its artist."""
_DASH = re.compile(r"\s+[-\u2013\u2014]+\s+")
_TRACK = re.compile(r"^\d+[\s.)-]+")
"""The number of a track before the name of its artist."""
_REMIX = re.compile(
    r"[(\[]([^()\[\]]+?)(?:'s|\u2019s)?\s+(?:(?:club|dub|extended|vocal|radio|original)\s+)?"
    r"(?:re-?mix|rmx|rework|bootleg)\b[^()\[\]]*[)\]]",
    re.IGNORECASE,
)
_NO_REMIXER = re.compile(
    r"^(?:the|original|extended|club|radio|dance|dub|vocal|instrumental|house|album|single|new|full"
    r"|official|remastered|deluxe|special|summer|acoustic|live|\d+|\W)+$",
    re.IGNORECASE,
)


def list_level(
    tags: TrackTags, known: ArtistList, vocabulary: Collection[str], path: Sequence[str] = ()
) -> Level | None:
    """Return the genres that the list has for a track, None for a track that it cannot place.

    The remixer of a DJ's remix counts before the artist, and the composer of classical music before
    the performer.

    Args:
        tags: The tags of the track.
        known: The list.
        vocabulary: The genres that may be written. A style is written only if it is among them.
        path: The name of the file without its ending, and the folders above it, the nearest first.
            They count where the tags have no artist.

    """
    found, where = _found(tags, known), ""
    if not found and (guess := _guessed(tags, known, path)):
        found, where = guess
    if not found:
        return None
    shares: dict[str, float] = {}
    for place, (artist, _) in enumerate(found):
        weight = 1.0 if place == 0 else GUEST
        for genre, share in _shares(artist, vocabulary).items():
            shares[genre] = shares.get(genre, 0.0) + weight * share
    total = sum(shares.values())
    if not total:
        return None
    shares = {genre: share / total for genre, share in shares.items()}
    first, strength = found[0]
    ranked = sorted(shares, key=lambda genre: -shares[genre])
    source = "own list" if first.own else "list"
    text = f"{'your' if first.own else 'artists'} list{where}: {', '.join(ranked)}"
    return Level(source, shares, strength, text, {g: round(shares[g], 3) for g in ranked})


def _found(tags: TrackTags, known: ArtistList) -> list[tuple[Artist, float]]:
    """Return the listed artists of a track, the first the most important, with their strength."""
    remixer = _remixer(tags.title)
    if remixer and (artist := known.find(remixer)) and _is_remixer(remixer, artist):
        return [(artist, 1.0)]
    performers = _performers(tags, known)
    if tags.composer and (composer := _composer(tags.composer, known)):
        # anybody plays Gershwin, but few bands play Bach
        plays = CLASSICAL in performers[0][0].accept if performers else len(composer.accept) == 1
        if plays and not _is_version(tags.title):
            return [(composer, 1.0)]
    return performers


def _guessed(
    tags: TrackTags, known: ArtistList, path: Sequence[str]
) -> tuple[list[tuple[Artist, float]], str] | None:
    """Return the listed artist that a name has, and a clause for its text.

    Args:
        tags: The tags of the track, which have no artist.
        known: The list.
        path: See `list_level`.

    """
    if not is_nobody(tags.artist) or not is_nobody(tags.album_artist):
        return None
    for credit, where in _names(tags.title, path):
        name = without_guests(credit)
        artist = None if genres.is_known(name) else known.find(name)
        if artist and _is_spelled(name, artist):
            return [(artist, 1.0)], f" by the {where}"
    return None


def _names(title: str, path: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the names that may be an artist's, each with its origin.

    The second name beside a dash may be a song with the name of a band, so only the first one
    counts. A folder of one word, such as "Live", may be no band.
    """
    folders = [(folder, f"folder {folder}") for folder in path[1:ARTIST_FOLDER]]
    for text, where in ((title, "title"), *((stem, "file name") for stem in path[:1]), *folders):
        parts = [part for part in _DASH.split(text.replace("_", " ")) if not part.isdecimal()]
        if len(parts) > 1 or (parts and " " in text and (text, where) in folders):
            yield parts[0], where
            yield _TRACK.sub("", parts[0]), where


def _remixer(title: str) -> str | None:
    match = _REMIX.search(title)
    if match is None or _NO_REMIXER.match(match[1].strip()):
        return None
    return match[1].strip()


def _is_remixer(name: str, artist: Artist) -> bool:
    """Return whether a listed name is a remixer's: a word such as Chicago or Free only as a DJ."""
    return " " in name or (_is_spelled(name, artist) and artist.accept[0] in DJS)


def _is_version(title: str) -> bool:
    from tagger.evidence import titles  # noqa: PLC0415 - its patterns take long to compile

    return titles.is_version(title)


def _composer(field: str, known: ArtistList) -> Artist | None:
    for name in credited(field):
        if artist := known.find(name):
            return artist if artist.accept[0] == CLASSICAL else None
    return None


def _performers(tags: TrackTags, known: ArtistList) -> list[tuple[Artist, float]]:
    fields = tags.artists or (tags.artist,)
    if all(map(is_nobody, fields)):
        fields = (tags.album_artist,)
    joined = " & ".join(fields)
    if is_nobody(joined):
        return []
    if artist := known.find(joined):
        return [(artist, 1.0)]
    found: list[tuple[Artist, float]] = []
    for place, field in enumerate(fields):
        for whole, artist in _in_field(field, known):
            if whole and place == 0:
                return [(artist, 1.0)]
            if artist not in [other for other, _ in found]:
                found.append((artist, 1.0))
    if found and not _is_first(found[0][0], fields[0]):
        found[0] = found[0][0], LATER
    return found[:2]


def _in_field(field: str, known: ArtistList) -> Iterator[tuple[bool, Artist]]:
    """Yield the listed artists of a credit; alone where the whole field is one artist.

    A part is listed only as it is spelled; see `_is_spelled`.
    """
    main = without_guests(field)
    for name in credited(field):
        artist = known.find(name)
        if artist and (name in (field, main) or _is_spelled(name, artist)):
            whole = fold(name) == fold(field)
            yield whole, artist
            if whole:
                return


def _is_spelled(name: str, artist: Artist) -> bool:
    """Return whether a word beside others is an artist: "Band" is not The Band."""
    return " " in name or plain(name) == plain(artist.name)


def _is_first(artist: Artist, field: str) -> bool:
    name = fold(artist.name)
    swapped = " ".join(reversed([part.strip() for part in without_guests(field).split(",")]))
    return fold(field).startswith(name) or fold(swapped) == name


def _shares(artist: Artist, vocabulary: Collection[str]) -> dict[str, float]:
    shares = {g: share for g, share in artist.shares().items() if artist.own or g in vocabulary}
    if artist.style and not artist.namesakes and genres.is_known(artist.style):
        style = genres.canonical(artist.style)
        parent = next((above for above in genres.parents(style) if above in shares), None)
        if style in vocabulary and parent and style not in shares:
            shares[style] = shares.pop(parent)
    return shares
