"""The values of rows; a value that tagger never wrote shows a damaged database."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from tagger.core.domain import Action
from tagger.errors import REPAIR, StoreDamagedError

if TYPE_CHECKING:
    from collections.abc import Collection

T = TypeVar("T")

_DECODERS: Final[dict[object, msgspec.json.Decoder[Any]]] = {}
"""By type: to make a decoder takes longer than to decode the tags of a file."""


def damaged(cause: object) -> StoreDamagedError:
    """Return the error of a row that cannot be read, with the next step."""
    return StoreDamagedError(f"the state database is damaged: {cause}", hint=REPAIR)


def marks(values: Collection[object]) -> str:
    """Return the question marks of SQL for some values."""
    return ", ".join("?" * len(values))


def at_or_below(path: Path) -> tuple[bytes, bytes, bytes]:
    """Return a path in bytes, and the bounds between which all paths below it are."""
    raw = os.fsencode(path).rstrip(b"/")
    return raw, raw + b"/", raw + b"0"


def stored_path(raw: bytes) -> Path:
    """Return the path of a row; raises StoreDamagedError for bytes that no file system has."""
    return Path(stored_file(raw))


def stored_file(raw: bytes) -> str:
    """Return the path of a row as a text, which takes a fourth of the memory; see `stored_path`."""
    if not raw or b"\0" in raw:
        raise damaged("a path cannot be read")
    return os.fsdecode(raw)


@lru_cache(maxsize=64)
def stored_root(raw: bytes) -> Path:
    """Return the root of a row, as `stored_path`; a library has few roots and many rows."""
    return stored_path(raw)


def stored_action(text: str) -> Action:
    """Return the action of a row; raises StoreDamagedError for an unknown action."""
    try:
        return Action(text)
    except ValueError as error:
        raise damaged(error) from error


def json_text(value: object) -> str:
    """Return a value as JSON, for `stored_json`."""
    return msgspec.json.encode(value).decode()


def stored_json(text: str, kind: type[T]) -> T:
    """Return a value that was stored as JSON.

    Args:
        text: The JSON.
        kind: The type of the value.

    Raises:
        StoreDamagedError: the text is not JSON, or not of this type.

    """
    if (decoder := _DECODERS.get(kind)) is None:
        decoder = _DECODERS[kind] = msgspec.json.Decoder(kind)
    try:
        value: T = decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise damaged(error) from error
    return value
