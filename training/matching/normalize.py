"""Titles, artists and albums in the form that two catalogues share. Pure.

Case, accents, punctuation, "2011 Remaster" and the three places of "feat." are removed. Live,
remix, numbers, major and minor are kept, so that matching can compare them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from anyascii import anyascii

from tagger.core.placeholders import is_no_artist
from training.matching import vocabulary as words

if TYPE_CHECKING:
    from collections.abc import Iterable

_BRACKETS = re.compile(r"[(\[{<]([^()\[\]{}<>]*)[)\]}>]")
_DASH = re.compile(r"\s+[-~\u2013\u2014\u2212]+\s+|\s*//\s*")
_FEATURED = re.compile(r"(?:feat|featuring|ft|with|w/)(?:\.|\b)\s*(?=\S)(.+)", re.IGNORECASE)
_FEATURED_BARE = re.compile(r"\s(?:feat\.?|featuring|ft\.)\s+(.+)$", re.IGNORECASE)
_GUESTS = re.compile(r"\s[(\[]?(?:feat\.?|featuring|ft\.)\s.*", re.IGNORECASE | re.DOTALL)
_BETWEEN_ARTISTS = re.compile(
    r"\s*[,;/|\u3001\u00d7]\s*|\s+(?:&|\+|x|and|und|et|y|vs\.?|feat\.?|featuring|ft\.?|with|con"
    r"|mit|presents|pres\.)\s+",
    re.IGNORECASE,
)
_UMLAUTS = {ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue"}
_YEAR = re.compile(r"(?:19|20)\d\d|\d+(?:st|nd|rd|th)")
_ALBUM_NOTE = re.compile(r"[:(\[\u2013-]")


@dataclass(frozen=True, slots=True)
class Version:
    """The properties that separate a recording from other recordings of its song."""

    kinds: frozenset[str] = frozenset()
    details: frozenset[str] = frozenset()
    """The other words of the notes: who mixed it, where it was played."""

    def agrees(self, other: Version) -> bool:
        """Return whether both can be one recording: the same kinds, and no contrary details."""
        details = self.details & other.details or not (self.details and other.details)
        return self.kinds == other.kinds and bool(details)


@dataclass(frozen=True, slots=True)
class Name:
    """A track's title and artists, ready to compare."""

    title: str
    """Words; brackets and hyphens leave no trace."""
    artists: frozenset[str]
    """Whole names and their parts: "simonandgarfunkel", "simon", "garfunkel"."""
    version: Version
    markers: tuple[str, ...]
    """The title's numbers, keys and movements."""


@lru_cache(maxsize=200_000)
def track_name(title: str, artists: tuple[str, ...], album: str = "") -> Name:
    """Normalise a track.

    `title` may contain featured artists, who join `artists`. `album` may name the version ("Live").
    """
    text, notes = _split(_nfkc(title))
    guests, versions, kept = list[str](), list[str](), list[str]()
    for note in notes:
        if featured := _FEATURED.match(note.strip()):
            guests.append(featured[1])
        elif _is_neutral(plain(note)):
            continue
        elif versions or _kinds(plain(note), words.DISTINCT):  # "Live at Wembley - May 1986"
            versions.append(plain(note))
        else:
            kept.append(note)
    if bare := _FEATURED_BARE.search(text):
        guests.append(bare[1])
        text = text[: bare.start()]
    named = _title(" ".join([text, *kept])) or _raw(title)
    version = _version(versions, album)
    return Name(named, artist_names((*artists, *guests)), version, _markers(named))


@lru_cache(maxsize=200_000)
def artist_names(artists: tuple[str, ...]) -> frozenset[str]:
    """Spell every artist's whole name and its parts; "Various Artists" is nobody."""
    named = [artist for artist in artists if not is_no_artist(artist)]  # "V/A" is not V and A
    parts = [part for a in named for part in (a, *_BETWEEN_ARTISTS.split(_nfkc(a)))]
    names = [name for part in parts for name in (part, part.casefold().translate(_UMLAUTS))]
    return frozenset(spelt for name in names for spelt in _artist(name)) - {""}


def whole_name(credit: str) -> str:
    """Spell a credit as one name; empty for nobody."""
    return max(sorted(artist_names((credit,))), key=len, default="")


@lru_cache(maxsize=50_000)
def main_artist(credit: str) -> frozenset[str]:
    """Spell the first artist of a credit, and the credit with and without guests.

    "Davis, Miles" may be Miles Davis. Artists behind the first one are left out: they would join
    all music of one orchestra.
    """
    main = _GUESTS.sub("", _nfkc(credit))
    if is_no_artist(main):
        return frozenset()
    parts = _BETWEEN_ARTISTS.split(main)
    first = next(filter(None, (artist_names((part,)) for part in parts)), frozenset[str]())
    is_sort_name = main.count(",") == len(parts) - 1 == 1
    turned = artist_names((" ".join(reversed(parts)),)) if is_sort_name else frozenset[str]()
    return (first | turned | {whole_name(main), whole_name(credit)}) - {""}


