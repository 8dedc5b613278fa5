"""Tables of tracks: the columns of Exportify and of similar CSV files."""

from __future__ import annotations

import csv
import re
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Row = Mapping[str, str]

_DELIMITERS = (",", ";", "\t", "|")
_SEP = re.compile(r'"?sep=([^\r\n"])', re.IGNORECASE)
"""The first line of tables for Excel."""
_SPELLINGS = {
    "path": ("path", "file", "filename", "location"),
    "genre": ("genre", "label"),
    "title": ("track name", "title", "track", "name"),
    "artists": ("artist name(s)", "artist names", "artist name", "artists", "artist"),
    "album": ("album name", "album"),
    "milliseconds": ("track duration (ms)", "duration (ms)", "duration_ms"),
    "seconds": ("duration", "seconds", "length"),
    "isrc": ("isrc",),
    "id": ("track uri", "spotify uri", "track id", "spotify id", "uri", "id"),
    "part": ("part", "split", "set"),
}
"""Names of a column in common tables, in lower case, the most common first."""


def delimiter(lines: IO[str]) -> str:
    """Return the delimiter of a table, and move behind a line that names it, such as `sep=;`.

    Without such a line, the header has more known columns with the delimiter than with others.
    """
    first = lines.readline()
    if named := _SEP.match(first):
        return named[1]
    lines.seek(0)
    return max(
        _DELIMITERS,
        key=lambda delimiter: len(columns(next(csv.reader([first], delimiter=delimiter), []))),
    )


def columns(header: Iterable[str] | None) -> dict[str, str]:
    """Return the header's own name for each known column."""
    given = {name.strip().lower(): name for name in header or ()}
    return {
        column: given[spelling]
        for column, spellings in _SPELLINGS.items()
        if (spelling := next((s for s in spellings if s in given), None))
    }


def rows(reader: csv.DictReader[str]) -> Iterator[Row]:
    """Yield the known cells of each row, by the keys of `columns`; raises csv.Error."""
    known = columns(reader.fieldnames)
    for cells in reader:
        yield {column: (cells.get(name) or "").strip() for column, name in known.items()}


def artists(row: Row, *, commas: bool = False) -> tuple[str, ...]:
    r"""Split the artists of a row at semicolons.

    `commas`: without a semicolon, split at commas. Old versions of Exportify separate artists by
    commas and escape a comma in a name as `\,`.
    """
    text = row.get("artists", "")
    parts = re.split(r"(?<!\\),", text) if commas and ";" not in text else text.split(";")
    return tuple(part.replace("\\,", ",").strip() for part in parts if part.strip())


def seconds(row: Row) -> float | None:
    """Return the duration of a row in seconds, None where it is missing or malformed."""
    try:
        if row.get("milliseconds"):
            return float(row["milliseconds"]) / 1000 or None
        parts = [float(part) for part in row.get("seconds", "").split(":") if part]
    except ValueError:
        return None
    total = 0.0
    for part in parts:  # 4:05 and 1:02:03
        total = 60 * total + part
    return total or None
