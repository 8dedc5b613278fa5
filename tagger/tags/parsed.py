"""The reading of tags with mutagen, from a table of fields by kind of tag.

Genres come from the raw tags, as the writer reads them. The other fields and the duration come from
mutagen, whose reading is also a check of every write.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from mutagen.aiff import AIFF
from mutagen.apev2 import APEBinaryValue, APEExtValue
from mutagen.asf import ASF
from mutagen.dsf import DSF
from mutagen.flac import FLAC
from mutagen.id3 import ID3
from mutagen.monkeysaudio import MonkeysAudio
from mutagen.mp3 import MP3, HeaderNotFoundError
from mutagen.mp4 import MP4, MP4NoTrackError, MP4Tags
from mutagen.musepack import Musepack
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE
from mutagen.wavpack import WavPack, WavPackInfo

from tagger.audio.formats import why_unsupported
from tagger.audio.source import device_errors
from tagger.core.domain import GENRE, GROUPING, OtherField, TrackTags
from tagger.errors import CorruptTagsError, UnsupportedContainerError
from tagger.tags.containers import dismantle, identify
from tagger.tags.containers.base import MalformedError, Span
from tagger.tags.containers.stream import Part, file_size, sound_start
from tagger.tags.fields import fields
from tagger.tags.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from tagger.tags.containers.base import Container


class _AnyRateInfo(WavPackInfo):
    """The information of WavPack, without a length for a rate outside mutagen's table."""

    length = 0.0

    def __init__(self, fileobj: BinaryIO) -> None:
        with contextlib.suppress(IndexError):
            super().__init__(fileobj)  # type: ignore[no-untyped-call]


class _WavPack(WavPack):
    _Info = _AnyRateInfo


READERS: Final[dict[str, Any]] = {
    "aiff": AIFF,
    "ape": MonkeysAudio,
    "asf": ASF,
    "dsf": DSF,
    "flac": FLAC,
    "mp3": MP3,
    "mp4": MP4,
    "musepack": Musepack,
    "oggflac": OggFLAC,
    "opus": OggOpus,
    "speex": OggSpeex,
    "vorbis": OggVorbis,
    "wav": WAVE,
    "wavpack": _WavPack,
}

FIELDS: Final[dict[str, dict[str, str]]] = {
    "id3v2": {
        "title": "TIT2",
        "artist": "TPE1",
        "album": "TALB",
        "album_artist": "TPE2",
        "compilation": "TCMP",
        "genre": "TCON",
        "isrc": "TSRC",
        "composer": "TCOM",
        "artist_id": "TXXX:MusicBrainz Artist Id",
        "album_artist_id": "TXXX:MusicBrainz Album Artist Id",
    },
    "vorbis": {
        "title": "title",
        "artist": "artist",
        "album": "album",
        "album_artist": "albumartist",
        "compilation": "compilation",
        "genre": "genre",
        "isrc": "isrc",
        "composer": "composer",
        "artist_id": "musicbrainz_artistid",
        "album_artist_id": "musicbrainz_albumartistid",
    },
    "ilst": {
        "title": "\xa9nam",
        "artist": "\xa9ART",
        "album": "\xa9alb",
        "album_artist": "aART",
        "compilation": "cpil",
        "genre": "\xa9gen",
        "isrc": "----:com.apple.iTunes:ISRC",
        "composer": "\xa9wrt",
        "artist_id": "----:com.apple.iTunes:MusicBrainz Artist Id",
        "album_artist_id": "----:com.apple.iTunes:MusicBrainz Album Artist Id",
    },
    "asf": {
        "title": "Title",
        "artist": "Author",
        "album": "WM/AlbumTitle",
        "album_artist": "WM/AlbumArtist",
        "compilation": "WM/IsCompilation",
        "genre": "WM/Genre",
        "isrc": "WM/ISRC",
        "composer": "WM/Composer",
        "artist_id": "MusicBrainz/Artist Id",
        "album_artist_id": "MusicBrainz/Album Artist Id",
    },
    "apev2": {
        "title": "Title",
        "artist": "Artist",
        "album": "Album",
        "album_artist": "Album Artist",
        "compilation": "Compilation",
        "genre": "Genre",
        "isrc": "ISRC",
        "composer": "Composer",
        "artist_id": "MUSICBRAINZ_ARTISTID",
        "album_artist_id": "MUSICBRAINZ_ALBUMARTISTID",
    },
}
"""The name of each field, by kind of tag."""


