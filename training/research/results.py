"""Results of the research commands, kept for the model card: one JSON object a line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

FOLDER = Path(__file__).with_name("results")


def keep(name: str, rows: Iterable[Any], folder: Path = FOLDER) -> None:
    """Write the `rows` of a measurement, each a struct or a dictionary, in place of older rows.

    `name` is the research command; the file in `folder` has its name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
    (folder / f"{name}.jsonl").write_bytes(lines)


def kept(name: str, kind: type[T], folder: Path = FOLDER) -> list[T]:
    """Return the rows that `keep` wrote under a name, as `kind`; no rows when there is no file.

    `name` and `folder` are as in `keep`.
    """
    path = folder / f"{name}.jsonl"
    lines = path.read_bytes().splitlines() if path.is_file() else []
    return [msgspec.json.decode(line, type=kind) for line in lines]
