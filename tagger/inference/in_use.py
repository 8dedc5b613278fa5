"""The model that the settings select: a folder, the active model, or the default model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tagger.config import Bundle
from tagger.errors import MissingWeightsError
from tagger.features.weights import FETCH, MN04
from tagger.inference import networks
from tagger.inference.default import DEFAULT, built_in, default_folder, with_network
from tagger.inference.manifest import read_manifest
from tagger.inference.registry import ModelRegistry

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.config import Settings
    from tagger.inference import Manifest


def resolve_bundle(settings: Settings) -> Settings:
    """Return the settings with a folder in place of `model.bundle = "active"` or `"default"`."""
    if settings.model.bundle not in Bundle.WORDS:
        return settings
    models = ModelRegistry(settings.store.folder)
    name = models.active if settings.model.bundle == "active" else DEFAULT
    folder = default_folder(settings.store.folder) if name == DEFAULT else models.folder / name
    model = msgspec.structs.replace(settings.model, bundle=Bundle(folder))
    return msgspec.structs.replace(settings, model=model)


def model_in_use(settings: Settings) -> tuple[Settings, Manifest]:
    """Return the settings with the bundle resolved, and the manifest of this bundle.

    Raises ModelError for a damaged manifest, MissingWeightsError for a network that is missing.
    """
    resolved = resolve_bundle(settings)
    return resolved, runnable_manifest(resolved)


def runnable_manifest(settings: Settings) -> Manifest:
    """Read the manifest of the bundle in the settings, which `resolve_bundle` has resolved.

    Raises ModelError for a damaged manifest, MissingWeightsError for a network that is missing.
    """
    folder = settings.model.bundle.folder
    manifest = read_manifest(folder)
    if lack := networks.missing_network(manifest, folder, settings.store.folder):
        raise lack
    return manifest


def loss_without_network(settings: Settings, *, stored: bool = False) -> MissingWeightsError | None:
    """Return the loss without the network, None where the model in use gains nothing by it.

    Args:
        settings: The settings.
        stored: Return it only for a stored file that cannot be used.

    """
    without = built_in()
    if resolve_bundle(settings).model.bundle.folder != without:
        return None
    fault = MN04.fault_in(networks.folder(settings.store.folder))
    if stored and not fault:
        return None
    more, less = _share_written(with_network()), _share_written(without)
    why = f"the file of the network {MN04.network} {fault}; " if fault else ""
    loss = f"some {less:.0%} of files get a genre instead of {more:.0%}"
    return MissingWeightsError(f"{why}without the network {MN04.network}, {loss}", hint=FETCH)


def _share_written(folder: Path) -> float:
    """Return the share of left-out clips that a default bundle writes."""
    written = read_manifest(folder).evaluation["in_library"].written
    return written.coverage if written else 0.0
