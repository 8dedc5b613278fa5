"""The daemon's logs: each record is one line, whatever characters a file name contains.

A record is an event with fields: plain for people, `key=value` or JSON for programs.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from tagger.system.text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

Form = Literal["auto", "plain", "keyvalue", "json"]
"""`auto` is plain on a terminal, else `key=value`."""

_FIELDS = "fields"


class Log:
    """A logger of events with named fields."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def debug(self, event: str, **fields: object) -> None:
        """Log an event for the search for a fault."""
        self._logger.debug(event, extra={_FIELDS: fields})

    def info(self, event: str, **fields: object) -> None:
        """Log an event."""
        self._logger.info(event, extra={_FIELDS: fields})

    def warning(self, event: str, **fields: object) -> None:
        """Log an event that needs attention at some time."""
        self._logger.warning(event, extra={_FIELDS: fields})

    def error(self, event: str, **fields: object) -> None:
        """Log an error."""
        self._logger.error(event, extra={_FIELDS: fields})

    def failure(self, event: str, error: BaseException) -> None:
        """Log an unexpected exception with its traceback."""
        trace = " ".join("".join(traceback.format_exception(error)).split())
        self._logger.critical(event, extra={_FIELDS: {"error": repr(error), "traceback": trace}})


log = Log(logging.getLogger("tagger"))


def configure(form: Form, *, verbose: bool = False) -> None:
    """Send all logs, of libraries and dying threads too, to standard error."""
    if form == "auto":
        form = "plain" if sys.stderr.isatty() else "keyvalue"
    handler = logging.StreamHandler()
    handler.setFormatter(Formatter(form))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("tagger").setLevel(logging.DEBUG if verbose else logging.INFO)
    logging.getLogger("watchdog").setLevel(logging.CRITICAL)  # `watch.inotify` logs its errors
    logging.captureWarnings(capture=True)
    logging.getLogger("py.warnings").setLevel(logging.ERROR)  # of libraries, for developers
    threading.excepthook = _thread_died


def _thread_died(failed: threading.ExceptHookArgs) -> None:
    log.failure("a thread died", failed.exc_value or failed.exc_type())


class Formatter(logging.Formatter):
    """Formats a record as one line."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of text."""
        fields: Mapping[str, Any] = getattr(record, _FIELDS, {})
        event, level = record.getMessage(), record.levelname.lower()
        when = datetime.fromtimestamp(record.created, UTC).astimezone()
        if self._form == "json":
            start = {"time": when.isoformat(), "level": level, "event": event}
            return json.dumps({**start, **fields}, default=str)
        text = " ".join(f"{key}={_value(value)}" for key, value in fields.items())
        if self._form == "plain":
            warning = f"{level}: " if record.levelno >= logging.WARNING else ""
            return f"{when:%H:%M:%S} {warning}{one_line(event)} {text}".rstrip()
        moment = when.isoformat(timespec="milliseconds")
        return f"time={moment} level={level} event={_value(event)} {text}".rstrip()


def _value(value: object) -> str:
    if isinstance(value, tuple | list):
        value = ", ".join(map(str, value))
    text = one_line(str(value))
    if text and not any(character in text for character in ' "=\\'):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
