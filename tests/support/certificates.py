"""A certificate for stand-ins of servers on loopback."""

from __future__ import annotations

import ssl
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from pathlib import Path


def encrypted(listening: socket.socket, certificate: Path) -> ssl.SSLSocket:
    """Return a listening socket of a server that speaks TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context.wrap_socket(listening, server_side=True)


def make_certificate(folder: Path) -> Path:
    """Make a certificate for loopback with its key, in one file."""
    path = folder / "certificate.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "-", "-out", "-"]
    made = subprocess.run([*command.split(), *names], capture_output=True, check=True)
    path.write_bytes(made.stdout)
    return path
