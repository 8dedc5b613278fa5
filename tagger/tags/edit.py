"""The tags of a file with other genres. Pure.

The primary tag of a container always gets the genres, and so does a tag that some players read in
its place (`Container.companions`). Any other tag changes only if it has a genre already. So the
tags of a file never contradict each other. A tag leaves out a name that it cannot represent, such
as a name without a number in ID3v1.

A primary tag without fields gets the fields of the other tags, because readers look no further than
a tag with a field.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

from mutagen.id3 import TCON

from tagger.errors import TagError
from tagger.tags.containers.base import Item
from tagger.tags.containers.id3 import Id3v2
from tagger.tags.containers.texts import genre_names
from tagger.tags.fields import carried
from tagger.tags.values import GenreSnapshot, PlacedItem, TagState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tagger.tags.containers.base import Container, RawTag
    from tagger.tags.values import WriteOptions

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
        if not name or name != name.strip():
            raise TagError(f"a genre is empty or has spaces around it: {name!r}")
        if ";" in name or any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in name):
            raise TagError(f"a genre contains ';' or an unprintable character: {name!r}")
        if TCON(encoding=3, text=[name]).genres != [name]:
            raise TagError(f"ID3 would read this genre as another genre: {name!r}")


def snapshot(container: Container, genres: tuple[str, ...], sound: str) -> GenreSnapshot:
    """Return all genre fields of a file.

    Args:
        container: The parsed file.
        genres: The names of the genres in the file.
        sound: The stream fingerprint of the file.
    """
    return GenreSnapshot(genres, states(container), sound)


def states(container: Container) -> dict[str, TagState]:
    """Return the state of each tag of a file, by kind."""
    return {
        kind: TagState(
            tag.version,
            tag.reserved_bytes,
            tuple(PlacedItem(i, x.name, x.raw, x.place) for i, x in tag.genre_items),
            blank=not tag.items,
        )
        for kind, tag in container.tags.items()
    }


def retagged(container: Container, genres: tuple[str, ...], options: WriteOptions) -> Tags:
    """Return the tags of a file with other genres.

    Args:
        container: The parsed file.
        genres: The genres, in their order.
        options: How files are written.

    Raises:
        MalformedError: a frame cannot be converted to the requested version of ID3.
    """
    changed: Tags = {}
    for kind, tag in _in_version(container, options).items():
        if _is_joined(container, kind):
            changed[kind] = tag.with_items((), tag.reserved_bytes)
        else:
            changed[kind] = tag.with_genres(genres) if _follows(container, kind, tag) else tag
    return changed


def _is_joined(container: Container, kind: str) -> bool:
    """Return whether some readers join this tag with the primary tag, which has the genres."""
    return container.merges and kind.startswith(f"{container.primary}#")


def has_genres(container: Container, genres: tuple[str, ...]) -> bool:
    """Return whether every tag that `retagged` would change has these genres.

    Args:
        container: The parsed file.
        genres: The genres, in their order.
    """
    tags = {container.primary: container.empty(), **container.companions, **container.tags}
    return all(
        genre_names(tag.genres()) == genres
        or tag.encode(genres) == tuple(i for _, i in tag.genre_items)
        if not _is_joined(container, kind)
        else not tag.genre_items
        for kind, tag in tags.items()
        if _follows(container, kind, tag)
    )


def _follows(container: Container, kind: str, tag: RawTag) -> bool:
    return kind == container.primary or kind in container.companions or bool(tag.genres())


def _in_version(container: Container, options: WriteOptions) -> Tags:
    """Return the tags with a filled primary tag, and with ID3v2 in the requested version."""
    tags = {container.primary: _primary(container), **container.companions}
    tags |= {kind: tag for kind, tag in container.tags.items() if kind != container.primary}
    old = tags.get("id3v2")
    if options.id3_version != "keep" and isinstance(old, Id3v2):
        major = int(options.id3_version.removeprefix("2."))
        if old.major != major:
            tags["id3v2"] = old.converted(major)
    return tags


def _primary(container: Container) -> RawTag:
    """Return the primary tag; a tag without fields gets the fields of the other tags."""
    standing = container.tags.get(container.primary) or container.empty()
    return standing if standing.items else _carried(container, standing)


def _carried(container: Container, standing: RawTag) -> RawTag:
    others = (
        tag
        for kind, tag in container.tags.items()
        if kind != container.primary and not _is_joined(container, kind)
    )
    return carried(replace(standing, items=()), others)


def restored(container: Container, before: GenreSnapshot) -> Tags:
    """Return the file's tags with the genre fields of a snapshot in them."""
    tags: Tags = {}
    for kind, tag in container.tags.items():
        state = before.tags.get(kind)
        if state is not None:
            standing = (
                _emptied(container, tag) if state.blank and kind == container.primary else tag
            )
            tags[kind] = _with_state(standing, state, before.genres)
        elif kind == container.primary:
            if _emptied(container, tag).items:
                tags[kind] = tag.with_items((), tag.reserved_bytes)
        elif kind not in container.companions or tag.other_items:
            tags[kind] = tag  # added by another program since
    lost = before.tags.get(container.primary)
    if lost is not None and lost.items and container.primary not in tags:
        tags[container.primary] = _with_state(container.empty(), lost, before.genres)
    return tags


def _emptied(container: Container, tag: RawTag) -> RawTag:
    """Return a primary tag without genres, and without items if it had none but carried fields."""
    without = tag.with_items((), tag.reserved_bytes)
    return replace(tag, items=()) if without.items == _carried(container, tag).items else without


def _with_state(tag: RawTag, state: TagState, genres: tuple[str, ...]) -> RawTag:
    if state.version == tag.version:
        placed = tuple((i.index, Item(i.name, i.raw, i.place)) for i in state.items)
        return tag.with_items(placed, state.reserved_bytes)
    return tag.with_genres(genres) if state.items else tag.with_items((), tag.reserved_bytes)


def same(one: Mapping[str, RawTag], other: Mapping[str, RawTag]) -> bool:
    """Return whether two sets of tags contain the same fields in the same order."""
    return one.keys() == other.keys() and all(
        by_place(one[kind].items) == by_place(other[kind].items) for kind in one
    )


def by_place(items: tuple[Item, ...]) -> list[Item]:
    """Sort the parts of a tag as they follow each other in the file."""
    return sorted(items, key=lambda item: item.place)
