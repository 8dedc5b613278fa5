"""Names of genres: which spellings mean the same, which genre is part of which, safe file names.

A small table of common genres, not a taxonomy: a name that is not in it is a genre like any other
and is only tidied. Players split genres at `/ , ;`, so none of our own names holds one of those.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_SUBGENRES = """
Ambient: Dark Ambient, Drone, Space Music
Blues: Blues Rock, Boogie-Woogie, Chicago Blues, Country Blues, Delta Blues, Electric Blues,
 Jump Blues, Texas Blues
Classical: Baroque, Chamber Music, Choral, Contemporary Classical, Early Music, Impressionism,
 Minimalism, Modern Classical, Opera, Orchestral, Renaissance, Romantic, Sonata, Symphony
Country: Alternative Country, Americana, Bluegrass, Country Pop, Country Rock, Honky-Tonk,
 Outlaw Country, Western Swing
Bluegrass: Progressive Bluegrass
Disco: Euro-Disco, Italo Disco, Nu-Disco
Electronic: Big Beat, Breakbeat, Chillout, Darkwave, Downtempo, Drum & Bass, Dubstep,
 EBM, Electro, Eurodance, Glitch, Hardcore Techno, House, IDM, Jungle, Synthwave, Techno, Trance,
 Trip-Hop, UK Garage, Vaporwave
House: Acid House, Chicago House, Deep House, Electro House, Progressive House, Tech House,
 Tropical House
Easy Listening: Lounge
Techno: Acid Techno, Detroit Techno, Dub Techno, Minimal Techno
Hardcore Techno: Gabber, Happy Hardcore
Trance: Goa Trance, Progressive Trance, Psytrance
Folk: Celtic, Contemporary Folk, Folk Rock, Indie Folk, Neofolk, Singer-Songwriter
Funk: G-Funk, P-Funk, Pop Funk
Hip-Hop: Alternative Hip-Hop, Boom Bap, Christian Hip-Hop, East Coast Hip-Hop, Gangsta Rap, Grime,
 Hardcore Hip-Hop, Jazz Rap, Lo-Fi Hip-Hop, Trap, West Coast Hip-Hop
Jazz: Acid Jazz, Bebop, Big Band, Bossa Nova, Cool Jazz, Dixieland, Free Jazz, Gypsy Jazz,
 Hard Bop, Jazz Funk, Jazz Fusion, Latin Jazz, Ragtime, Smooth Jazz, Swing, Vocal Jazz
Latin: Bachata, Cumbia, Mambo, Mariachi, Merengue, Reggaeton, Salsa, Samba, Tango
Metal: Black Metal, Death Metal, Doom Metal, Folk Metal, Gothic Metal, Grindcore, Groove Metal,
 Heavy Metal, Industrial Metal, Metalcore, Nu Metal, Power Metal, Progressive Metal, Speed Metal,
 Symphonic Metal, Thrash Metal
Death Metal: Melodic Death Metal, Technical Death Metal
Pop: Art Pop, Britpop, Chanson, City Pop, Dance Pop, Dream Pop, Electropop, Europop, Indie Pop,
 J-Pop, K-Pop, Pop Rock, Power Pop, Schlager, Synth-Pop, Teen Pop
Punk: Emo, Hardcore Punk, Pop Punk, Post-Punk, Ska Punk
R&B: Contemporary R&B, Doo-Wop, Gospel, Motown, New Jack Swing, Soul
Soul: Neo Soul, Northern Soul
Reggae: Dancehall, Dub, Lovers Rock, Ragga, Rocksteady, Roots Reggae, Ska
Rock: Alternative Rock, Art Rock, Classic Rock, Garage Rock, Glam Rock, Gothic Rock, Grunge,
 Hard Rock, Indie Rock, Jam Band, Krautrock, Math Rock, New Wave, Noise Rock, Post-Rock,
 Progressive Rock, Psychedelic Rock, Punk, Rock & Roll, Rockabilly, Shoegaze, Soft Rock,
 Southern Rock, Space Rock, Stoner Rock, Surf Rock, Symphonic Rock
