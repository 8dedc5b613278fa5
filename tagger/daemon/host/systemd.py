"""Telling a service manager how it goes: the protocol of `man 3 sd_notify`."""

from __future__ import annotations

import contextlib
import os
import socket
import time


class SystemdNotifier:
    """Sends notices over a datagram socket; to nobody when there is none."""

    def __init__(self, address: str = "", watchdog: float | None = None) -> None:
        """`address` is a path, or a name of the abstract namespace after `@`.

        `watchdog` is after how many seconds without a ping the service counts as dead.
        """
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if address else None
        self._status = ""
        self.watchdog = watchdog

    @classmethod
    def from_environment(cls) -> SystemdNotifier:
        """Take the socket out of the environment, so that workers do not speak for us."""
        address = os.environ.pop("NOTIFY_SOCKET", "")
        microseconds = os.environ.pop("WATCHDOG_USEC", "")
        meant = os.environ.pop("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        watchdog = int(microseconds) / 1e6 if microseconds.isdigit() and meant else None
        return cls(address, watchdog or None)

    def ready(self) -> None:
        """Say that the service runs, after its start or after a reload."""
        self._send("READY=1")

    def reloading(self) -> None:
        """Say that the configuration is read again."""
        microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send(f"RELOADING=1\nMONOTONIC_USEC={microseconds}")

    def stopping(self) -> None:
        """Say that the service ends."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """Ping."""
        if self.watchdog:
            self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """Say in a line what the service is at, if that is news."""
        if text != self._status:
            self._status = text
            self._send(f"STATUS={text}")

    def _send(self, notice: str) -> None:
        if self._socket:
            with contextlib.suppress(OSError):  # a manager that went away is not our trouble
                self._socket.sendto(notice.encode(), self._address)
