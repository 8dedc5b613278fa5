"""Notifying the service manager of the daemon's state: the protocol of `man 3 sd_notify`."""

from __future__ import annotations

import contextlib
import os
import socket
import time


class SystemdNotifier:
    """Sends notices over a datagram socket; does nothing without a socket."""

    def __init__(self, address: str = "", watchdog: float | None = None) -> None:
        """Connect to the service manager's socket.

        `address` is a path, or `@` and a name of the abstract namespace. `watchdog` is the
        seconds without a ping after which the service counts as dead; None without a watchdog.
        """
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if address else None
        self._status = ""
        self.watchdog = watchdog

    @classmethod
    def from_environment(cls) -> SystemdNotifier:
        """Take the socket out of the environment, so that workers do not notify."""
        address = os.environ.pop("NOTIFY_SOCKET", "")
        microseconds = os.environ.pop("WATCHDOG_USEC", "")
        meant = os.environ.pop("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        watchdog = int(microseconds) / 1e6 if microseconds.isdigit() and meant else None
        return cls(address, watchdog or None)

    def ready(self) -> None:
        """Report that the service runs, after its start or a reload."""
        self._send("READY=1")

    def reloading(self) -> None:
        """Report that the service reads its configuration again."""
        microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send(f"RELOADING=1\nMONOTONIC_USEC={microseconds}")

    def stopping(self) -> None:
        """Report that the service ends."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """Ping the watchdog."""
        if self.watchdog:
            self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """Report the state of the service in one line, if the line changed."""
        if text != self._status:
            self._status = text
            self._send(f"STATUS={text}")

    def _send(self, notice: str) -> None:
        if self._socket:
            with contextlib.suppress(OSError):  # a missing manager must not end the daemon
                self._socket.sendto(notice.encode(), self._address)