def one_group(artists: Iterable[frozenset[str]]) -> dict[str, str]:
    """Return a name for each spelling that is the same for all spellings of an artist.

    `artists` are results of `main_artist`: the spellings in one of them are of one artist.
    """
    above: dict[str, str] = {}

    def first(one: str) -> str:
        while (up := above.setdefault(one, one)) != one:
            above[one] = above[up]  # so that the way is short next time
            one = up
        return one

    for spellings in artists:
        firsts = set(map(first, spellings))
        above.update(dict.fromkeys(firsts, min(firsts, default="")))
    return {one: first(one) for one in above}


@lru_cache(maxsize=50_000)
def album_name(album: str) -> str:
    """Normalise an album's title: editions and disc numbers leave no trace."""
    text, notes = _split(_nfkc(album))
    kept = [note for note in notes if not words.EDITION.search(plain(note))]
    return _title(" ".join([text, *kept])) or _raw(album)


def plain(text: str) -> str:
    """Fold text to lower-case ASCII words; `&` and `+` become "and"."""
    text = anyascii(_nfkc(text).casefold()).lower()
    text = re.sub(r"\s*[&+]\s*", " and ", text)
    text = re.sub(r"#\s*(?=\d)", " no ", text)
    text = re.sub(r"(?<=[a-z])\$|\$(?=[a-z])", "s", text)
    text = re.sub(r"(?<=[a-z])!(?=[a-z])", "i", text)
    text = re.sub(r"(?<![a-z0-9])([a-z])\.(?!\d)|['`\"]", r"\1", text)  # R.E.M. and don't
    return " ".join(re.sub(r"[^a-z0-9]+", " ", text).split())


def _nfkc(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _raw(text: str) -> str:
    """Keep a name without letters and digits as it is: "???" is a title."""
    return " ".join(_nfkc(text).casefold().split())


def _split(text: str) -> tuple[str, list[str]]:
    """Take a title apart into its beginning and the notes after hyphens and in brackets."""
    notes = []
    while found := _BRACKETS.search(text):
        before, after = text[: found.start()], text[found.end() :]
        if before.strip():
            notes.append(found[1])
            text = f"{before} {after}"
        else:  # "(I Can't Get No) Satisfaction"
            text = f"{found[1]} {after}"
    head, *rest = [part for part in _DASH.split(text) if part.strip()] or [text]
    return head, [*rest, *notes]


def _is_neutral(note: str) -> bool:
    given = set(note.split())
    others = {
        word for word in given - words.NEUTRAL - words.NEUTRAL_COMPANY if not _YEAR.fullmatch(word)
    }
    return bool(words.SOUNDTRACK.match(note)) or (bool(given & words.NEUTRAL) and not others)


def _kinds(text: str, table: dict[str, str]) -> frozenset[str]:
    return frozenset(kind for kind, p in table.items() if re.search(rf"\b(?:{p})\b", text))


def _version(notes: list[str], album: str) -> Version:
    kinds = frozenset[str]().union(*(_kinds(note, words.DISTINCT) for note in notes))
    parts = [plain(part) for part in _ALBUM_NOTE.split(album)]
    of_album = frozenset[str]().union(*(_kinds(part, words.DISTINCT_ALBUM) for part in parts))
    meaning = "|".join(words.DISTINCT.values())
    named = {w for note in notes for w in re.sub(rf"\b(?:{meaning})\b", " ", note).split()}
    details = named - words.FILLERS - words.NEUTRAL - words.NEUTRAL_COMPANY - {"at", "from"}
    return Version(kinds | of_album, frozenset(details))


def _markers(title: str) -> tuple[str, ...]:
    return tuple(
        sorted(w for w in title.split() if w in words.MARKERS or any(c.isdigit() for c in w))
    )


def _artist(text: str) -> set[str]:
    """Spell an artist without spaces ("AC/DC" is "ACDC"), and a leader without the quartet."""
    if is_no_artist(text):
        return set()
    named = [words.SAME_WORD.get(word, word) for word in plain(text).split()]
    named = named[: -1 if named[-1:] == ["the"] else None]
    named = named[1 if named[:1] == ["the"] else 0 :]
    leader = re.sub(r"( and (his|her|the))? \w+$", "", " ".join(named))
    led = {leader} if named and named[-1] in words.ENSEMBLES else set[str]()
    return {name.replace(" ", "") for name in led | {" ".join(named)}}


def _title(text: str) -> str:
    before, counting, result = "", False, list[str]()
    for written in plain(text).split():
        word = words.SAME_WORD.get(written, written)
        counting = before in words.COUNTED or (counting and before.isdigit())  # "parts I-V"
        before = _number(word, counting=counting)
        result.append(before)
    return " ".join(result[1:] if result[:1] == ["the"] and len(result) > 1 else result)


def _number(word: str, *, counting: bool) -> str:
    if word in words.ROMAN and (counting or len(word) > 1):
        return words.ROMAN[word]
    return words.SPELLED.get(word, word) if counting else word
