"""What a refusal tells the user: which key on which line, what is wrong, what was meant."""

from __future__ import annotations

import contextlib
import difflib
import re
import stat
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import msgspec
import tomli

from tagger.config.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

Keys = tuple[str, ...]

_TOML_WORDS = {
    "array": "a list",
    "bool": "true or false",
    "float": "a number",
    "int": "a whole number",
    "null": "nothing",
    "object": "a table",
    "str": "text",
}


def unknown_keys(document: Mapping[str, Any]) -> Iterator[Keys]:
    """Find the keys of a document that the settings tree does not have."""
    return _unknown(document, Settings, ())


def explain(error: msgspec.ValidationError) -> tuple[Keys, str]:
    """Split msgspec's "Expected `int`, got `str` - at `$.tags.max_genres`" into key and reason."""
    reason, _, place = str(error).partition(" - at `")
    keys = re.sub(r"^(key in )?\$\.?|\[.*?\]|`$", "", place).split(".")
    reason = re.sub(r"Invalid enum value (.*)", r"\1 is not possible", reason)
    reason = re.sub(r"`([a-z |]+)`", _in_toml_words, reason)
    return tuple(keys), reason[:1].lower() + reason[1:]


def nearest(keys: Keys) -> str | None:
    """Name the key that was meant: the same word in another table, or a similar spelling."""
    known = [".".join(one) for one in _types()]
    elsewhere = [name for name in known if name.rpartition(".")[2] == keys[-1]]
    meant = elsewhere or difflib.get_close_matches(".".join(keys), known, n=1)
    return f"did you mean {' or '.join(meant)}?" if meant else None


def about_secret(keys: Keys, file: Path) -> str | None:
    """Say what to do about a password or the like, of which only players need one."""
    if keys[0] == "players" or not re.search("secret|passw|token", keys[-1], re.IGNORECASE):
        return None
    with contextlib.suppress(OSError):
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            return f"tagger needs none; take it out, as others may read this file: chmod 600 {file}"
    return "tagger needs none: take it out"


def choices(keys: Keys) -> str | None:
    """List what a key with a choice of words can be."""
    kind = _types().get(keys)
    words = [f'"{word}"' for word in _literals(kind)]
    if words and get_origin(kind) is not Literal:
        words.append("a number")
    return f"possible: {', '.join(words)}" if words else None


def line_of(keys: Sequence[str], text: str) -> int | None:
    """Find the line on which the statement begins that sets a key.

    The document is parsed line by line from its top: the statement that brings the key is the
    one after the longest part that parses without it. Exact for tables, dotted keys and values
    over many lines alike, and only run for an error message.
    """
    lines, parsed = text.splitlines(keepends=True), 0
    for end in range(1, len(lines) + 1):
        try:
            found: Any = tomli.loads("".join(lines[:end]))
        except tomli.TOMLDecodeError:
            continue
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        if found is not None:
            return parsed + 1
        parsed = end
    return None


def _unknown(
    document: Mapping[str, Any], kind: type[msgspec.Struct], above: Keys
) -> Iterator[Keys]:
    types = {known.encode_name: known.type for known in msgspec.structs.fields(kind)}
    for key, value in document.items():
        keys = (*above, key)
        if key not in types:
            yield keys
        elif isinstance(value, dict) and _is_table(types[key]):
            yield from _unknown(value, types[key], keys)


def _is_table(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _types(kind: type[msgspec.Struct] = Settings, above: Keys = ()) -> dict[Keys, Any]:
    found: dict[Keys, Any] = {}
    for known in msgspec.structs.fields(kind):
        keys = (*above, known.encode_name)
        found[keys] = known.type
        if _is_table(known.type):
            found |= _types(known.type, keys)
    return found


def _literals(kind: object) -> Iterator[str]:
    for argument in get_args(kind):
        if isinstance(argument, str):
            yield argument
        elif get_origin(argument) is not None:
            yield from _literals(argument)


def _in_toml_words(match: re.Match[str]) -> str:
    return " or ".join(_TOML_WORDS.get(word, word) for word in match[1].split(" | "))
