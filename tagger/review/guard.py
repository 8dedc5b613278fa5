"""The refusal of requests that do not come from the user's own page.

The page writes into files, so another web site must not reach it. A request needs the token in its
path, and a `Host` of this computer, against DNS rebinding. A request that writes needs the `Origin`
of the page.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        " media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self';"
        " frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Headers of every answer: nothing is loaded from elsewhere, and the token does not leak."""


@dataclass(frozen=True, slots=True)
class Guard:
    """The rules for the requests to one server."""

    token: str
    port: int
    keys: set[str] = field(default_factory=set)
    """Each opens the page once. Other users of the computer see the arguments of a browser."""

    def opens(self, request: Request) -> bool:
        """Return whether a request has a key, and take the key away."""
        if request.method != "GET" or request.headers.get("Host") not in self._hosts:
            return False
        try:
            self.keys.remove(request.path.strip("/"))
        except KeyError:
            return False
        return True

    def refusal(self, request: Request) -> str | None:
        """Return why a request is refused, None if it may pass."""
        first = request.path.split("/", 2)[1] if "/" in request.path else ""
        if request.headers.get("Host") not in self._hosts:
            return "wrong host"
        if not hmac.compare_digest(first.encode(), self.token.encode()):
            return "wrong token"
        origin = request.headers.get("Origin")
        if origin is None and request.method not in ("GET", "HEAD"):
            return "no origin"
        if origin is not None and origin not in [f"http://{host}" for host in self._hosts]:
            return "wrong origin"
        return None

    @property
    def _hosts(self) -> tuple[str, ...]:
        return f"127.0.0.1:{self.port}", f"localhost:{self.port}"
