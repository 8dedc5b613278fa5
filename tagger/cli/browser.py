"""The user's browser, opened at an address of this computer."""

from __future__ import annotations

import contextlib
import threading
import webbrowser

import click


def open_browser(address: str, otherwise: str) -> None:
    """Open a browser in a thread: some browsers return only when they are closed.

    Args:
        address: The address of the page.
        otherwise: The next step, for a computer where no browser opens.

    """

    def attempt() -> None:
        opened = False
        with contextlib.suppress(OSError, ValueError, webbrowser.Error):  # a quote in $BROWSER
            opened = webbrowser.open(address)
        if not opened:
            click.echo(f"No browser opened: {otherwise}", err=True)

    threading.Thread(target=attempt, daemon=True).start()
