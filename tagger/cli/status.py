"""`tagger status`: show the contents of the database and the state of the daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tagger.cli.options import JSON, configured
from tagger.cli.output import print_json
from tagger.cli.report.runs import run_json
from tagger.cli.report.status import moment, show_status
from tagger.daemon.status.server import query_status
from tagger.errors import ModelError
from tagger.inference import in_use
from tagger.library import absence
from tagger.library.fit import doubted
from tagger.store import Store

if TYPE_CHECKING:
    from tagger.config import Settings


@click.command
@JSON
@configured
def command(settings: Settings, *, as_json: bool) -> None:
    """Show the contents of the database, failures, and the state of `tagger watch`.

    Exits with 3 when `tagger watch` is not running.
    """
    with Store(settings.store.folder) as store:
        store.check(rows=False)
        found = _gathered(settings, store)
    show = print_json if as_json else show_status
    show(found)
    if found["daemon"] is None:
        raise click.exceptions.Exit(3)


def _gathered(settings: Settings, store: Store) -> dict[str, Any]:
    last, files, decisions = store.runs.last(), store.files.count(), store.runs.tally()
    failures = [f for f in store.failures.all() if not absence.was_removed(f.path, f.identity)]
    return {
        "daemon": query_status(settings.store.folder),
        **_model(settings),
        "state": str(store.path),
        "files": files,
        "decisions": dict(decisions.most_common()),
        "without_decision": files - decisions.total(),
        "sources": dict(store.runs.sources().most_common()),
        "doubted": doubted(store),
        "passed_over": dict(store.passed_over.counts().most_common()),
        "listed": store.runs.count_by_list(),
        "corrections": store.corrections.count(),
        "corrections_to_before": store.corrections.count_returned(),
        "last_run": last
        and {
            "id": last.id,
            "kind": last.kind,
            "started": moment(last.started),
            "finished": last.finished is not None,
        },
        "last_write": (wrote := store.runs.last_write()) and run_json(wrote),
        "failures": [
            {"path": str(f.path), "reason": f.reason, "given_up": f.given_up} for f in failures
        ],
        "without_music": [str(f.path) for f in failures if f.without_music],
    }


def _model(settings: Settings) -> dict[str, str | None]:
    """Return the model's id; for a model that cannot be used its folder, and the reason."""
    resolved = in_use.resolve_bundle(settings)
    try:
        return {"model": in_use.runnable_manifest(resolved).id, "model_fault": None}
    except ModelError as error:
        return {"model": str(resolved.model.bundle.folder), "model_fault": error.explanation}
