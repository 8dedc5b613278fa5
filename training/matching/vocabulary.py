"""Words with a meaning for matching: spellings of one title, and marks of different recordings."""

from __future__ import annotations

import re

NEUTRAL = frozenset(
    "remaster remastered remastering mono stereo radio single album lp original explicit clean"
    " bonus deluxe expanded anniversary official audio video medley".split()
)
"""A note of these alone leaves the recording the same: "2011 Remaster", "Radio Edit"."""
NEUTRAL_COMPANY = frozenset(
    "the and digital digitally version edition edit mix track recording music lyric lyrics hd hq"
    " new main 7 12 inch".split()
)
"""Neutral words within such a note, as are years and ordinals."""
SOUNDTRACK = re.compile(r"(?:music |songs? |theme )?(?:from|as heard in|taken from|aus) ")
"""How a note begins that names the film or show a song is from."""

DISTINCT = {
    "live": r"live|en vivo|ao vivo|en directo|in concert|unplugged|bbc|peel",
    "remix": r"remix|remixed|rmx|rework|reworked|bootleg|mashup|mix|dub|vip|flip",
    "edit": r"edit|extended|long version|short version",
    "acoustic": r"acoustic|stripped|unplugged|piano version",
    "instrumental": r"instrumental|backing track",
    "karaoke": r"karaoke|made famous by|in the style of|tribute|originally performed",
    "demo": r"demo|demos|rough|early version|outtakes?|alternate|alternative|take \d+",
    "cover": r"cover",
    "orchestral": r"orchestral|symphonic version|orchestra version",
    "a cappella": r"a ?c+app?ell?a",
    "new recording": r"re ?record(?:ed|ing)|new version|\w+s version|(?:19|20)\d\d version",
    "speed": r"sped up|slowed|reverb|nightcore|8d",
    "reprise": r"reprise",
    "session": r"sessions?",
    "language": r"(?:spanish|english|french|german|italian|japanese) version|en espanol",
    "spoken": r"commentary|skit|interview",
}
"""A note with one of these words names another recording; by kind, as regular expressions."""
DISTINCT_ALBUM = {
    "live": r"^live$|(?:^| )live (?:at|in|from|on) |in concert|unplugged",
    "karaoke": r"karaoke|tribute to|made famous by",
    "instrumental": r"^instrumentals?$|instrumental versions?",
    "remix": r"remixes|remixed",
}
"""The same for the name of an album."""

SAME_WORD = {
    "pt": "part",
    "pts": "part",
    "parts": "part",
    "vol": "volume",
    "nr": "no",
    "num": "no",
    "number": "no",
    "mvt": "movement",
    "n": "and",
    "und": "and",
    "y": "and",
    "et": "and",
    "dur": "major",
    "moll": "minor",
}
COUNTED = frozenset("part act chapter volume no movement book scene disc episode phase".split())
"""After these a Roman numeral of one letter, or a number in words, is a number."""
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
MARKERS = frozenset(
    "major minor sharp flat not intro outro prelude fugue toccata fantasia sonata concerto symphony"
    " allegro allegretto adagio adagietto andante andantino largo larghetto lento presto"
    " prestissimo vivace moderato menuetto minuet scherzo rondo finale aria recitative kyrie gloria"
    " credo sanctus agnus gigue sarabande courante allemande gavotte bourree".split()
)
"""Words that separate otherwise equal titles, as do numbers."""
FILLERS = frozenset("the a an of and in on to no".split())
"""Words that one spelling of a title may have and another lack."""

NOBODY = frozenset("various artists|various|va|v a|diverse|unknown artist|unknown".split("|"))
ENSEMBLES = frozenset("trio quartet quintet sextet septet octet orchestra band ensemble".split())
"""Last words of an artist's name that another catalogue may omit."""
EDITION = re.compile(
    r"\b(?:deluxe|expanded|anniversary|remaster|remastered|special|limited|collectors?|bonus"
    r"|edition|disc \d+|cd ?\d+|explicit|mono|stereo|ep|single|original|soundtrack)\b"
)
"""A note that an album's name has in one catalogue and lacks in another."""
