"""Predictions for single files, without the state database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tagger.analysis import worker
from tagger.errors import AudioError, TaggerError, WorkerError
from tagger.pipeline import build

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tagger.config import Settings
    from tagger.core.domain import Prediction


def classify(
    settings: Settings, files: Sequence[Path]
) -> Iterator[tuple[Path, Prediction | TaggerError]]:
    """Yield for each file the prediction of the model, or the error of the file.

    Args:
        settings: With the bundle resolved, see `registry.resolve_bundle`.
        files: The files, in the order of the answers.

    Raises:
        ModelError: the model cannot be run.

    """
    bundle, part = settings.model.bundle.folder, settings.listen
    window = worker.Window(part.offset, part.length)
    count = min(settings.workers.count, len(files))
    limits = msgspec.structs.replace(settings.workers, count=count)
    with build.worker_pool(msgspec.structs.replace(settings, workers=limits)) as pool:
        futures = [pool.submit(worker.analyze, path, bundle, window) for path in files]
        for path, future in zip(files, futures, strict=True):
            try:
                yield path, pool.result(future, path).prediction
            except (AudioError, WorkerError) as error:
                yield path, error
