"""The part of the evidence that is fitted to a library, and remembered between runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tagger.core import genres
from tagger.store.rows import json_text

if TYPE_CHECKING:
    from tagger.store import Store


class Fit(msgspec.Struct, frozen=True):
    """The trust in the sources, and what it was fitted to."""

    trust: dict[str, float]
    library: dict[str, float]
    """Files by genre."""
    since: int = 0
    """Files with the owner's genres that were counted since."""
    sources: str = ""
    """The sources that counted, since each is fitted above the others."""
    doubted: tuple[str, ...] = ()
    """Keys of genres that count for nothing; see `weigh.doubted`."""
    of_all: str = ""
    """The genre of nearly all artists, where few of them are listed; see `Evidence.is_of_all`."""
    words: int = 0
    """A hash of how files are counted, and of the words by which their genres were read."""


def remembered(store: Store) -> Fit | None:
    """Return the fit of an earlier run; None without a readable fit."""
    try:
        return msgspec.json.decode(store.labels.fit() or "null", type=Fit | None)
    except msgspec.MsgspecError:
        return None


def remember(fit: Fit, store: Store) -> None:
    """Store a fit for later runs."""
    store.labels.put_fit(json_text(fit))


def doubted(store: Store) -> tuple[str, ...]:
    """Return the genres that count for nothing in the library of a store; see `weigh.doubted`."""
    fit = remembered(store)
    return tuple(map(genres.canonical, fit.doubted)) if fit else ()
