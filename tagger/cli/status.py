"""`tagger status`: show what tagger knows and did."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.options import JSON, configured, print_json, printable
from tagger.inference import read_manifest
from tagger.store import Store

if TYPE_CHECKING:
    from tagger.config import Settings

MOST_SHOWN = 20


@click.command
@JSON
@configured
def command(settings: Settings, *, as_json: bool) -> None:
    """Show what tagger knows and did: files, decisions, runs, failures."""
    with Store(settings.store.folder) as store:
        found = _gathered(settings, store)
    if as_json:
        print_json(found)
        return
    last = found["last_run"]
    when = f"{last['kind']} {last['id']}, {last['started']}" if last else "none yet"
    counts = ", ".join(f"{n} {action}" for action, n in found["decisions"].items()) or "none yet"
    click.echo(f"model       {found['model']}")
    click.echo(f"state       {printable(found['state'])}")
    click.echo(f"files       {found['files']}")
    click.echo(f"decisions   {counts}")
    click.echo(f"corrections {found['corrections']}")
    click.echo(f"last run    {when}")
    click.echo(f"failures    {len(found['failures'])}")
    for failure in found["failures"][:MOST_SHOWN]:
        click.echo(printable(f"  {failure['path']}: {failure['reason']}"))


def _gathered(settings: Settings, store: Store) -> dict[str, Any]:
    last = store.runs.last()
    return {
        "model": read_manifest(settings.model.bundle.folder).id,
        "state": str(store.path),
        "files": store.files.count(),
        "decisions": dict(store.runs.tally().most_common()),
        "corrections": len(store.corrections.all()),
        "last_run": last
        and {
            "id": last.id,
            "kind": last.kind,
            "started": datetime.fromtimestamp(last.started).astimezone().isoformat("T", "seconds"),
            "finished": last.finished is not None,
        },
        "failures": [
            {"path": str(f.path), "reason": f.reason, "given_up": f.given_up}
            for f in store.failures.all()
        ],
    }