Soundtrack: Film Score, Musical, Video Game Music
World: African, Afrobeat, Arabic, Balkan, Bhangra, Fado, Flamenco, Indian Classical, Klezmer, Polka
"""

_TOP_LEVEL = """
Acoustic, Alternative, Audiobook, Avant-Garde, Children's Music, Christian, Christmas, Comedy,
Dance, Easy Listening, Experimental, Indie, Industrial, Instrumental, New Age, Noise, Spoken Word,
Vocal
"""

_ALIASES = {
    "Alternative Rock": "Alt Rock, AlternRock",
    "Ambient": "Ambient Music",
    "Audiobook": "Audiobooks, Hörbuch",
    "Blues": "Blues Music",
    "Children's Music": "Children, Kids",
    "Christian": "Christian & Gospel",
    "Christian Hip-Hop": "Christian Rap",
    "Christmas": "Christmas Music, Weihnachten, Xmas",
    "Classical": "Classical Music, Klassik",
    "Country": "Country Music, Country & Western",
    "Dance": "Dance & EDM",
    "Disco": "Disco Music",
    "Drum & Bass": "DnB, D&B, Drum Bass",
    "Electronic": "Electronica, Electronic Music, Electronic & Dance, Elektronisch",
    "Folk": "Folk Music",
    "Goa Trance": "Goa",
    "Hip-Hop": "Hip-Hop & Rap, Hip-Hop Rap, Rap, Rap & Hip-Hop, Rap Hip-Hop",
    "Jazz": "Jazz Music",
    "Jazz Funk": "Jazz & Funk",
    "Jazz Fusion": "Fusion",
    "Metal": "Metal Music",
    "Musical": "Broadway, Musicals, Show Tunes",
    "Pop": "Pop Music",
    "Progressive Rock": "Prog, Prog Rock",
    "Psytrance": "Psychedelic Trance",
    "Punk": "Punk Rock",
    "R&B": "RnB, Rhythm & Blues, R&B & Soul, R&B Soul",
    "Reggae": "Reggae Music",
    "Rock": "Rock Music",
    "Singer-Songwriter": "Singer & Songwriter",
    "Soundtrack": "OST, Original Soundtrack, Soundtracks",
    "Spoken Word": "Spoken",
    "World": "International, World Music, Weltmusik",
}
"""Other words for the same, never merely related ones: a library may well tell those apart."""

_SLUG_BYTES = 120
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)", re.IGNORECASE)


def canonical(name: str) -> str:
    """Return the one spelling of a genre, whatever its case, spaces, hyphens, `&` or accents.

    A name that is not in the table comes back as it was, but for white space and control
    characters.
    """
    return _spellings().get(_fold(name)) or _tidy(name)


def key(name: str) -> str:
    """Return what is equal for two names exactly if they mean the same genre."""
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

    Latin accents go; the marks of other scripts stay, for they tell words apart.
    """
    text = re.sub(r"[\u0300-\u036f]", "", unicodedata.normalize("NFKD", name)).casefold()
    text = re.sub(r"[&+]|\bn\b", " and ", text)
    return "".join(c for c in text if unicodedata.category(c)[0] in "LNM")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


@cache
def _parent_of() -> dict[str, str]:
    lines = _SUBGENRES.replace("\n ", " ").strip().splitlines()
    families = (line.split(":") for line in lines)
    return {child: parent for parent, children in families for child in _names(children)}


@cache
def _spellings() -> dict[str, str]:
    known = [*_parent_of(), *_parent_of().values(), *_names(_TOP_LEVEL)]
    own = {_fold(name): name for name in known}
    return own | {_fold(other): name for name in _ALIASES for other in _names(_ALIASES[name])}
