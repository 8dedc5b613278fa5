"""Asking a player's web server: one question, one short answer, nowhere else.

The standard library's lowest client: it asks no proxy, follows no redirect, and logs nothing.
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
    """A player's web server, at the address that the configuration gives."""

    def __init__(self, kind: str, name: str, url: str) -> None:
        """`kind` is what people call it, `name` its table in `[players]`."""
        self._kind = kind
        self._name = name
        self._where = url.rstrip("/")
        self._key = f"players.{name}.url"

    def ask(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], *, good: int = 200
    ) -> bytes:
        """Return the body of an answer with the status `good`; raises `PlayerError` else."""
        try:
            status, answer = self._exchange(method, path, body, headers)
        except OSError as error:
            raise transport.unreachable(error, self._where, self._key) from None
        except (http.client.HTTPException, ValueError):
            raise self.nonsense() from None
        if status == good:
            return answer
        raise self._refusal(status)

    def ask_json(
        self, method: str, path: str, body: object, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return the object in a good answer to an object; raises `PlayerError`."""
        sent = json.dumps(body).encode()
        answer = self.ask(method, path, sent, {"Content-Type": "application/json", **headers})
        return self.decoded(answer)

    def decoded(self, answer: bytes) -> dict[str, Any]:
        """Read a JSON object; raises `PlayerError`."""
        with contextlib.suppress(ValueError, RecursionError):
            if isinstance(found := json.loads(answer), dict):
                return found
        raise self.nonsense()

    def nonsense(self) -> PlayerError:
        """Say that this is no player of its kind."""
        return transport.nonsense(self._where, self._kind, self._key)

    def refused(self, what: str) -> PlayerError:
        """Say that who we are is not good enough; `what` are the settings that say who."""
        keys = " and ".join(f"players.{self._name}.{key}" for key in what.split())
        return PlayerError(f"{self._where} refuses the login", hint=f"correct {keys}")

    def _exchange(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        parts = urlsplit(self._where)
        secure = parts.scheme == "https"
        client = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = client(parts.hostname or "", parts.port, timeout=transport.TIMEOUT)
        with contextlib.closing(connection):
            connection.connect()
            with transport.deadline(connection.sock):
                who = {"User-Agent": f"tagger/{__version__}", "Connection": "close"}
                address = quote(parts.path, safe="/%") + path
                connection.request(method, address, body or None, {**who, **headers})
                answer = connection.getresponse()
                return answer.status, answer.read(transport.MOST_BYTES)

    def _refusal(self, status: int) -> PlayerError:
        if status in (401, 403):
            return self.refused("api_key" if self._name == "jellyfin" else "user password")
        if 300 <= status < 400:
            hint = f"set {self._key} to the address that it leads to"
            return PlayerError(f"{self._where} redirects to another address", hint=hint)
        if status >= 500:
            hint = f"see the log of {self._kind}"
            return PlayerError(f"{self._where} answers with the error {status}", hint=hint)
        return self.nonsense()


def basic(user: str, password: Secret) -> dict[str, str]:
    """Return the header for HTTP's basic authentication (RFC 7617); none without a user."""
    if not user:
        return {}
    login = base64.b64encode(f"{user}:{password.reveal()}".encode()).decode()
    return {"Authorization": f"Basic {login}"}
