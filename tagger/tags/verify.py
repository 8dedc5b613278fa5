"""Three checks of a rewritten file, before it replaces the original.

tagger checks that every tag has exactly the intended fields, and the sound is equal byte by byte.
mutagen must read the intended genres and their confidence, and every other field unchanged. FFmpeg
must read the same stream and the same first packets.
"""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mutagen.apev2 import APEBinaryValue
from mutagen.asf._attrs import ASFByteArrayAttribute
from mutagen.id3 import Frame

from tagger.core.domain import GENRE
from tagger.tags import edit, fingerprint
from tagger.tags.containers.id3 import V23_SEPARATOR
from tagger.tags.containers.ilst import Ilst
from tagger.tags.parsed import FIELDS, ParsedFile, mutagen_key, value_texts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from tagger.tags.containers.base import Container, Item, RawTag
    from tagger.tags.options import FieldValues

_GENRES = {"gnre", "wm/genreid", "----:com.apple.itunes:genre", "txxx:genre"}
"""Further names of genres in mutagen."""


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

    def check_readable(self) -> None:
        """Raise the error of a file that mutagen cannot read: no copy of it passes the checks."""
        self.mutagen  # noqa: B018 - reads the file

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of everything but the tags."""
        return fingerprint.digest(self.file, self.container)


@dataclass(frozen=True, slots=True)
class MutagenView:
    """What mutagen reads of a file, with digests in place of pictures."""

    values: Mapping[str, tuple[str, ...]]
    """The values of the written fields in the container's own tag."""
    others: Mapping[str, str]
    """Every other field, by mutagen's name."""
    id3_version: tuple[int, ...] | None
    """The version of the ID3 tag, if mutagen found it."""
    tagged: bool
    """Whether mutagen found a tag."""


def mutagen_view(file: Any, original: Container, fields: Collection[str]) -> MutagenView:
    """Return what mutagen has read of a file, without its objects.

    Args:
        file: Mutagen's object of the original or of its copy.
        original: The container of the original.
        fields: The written fields.

    """
    found = file.tags
    tags = {} if found is None else dict(found)
    keys = {mutagen_key(original.primary, field).lower(): field for field in fields}
    values = {field: tuple[str, ...]() for field in fields}
    for name, value in tags.items():
        if field := keys.get(name.lower()):
            values[field] += value_texts(value)
    written = {mutagen_key(kind, field).lower() for field in fields for kind in FIELDS}
    if GENRE in fields:
        written |= _GENRES | _numbered_genres(original)
    others = {name: _seen(value) for name, value in tags.items() if name.lower() not in written}
    return MutagenView(values, others, getattr(found, "version", None), found is not None)


def _numbered_genres(container: Container) -> set[str]:
    """Return mutagen's names of genres in an item list with keys."""
    tag = container.tags.get(container.primary)
    items = tag.genre_items if isinstance(tag, Ilst) else ()
    return {item.raw[4:8].decode("latin-1").lower() for _, item in items}


def _seen(value: Any) -> str:
    """Return a text that identifies a value of mutagen, with digests in place of pictures."""
    if isinstance(value, list):
        return repr([_seen(part) for part in value])
    if isinstance(value, str):  # Vorbis comments have pictures in Base64
        return hashlib.sha256(value.encode(errors="surrogatepass")).hexdigest()
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


def first_difference(
    old: JudgedFile, new: JudgedFile, intended: Intended, seen: tuple[MutagenView, MutagenView]
) -> str | None:
    """Return the first fault of the new file, or None.

    Args:
        old: The original.
        new: Its copy.
        intended: The fields of the copy.
        seen: Both as mutagen reads them.

    """
    return next(
        itertools.chain(_faults(old, new, intended), _seen_faults(old, new, intended, seen)), None
    )


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


def _seen_faults(
    old: JudgedFile, new: JudgedFile, intended: Intended, seen: tuple[MutagenView, MutagenView]
) -> Iterator[str]:
    before, after = seen
    for field, asked in (intended.values or {}).items():
        found = after.values[field]
        joined = tuple(part for text in found for part in text.split(V23_SEPARATOR))
        if asked and not found:
            yield "mutagen does not find the tags of the copy"
        if new.values(field) != asked or asked not in (found, joined):
            yield f"{field} of the copy differs from the intended values"
    versions = before.id3_version, after.id3_version
    if not (all(versions) and versions[0] != versions[1]) and not _others_seen(
        (old, before), (new, after), intended
    ):
        yield "mutagen reads another field of the copy differently"


def _others_seen(
    old: tuple[JudgedFile, MutagenView], new: tuple[JudgedFile, MutagenView], intended: Intended
) -> bool:
    """Compare mutagen's values; a tag gets the fields that it lacks, which undo removes again.

    A write into a malformed container may reveal a tag to mutagen, and undo hides it again.
    """
    before, after = old[1].others.items(), new[1].others.items()
    filled = bool(intended.added)
    if _is_blank(old[0]) or not old[1].tagged or (filled and intended.values):
        return before <= after
    hidden = _is_blank(new[0]) or not new[1].tagged or filled
    return after <= before if hidden else before == after


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
