"""Names of genres: equal spellings, parents, and safe file names.

The table of common genres is `genres.toml`. A name that is not in it is a genre like any other
and is only tidied.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any

import tomli

_SLUG_BYTES = 120
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)", re.IGNORECASE)


def canonical(name: str) -> str:
    """Return the one spelling of a genre, whatever its case, spaces, hyphens, `&` or accents.

    A name that is not in the table comes back as it was, but for white space and control
    characters.
    """
    return _spellings().get(_fold(name)) or _tidy(name)


def key(name: str) -> str:
    """Return a key that is equal for two names of the same genre, and for no others."""
    known = canonical(name)
    return _fold(known) or known.casefold()


def parents(name: str) -> tuple[str, ...]:
    """Return the genres that `name` is part of, the nearest first; none for an unknown name."""
    above = _parent_of().get(canonical(name))
    return (above, *parents(above)) if above else ()


def slug(name: str) -> str:
    """Make a file name, without extension, that every common file system takes.

    NFC, at most 120 bytes of UTF-8, never empty, no path in it. Two names may share one slug.
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


def _fold(name: str) -> str:
    """Reduce a name to what carries meaning: letters, digits, and `and` for `&`, `+` and `'n'`.

    Latin accents go; the marks of other scripts stay, because they distinguish words.
    """
    text = re.sub(r"[\u0300-\u036f]", "", unicodedata.normalize("NFKD", name)).casefold()
    text = re.sub(r"[&+]|\bn\b", " and ", text)
    return "".join(c for c in text if unicodedata.category(c)[0] in "LNM")


@cache
def _table() -> dict[str, Any]:
    return tomli.loads(files(__package__).joinpath("genres.toml").read_text("utf-8"))


@cache
def _parent_of() -> dict[str, str]:
    children = _table()["children"]
    return {child: parent for parent in children for child in children[parent]}


@cache
def _spellings() -> dict[str, str]:
    known = [*_parent_of(), *_parent_of().values(), *_table()["further"]]
    own = {_fold(name): name for name in known}
    aliases = _table()["aliases"]
    return own | {_fold(other): name for name in aliases for other in aliases[name]}
