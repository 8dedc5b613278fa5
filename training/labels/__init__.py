"""Where labels come from: one module a source, behind the interface of `base`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from training.labels.base import Context, Gathered, Label, LabelSource, ListedTrack, Weight

if TYPE_CHECKING:
    from tagger.config import TrainingSettings

__all__ = [
    "SOURCES",
    "Context",
    "Gathered",
    "Label",
    "LabelSource",
    "ListedTrack",
    "Weight",
    "configured_sources",
    "source",
]

SOURCES = {
    "corrections": "training.labels.corrections:CorrectionSource",
    "folders": "training.labels.folders:FolderSource",
    "tags": "training.labels.tags:TagSource",
    "playlists": "training.labels.playlists:PlaylistSource",
    "csv": "training.labels.tables:TableSource",
    "beets": "training.labels.beets:BeetsSource",
    "spotify": "training.labels.spotify:SpotifySource",
}
"""A source's name to its class, imported when it is used."""


def source(name: str, context: Context) -> LabelSource:
    """Make the source of that name."""
    module, _, class_name = SOURCES[name].partition(":")
    made: LabelSource = getattr(import_module(module), class_name)(context)
    return made


def configured_sources(training: TrainingSettings) -> list[str]:
    """Return the names of the sources with settings, and of those without any."""
    given = {
        "corrections": True,
        "folders": bool(training.folders),
        "tags": bool(training.tags),
        "playlists": bool(training.playlists),
        "csv": bool(training.csv),
        "beets": training.beets.enabled,
        "spotify": training.spotify.enabled,
    }
    return [name for name in SOURCES if given[name]]
