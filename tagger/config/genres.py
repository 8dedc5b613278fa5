"""Impossible names of genres in the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.core import genres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tagger.config.settings import Settings

    Refusal = tuple[tuple[str, ...], str, str]


def contradictions(settings: Settings) -> Iterator[Refusal]:
    """Yield the key, the reason and the hint of each name that no file can have."""
    training = settings.training
    empty = genres.keys(settings.genres.empty)
    for keys, names in (
        (("genres", "map"), settings.genres.map),
        (("evidence", "folder_names"), settings.evidence.folder_names),
        (("training", "genres"), {k: name for k, name in training.genres.items() if name}),
        (("training", "spotify", "playlists"), training.spotify.playlists),
    ):
        for name in names.values():
            if fault := genres.name_fault(name):
                yield keys, f"the name {name!r} {fault}", "choose another name"
            elif genres.is_empty(name, empty):
                hint = "choose another name, or change genres.empty"
                yield keys, f"the name {name!r} counts as no genre", hint
