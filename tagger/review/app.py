"""The pages of `tagger review` as a WSGI application."""

from __future__ import annotations

import base64
import binascii
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.exceptions import BadRequest, HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect, send_file
from werkzeug.wrappers import Request, Response

from tagger.errors import TaggerError
from tagger.review.desk import SHOWN
from tagger.review.guard import HEADERS, Guard
from tagger.system.text import one_line
from tagger.tags import edit
from tagger.tags.cover import image_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tagger.review.desk import Card, Desk

FOLDER = Path(__file__).parent
LARGEST_REQUEST = 100_000
"""Bytes."""
ASSETS = {"review.js": "text/javascript", "review.css": "text/css"}
CONFLICT = 409


class App:
    """Answers the requests of one server."""

    def __init__(self, desk: Desk, guard: Guard) -> None:
        self._desk = desk
        self._guard = guard
        environment = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters |= {"shown": lambda value: one_line(str(value)), "id": file_id}
        self._page = environment.get_template("page.html.jinja")
        root = f"/{guard.token}"
        self._routes = Map(
            [
                Rule(f"{root}/", endpoint=self._list, methods=["GET"]),
                Rule(f"{root}/<any({','.join(map(repr, ASSETS))}):name>", endpoint=self._asset),
                Rule(f"{root}/cover/<id>", endpoint=self._cover, methods=["GET"]),
                Rule(f"{root}/sound/<id>", endpoint=self._sound, methods=["GET"]),
                Rule(f"{root}/part/<id>", endpoint=self._part, methods=["GET"]),
                Rule(f"{root}/near/<id>", endpoint=self._near, methods=["GET"]),
                Rule(f"{root}/choose/<id>", endpoint=self._choose, methods=["POST"]),
                Rule(f"{root}/undo/<id>", endpoint=self._undo, methods=["POST"]),
            ]
        )

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request; see PEP 3333."""
        request = Request(environ)
        request.max_content_length = LARGEST_REQUEST
        response = self._answer(request)
        response.headers.update(HEADERS)
        return response(environ, start)

    def _answer(self, request: Request) -> Response:
        if self._guard.opens(request):
            return redirect(f"/{self._guard.token}/", 303)
        if refusal := self._guard.refusal(request):
            return Response(f"refused: {refusal}\n", 403)
        try:
            endpoint, values = self._routes.bind_to_environ(request.environ).match()
            response: Response = endpoint(request, **values)
        except HTTPException as error:
            return Response(f"{error.code} {error.name}\n", error.code)
        except TaggerError as error:
            return _json({"error": one_line(error.reason)}, CONFLICT)
        except OSError:  # a cover or a file that cannot be read
            return Response("404 Not Found\n", 404)
        return response

    def _list(self, request: Request) -> Response:
        view = request.args.get("view") or self._first_view()
        text = request.args.get("text", "")
        page = max(0, request.args.get("page", 0, int))
        if view not in SHOWN:
            raise BadRequest
        albums, more = self._desk.albums(view, text, page)
        text = self._page.render(
            albums=albums,
            more=more,
            view=view,
            views=list(SHOWN),
            text=text,
            page=page,
            genres=self._desk.genres,
            window=self._desk.window,
        )
        return Response(text, mimetype="text/html")

    def _first_view(self) -> str:
        """Return the first view that lists a file."""
        return next((view for view in SHOWN if self._desk.albums(view, "", 0)[0]), "unsure")

    def _asset(self, request: Request, name: str) -> Response:  # noqa: ARG002
        return Response((FOLDER / name).read_bytes(), mimetype=ASSETS[name])

    def _cover(self, request: Request, id: str) -> Response:  # noqa: A002, ARG002
        data = self._desk.cover(self._file(id))
        kind = image_type(data) if data else None
        if data is None or kind is None:
            raise NotFound
        return Response(data, mimetype=kind)

    def _sound(self, request: Request, id: str) -> Response:  # noqa: A002
        path = self._file(id)
        if not path.is_file():
            raise NotFound
        return send_file(path, request.environ, conditional=True)

    def _part(self, request: Request, id: str) -> Response:  # noqa: A002
        data = self._desk.part(self._file(id))
        answer = Response(data, mimetype="audio/wav")
        return answer.make_conditional(request, accept_ranges=True, complete_length=len(data))

    def _near(self, request: Request, id: str) -> Response:  # noqa: A002, ARG002
        found = self._desk.nearest(self._file(id))
        rows = [
            {
                "file": one_line(str(near.path)),
                "genres": [one_line(name) for name in near.genres],
                "likeness": round(near.likeness, 2),
            }
            for near in found
        ]
        return _json({"near": rows})

    def _choose(self, request: Request, id: str) -> Response:  # noqa: A002
        try:
            asked = request.get_json()
            genre, seen = asked["genre"], asked["seen"]
        except (KeyError, TypeError, RecursionError):
            raise BadRequest from None
        texts = isinstance(seen, list) and all(isinstance(name, str) for name in seen)
        if not isinstance(genre, str) or not texts:
            raise BadRequest
        genre = " ".join(genre.split())
        if genre:
            edit.check_genres((genre,))
        return _json(_row(self._desk.choose(self._file(id), seen, genre)))

    def _undo(self, request: Request, id: str) -> Response:  # noqa: A002, ARG002
        return _json(_row(self._desk.take_back(self._file(id))))

    def _file(self, text: str) -> Path:
        """Return the file of an id; the page serves files of the database alone."""
        try:
            path = Path(os.fsdecode(base64.urlsafe_b64decode(text.encode("ascii"))))
        except (binascii.Error, UnicodeError, ValueError):
            raise NotFound from None
        if not self._desk.has(path):
            raise NotFound
        return path


def file_id(path: Path) -> str:
    """Return the id of a file in addresses: its bytes in base64."""
    return base64.urlsafe_b64encode(os.fsencode(path)).decode("ascii")


def _row(card: Card) -> dict[str, Any]:
    return {
        "genres": list(card.track.tags.genres),
        "reason": one_line(card.reason),
        "chosen": card.chosen,
    }


def _json(value: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(value), status, mimetype="application/json")
