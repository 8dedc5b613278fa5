"""The checks of the model in use, of the user's models, and of the network."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tagger.audio.decode import SAMPLE_RATE, Recording
from tagger.doctor.finding import Finding, Severity, failed
from tagger.errors import MissingWeightsError, TaggerError
from tagger.features.specs import extract_all
from tagger.features.weights import FETCH, MN04, use_folder
from tagger.inference import in_use, networks
from tagger.inference.bundle import load
from tagger.inference.default import DEFAULT
from tagger.inference.registry import ModelRegistry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tagger.config import Settings


def usable(settings: Settings) -> Finding:
    """Check that the model in use returns a prediction."""
    try:
        resolved, _ = in_use.model_in_use(settings)
        use_folder(networks.folder(settings.store.folder))
        loaded = load(resolved.model.bundle.folder)
        noise = np.random.default_rng(0).standard_normal(10 * SAMPLE_RATE).astype(np.float32)
        recording = Recording.of(0.1 * noise, SAMPLE_RATE)
        loaded.predict([extract_all(loaded.specs, recording)])
    except MissingWeightsError as error:
        return failed("model", error, FETCH)
    except TaggerError as error:
        found = failed("model", error, "set model.bundle")
        if settings.model.bundle != "active":
            return found
        step = "run `tagger models rollback`, or `tagger models use default`"
        return replace(found, next_step=step, repair=_use_default(settings))
    genres = ", ".join(loaded.manifest.genres)
    return Finding("model", Severity.OK, f"{loaded.manifest.id}, with the genres {genres}")


def lost(settings: Settings) -> Iterator[Finding]:
    """Find models of the user that were active and are not there."""
    models = ModelRegistry(settings.store.folder)

    def repair() -> str:
        models.mend()
        return f"{models.active} is active"

    try:
        gone = models.lost()
    except TaggerError as error:
        yield failed("models", error, "check the folder of the models")
        return
    if gone:
        text = f"not there, or unreadable: {', '.join(gone)}"
        step = "choose a model with `tagger models use`"
        yield Finding("models", Severity.WARNING, text, step, repair)


def network(settings: Settings) -> Iterator[Finding]:
    """Find a missing network; another check finds models that cannot be read."""
    if MN04.are_in(networks.folder(settings.store.folder)):
        yield Finding("network", Severity.OK, f"{MN04.network} ({MN04.licence}) is installed")
        return
    with contextlib.suppress(TaggerError):
        if loss := in_use.loss_without_network(settings):
            yield Finding("network", Severity.WARNING, loss.reason, FETCH)


def _use_default(settings: Settings) -> Callable[[], str] | None:
    """Return the repair of an active model of the user that cannot be used."""
    models = ModelRegistry(settings.store.folder)
    try:
        if models.active == DEFAULT:
            return None
    except TaggerError:  # another finding has the error
        return None

    def repair() -> str:
        models.activate(DEFAULT)
        return "the model that comes with tagger is active"

    return repair