PODCAST_FRAMES: Final = frozenset({"PCST", "WFED"})
"""ID3 frames of podcasts: the mark of an episode, and the address of its feed."""
SPOKEN_KINDS: Final = frozenset({2, 21})
"""Kinds of media in MP4's `stik`: audiobook, and podcast."""
LONGEST_GENRES = 10_000
"""Characters of all genres of a file together."""
LARGEST_GENRES = 1 << 16
"""Bytes of all genre fields of a file together."""
LONGEST_FIELD = 1_000
"""Characters of any other field; the rest is left out."""
MOST_VALUES = 8
"""Artists of one file; further artists are left out."""


@dataclass(slots=True)
class Parse:
    """A file as its bytes describe it, without the file."""

    form: str
    """The format, as in `READERS`."""
    container: Container
    source: Source
    """The reads of the parse."""
    mutagen: Any = None
    """Mutagen's file object, None before it is needed."""


def _parse_own(file: BinaryIO, path: Path) -> Parse:
    source = Source(file)
    reading = cast("BinaryIO", source)
    form = identify(reading)
    if form not in READERS:
        raise _unsupported(file, path)
    container = dismantle(reading, form)
    genres = (i for tag in container.tags.values() for _, i in tag.genre_items)
    if (size := sum(item.size for item in genres)) > LARGEST_GENRES:
        raise MalformedError(f"the genres have {size:,} bytes, more than {LARGEST_GENRES:,}")
    return Parse(form, container, source)


class ParsedFile:
    """An open file, parsed once by our own code and once by mutagen; for use inside `boundary`."""

    def __init__(self, file: BinaryIO, path: Path, known: Parse | None = None) -> None:
        """Parse the container of `file`.

        Args:
            file: The open file.
            path: The path in errors.
            known: The parse of exactly these bytes, which is not repeated.

        Raises:
            UnsupportedContainerError: as `read_by_mutagen`; and the exceptions that `boundary`
                converts.

        """
        self.path = path
        self.file = file
        self.parse = known or _parse_own(file, path)
        self.container = self.parse.container
        self.form = self.parse.form

    @property
    def mutagen(self) -> Any:
        """Mutagen's file object."""
        if self.parse.mutagen is None:
            reading = cast("BinaryIO", self.parse.source)
            self.parse.mutagen = read_by_mutagen(reading, self.form, self.path)
        return self.parse.mutagen

    def values(self, field: str) -> tuple[str, ...]:
        """Return the values of a field; CorruptTagsError if they are too long."""
        values = self.container.values(field)
        if (length := sum(map(len, values))) > LONGEST_GENRES:
            reason = f"the genres have {length:,} characters, more than {LONGEST_GENRES:,}"
            raise CorruptTagsError(reason, self.path)
        return values


def read_by_mutagen(file: BinaryIO, form: str, path: Path) -> Any:
    """Return mutagen's file object.

    Args:
        file: The open file.
        form: Its format, as in `READERS`.
        path: The path in errors.

    Raises:
        UnsupportedContainerError: the file contains no sound of this format.

    """
    try:
        return _parse(file, form)
    except (HeaderNotFoundError, MP4NoTrackError) as error:
        raise _unsupported(file, path) from error


def _unsupported(file: BinaryIO, path: Path) -> UnsupportedContainerError:
    reason, hint = why_unsupported(file, sound_start(file))
    return UnsupportedContainerError(reason, path, hint)


def _parse(file: BinaryIO, form: str) -> Any:
    start = sound_start(file) if form != "mp3" else 0
    size = file_size(file)
    file.seek(0)
    with device_errors(file) as errors:  # mutagen treats some as the end of the file
        reading = cast("BinaryIO", errors)
        if not start:
            return READERS[form](reading)
        # mutagen does not expect an ID3 tag before these
        return READERS[form](Part(reading, Span(start, size - start)))


