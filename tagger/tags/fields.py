"""The fields of one kind of tag in another kind, under the names that TagLib gives them.

A reader takes its fields from the first tag of a file that has any. So a new primary tag gets the
fields that readers have found in the other tags; otherwise the genre alone would hide them.
Pictures and other binary fields stay where they are.
"""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from mutagen import id3

from tagger.core.domain import GENRE
from tagger.tags.containers import apev2
from tagger.tags.containers.apev2 import Apev2
from tagger.tags.containers.id3 import UNSYNCHRONISED, V23_SEPARATOR, Id3v2
from tagger.tags.containers.id3v1 import Id3v1
from tagger.tags.containers.ilst import Ilst
from tagger.tags.containers.riff import InfoList
from tagger.tags.containers.texts import relenient
from tagger.tags.containers.vorbis import VorbisComment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from tagger.tags.containers.base import Item, RawTag

Fields = dict[str, tuple[str, ...]]
"""Values by name, in the order of the tag; the names are those of Vorbis comments."""

_ID3: Final = {
    "TALB": "ALBUM",
    "TBPM": "BPM",
    "TCMP": "COMPILATION",
    "TCOM": "COMPOSER",
    "TCOP": "COPYRIGHT",
    "TDEN": "ENCODINGTIME",
    "TDOR": "ORIGINALDATE",
    "TDRC": "DATE",
    "TDRL": "RELEASEDATE",
    "TDTG": "TAGGINGDATE",
    "TENC": "ENCODEDBY",
    "TEXT": "LYRICIST",
    "TIT1": "WORK",
    "TIT2": "TITLE",
    "TIT3": "SUBTITLE",
    "TKEY": "INITIALKEY",
    "TLAN": "LANGUAGE",
    "TLEN": "LENGTH",
    "TMED": "MEDIA",
    "TMOO": "MOOD",
    "TOAL": "ORIGINALALBUM",
    "TOFN": "ORIGINALFILENAME",
    "TOLY": "ORIGINALLYRICIST",
    "TOPE": "ORIGINALARTIST",
    "TPE1": "ARTIST",
    "TPE2": "ALBUMARTIST",
    "TPE3": "CONDUCTOR",
    "TPE4": "REMIXER",
    "TPOS": "DISCNUMBER",
    "TPUB": "LABEL",
    "TRCK": "TRACKNUMBER",
    "TSO2": "ALBUMARTISTSORT",
    "TSOA": "ALBUMSORT",
    "TSOC": "COMPOSERSORT",
    "TSOP": "ARTISTSORT",
    "TSOT": "TITLESORT",
    "TSRC": "ISRC",
    "TSSE": "ENCODING",
    "TSST": "DISCSUBTITLE",
    "GRP1": "GROUPING",
    "MVIN": "MOVEMENTNUMBER",
    "MVNM": "MOVEMENTNAME",
    "WCOP": "COPYRIGHTURL",
    "WOAF": "FILEWEBPAGE",
    "WOAR": "ARTISTWEBPAGE",
    "WOAS": "AUDIOSOURCEWEBPAGE",
    "WORS": "RADIOSTATIONWEBPAGE",
    "WPAY": "PAYMENTWEBPAGE",
    "WPUB": "PUBLISHERWEBPAGE",
}
_TXXX: Final = {
    "MUSICBRAINZ ALBUM ID": "MUSICBRAINZ_ALBUMID",
    "MUSICBRAINZ ARTIST ID": "MUSICBRAINZ_ARTISTID",
    "MUSICBRAINZ ALBUM ARTIST ID": "MUSICBRAINZ_ALBUMARTISTID",
    "MUSICBRAINZ ALBUM RELEASE COUNTRY": "RELEASECOUNTRY",
    "MUSICBRAINZ ALBUM STATUS": "RELEASESTATUS",
    "MUSICBRAINZ ALBUM TYPE": "RELEASETYPE",
    "MUSICBRAINZ RELEASE GROUP ID": "MUSICBRAINZ_RELEASEGROUPID",
    "MUSICBRAINZ RELEASE TRACK ID": "MUSICBRAINZ_RELEASETRACKID",
    "MUSICBRAINZ WORK ID": "MUSICBRAINZ_WORKID",
    "ACOUSTID ID": "ACOUSTID_ID",
    "ACOUSTID FINGERPRINT": "ACOUSTID_FINGERPRINT",
    "MUSICIP PUID": "MUSICIP_PUID",
}
_APEV2: Final = {
    "ALBUM ARTIST": "ALBUMARTIST",
    "DISC": "DISCNUMBER",
    "MIXARTIST": "REMIXER",
    "MUSICBRAINZ_ALBUMSTATUS": "RELEASESTATUS",
    "MUSICBRAINZ_ALBUMTYPE": "RELEASETYPE",
    "TRACK": "TRACKNUMBER",
    "YEAR": "DATE",
}
_INFO: Final = {
    "IAAR": "ALBUMARTIST",
    "IART": "ARTIST",
    "IBPM": "BPM",
    "IBSU": "ARTISTWEBPAGE",
    "ICMT": "COMMENT",
    "ICNT": "RELEASECOUNTRY",
    "ICOP": "COPYRIGHT",
    "ICPL": "COMPILATION",
    "ICRD": "DATE",
    "IDIT": "ENCODINGTIME",
    "IEDT": "REMIXER",
    "IENG": "ARRANGER",
    "ILNG": "LANGUAGE",
    "IMED": "MEDIA",
    "IMUS": "COMPOSER",
    "INAM": "TITLE",
    "IPRD": "ALBUM",
    "IPRT": "TRACKNUMBER",
    "IPUB": "LABEL",
    "ISFT": "ENCODING",
    "ISRC": "ISRC",
    "ISTR": "PERFORMER",
    "ITCH": "ENCODEDBY",
    "ITRK": "TRACKNUMBER",
    "IWRI": "LYRICIST",
    "PRT1": "DISCSUBTITLE",
}
_DESCRIBED: Final = {"COMM": "COMMENT", "USLT": "LYRICS", "WXXX": "URL"}
_BINARY: Final = frozenset({"APIC", "GEOB", "MCDI", "PIC", "PRIV"})
_V1_COMMENT: Final = "ID3v1 Comment"
"""mutagen's description of the comment of ID3v1."""
_ILST: Final = {
    "\xa9alb": "ALBUM",
    "\xa9ART": "ARTIST",
    "\xa9nam": "TITLE",
    "aART": "ALBUMARTIST",
}
_FRAMES: Final = {name: frame for frame, name in _ID3.items() if frame.startswith("T")}
_KEYS: Final = {name: key.title() for key, name in _APEV2.items()}
_KEY: Final = re.compile(r"[ -<>-}]{2,255}")
"""A name that a Vorbis comment and an APEv2 item can have."""


