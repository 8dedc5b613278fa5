"""The parts of a configuration error: key, line, reason, and the likely right key."""

from __future__ import annotations

import difflib
import re
import shlex
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import msgspec
import tomli

from tagger.config.settings import Settings
from tagger.config.values import others_may_read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

Keys = tuple[str, ...]

_NEARLY_EQUAL = 0.8
"""The least likeness of a key to another key of its table, 0 to 1: `folder` and `folders`."""

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
    """Yield the keys of a document that the settings tree does not contain."""
    return _unknown(document, Settings, ())


def explain(error: msgspec.ValidationError) -> tuple[Keys, str]:
    """Split msgspec's "Expected `int`, got `str` - at `$.tags.max_genres`" into key and reason."""
    reason, _, place = str(error).partition(" - at `")
    keys = re.sub(r"^(key` in `)?\$\.?|\[.*?\]|`$", "", place).split(".")
    reason = re.sub(r"Invalid enum value (.*)", r"\1 is not possible", reason)
    reason = re.sub(r"Object missing required field `(.*)`", r"the field \1 is missing", reason)
    reason = re.sub(r"Object contains unknown field `(.*)`", r"unknown field \1", reason)
    reason = re.sub(r" matching regex .*", " that is not blank, without NUL", reason)
    reason = re.sub(r"`([a-z |]+)`", _in_toml_words, reason)
    return tuple(keys), reason[:1].lower() + reason[1:]


def json_fault(error: Exception) -> str:
    """Return, in one line, why a JSON text cannot be decoded into an object."""
    if not isinstance(error, msgspec.ValidationError):
        return "is no JSON"
    keys, reason = explain(error)
    return " ".join(": ".join(filter(None, [".".join(keys), reason])).split())


def nearest(keys: Keys) -> str | None:
    """Suggest a key: a nearly equal word, the same word in another table, or a similar spelling."""
    names = [".".join(path) for path in _types()]
    table = [path[-1] for path in _types() if path[:-1] == keys[:-1]]
    near = difflib.get_close_matches(keys[-1], table, n=1, cutoff=_NEARLY_EQUAL)
    misspelt = [".".join([*keys[:-1], word]) for word in near]
    elsewhere = [name for name in names if name.rpartition(".")[2] == keys[-1]]
    likely = misspelt or elsewhere or difflib.get_close_matches(".".join(keys), names, n=1)
    return f"did you mean {' or '.join(likely)}?" if likely else None


def secret_hint(keys: Keys, file: Path) -> str | None:
    """Return the hint for an unknown key that looks like a password; only players need one."""
    if keys[0] == "players" or not re.search("secret|passw|token", keys[-1], re.IGNORECASE):
        return None
    if others_may_read(file):
        others = f"other users may read this file: chmod 600 {shlex.quote(str(file))}"
        return f"tagger needs none: remove it; {others}"
    return "tagger needs none: remove it"


def choices(keys: Keys) -> str | None:
    """Return the possible values of a key with a choice of words, None for other keys."""
    kind = _types().get(keys)
    words = [f'"{word}"' for word in _literals(kind)]
    if words and get_origin(kind) is not Literal:
        words.append("a number")
    return f"possible: {', '.join(words)}" if words else None


def line_of(keys: Sequence[str], text: str) -> int | None:
    """Return the line of the statement in `text` that sets the path `keys`.

    Ever longer parts of the document are parsed from its top. The statement follows the longest
    part that parses without the key. This is exact for tables, dotted keys and values over many
    lines. It is slow, but runs for an error message only.
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
    types = {entry.encode_name: entry.type for entry in msgspec.structs.fields(kind)}
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
    for entry in msgspec.structs.fields(kind):
        keys = (*above, entry.encode_name)
        found[keys] = entry.type
        if _is_table(entry.type):
            found |= _types(entry.type, keys)
    return found


def _literals(kind: object) -> Iterator[str]:
    for argument in get_args(kind):
        if isinstance(argument, str):
            yield argument
        elif get_origin(argument) is not None:
            yield from _literals(argument)


def _in_toml_words(match: re.Match[str]) -> str:
    return " or ".join(_TOML_WORDS.get(word, word) for word in match[1].split(" | "))
