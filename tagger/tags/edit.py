"""The tags of a file with other values of some fields, most often of the genre. Pure.

The primary tag of a container always gets the values, and so does a tag that some players read in
its place (`Container.companions`). Any other tag changes only if it has the field already. So the
tags of a file never contradict each other. A tag leaves out a field or a name that it cannot
represent, such as a genre without a number in ID3v1.

A primary tag without fields gets the fields of the other tags, because readers look no further than
a tag with a field.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tagger.core.domain import GENRE
from tagger.core.genres import name_fault
from tagger.errors import TagError
from tagger.tags.containers.apev2 import Apev2
from tagger.tags.containers.base import Item
from tagger.tags.containers.id3 import Id3v2
from tagger.tags.fields import carried
from tagger.tags.values import GenreSnapshot, PlacedItem, TagState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from tagger.tags.containers.base import Container, RawTag
    from tagger.tags.options import FieldValues, WriteOptions

Tags = dict[str, "RawTag"]


def check_genres(genres: tuple[str, ...]) -> None:
    """Refuse genres that a container cannot store unchanged.

    Raises TagError for an empty tuple, an empty name, or a name with spaces around it. Control
    characters and lone surrogates raise it too. So do `;`, the separator of ID3v2.3, and a name
    that ID3 reads as a number.
    """
    if not genres:
        raise TagError("no genre to write")
    for name in genres:
        if fault := name_fault(name):
            raise TagError(f"a genre {fault}: {name!r}")


def snapshot(container: Container, fields: Iterable[str], sound: str) -> GenreSnapshot:
    """Return some fields of a file.

    Args:
        container: The parsed file.
        fields: The fields, the one with the genres first.
        sound: The stream fingerprint of the file.
    """
    values = {field: container.values(field) for field in fields}
    genre, *_ = values
    tags, added = states(container, values), tuple(x.whole for x in completion(container, values))
    return GenreSnapshot(
        values.pop(genre), tags, sound, genre_field=genre, further=values, added=added
    )


def states(container: Container, fields: Collection[str]) -> dict[str, TagState]:
    """Return the state of some fields in each tag of a file, by kind.

    Args:
        container: The parsed file.
        fields: The fields.

    """
    return {
        kind: TagState(
            tag.version,
            tag.reserved_bytes,
            tuple(PlacedItem(i, x.name, x.whole, x.place) for i, x in tag.items_of(fields)),
            blank=not tag.items,
        )
        for kind, tag in container.tags.items()
    }


def retagged(container: Container, values: FieldValues, options: WriteOptions) -> Tags:
    """Return the tags of a file with other values of some fields.

    Args:
        container: The parsed file.
        values: The fields with their values.
        options: How files are written.

    Raises:
        MalformedError: a frame cannot be converted to the requested version of ID3.
    """
    changed = _in_version(container, values, options)
    for kind, tag in changed.items():
        if _is_joined(container, kind):
            changed[kind] = tag.with_items((), tag.reserved_bytes, values)
            continue
        for field, texts in values.items():
            if _follows(container, kind, tag, field):
                changed[kind] = changed[kind].with_values(field, texts)
    first = changed[container.primary]
    if isinstance(first, Apev2):
        changed[container.primary] = replace(first, last=True)
    front = changed.get("id3v2")
    if isinstance(front, Id3v2) and front != container.tags.get("id3v2"):
        changed["id3v2"] = front.without_footer()
    standing = (container.primary, *container.tags)
    return {kind: tag for kind, tag in changed.items() if kind in standing or tag.items}


def completion(container: Container, fields: Collection[str]) -> tuple[Item, ...]:
    """Return the items that a write adds to a primary tag with items: APEv2 hides ID3v1.

    Args:
        container: The parsed file.
        fields: The fields that the write sets.

    """
    standing = container.tags.get(container.primary)
    if standing is None or not standing.items:
        return ()
    return _primary(container, fields).items[len(standing.items) :]


def _is_joined(container: Container, kind: str) -> bool:
    """Return whether some readers join this tag with the primary tag, which has the genres."""
    return container.merges and kind.startswith(f"{container.primary}#")


def has_values(container: Container, field: str, texts: tuple[str, ...]) -> bool:
    """Return whether every tag that `retagged` would change has these values of a field.

    Args:
        container: The parsed file.
        field: The field.
        texts: The values, in their order.
    """
    tags = {container.primary: container.empty(), **container.companions, **container.tags}
    return all(
        _has(tag, field, texts) if not _is_joined(container, kind) else not tag.items_of((field,))
        for kind, tag in tags.items()
        if _follows(container, kind, tag, field)
    )


def _has(tag: RawTag, field: str, texts: tuple[str, ...]) -> bool:
    """Return whether a tag has these values of a field, as far as it has room for them."""
    standing = tuple(item for _, item in tag.items_of((field,)))
    return tag.values(field) == texts or tag.encoded(field, texts) == standing


def _follows(container: Container, kind: str, tag: RawTag, field: str) -> bool:
    return kind == container.primary or kind in container.companions or bool(tag.values(field))


def _in_version(container: Container, fields: Collection[str], options: WriteOptions) -> Tags:
    """Return the tags with a filled primary tag, and with ID3v2 in the requested version."""
    tags = {container.primary: _primary(container, fields), **container.companions}
    tags |= {kind: tag for kind, tag in container.tags.items() if kind != container.primary}
    old = tags.get("id3v2")
    if options.id3_version != "keep" and isinstance(old, Id3v2):
        major = int(options.id3_version.removeprefix("2."))
        if old.major != major:
            tags["id3v2"] = old.converted(major)
    return tags


def _primary(container: Container, fields: Collection[str]) -> RawTag:
    """Return the primary tag; a tag without fields gets the other fields of the other tags.

    An APEv2 tag gets the fields that it lacks of ID3v1, because FFmpeg reads the last tag alone.
    """
    standing = container.tags.get(container.primary) or container.empty()
    if not standing.items:
        return _carried(container, standing, fields)
    last = container.tags.get("id3v1")
    return _filled(standing, [last], fields) if isinstance(standing, Apev2) and last else standing


def _carried(container: Container, standing: RawTag, fields: Collection[str]) -> RawTag:
    others = [
        tag
        for kind, tag in container.tags.items()
        if kind != container.primary and not _is_joined(container, kind)
    ]
    return _filled(replace(standing, items=()), others, fields)


def _filled(standing: RawTag, others: list[RawTag], fields: Collection[str]) -> RawTag:
    """Return a tag with the fields of other tags that it lacks."""
    filled = carried(standing, others, fields)
    genres = next((texts for tag in others if (texts := tag.values(GENRE))), ())
    if GENRE in fields or filled.values(GENRE) or not genres:
        return filled
    return filled.with_values(GENRE, genres)


def restored(container: Container, before: GenreSnapshot) -> Tags:
    """Return the file's tags with the fields of a snapshot in them."""
    tags: Tags = {}
    fields = before.values
    for kind, tag in container.tags.items():
        state = before.tags.get(kind)
        if kind == container.primary and (state is None or state.blank):
            emptied = _emptied(container, tag, fields)
            if emptied.items:
                tags[kind] = _in_words(emptied, fields)  # readers look no further than this tag
            elif state is not None:
                tags[kind] = _with_state(emptied, state, fields)
        elif state is not None:
            own = _without(tag, before.added) if kind == container.primary else tag
            tags[kind] = _with_state(own, state, fields)
        elif kind not in container.companions or tag.without(fields):
            tags[kind] = _taken_back(container, tag, fields)  # added by another program since
    lost = before.tags.get(container.primary)
    if lost is not None and lost.items and container.primary not in tags:
        tags[container.primary] = _with_state(container.empty(), lost, fields)
    gone = {
        field: texts
        for field, texts in fields.items()
        if not any(tag.values(field) for tag in tags.values())
    }
    if any(gone.values()):  # another program has removed their tag
        standing = tags.get(container.primary) or replace(container.empty(), items=())
        tags[container.primary] = _in_words(standing, gone)
    return tags


