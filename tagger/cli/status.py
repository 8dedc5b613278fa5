"""`tagger status`: show what tagger knows and did."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from tagger.cli.options import JSON, configured, print_json, printable
from tagger.daemon.status.server import query_status
from tagger.inference import read_manifest, registry
from tagger.store import Store

if TYPE_CHECKING:
    from tagger.config import Settings

MOST_SHOWN = 20
NOT_RUNNING = 3


@click.command
@JSON
@configured
def command(settings: Settings, *, as_json: bool) -> None:
    """Show what tagger knows and did, and what `tagger watch` is at.

    Exits with 3 when `tagger watch` is not running.
    """
    with Store(settings.store.folder) as store:
        found = _gathered(settings, store)
    if as_json:
        print_json(found)
    else:
        _show(found)
    if found["daemon"] is None:
        raise click.exceptions.Exit(NOT_RUNNING)


def _show(found: dict[str, Any]) -> None:
    _show_daemon(found["daemon"])
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


def _show_daemon(daemon: dict[str, Any] | None) -> None:
    if daemon is None:
        click.echo("daemon      not running (tagger watch)")
        return
    doing = f"{daemon['files_per_minute']:.0f} files a minute" if daemon["busy"] else "idle"
    click.echo(f"daemon      {doing}, process {daemon['pid']}, since {_moment(daemon['since'])}")
    for watched in daemon["watching"]:
        text = f"{watched['folder']} by {watched['how']}: {watched['why']}"
        click.echo(f"watching    {printable(text)}")
    click.echo(f"queue       {daemon['queue']}, and {daemon['settling']} that settle")
    if reconciled := daemon["reconciled"]:
        click.echo(f"reconciled  {_moment(reconciled['at'])}, {reconciled['files']} files")
    for error in daemon["errors"]:
        text = f"{_moment(error['at'])} {error['path']} {error['reason']}"
        click.echo(f"error       {printable(text)}")


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().isoformat("T", "seconds")


def _gathered(settings: Settings, store: Store) -> dict[str, Any]:
    last = store.runs.last()
    return {
        "daemon": query_status(settings.store.folder),
        "model": read_manifest(registry.resolve_bundle(settings).model.bundle.folder).id,
        "state": str(store.path),
        "files": store.files.count(),
        "decisions": dict(store.runs.tally().most_common()),
        "corrections": len(store.corrections.all()),
        "last_run": last
        and {
            "id": last.id,
            "kind": last.kind,
            "started": _moment(last.started),
            "finished": last.finished is not None,
        },
        "failures": [
            {"path": str(f.path), "reason": f.reason, "given_up": f.given_up}
            for f in store.failures.all()
        ],
    }
