"""Three checks of a rewritten file, before it replaces the original.

tagger checks that every tag has exactly the intended fields, and the sound is equal byte by byte.
mutagen must read the intended genres and their confidence, and every other field unchanged. FFmpeg
must read the same stream and the same first packets.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mutagen.apev2 import APEBinaryValue
from mutagen.asf._attrs import ASFByteArrayAttribute
from mutagen.id3 import Frame

from tagger.core.domain import GENRE
from tagger.tags import edit, fingerprint
from tagger.tags.containers.id3 import V23_SEPARATOR
from tagger.tags.read import FIELDS, ParsedFile, mutagen_key, value_texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tagger.tags.containers.base import Item, RawTag
    from tagger.tags.values import FieldValues

_GENRE_NUMBERS = {"gnre", "wm/genreid"}


OPEN_ENDED = frozenset(["ape", "dsf", "musepack", "wavpack"])
"""Formats with a tag behind the sound."""


class JudgedFile(ParsedFile):
    """A parsed file with the values that the checks compare; for use inside `boundary`."""

    @cached_property
    def stream(self) -> str | None:
        """FFmpeg's view of the sound; see `fingerprint.stream_fingerprint`."""
        return fingerprint.stream_fingerprint(self.file)

    @cached_property
    def decoded(self) -> str | None:
        """FFmpeg's view of a sound whose last packet extends over the tag, else None."""
        return fingerprint.decoded_fingerprint(self.file) if self.form in OPEN_ENDED else None

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of everything but the tags."""
        return fingerprint.digest(self.file, self.container)

    def mutagen_values(self, field: str) -> tuple[str, ...]:
        """Return the values of a field that mutagen reads from the container's own tag."""
        key = mutagen_key(self.container.primary, field).lower()
        tags = {} if self.mutagen.tags is None else dict(self.mutagen.tags)
        return tuple(text for k, v in tags.items() if k.lower() == key for text in value_texts(v))

    def mutagen_others(self, fields: Iterable[str]) -> dict[str, str]:
        """Return the values that mutagen reads from every field but some."""
        written = {mutagen_key(kind, field).lower() for field in fields for kind in FIELDS}
        if GENRE in fields:
            written |= _GENRE_NUMBERS
        tags = {} if self.mutagen.tags is None else dict(self.mutagen.tags)
        return {k: _seen(v) for k, v in tags.items() if k.lower() not in written}

    @property
    def id3_version(self) -> tuple[int, ...] | None:
        """The version of the ID3 tag, if mutagen found one."""
        return getattr(self.mutagen.tags, "version", None)


def _seen(value: Any) -> str:
    """Return a text that identifies a value of mutagen, with digests in place of pictures."""
    if isinstance(value, list):
        return repr([_seen(part) for part in value])
    if isinstance(value, bytes):
        kind = getattr(value, "imageformat", getattr(value, "dataformat", ""))
        return repr((hashlib.sha256(value).hexdigest(), kind))
    if isinstance(value, Frame | ASFByteArrayAttribute | APEBinaryValue):
        return repr({name: _seen(part) for name, part in vars(value).items()})
    return repr(value)


@dataclass(frozen=True, slots=True)
class Intended:
    """The fields of a copy."""

    tags: Mapping[str, RawTag]
    """The tags that the copy must contain, by kind."""
    fields: tuple[str, ...]
    """The fields that may differ from the original."""
    values: FieldValues | None
    """The values that the copy must contain; None when a snapshot is restored."""
    added: frozenset[bytes] = frozenset()
    """Raw fields that the write adds to the primary tag, or that undo removes from it."""


def first_difference(old: JudgedFile, new: JudgedFile, intended: Intended) -> str | None:
    """Return the first fault of the new file, or None.

    Args:
        old: The original.
        new: Its copy.
        intended: The fields of the copy.

    """
    return next(_faults(old, new, intended), None)


def _faults(old: JudgedFile, new: JudgedFile, intended: Intended) -> Iterator[str]:
    if not edit.same(new.container.tags, intended.tags):
        yield "the tags of the copy differ from the intended tags"
    if not _others_kept(old, new, intended):
        yield "the copy differs in another field"
    if new.digest != old.digest:
        yield "the copy differs in the sound"
    if old.stream is None:
        yield "FFmpeg cannot open the file, so the copy cannot be verified"
    if new.stream != old.stream or new.decoded != old.decoded:
        yield "FFmpeg decodes the copy differently"
    for field, asked in (intended.values or {}).items():
        seen = new.mutagen_values(field)
        joined = tuple(part for text in seen for part in text.split(V23_SEPARATOR))
        if asked and not seen:
            yield "mutagen does not find the tags of the copy"
        if new.values(field) != asked or asked not in (seen, joined):
            yield f"{field} of the copy differs from the intended values"
    converted = old.id3_version and new.id3_version and old.id3_version != new.id3_version
    if not converted and not _others_seen(old, new, intended):
        yield "mutagen reads another field of the copy differently"


def _others_seen(old: JudgedFile, new: JudgedFile, intended: Intended) -> bool:
    """Compare mutagen's values; a tag gets the fields that it lacks, which undo removes again.

    A write into a malformed container may reveal a tag to mutagen, and undo hides it again.
    """
    before, after = (file.mutagen_others(intended.fields) for file in (old, new))
    filled = bool(intended.added)
    if _is_blank(old) or old.mutagen.tags is None or (filled and intended.values):
        return before.items() <= after.items()
    hidden = _is_blank(new) or new.mutagen.tags is None or filled
    return after.items() <= before.items() if hidden else before == after


def _is_blank(file: ParsedFile) -> bool:
    standing = file.container.tags.get(file.container.primary)
    return not (standing and standing.items)


def _others_kept(old: ParsedFile, new: ParsedFile, intended: Intended) -> bool:
    """Compare the other fields, unless the tag is new, gone or converted.

    A primary tag gets or loses the fields of the other tags if it has no fields of its own.
    """
    tags = new.container.tags
    return all(
        _others(tag, intended) == _others(tags[kind], intended)
        for kind, tag in old.container.tags.items()
        if kind in tags and tags[kind].version == tag.version
        if kind != old.container.primary or (tag.items and tags[kind].items)
    )


def _others(tag: RawTag, intended: Intended) -> list[Item]:
    others = edit.by_place(tag.without(intended.fields))
    return [item for item in others if item.raw not in intended.added]