def _taken_back(container: Container, tag: RawTag, values: FieldValues) -> RawTag:
    """Return a tag with earlier values in place of those that its program copied, as into ID3v1.

    Some programs copy the first value alone.
    """
    for field, texts in values.items():
        written, copied = container.values(field), tag.values(field)
        if (
            written
            and tag.items_of((field,))
            and (_has(tag, field, written) or (copied and set(copied) <= set(written)))
        ):
            tag = tag.with_values(field, texts)
    return tag


def _emptied(container: Container, tag: RawTag, fields: Collection[str]) -> RawTag:
    """Return a primary tag without the fields, and without items if all others were carried."""
    without = tag.with_items((), tag.reserved_bytes, fields)
    was_carried = without.items == _carried(container, tag, fields).items
    return replace(tag, items=()) if was_carried else without


def _without(tag: RawTag, added: Collection[bytes]) -> RawTag:
    """Return a tag without items that a write added, unless another program changed them."""
    return replace(tag, items=tuple(item for item in tag.items if item.raw not in added))


def _with_state(tag: RawTag, state: TagState, values: FieldValues) -> RawTag:
    if state.version == tag.version:
        placed = tuple((i.index, Item(i.name, i.raw, i.place)) for i in state.items)
        return tag.with_items(placed, state.reserved_bytes, values)
    return _in_words(tag, values if state.items else dict.fromkeys(values, ()))


def _in_words(tag: RawTag, values: FieldValues) -> RawTag:
    for field, texts in values.items():
        tag = tag.with_values(field, texts)
    return tag


def same(one: Mapping[str, RawTag], other: Mapping[str, RawTag]) -> bool:
    """Return whether two sets of tags contain the same fields in the same order."""
    return one.keys() == other.keys() and all(
        by_place(one[kind].items) == by_place(other[kind].items) for kind in one
    )


def by_place(items: tuple[Item, ...]) -> list[Item]:
    """Sort the parts of a tag as they follow each other in the file."""
    return sorted(items, key=lambda item: item.place)
