"""Predictions and decisions for single files; nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tagger.analysis import worker
from tagger.core.domain import Action, Decision, Prediction
from tagger.errors import AudioError, TagError, TaggerError, WorkerError
from tagger.inference import in_use
from tagger.library import walk
from tagger.pipeline import build
from tagger.pipeline.search import passed_over
from tagger.pipeline.single import SingleFiles
from tagger.system.spelling import real_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tagger.config import Settings
    from tagger.store import Store


@dataclass(frozen=True, slots=True)
class Classified:
    """The prediction for a file by itself, and the decision of a scan without its album."""

    path: Path
    prediction: Prediction | None
    """None for a file that is passed over or cannot be analyzed."""
    decision: Decision


def classify(settings: Settings, store: Store, paths: Sequence[Path]) -> Iterator[Classified]:
    """Yield the prediction and the decision for each file, and what a folder passes over.

    Args:
        settings: With the bundle resolved, see `in_use.resolve_bundle`.
        store: The state database.
        paths: Files, in the order of the answers, and folders of files.

    Raises:
        ModelError: the model cannot be run.

    """
    bundle, window = settings.model.bundle.folder, settings.listen.window
    single = SingleFiles(build.Basis(settings, in_use.runnable_manifest(settings), store))
    found = list(_found(settings, paths))
    files = [item for item in found if isinstance(item, Path)]
    with build.worker_pool(settings, len(files)) as pool, build.tag_jobs(settings) as jobs:
        futures = iter([pool.submit(worker.classify, path, bundle, window) for path in files])
        for item in found:
            if isinstance(item, walk.Passed):
                outcome = passed_over(item)
                decision = Decision(outcome.action, (), outcome.reason)
                yield Classified(item.path, None, decision)
                continue
            try:
                prediction = pool.result(next(futures), item)
                identity = walk.identity_of(item)
                track = single.track(real_path(item), identity, jobs.read(item))
            except (AudioError, WorkerError, TagError) as error:
                yield Classified(item, None, _failed(error))
            else:
                yield Classified(item, prediction, single.decide(track, prediction))


def _found(settings: Settings, paths: Sequence[Path]) -> Iterator[Path | walk.Passed]:
    """Yield each file; a file that was named is yielded whatever its state is."""
    roots = settings.library.real_roots
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        folder = real_path(path)
        for item in walk.walk(folder, walk.root_of(folder, roots), settings.library.ignore):
            if isinstance(item, walk.Found):
                yield item.path
            elif isinstance(item, walk.Passed):
                yield item


def _failed(error: TaggerError) -> Decision:
    return Decision(Action.ERROR, (), error.explanation)
