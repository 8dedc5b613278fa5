"""Names of genres: equal spellings, parents, and safe file names.

The table of common genres is `genres.toml`. A name outside the
table is a genre too; only its spaces and control characters change.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeVar

import tomli

from tagger.core.placeholders import is_no_genre, letters

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

T = TypeVar("T")

LONGEST_NAME = 80
"""Characters of the longest name that a model can have."""
_SLUG_BYTES = 120
_SEPARATOR = re.compile("[/\\\\,;|\u3001\uff0c\uff1b\uff0f\uff3c]")
"""Between the genres of a list in one text, as many taggers join them."""
_NUMBER = re.compile(r"\d+|RX|CR|\(\(.*|\((\d+|RX|CR)\).*", re.DOTALL)
"""Texts that ID3 reads as the number of a genre, or with another beginning."""
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)", re.IGNORECASE)


@lru_cache(maxsize=4096)
def canonical(name: str) -> str:
    """Return the canonical spelling of a genre; case, spaces, hyphens, `&`, accents are ignored.

    In a name outside the table, only white space and control characters change.
    """
    return _spellings().get(_fold(name)) or _tidy(name)


@lru_cache(maxsize=4096)
def key(name: str) -> str:
    """Return a key that two names share only if they name the same genre."""
    known = canonical(name)
    return _fold(known) or known.casefold()


def is_known(name: str) -> bool:
    """Return whether a name is a genre of the table, in any spelling."""
    return _fold(name) in _spellings()


def common() -> frozenset[str]:
    """Return the genres of the table."""
    return frozenset(_spellings().values())


def parents(name: str, own: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the genres that `name` is part of, the nearest first; none for an unknown name.

    `own` is the user's parent of genres, by the key of the genre. It outranks the table.
    """
    if not own:
        return _above(name)
    found: list[str] = []
    seen, above = {key(name)}, _parent(name, own)
    while above and key(above) not in seen:  # the user's parents may form a circle
        found.append(above)
        seen.add(key(above))
        above = _parent(above, own)
    return tuple(found)


def is_parent(name: str) -> bool:
    """Return whether other genres of the table are part of a genre."""
    return canonical(name) in _table()["children"]


def parts(texts: Iterable[str], whole: Collection[str] = ()) -> tuple[str, ...]:
    """Return the single genres of texts that may be lists, such as `Rock/Pop`.

    A text of `whole` is not split, in any letter case. Neither is the name of one known genre, such
    as `Singer/Songwriter`, unless its parts are known genres too, as in `Pop/Rock`. Neither is a
    word for no genre, such as `N/A`.
    """
    names = {name.casefold() for name in whole}
    found: dict[str, None] = {}
    for text in texts:  # "Folk, World, & Country" is a genre of Discogs
        pieces = [
            piece for split in _SEPARATOR.split(text) if (piece := split.strip().lstrip("& "))
        ]
        one = is_no_genre(text) or (is_known(text) and not all(map(is_known, pieces)))
        if text.casefold() in names or (pieces and one):
            pieces = [text]
        found |= dict.fromkeys(pieces)
    return tuple(found)


def keys(names: Iterable[str]) -> frozenset[str]:
    """Return the keys of names."""
    return frozenset(map(key, names))


def by_key(mapping: Mapping[str, T]) -> dict[str, T]:
    """Return a mapping by genre with the key of each genre in place of its name."""
    return {key(name): value for name, value in mapping.items()}


def keys_of_lists(texts: Iterable[str]) -> frozenset[str]:
    """Return the keys of texts that may be lists, and of their parts."""
    texts = tuple(texts)
    return keys((*texts, *parts(texts)))


def is_empty(text: str, empty: Collection[str]) -> bool:
    """Return whether a text names no genre.

    `empty` are the keys of words such as `Unknown`. A text without letters and digits is empty too.
    """
    return key(text) in empty or all(not _fold(p) or key(p) in empty for p in parts([text]))


def name_fault(name: str) -> str | None:
    """Return why no file can have a genre of this name, None if it can."""
    if not name or name != name.strip().strip("\ufeff"):  # readers drop a byte order mark
        return "is empty or has spaces around it"
    if ";" in name or any(map(_unprintable, name)):
        return "contains ';' or an unprintable character"
    return "is a number for ID3" if _NUMBER.fullmatch(name) else None


def label_fault(name: str) -> str | None:
    """Return why the genre of one file cannot be that of another, None if it can."""
    if is_no_genre(name):
        return "counts as no genre"
    if len(name) > LONGEST_NAME:
        return f"has more than {LONGEST_NAME} characters"
    return name_fault(name)


def slug(name: str) -> str:
    """Return a file name, without extension, that is valid on every common file system.

    The slug is NFC, has 1 to 120 bytes of UTF-8, and no path. Two names may share a slug.
    """
    text = unicodedata.normalize("NFC", name)
    text = "".join(" " if _unprintable(c) else "-" if c in '/\\:*?"<>|' else c for c in text)
    text = _shorten(" ".join(text.split()).strip(" ."))
    if _RESERVED.match(text):
        text = _shorten(f"_{text}")
    return text or "_"


def _shorten(text: str) -> str:
    cut = text.encode()[:_SLUG_BYTES].decode(errors="ignore")
    return cut.rstrip(" .")


def _tidy(name: str) -> str:
    text = unicodedata.normalize("NFC", name)
    return " ".join("".join(" " if _unprintable(c) else c for c in text).split())


def _unprintable(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}


@lru_cache(maxsize=4096)
def _fold(name: str) -> str:
    """Reduce a name to letters, digits, and `and` for `&`, `+` and `'n'`.

    Latin accents are removed; marks of other scripts distinguish words and are kept.
    """
    text = re.sub(r"[\u0300-\u036f]", "", unicodedata.normalize("NFKD", name)).casefold()
    text = re.sub(r"[&+]|\bn\b", " and ", text)
    if text.isascii():
        return "".join(filter(str.isalnum, text))
    return text if text.isalnum() else letters(text)


@cache
def _table() -> dict[str, Any]:
    return tomli.loads(files(__package__).joinpath("genres.toml").read_text("utf-8"))


@cache
def _parent_of() -> dict[str, str]:
    parts = [*_table()["children"].items(), *_table()["translations"].items()]
    return {child: parent for parent, children in parts for child in children}


def _parent(name: str, own: Mapping[str, str]) -> str | None:
    return own.get(key(name)) or _parent_of().get(canonical(name))


@lru_cache(maxsize=4096)
def _above(name: str) -> tuple[str, ...]:
    above = _parent_of().get(canonical(name))
    return (above, *_above(above)) if above else ()


@cache
def _spellings() -> dict[str, str]:
    known = [*_parent_of(), *_parent_of().values(), *_table()["further"]]
    own = {_fold(name): name for name in known}
    aliases = _table()["aliases"]
    return own | {_fold(other): name for name in aliases for other in aliases[name]}
