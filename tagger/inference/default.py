"""The default model: two bundles, since the better one needs a network that is fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.features.weights import MN04
from tagger.inference import networks
from tagger.system.resources import data_path

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT = "default"
"""The name of the model that comes with tagger."""


def built_in() -> Path:
    """Return the bundle that needs no network."""
    return data_path("models/default")


def with_network() -> Path:
    """Return the better bundle."""
    return data_path("models/default-efficientat")


def default_folder(state: Path) -> Path:
    """Return the better of the two bundles that can be run.

    `state` is the state folder, which may have the network that the better bundle needs.
    """
    return with_network() if MN04.are_in(networks.folder(state)) else built_in()
