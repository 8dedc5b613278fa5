"""Titles of classical works, by at least two signs: catalogue numbers, forms, keys, tempi. Pure."""

from __future__ import annotations

import re

_NUMBER = r"(?:no\.?|nr\.?|n[°º]\.?|num\.?|#|№)\s*\d+"
_CATALOGUE = re.compile(
    r"\b(?:BWV|BuxWV|HWV|TWV|RV|SWV|WoO|WAB|Hess|Kirkpatrick|Deutsch)\s*\.?\s*(?:anh\.?\s*)?\d+"
    r"|\b(?:K|KV|D|S|H|L|R|F|Sz|BB|FS|JS|JW|Wq|Hob|TH|HW|RO|CT|G|P|Kk|Longo)\.\s*"
    r"(?:[IVXL]+[a-z]?\s*[:/]\s*)?\d+"
    r"|\bKV?\s\d{2,3}[a-z]?\b"
    r"|\bHob\.?\s*[IVXL]+[a-z]?\s*[:/]\s*\w+"
    r"|\b(?:op|opus|оп|соч)\b\.?\s*(?:posth\.?\s*)?\d+(?:\s*[,/]?\s*(?:no|nr|n[°º])\.?\s*\d+)?",
    re.IGNORECASE,
)
_SURE_CATALOGUE = re.compile(
    r"\b(?:BWV|BuxWV|HWV|TWV|SWV|WoO|WAB)\s*\.?\s*(?:anh\.?\s*)?\d+"
    r"|\bHob\.?\s*[IVXL]+[a-z]?\s*[:/]\s*\w+|\bRV\s*\.?\s*\d{2,3}\b"
    r"|\b(?:op|opus)\b\.?\s*\d+\s*,?\s*(?:no|nr|n[°º])\.?\s*\d+|\bK(?:\.\s*|V\s?)\d{2,3}\b",
    re.IGNORECASE,
)
_FORM = re.compile(
    r"\b(?:symphon(?:y|ie|ia|ies)|sinfon[ií]a|sinfonie|concierto|concerto|szimf[oó]nia|concert[oi]|konzert|concerti"
    r"|sonat[ae]|sonatina|sonatine|quartett?o?|quatuor|cuarteto|quintett?o?|trio|suite|partita"
    r"|fug(?:ue|a|e)|pr[eé]lude|pr[aä]ludium|preludio|toccata|nocturne|notturno|[eé]tude|mazurka"
    r"|polonaise|waltz|walzer|valse|impromptu|scherzo|bagatelle|ballade|rhapsod(?:y|ie)|fantasi[ae]"
    r"|fantasy|cantata|kantate|oratorio|requiem|missa|messe|mass|motet|magnificat|stabat\smater"
    r"|te\sdeum|divertimento|serenade|serenata|overture|ouvert[uü]re|variation(?:s|en)?"
    r"|chaconne|passacaglia|sarabande|gigue|allemande|courante|bourr[eé]e|gavotte|invention"
    r"|lied(?:er)?|moment\smusical|intermezzo|capriccio|romance|rondo|brandenburg|соната|симфония"
    r"|концерт|прелюдия|этюд|вальс|ноктюрн|квартет)\b",
    re.IGNORECASE,
)
_KEY = re.compile(
    r"\bin\s+[A-H](?:[\s-]?(?:flat|sharp)|[♭♯b#])?[\s-]+(?:minor|major)\b"
    r"|\b(?:in\s+)?(?:[CDFGA]is|[DGAC]es|Es|As|[A-Hcdefgah])[\s-](?:moll|dur)\b"
    r"|\ben\s+(?:do|r[eé]|mi|fa|sol|la|si)(?:\s+(?:b[eé]mol|di[eè]se|bemol|sostenido))?"
    r"\s+(?:mineur|majeur|menor|mayor)\b"
    r"|\bin\s+(?:do|re|mi|fa|sol|la|si)(?:\s+(?:bemolle|diesis))?\s+(?:minore|maggiore)\b"
    r"|\b(?:до|ре|ми|фа|соль|ля|си)(?:[\s-](?:бемоль|диез))?[\s-](?:минор|мажор)\b",  # noqa: RUF001
    re.IGNORECASE,
)
_TEMPO_WORD = (
    r"(?:allegro|allegretto|andante|andantino|adagio|adagietto|largo|larghetto|lento|grave|presto"
    r"|prestissimo|vivace|moderato|maestoso|menuetto|minuet(?:to)?|scherzo|rondo|finale|cantabile"
    r"|con\s+(?:moto|brio|fuoco|spirito)|ma\s+non\s+t(?:roppo|anto)|assai|sostenuto|molto|poco"
    r"|tempo\s+di\s+\w+|langsam|sehr\s+langsam|lebhaft|m[aä]ssig|bewegt|vif|lent|anim[eé])"
)
_TEMPO = re.compile(rf"\b{_TEMPO_WORD}\b", re.IGNORECASE)
_MOVEMENT = re.compile(
    rf"(?:^|[:\-\u2013\u2014,(.]\s*|\s)(?:[IVX]+|\d+)\s*[.:)]\s*(?:\w+\s+)?{_TEMPO_WORD}\b",
    re.IGNORECASE,
)
_PHRASE = re.compile(
    r"\b(?:allegro|andante|adagio|largo|presto|vivace|allegretto|lento)\s+"
    r"(?:ma\s+non|con\s+(?:moto|brio|fuoco|spirito)|assai|molto|sostenuto|maestoso|cantabile"
    r"|moderato|vivace|grazioso|e\s+\w+|un\s+poco|agitato|giocoso|espressivo)",
    re.IGNORECASE,
)
_PLAYERS = re.compile(
    r"\b(?:for|f[uü]r|pour|para|per|voor|для)\s+(?:\w+\s+){0,2}?"
    r"(?:pianos?|klavier|pianoforte|violins?|violine|violon|viol[ií]n|cello|violoncell[oe]?|viola"
    r"|orchestra|orchester|orchestre|strings?|streicher|cordes|flute|fl[oö]te|oboe|clarinet"
    r"|klarinette|organ|orgel|orgue|harpsichord|cembalo|guitar|gitarre|horn|trumpet|bassoon"
    r"|choir|chor|ch(?:oe|œ)ur|фортепиано|скрипки|оркестра)\b",
    re.IGNORECASE,
)
_FORM_OF = re.compile(rf"{_FORM.pattern}(?:\s+\w+){{0,3}}\s+{_NUMBER}", re.IGNORECASE)
_ORDINARY = re.compile(
    r"^(?:(?:[IVX]+|\d+)\s*[.:)\-]\s*)?(?:kyrie(?:\s+eleison)?|gloria\s+in\s+excelsis(?:\s+deo)?"
    r"|credo\s+in\s+unum\s+deum|agnus\s+dei|dies\s+irae|lacrimosa|confutatis|sanctus(?:\s+.*)?"
    r"|benedictus(?:\s+qui\s+venit.*)?|et\s+incarnatus\s+est|crucifixus|tuba\s+mirum"
    r"|rex\s+tremendae|recordare|domine\s+jesu|hostias|lux\s+aeterna|libera\s+me|in\s+paradisum)\.?$",
    re.IGNORECASE,
)
_OF_A_MASS = re.compile(
    r"\b(?:missa|mass|messe|requiem|vespers|vesper|passion|oratorio|magnificat)\b", re.IGNORECASE
)
_ADAPTED = re.compile(
    r"\b(?:remix|rmx|mash-?up|bootleg|cover|metal|rock|punk|jazz|swing|blues|funk|disco|techno|house"
    r"|trance|dubstep|hip[\s-]?hop|trap|lo-?fi|edm|reggae|ska|big\s+band|drum\s+machine"
    r"|electric\s+guitar|synthesizers?)\b",
    re.IGNORECASE,
)
"""Words of another genre, in the title of a version of a work."""


