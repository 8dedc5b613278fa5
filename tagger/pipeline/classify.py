"""Predictions and decisions for single files, without the state database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tagger.analysis import worker
from tagger.core.domain import Action, Decision, FileIdentity, Prediction, Track
from tagger.errors import AudioError, TagError, TaggerError, WorkerError
from tagger.inference import registry
from tagger.library import walk
from tagger.pipeline import build
from tagger.pipeline.operations import permitted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tagger.config import Settings


@dataclass(frozen=True, slots=True)
class Classified:
    """The prediction for a file by itself, and the decision of a scan without its album."""

    path: Path
    prediction: Prediction | None
    """None for a file that cannot be analyzed."""
    decision: Decision


def classify(settings: Settings, paths: Sequence[Path]) -> Iterator[Classified]:
    """Yield the prediction and the decision for each file.

    Args:
        settings: With the bundle resolved, see `registry.resolve_bundle`.
        paths: Files, in the order of the answers, and folders of files.

    Raises:
        ModelError: the model cannot be run.

    """
    bundle, part = settings.model.bundle.folder, settings.listen
    window = worker.Window(part.offset, part.length)
    rules = build.decision_rules(settings, registry.runnable_manifest(settings))
    files = list(_files(settings, paths))
    count = min(settings.workers.count, len(files))
    settings = settings.override("workers", count=count)
    with build.worker_pool(settings) as pool, build.tag_jobs(settings) as jobs:
        futures = [pool.submit(worker.analyze, path, bundle, window) for path, _ in files]
        for (path, root), future in zip(files, futures, strict=True):
            try:
                prediction = pool.result(future, path).prediction
                tags = jobs.read(path)
                track = Track(path, root, FileIdentity.of(path.stat()), tags)
            except (AudioError, WorkerError, TagError) as error:
                yield Classified(path, None, _failed(error))
                continue
            decision = rules.policy.without_audio(tags.genres) or rules.decide(track, prediction)
            decision = permitted(track, decision, build.write_options(settings))
            yield Classified(path, prediction, decision)


def _files(settings: Settings, paths: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """Yield each file with its root; a file that was named is yielded whatever its state is."""
    roots = [root.resolve() for root in settings.library.roots]
    for path in paths:
        if not path.is_dir():
            yield path, walk.root_of(path.resolve(), roots)
            continue
        folder = path.resolve()
        root = walk.root_of(folder, roots)
        for item in walk.walk(folder, root, settings.library.ignore):
            if isinstance(item, walk.Found):
                yield item.path, root


def _failed(error: TaggerError) -> Decision:
    return Decision(Action.ERROR, (), error.reason)