def fields(tag: RawTag, without: Collection[str] = ()) -> Fields:
    """Return the texts of a tag without its genres.

    `without` are further fields that are left out.
    """
    return {name: values for name, values in _all_fields(tag).items() if name not in without}


def _all_fields(tag: RawTag) -> Fields:
    if isinstance(tag, Id3v1):
        return _id3_fields(id3.ParseID3v1(tag.render(), 4) or {})
    if isinstance(tag, Id3v2):
        items = tuple(item for item in tag.without((GENRE,)) if item.name not in _BINARY)
        plain = replace(tag, items=items, reserved_bytes=0)
        return _id3_fields(dict(id3.ID3(io.BytesIO(plain.render()), load_v1=False)))
    found: Fields = {}
    for name, values in _texts(tag):
        found[name] = (*found.get(name, ()), *(value for value in values if value))
    return {name: values for name, values in found.items() if values and name != "GENRE"}


def _texts(tag: RawTag) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield names and values of a tag other than ID3."""
    if isinstance(tag, InfoList):
        known = {_INFO[name]: text for name, text in tag.texts().items() if name in _INFO}
        yield from ((name, (text,)) for name, text in known.items())
    elif isinstance(tag, Apev2):
        yield from ((_APEV2.get(key.upper(), key.upper()), values) for key, values in tag.texts())
    elif isinstance(tag, Ilst):
        yield from ((_ILST[name], (text,)) for name, text in tag.texts() if name in _ILST)
    elif isinstance(tag, VorbisComment):
        yield from ((item.name, tag.texts_of(item)) for item in tag.items)


def _id3_fields(frames: Mapping[str, id3.Frame]) -> Fields:
    found: Fields = {}
    for frame in frames.values():
        name, values = _named(frame)
        if values and name not in ("", "GENRE"):
            found[name] = (*found.get(name, ()), *values)
    return found


def _named(frame: Any) -> tuple[str, tuple[str, ...]]:
    """Return the name and the texts of a frame; an empty name for other frames."""
    kind: str = frame.FrameID
    name, texts = _ID3.get(kind, ""), tuple[str, ...]()
    if kind == "TXXX":
        name, texts = _TXXX.get(frame.desc.upper(), frame.desc.upper()), _decoded(frame)
    elif kind in _DESCRIBED:
        described = frame.desc and frame.desc != _V1_COMMENT
        name = _DESCRIBED[kind] + (f":{frame.desc.upper()}" if described else "")
        texts = (frame.url,) if kind == "WXXX" else _decoded(frame)
    elif kind == "UFID" and frame.owner == "http://musicbrainz.org":
        name, texts = "MUSICBRAINZ_TRACKID", (frame.data.decode("ascii", "replace"),)
    elif name and kind.startswith("W"):
        texts = (frame.url,)
    elif name:
        texts = _decoded(frame)
    return name, tuple(text for text in texts if text)


def _decoded(frame: Any) -> tuple[str, ...]:
    """Return the texts of a frame; Latin-1 is often another encoding."""
    texts = (frame.text,) if isinstance(frame.text, str) else frame.text
    joined = "\0".join(map(str, texts))
    return tuple((relenient(joined) if frame.encoding == 0 else joined).split("\0"))


def carried(target: RawTag, sources: Iterable[RawTag], without: Collection[str]) -> RawTag:
    """Return an empty tag with the fields of other tags, but their genres.

    Args:
        target: The tag without items.
        sources: The other tags, in the order in which readers prefer them.
        without: Further fields that are left out.

    """
    found: Fields = {}
    guessed = dict[str, bytes]()
    for source in sources:
        if isinstance(source, Id3v2) and isinstance(target, Id3v2) and not target.items:
            same = target.major == source.major or not target.reserved_bytes
            standing = source if same else source.converted(target.major)
            flags = target.flags | standing.flags & UNSYNCHRONISED
            items = standing.without((GENRE, *without))
            target = replace(target, items=items, major=standing.major, flags=flags)
        own = fields(source, without)
        if isinstance(source, Id3v1 | InfoList):
            raw = b"".join(item.raw for item in source.items)
            guessed |= dict.fromkeys(own.keys() - found.keys(), raw)
        found = {**own, **found}
    missing = {name: found[name] for name in found if name not in fields(target)}
    if not missing:
        return target
    return replace(target, items=(*target.items, *_items(target, missing, guessed)))


def _items(target: RawTag, found: Fields, guessed: Mapping[str, bytes]) -> tuple[Item, ...]:
    """Return the items of fields; `guessed` has the tag of each field that names no encoding."""
    if isinstance(target, Id3v2):
        return _frames(found, target.major, guessed) if target.major > 2 else ()
    named = {name: values for name, values in found.items() if _KEY.fullmatch(name)}
    if isinstance(target, VorbisComment):
        return tuple(item for name in named for item in target.encode_field(name, named[name]))
    if isinstance(target, Apev2):
        return tuple(apev2.text_item(_KEYS.get(name, name.title()), named[name]) for name in named)
    return ()


def _frames(found: Fields, major: int, guessed: Mapping[str, bytes]) -> tuple[Item, ...]:
    tags = id3.ID3()
    for name, values in found.items():
        base, _, desc = name.partition(":")
        texts = list(values)
        encoding = _encoding(texts, guessed.get(name, b""))
        if base == "COMMENT":
            tags.add(id3.COMM(encoding=encoding, lang="XXX", desc=desc, text=texts))
        elif base == "LYRICS":
            tags.add(id3.USLT(encoding=encoding, lang="XXX", desc=desc, text=texts[0]))
        elif name in _FRAMES:
            tags.add(id3.Frames[_FRAMES[name]](encoding=encoding, text=texts))
        else:
            tags.add(id3.TXXX(encoding=encoding, desc=name, text=texts))
    if major == 3:
        tags.update_to_v23()
    buffer = io.BytesIO()
    tags.save(buffer, v1=0, v2_version=major, v23_sep=V23_SEPARATOR)
    return Id3v2.parse(buffer.getvalue()).items


def _encoding(texts: Sequence[str], tag: bytes) -> int:
    """Return the encoding of a frame: UTF-8, but Latin-1 for texts whose encoding was a guess.

    So their bytes stay, and a reader that guesses better, as in Cyrillic, still does.

    Args:
        texts: The texts.
        tag: The bytes of their tag if it names no encoding, else nothing.

    """
    try:
        same = all(text.encode("latin-1") in tag for text in texts)
    except UnicodeEncodeError:
        return 3
    return 0 if same and not all(map(str.isascii, texts)) else 3