def is_version(title: str) -> bool:
    """Return whether a title names a version of a work in another genre."""
    return bool(_ADAPTED.search(title))


def is_work(title: str, album: str = "") -> bool:
    """Return whether a title names a classical work or a movement of one.

    One sign alone is none: a band may be called "Sonata Arctica", and a song "Symphony". Parts of a
    mass count with an album that is one. A version in another genre is none.

    Args:
        title: The title of the track.
        album: The title of its album.

    """
    if is_version(title):
        return False
    if _ORDINARY.match(title.strip()):
        return bool(_OF_A_MASS.search(album))
    form, key = bool(_FORM.search(title)), bool(_KEY.search(title))
    catalogue = bool(_CATALOGUE.search(title))
    movement = bool(_MOVEMENT.search(title))
    scored = bool(_PLAYERS.search(title))
    if not (form or key or catalogue or movement or scored):  # most titles; each sign needs one
        return bool(_BARE_CATALOGUE.search(title))
    set_apart = bool(_SET_APART.search(title))
    signs = [
        bool(_SURE_CATALOGUE.search(title)) and (form or key or movement or scored),
        catalogue and (key or movement or scored),
        catalogue and form and (set_apart or not _OPUS.search(title)),
        form and (key or scored),
        key and movement,
        bool(_FORM_OF.search(title)) and (movement or bool(_TEMPO.search(title))),
        movement and bool(_PHRASE.search(title)),
        movement and bool(_FORM.search(album)) and bool(_KEY.search(album) or _NUMBERED(album)),
        bool(_BARE_CATALOGUE.search(title)),
    ]
    return any(signs)


_OPUS = re.compile(r"\bop(?:us)?\b", re.IGNORECASE)
_SET_APART = re.compile(r"[,:(]\s*op(?:us)?\b|\bop(?:us)?\b\.?\s*\d+\s*[,:]", re.IGNORECASE)
"""An opus number beside punctuation; a rock band's suite has none."""
_NUMBERED = re.compile(_NUMBER, re.IGNORECASE).search
_BARE_CATALOGUE = re.compile(
    r"\b(?:BWV|BuxWV|HWV|TWV|SWV|WoO)\s*\.?\s*\d+|\bHob\.?\s*[IVXL]+[a-z]?\s*[:/]\s*\d+"
)
