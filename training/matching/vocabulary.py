"""Words with a meaning for matching, read from `vocabulary.toml`, which describes each list."""

from __future__ import annotations

import re
from pathlib import Path

import tomli

_WORDS = tomli.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _set(name: str) -> frozenset[str]:
    return frozenset(_WORDS[name].split())


NEUTRAL = _set("neutral")
NEUTRAL_COMPANY = _set("neutral_company")
SOUNDTRACK = re.compile(_WORDS["soundtrack"])
EDITION = re.compile(_WORDS["edition"])
DISTINCT: dict[str, str] = _WORDS["distinct"]
DISTINCT_ALBUM: dict[str, str] = _WORDS["distinct_album"]
SAME_WORD: dict[str, str] = _WORDS["same_word"]
COUNTED = _set("counted")
MARKERS = _set("markers")
FILLERS = _set("fillers")
ENSEMBLES = _set("ensembles")
ROMAN = {
    roman: str(number)
    for number, roman in enumerate(
        "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx".split(), start=1
    )
}
SPELLED = {
    word: str(number)
    for number, word in enumerate("one two three four five six seven eight nine ten".split(), 1)
}
