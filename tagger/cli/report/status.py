"""The status of tagger as lines."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from tagger.cli.output import printable
from tagger.cli.report.base import counted
from tagger.cli.report.words import DONE
from tagger.system.text import number_of

MOST_SHOWN = 20
MANY_LISTED = 1000
"""Files by known artists from which on a training is offered."""
WORDS = {str(action): text for action, text in DONE.items()}
WORDS |= {"keep": "kept", "undone": "taken back"}
"""By decision the words that follow a number of files."""


def show_status(found: dict[str, Any]) -> None:
    """Print the object of `status --json` as lines."""
    _show_daemon(found["daemon"])
    fault = f": {found['model_fault']}" if found["model_fault"] else ""
    click.echo(printable(f"model       {found['model']}{fault}"))
    click.echo(f"state       {printable(found['state'])}")
    _show_files(found)
    _show_corrections(found)
    _show_runs(found)
    _show_failures(found)


def _show_files(found: dict[str, Any]) -> None:
    decisions = found["decisions"].items()
    counts = [f"{n} {WORDS.get(action, action)}" for action, n in decisions]
    if undecided := found["without_decision"]:
        counts.append(f"{undecided} without a decision (new, or with a genre of their own)")
    sources = ", ".join(f"{n} by {source}" for source, n in found["sources"].items())
    click.echo(f"files       {found['files']}")
    click.echo(f"decisions   {', '.join(counts) or 'none yet'}")
    click.echo(f"genres      {sources or 'none yet'}")
    if found["doubted"]:
        text = "not counted for other files; most of their artists have others in the list"
        click.echo(printable(f"doubted     {', '.join(found['doubted'])}: {text}"))
    if found["passed_over"]:
        click.echo(f"passed over {counted(found['passed_over'])}")
    if found["listed"] >= MANY_LISTED:
        text = f"{found['listed']} analyzed files are by known artists"
        click.echo(f"training    {text}: `tagger train --from known-artists` learns from them")


def _show_corrections(found: dict[str, Any]) -> None:
    click.echo(f"corrections {found['corrections']}")
    if returned := found["corrections_to_before"]:
        click.echo(
            f"  {returned} of them to the genre from before tagger: if another program wrote"
            " it from an old database, see `tagger corrections list` and `forget`"
        )


def _show_runs(found: dict[str, Any]) -> None:
    last = found["last_run"]
    when = f"{last['kind']} {last['id']}, {minute(last['started'])}" if last else "none yet"
    click.echo(f"last run    {when}")
    if wrote := found["last_write"]:
        when = f"{wrote['kind']} {wrote['id']}, {minute(wrote['started'])}"
        click.echo(
            f"last write  {when}: {wrote['written']} written; `tagger runs show {wrote['id']}`"
        )


def _show_failures(found: dict[str, Any]) -> None:
    silent = set(found["without_music"])
    failures = [failure for failure in found["failures"] if failure["path"] not in silent]
    click.echo(f"no music    {len(silent)} (silent, too short, a video)")
    click.echo(f"failures    {len(failures)}")
    for failure in failures[:MOST_SHOWN]:
        click.echo(printable(f"  {failure['path']}: {failure['reason']}"))
    if len(failures) > MOST_SHOWN:
        click.echo(f"  ... and {len(failures) - MOST_SHOWN} more: `tagger status --json`")


def _show_daemon(daemon: dict[str, Any] | None) -> None:
    if daemon is None:
        click.echo("daemon      not running (tagger watch)")
        return
    rate = f"{number_of(round(daemon['files_per_minute']), 'file')} a minute"
    doing = rate if daemon["busy"] else "idle"
    click.echo(f"daemon      {doing}, process {daemon['pid']}, since {moment(daemon['since'])}")
    for watched in daemon["watching"]:
        text = f"{watched['folder']} by {watched['how']}: {watched['why']}"
        click.echo(f"watching    {printable(text)}")
    click.echo(f"queue       {daemon['queue']}, and {daemon['settling']} that settle")
    if reconciled := daemon["reconciled"]:
        files = number_of(reconciled["files"], "file")
        click.echo(f"compared    all folders {moment(reconciled['at'])}, {files}")
    for error in daemon["errors"]:
        text = f"{moment(error['at'])} {error['path']} {error['reason']}"
        click.echo(f"error       {printable(text)}")


def minute(when: str) -> str:
    """Return a time of `moment` as lines have it, to the minute."""
    return when[:16].replace("T", " ")


def moment(at: float) -> str:
    """Return Unix seconds as local time in the form of ISO 8601; "unknown" outside the calendar."""
    try:
        return datetime.fromtimestamp(at).astimezone().isoformat("T", "seconds")
    except (OverflowError, ValueError, OSError):  # a damaged row
        return "unknown"
