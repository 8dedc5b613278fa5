"""One request to a player's web server, with a short answer.

The standard library's basic client uses no proxy, follows no redirect and logs nothing.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from tagger import __version__
from tagger.errors import PlayerError
from tagger.players import transport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tagger.config import Secret


class WebServer:
    """A player's web server at the configured address."""

    def __init__(
        self,
        kind: str,
        name: str,
        url: str,
        timeout: float = transport.TIMEOUT,
        *,
        login: str = "user password",
    ) -> None:
        """Connect to nothing yet.

        Args:
            kind: The name of the player in messages.
            name: Its table in the configuration.
            url: Its address.
            timeout: Seconds to connect, and again for one request with its answer.
            login: The keys of the table with the login.

        """
        self._timeout = timeout
        self._login = login
        self._kind = kind
        self._name = name
        self._where = url.rstrip("/")
        self._key = f"players.{name}.url"

    def request(  # noqa: PLR0913 - an HTTP request has four parts
        self,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        good: int = 200,
        most: int = transport.MAX_ANSWER_BYTES,
    ) -> bytes:
        """Send a request and return the body of the answer.

        Args:
            method: The HTTP method.
            path: The path below the address.
            body: The content of the request; may be empty.
            headers: The headers of the request.
            good: The expected status.
            most: Bytes of the answer that are read.

        Raises:
            PlayerError: another status, or a server that does not answer.

        """
        try:
            status, answer = self._exchange(method, path, body, headers, most)
        except OSError as error:
            raise transport.unreachable(error, self._where, self._key, self._timeout) from None
        except (http.client.HTTPException, ValueError):
            raise self.unexpected_answer() from None
        if status == good:
            return answer
        raise self._refusal(status)

    def post_json(self, path: str, body: object, headers: Mapping[str, str]) -> dict[str, Any]:
        """Send `body` as JSON and return the JSON object of the answer.

        Args:
            path: The path below the address.
            body: Any value of JSON.
            headers: The headers of the request.

        Raises:
            PlayerError: another status, no JSON object, or a server that does not answer.

        """
        sent = json.dumps(body).encode()
        answer = self.request("POST", path, sent, {"Content-Type": "application/json", **headers})
        return self.decoded(answer)

    def named(self, version: object) -> str:
        """Return the kind of player with its version; raises `PlayerError` for no version."""
        if not isinstance(version, str):
            raise self.unexpected_answer()
        return f"{self._kind} {version[:20]}"

    def decoded(self, answer: bytes) -> dict[str, Any]:
        """Decode a JSON object; raises `PlayerError`."""
        with contextlib.suppress(ValueError, RecursionError):
            if isinstance(found := json.loads(answer), dict):
                return found
        raise self.unexpected_answer()

    def unexpected_answer(self) -> PlayerError:
        """Return the error for an answer that this kind of player never sends."""
        return transport.unexpected_answer(self._where, self._kind, self._key)

    def login_refused(self, settings: str) -> PlayerError:
        """Return the error for a refused login; `settings` names the keys to correct."""
        keys = " and ".join(f"players.{self._name}.{key}" for key in settings.split())
        return PlayerError(f"{self._where} refuses the login", hint=f"correct {keys}")

    def _exchange(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], most: int
    ) -> tuple[int, bytes]:
        parts = urlsplit(self._where)
        secure = parts.scheme == "https"
        client = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        # without a port, the client would take the end of an IPv6 address for one
        port = parts.port or client.default_port
        connection = client(parts.hostname or "", port, timeout=self._timeout)
        with contextlib.closing(connection):
            connection.connect()
            with transport.deadline(connection.sock, self._timeout):
                sender = {"User-Agent": f"tagger/{__version__}", "Connection": "close"}
                address = quote(parts.path, safe="/%") + path
                connection.request(method, address, body or None, {**sender, **headers})
                answer = connection.getresponse()
                return answer.status, answer.read(most)

    def _refusal(self, status: int) -> PlayerError:
        if status in (401, 403):
            return self.login_refused(self._login)
        if 300 <= status < 400:
            hint = f"set {self._key} to the address of the redirect"
            return PlayerError(f"{self._where} redirects to another address", hint=hint)
        if status >= 500:
            hint = f"see the log of {self._kind}"
            return PlayerError(f"{self._where} returns the HTTP error {status}", hint=hint)
        return self.unexpected_answer()


def basic(user: str, password: Secret) -> dict[str, str]:
    """Return the header of HTTP basic authentication (RFC 7617); empty without a user."""
    if not user:
        return {}
    login = base64.b64encode(f"{user}:{password.reveal()}".encode()).decode()
    return {"Authorization": f"Basic {login}"}
