"""Names of artists: one spelling for equal names, and credits taken apart. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from tagger.core import genres
from tagger.core.albums import is_within
from tagger.core.placeholders import is_no_artist, letters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tagger.core.domain import TrackTags

_ACCENTS = re.compile("[\u0300-\u036f]")
_AND = re.compile(r"[&+]")
_DOLLAR = re.compile(r"(?<=[a-z])\$|\$(?=[a-z])")
_ARTICLE = re.compile(r"^the\s+(?=\S)|,\s*the$")
_FEATURED = re.compile(r"\s+[(\[]?(?:feat|ft|featuring)(?:\.|\s)\s*", re.IGNORECASE)
_BETWEEN = re.compile(
    r"\s*[,;/|\u3001\u00d7\uff0f]\s*"
    r"|\s+(?:&|\+|x|and|und|et|y|vs\.?|versus|with|con|mit|meets|presents|pres\.)\s+",
    re.IGNORECASE,
)
SHORTEST_PART = 3
"""Letters of a name that is a part of a credit; shorter names count only as a whole field."""


@lru_cache(maxsize=65_536)
def fold(name: str) -> str:
    """Reduce a name to its letters and digits.

    Case, accents, width, punctuation, spaces and a leading "The" leave no trace, and "&" is "and".
    A name without letters and digits ("!!!") stays as it is.
    """
    text = name if name.isascii() else _without_accents(name)
    text = _ARTICLE.sub("", " ".join(text.casefold().split()))
    text = _DOLLAR.sub("s", _AND.sub(" and ", text) if len(text) > 1 else text)
    kept = "".join(filter(str.isalnum, text)) if text.isascii() else letters(text)
    return kept or "".join(name.casefold().split())


def plain(name: str) -> str:
    """Return a name without case and accents."""
    return (name if name.isascii() else _without_accents(name)).casefold()


def _without_accents(name: str) -> str:
    return unicodedata.normalize("NFKC", _ACCENTS.sub("", unicodedata.normalize("NFKD", name)))


@lru_cache(maxsize=4096)
def key(*parts: str) -> int:
    """Reduce texts to a number of 64 bits that fits into an integer of SQLite."""
    text = "\0".join(parts).encode(errors="surrogateescape")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), signed=True)


@lru_cache(maxsize=4096)
def is_nobody(name: str) -> bool:
    """Return whether a name is no artist: a compilation, a placeholder, or no name at all."""
    return not name.strip() or is_no_artist(name)


@lru_cache(maxsize=4096)
def without_guests(name: str) -> str:
    """Return a credit without featured artists: "A feat. B" is "A"."""
    return _FEATURED.split(name, maxsplit=1)[0].strip() or name


def library_artist(tags: TrackTags) -> str:
    """Return whose track it is for the owner's library: the album artist, else the artist.

    An artist outside the credit of the album counts instead: the album artist of a compilation may
    be a label or a series. Empty where nobody's name is there.
    """
    found = (tags.artist,) if _is_of_another(tags) else (tags.album_artist, tags.artist)
    return next((without_guests(name) for name in found if not is_nobody(name)), "")


def library_artist_id(tags: TrackTags) -> str:
    """Return MusicBrainz' id of `library_artist`; empty without one."""
    by_artist = is_nobody(tags.album_artist) or _is_of_another(tags)
    return tags.artist_id if by_artist else tags.album_artist_id


def _is_of_another(tags: TrackTags) -> bool:
    """Return whether a track is by another artist than its album."""
    of_album = without_guests(tags.album_artist)
    if is_nobody(tags.artist) or fold(of_album) == fold(tags.artist):
        return False
    within = is_within(plain(of_album), plain(tags.artist))
    return not within and fold(of_album) not in map(fold, credited(tags.artist))


def credited(field: str) -> Iterator[str]:
    """Yield the names that a credit may contain, the most likely first.

    They are the whole field, then "Last, First" in its other order, then the parts. Parts of one or
    two letters, nobody's names and words of genre are left out.
    """
    if not is_nobody(field) and not genres.is_known(field):
        yield field
    main = without_guests(field)
    if main != field and not is_nobody(main) and not genres.is_known(main):
        yield main
    if main.count(",") == 1:
        last, first = main.split(",")
        if last.strip() and first.strip():
            yield f"{first.strip()} {last.strip()}"
    for credit in _FEATURED.split(field):
        parts = [part.strip(" ()[]") for part in _BETWEEN.split(credit)]
        for part in parts:
            if part != field and _counts(part):
                yield part


def _counts(part: str) -> bool:
    long_enough = len(fold(part)) >= SHORTEST_PART or not part.isascii()
    return long_enough and not is_nobody(part) and not genres.is_known(part)