def track_tags(parsed: ParsedFile, field: str) -> TrackTags:
    """Return the tags of a parsed file; for use inside `boundary`.

    Args:
        parsed: The file.
        field: The field that tagger writes.

    """
    sources = list(_sources(parsed))
    genre, values = parsed.values(GENRE), parsed.values(field)
    return TrackTags(
        genres=values or genre,
        other=None if field == GENRE else OtherField(field, values, genre),
        title=_first(sources, "title"),
        artist=_first(sources, "artist"),
        album=_first(sources, "album"),
        album_artist=_first(sources, "album_artist"),
        compilation=_first(sources, "compilation").lower() in ("1", "true"),
        duration=float(getattr(parsed.mutagen.info, "length", None) or 0.0),
        isrc=_first(sources, "isrc"),
        artists=_several(sources, "artist"),
        composer=_first(sources, "composer"),
        artist_id=_first(sources, "artist_id"),
        album_artist_id=_first(sources, "album_artist_id"),
        spoken=_is_spoken(parsed.mutagen.tags),
    )


def _is_spoken(tags: Any) -> bool:
    """Check for the marks of iTunes and of podcast clients; the content of PCST has no meaning."""
    if isinstance(tags, ID3):
        return not PODCAST_FRAMES.isdisjoint(tags)
    if isinstance(tags, MP4Tags):
        return bool(tags.get("pcst")) or not SPOKEN_KINDS.isdisjoint(tags.get("stik", ()))
    return False


def _sources(parsed: ParsedFile) -> Iterator[Mapping[str, tuple[str, ...]]]:
    """Yield the texts of the tags by name, the container's own tag first."""
    container, tags = parsed.container, parsed.mutagen.tags
    if tags:
        kind = "id3v2" if isinstance(tags, ID3) else container.primary
        yield {
            name: value_texts(tags[key]) if key in tags else ()
            for name, key in FIELDS[kind].items()
        }
    for kind, tag in container.tags.items():
        if kind != container.primary or not tags:
            found = fields(tag)
            yield {name: found.get(_canonical(name), ()) for name in FIELDS["id3v2"]}


def _canonical(name: str) -> str:
    """Return the name of a field of `TrackTags` in the table of `fields`."""
    joined = name.replace("_", "").upper()
    return f"MUSICBRAINZ_{joined}" if name.endswith("_id") else joined


def _first(sources: list[Mapping[str, tuple[str, ...]]], field: str) -> str:
    found = (text for source in sources for text in source.get(field, ()))
    return next((text for text in found if text), "")[:LONGEST_FIELD]


def _several(sources: list[Mapping[str, tuple[str, ...]]], field: str) -> tuple[str, ...]:
    """Return the values of a field that has several; nothing for a single value."""
    for source in sources:
        if values := tuple(text[:LONGEST_FIELD] for text in source.get(field, ()) if text):
            return values[:MOST_VALUES] if len(values) > 1 else ()
    return ()


_GROUPING: Final = {
    "id3v2": "GRP1",
    "vorbis": "grouping",
    "ilst": "\xa9grp",
    "asf": "WM/ContentGroupDescription",
    "apev2": "Grouping",
}


def mutagen_key(kind: str, field: str) -> str:
    """Return mutagen's name of a field that tagger writes.

    Args:
        kind: The kind of the tags, a key of the table of fields.
        field: The field, as in `tags.WriteOptions`.
    """
    if field in (GENRE, GROUPING):
        return _GROUPING[kind] if field == GROUPING else FIELDS[kind]["genre"]
    prefix = {"id3v2": "TXXX:", "ilst": "----:com.apple.iTunes:"}.get(kind, "")
    return prefix + field


def value_texts(value: Any) -> tuple[str, ...]:
    """Return the texts of a value of mutagen; none of binary data, or of a link in APEv2."""
    if isinstance(value, APEBinaryValue | APEExtValue):
        return ()
    values = getattr(value, "genres", getattr(value, "text", value))
    values = [values] if isinstance(values, str | bool) else list(values)
    return tuple(_text(value).strip() for value in values)


def _text(value: object) -> str:
    """Decode a value; MP4 freeform fields contain bytes."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
