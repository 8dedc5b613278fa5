"""A coverage-guided fuzzer of the parsers of containers and the reader of tags.

    python fuzz.py CORPUS [OPTION OF LIBFUZZER]...

Every input must give tags or a typed error. A composed file with another genre must be parsed back
with that genre, and all other fields unchanged.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["tagger.tags", "mutagen"]):
    from tagger.core.domain import GENRE
    from tagger.errors import TaggerError
    from tagger.tags import edit
    from tagger.tags.boundary import boundary
    from tagger.tags.containers import dismantle
    from tagger.tags.fingerprint import contents
    from tagger.tags.options import WriteOptions
    from tagger.tags.parsed import ParsedFile, track_tags

PATH = Path("fuzzed")
GENRES = ("Deep House", "Électronique")
LARGEST = 1 << 20


def one_input(data: bytes) -> None:
    """Read and rewrite one input."""
    try:
        with boundary(PATH):
            parsed = ParsedFile(io.BytesIO(data[:LARGEST]), PATH)
            track_tags(parsed, GENRE)
            container = parsed.container
            tags = edit.retagged(container, {GENRE: GENRES}, WriteOptions())
            written = b"".join(contents(parsed.file, container.compose(tags)))
    except (TaggerError, MemoryError):
        return
    try:
        again = dismantle(io.BytesIO(written), parsed.form)
    except Exception:  # noqa: BLE001 - the verification of a write refuses such a copy
        return
    if edit.same(again.tags, tags) and again.values(GENRE) != GENRES:
        raise AssertionError("the composed file has other genres")


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
