"""A stand-in for Spotify on loopback: accounts with PKCE, the Web API, and a switch per fault.

It speaks the published document as far as a new app gets answers in 2026; what was removed
answers 403. `python tests/support/spotify_server.py` serves until it is interrupted.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

import spotify_pages as pages

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Self

    Answer = tuple[int | str, Any, dict[str, str]]
    Query = dict[str, str]


CLIENT_ID = "c0ffee00c0ffee00c0ffee00c0ffee00"
REGISTERED = "http://127.0.0.1/callback"
SCOPE = "playlist-read-private playlist-read-collaborative"


def _error(status: int, message: str, **more: Any) -> Answer:
    return status, {"error": {"status": status, "message": message, **more}}, {}


def _wait(seconds: int) -> Answer:
    return (
        429,
        {"error": {"status": 429, "message": "API rate limit exceeded"}},
        {"Retry-After": str(seconds)},
    )


ANSWERS = {
    "expired": _error(401, "The access token expired"),
    "premium": _error(403, "Active premium subscription required for the owner of the app."),
    "not registered": _error(403, "User not registered in the Developer Dashboard"),
    "not own": _error(403, "Forbidden"),
    "missing": _error(404, "Resource not found"),
    "bad request": _error(400, "Invalid base62 id"),
    "short wait": _wait(0),
    "long wait": _wait(86_400),
    "quota": _error(429, "Quota exceeded for this app", reason="QUOTA_EXCEEDED"),
    "too many": _error(429, "Too many requests"),
    "fault": (503, "<html>upstream connect error</html>", {}),
    "broken": (200, '{"items": [{"item": {"na', {}),
    "nonsense": (200, {"items": "none", "total": None}, {}),
    "a list": (200, [1, 2, 3], {}),
    "half a token": (200, {"access_token": "x", "expires_in": 3600}, {}),
    "no items": (200, {"items": [], "total": 10**9, "next": "more"}, {}),
    "invalid_grant": (400, {"error": "invalid_grant", "error_description": "revoked"}, {}),
    "invalid_client": (400, {"error": "invalid_client", "error_description": "no"}, {}),
}
"""Status, body and headers by the name of the fault; `hang` and `reset` answer nothing."""


@dataclass
class Fault:
    """From the `after`-th request on whose path holds `where`, `times` requests fail."""

    kind: str
    where: str
    after: int = 0
    times: float = 1

    def strikes(self, path: str) -> bool:
        if self.where not in path:
            return False
        if self.after:
            self.after -= 1
            return False
        self.times -= 1
        return self.times >= 0


@dataclass
class Asked:
    """A request that was answered."""

    method: str
    path: str
    query: Query
    status: int


@dataclass
class StandIn:
    """The server's state, and its switches."""

    playlists: list[pages.Playlist] = field(default_factory=pages.made_playlists)
    answered: list[Asked] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    denies: bool = False
    """The user says no."""
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    access: set[str] = field(default_factory=set)
    refresh: set[str] = field(default_factory=set)
    most: int = 50
    """Rows of a page, whatever limit is asked for."""

    def __enter__(self) -> Self:
        self.stopped, self.hangs, self.lock = threading.Event(), threading.Event(), threading.Lock()
        stand_in: StandIn = self

        class Handler(_Handler):
            server_state = stand_in

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def fail(self, kind: str, where: str, *, after: int = 0, times: float = 1) -> None:
        """Switch a fault on."""
        self.faults.append(Fault(kind, where, after, times))

    def by_name(self, name: str) -> pages.Playlist:
        return next(p for p in self.playlists if p.name == name)

    def pages_read(self) -> list[tuple[str, int]]:
        """Playlist and offset of each page that was answered, in order."""
        return [
            (a.path.split("/")[3], int(a.query["offset"]))
            for a in self.answered
            if a.path.endswith("/items") and a.status == 200
        ]

    def log_in(self) -> dict[str, Any]:
        """What a login would have left: a token in spotipy's form."""
        return self._issue() | {"expires_at": int(time.time()) + 3600}

    def answer(self, method: str, path: str, query: Query, bearer: str) -> Answer:
        """Status, body and headers; `hang` and `reset` are no status."""
        with self.lock:
            fault = next((f.kind for f in self.faults if f.strikes(path)), None)
            if fault:
                answer = ANSWERS.get(fault, (fault, None, {}))
            elif path.startswith("/v1/") and bearer not in self.access:
                answer = ANSWERS["expired"]
            else:
                service = self._services(path).get(method)
                answer = service(query) if service else _error(404, "Not found")
            if isinstance(answer[0], int):
                self.answered.append(Asked(method, path, query, answer[0]))
            return answer

    def _services(self, path: str) -> dict[str, Callable[[Query], Answer]]:
        if path == "/authorize":
            return {"GET": self._authorize}
        if path == "/api/token":
            return {"POST": self._token}
        if path.startswith("/v1/"):
            return {"GET": lambda query: self._api(path.removeprefix("/v1").rstrip("/"), query)}
        return {}

    def _authorize(self, query: Query) -> Answer:
        target = query.get("redirect_uri", "")
        at_home = re.sub(r"^(http://127\.0\.0\.1):\d+/", r"\1/", target) == REGISTERED
        wanted = {
            "client_id": CLIENT_ID,
            "response_type": "code",
            "code_challenge_method": "S256",
        }
        if not at_home or any(query.get(k) != v for k, v in wanted.items()):
            return 400, "INVALID_CLIENT: Insecure redirect URI", {}
        if self.denies:
            answer = {"error": "access_denied"}
        else:
            answer = {"code": secrets.token_urlsafe(60)}
            self.codes[answer["code"]] = (query["code_challenge"], target)
        back = urlencode(answer | {"state": query.get("state", "")})
        return 302, "", {"Location": f"{target}?{back}"}

    def _token(self, form: Query) -> Answer:
        if form.get("client_id") != CLIENT_ID:
            return ANSWERS["invalid_client"]
        if form.get("grant_type") == "refresh_token":
            if form.get("refresh_token") not in self.refresh:
                return ANSWERS["invalid_grant"]
            self.refresh.discard(form["refresh_token"])  # each is good once: it rotates
            return 200, self._issue(), {}
        challenge, target = self.codes.pop(form.get("code", ""), ("", ""))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proven = base64.urlsafe_b64encode(digest).decode().rstrip("=") == challenge
        if not proven or form.get("redirect_uri") != target:
            return ANSWERS["invalid_grant"]
        return 200, self._issue(), {}

    def _issue(self) -> dict[str, Any]:
        access = f"BQ-access-{secrets.token_urlsafe(40)}"
        refresh = f"AQ-refresh-{secrets.token_urlsafe(40)}"
        self.access.add(access)
        self.refresh.add(refresh)
        return {
            "access_token": access,
            "token_type": "Bearer",
            "scope": SCOPE,
            "expires_in": 3600,
            "refresh_token": refresh,
        }

    def _api(self, path: str, query: Query) -> Answer:
        if path == "/me":
            return 200, pages.user(pages.ME), {}
        limit, offset = int(query.get("limit", 20)), int(query.get("offset", 0))
        if not 1 <= limit <= 50:
            return _error(400, "Invalid limit")
        if path == "/me/playlists":
            shown = [pages.listed(p) for p in self.playlists]
            return 200, pages.page(path, shown, min(limit, self.most), offset), {}
        if named := re.fullmatch(r"/playlists/(\w+)(/items)?", path):
            return self._playlist(named[1], query, items=bool(named[2]))
        return _error(403, "Forbidden")  # what was removed in 2024 and 2026, /tracks first

    def _playlist(self, ident: str, query: Query, *, items: bool) -> Answer:
        playlist = next((p for p in self.playlists if p.id == ident), None)
        if playlist is None or ident.startswith("37i9dQZF1"):
            return ANSWERS["missing"]
        readable = playlist.owner == pages.ME or playlist.collaborative
        if items and not readable:
            return ANSWERS["not own"]
        limit, offset = int(query.get("limit", 20)), int(query.get("offset", 0))
        found = (
            pages.page(f"/playlists/{ident}/items", playlist.places, min(limit, self.most), offset)
            if items
            else pages.whole(playlist, readable=readable)
        )
        return 200, pages.selected(found, query["fields"]) if "fields" in query else found, {}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server_state: StandIn
    disable_nagle_algorithm = True  # else the packets of an answer wait for each other

    def do_GET(self) -> None:
        self._respond("GET", dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._respond("POST", dict(parse_qsl(form.decode())))

    def _respond(self, method: str, query: Query) -> None:
        stand_in, path = self.server_state, urlsplit(self.path).path
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
        status, body, headers = stand_in.answer(method, path, query, bearer)
        if status == "hang":
            stand_in.hangs.set()
            stand_in.stopped.wait()
        if isinstance(status, str):  # `reset` as well
            self.close_connection = True
            return
        content = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    with StandIn() as server:
        print(server.url, flush=True)  # noqa: T201
        threading.Event().wait()
