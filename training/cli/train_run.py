"""The two ways of `tagger train`; apart from its options, because scikit-learn takes a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagger.inference.default import default_folder
from training import known_artists
from training.cli import train_report as output
from training.cli.train_json import as_object
from training.cli.train_progress import shown
from training.data.store import TrainingStore
from training.models.added_model import read_base
from training.train import TrainingRun, training_lock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tagger.config import Settings
    from training.evaluation.compare import Promote


def from_sources(
    settings: Settings,
    names: Sequence[str],
    promote: Promote,
    report: Path | None,
    *,
    dry_run: bool,
    as_json: bool,
    only_mine: bool,
) -> None:
    """Learn from the labels of some sources, and print the outcome.

    Args:
        settings: The settings.
        names: The names of the sources.
        promote: When the new model becomes the active model.
        report: The report file.
        dry_run: Train nothing; print the training data.
        as_json: Print JSON.
        only_mine: Leave the genres of the default model out.

    """
    state, minimum = settings.store.folder, settings.training.minimum
    with TrainingStore(state) as store, training_lock(state), shown(quiet=as_json) as progress:
        base = None if only_mine else read_base(default_folder(state))
        run = TrainingRun(settings, store, names, progress, base=base)
        prepared = run.prepare(dry_run=dry_run)
        output.show_prepared(prepared, minimum, progress)
        result = None if dry_run else run.train(prepared, promote)
    output.finish(as_object(prepared, result, minimum), result, report, as_json=as_json)


def from_known_artists(settings: Settings, promote: Promote, *, as_json: bool) -> None:
    """Learn from the artists list, and print the outcome.

    Args:
        settings: The settings.
        promote: When the new model becomes the active model.
        as_json: Print JSON.

    """
    state = settings.store.folder
    with TrainingStore(state) as store, training_lock(state), shown(quiet=as_json) as progress:
        base = read_base(default_folder(state))
        learned = known_artists.learn(settings, store, base, promote, progress)
    output.show_learned(learned, as_json=as_json)
