"""Spotify's errors as errors of training, each with the next step.

The server's sentences are for developers and may have many lines, so no message repeats them.
"""

from __future__ import annotations

import contextlib
import time
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
import requests
from spotipy.exceptions import SpotifyBaseException

from training.errors import (
    SpotifyAccountError,
    SpotifyError,
    SpotifyLoginError,
    SpotifyPausedError,
    SpotifyPlaylistError,
    SpotifyUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

LOGIN = "run `tagger spotify login`"
LATER = "the pages so far are kept; run `tagger spotify sync` again"
LONGEST_WAIT_S = 60.0
"""Longest pause that a run waits for."""
SHORT_WAIT_S = 5.0
"""Pause after "too many requests" without a pause from Spotify."""
_MONTH_S = 30 * 86_400.0

_NONSENSE = (
    SpotifyBaseException,
    msgspec.ValidationError,
    LookupError,
    AttributeError,
    TypeError,
    RecursionError,
)
"""Errors of spotipy and of the decoder over malformed responses."""


def check(response: requests.Response, *_: Any, **__: Any) -> None:
    """Raise the error for a response: a hook of `requests`."""
    status, path = response.status_code, urlsplit(response.url).path
    if status < HTTPStatus.BAD_REQUEST:
        return
    error = _error(response)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise _unavailable(f"Spotify failed with the status {status}")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise _too_many(error, response.headers.get("Retry-After"))
    if path.endswith("/api/token"):
        raise _token_refusal(error)
    raise _refusal(status, error, of_playlist="/playlists/" in path)


@contextlib.contextmanager
def typed() -> Iterator[None]:
    """Raise SpotifyUnavailableError for errors of requests and spotipy, and bad responses."""
    try:
        yield
    except requests.Timeout as error:
        raise _unavailable("Spotify did not answer in time") from error
    except requests.exceptions.JSONDecodeError as error:
        raise _broken() from error
    except requests.RequestException as error:
        raise _unavailable("Spotify cannot be reached") from error
    except _NONSENSE as error:
        raise _broken() from error


def _refusal(status: int, error: dict[str, Any], *, of_playlist: bool) -> SpotifyError:
    if status == HTTPStatus.UNAUTHORIZED:
        return SpotifyLoginError("Spotify does not accept the login any more", hint=LOGIN)
    if status == HTTPStatus.FORBIDDEN:
        return _forbidden(str(error.get("message")), of_playlist=of_playlist)
    if of_playlist:
        return _not_there(status)
    reason = f"Spotify refuses with the status {status}"
    return SpotifyAccountError(reason, hint="update tagger and spotipy")


def _not_there(status: int) -> SpotifyError:
    if status == HTTPStatus.NOT_FOUND:
        hint = (
            "no app can read Spotify's own playlists: copy the tracks into a playlist of yours, "
            "and name that in training.spotify.playlists"
        )
        return SpotifyPlaylistError("a playlist of Spotify, or deleted", hint=hint)
    hint = "copy the playlist's link again into training.spotify.playlists"
    return SpotifyPlaylistError("Spotify does not recognise the playlist", hint=hint)


def _forbidden(message: str, *, of_playlist: bool) -> SpotifyError:
    if "premium" in message.lower():
        return SpotifyAccountError(
            "Spotify answers only apps whose owner has Premium",
            hint="subscribe with the account that registered the app; it can take some hours",
        )
    if of_playlist:
        return SpotifyPlaylistError(
            "shown to its owner and collaborators only",
            hint="copy its tracks into a playlist of yours and name that. If it is yours, add "
            "your account to the app's User Management at developer.spotify.com/dashboard",
        )
    return SpotifyAccountError(
        "Spotify does not let this account use the app",
        hint="add it to the app's User Management at developer.spotify.com/dashboard",
    )


def _too_many(error: dict[str, Any], retry_after: str | None) -> SpotifyError:
    seconds = _retry_after(retry_after)
    if error.get("reason") == "QUOTA_EXCEEDED":
        return SpotifyPausedError(
            "the quota of the app's developer is used up",
            hint=f"{LATER} tomorrow",
            seconds=seconds,
        )
    if seconds is not None and seconds > LONGEST_WAIT_S:
        return SpotifyPausedError(
            f"Spotify asks for a pause of {_span(seconds)}",
            hint=f"{LATER} then",
            seconds=seconds,
        )
    wait = SHORT_WAIT_S if seconds is None else seconds
    return SpotifyUnavailableError("too many requests", hint=LATER, seconds=wait)


def _token_refusal(error: dict[str, Any]) -> SpotifyError:
    if error.get("error") == "invalid_client":
        hint = "copy it from developer.spotify.com/dashboard into training.spotify.client_id"
        return SpotifyAccountError("the client id is unknown to Spotify", hint=hint)
    return SpotifyLoginError("the Spotify login has expired or was withdrawn", hint=LOGIN)


def _error(response: requests.Response) -> dict[str, Any]:
    """Return the error object of a response: the API nests it, the token endpoint does not.

    The whole response is read, so that its connection is free again.
    """
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    nested = body.get("error") if isinstance(body, dict) else None
    if isinstance(nested, dict):
        return nested
    return body if isinstance(body, dict) else {}


def _retry_after(value: str | None) -> float | None:
    """Seconds, from either form of RFC 9110, 10.2.3."""
    if value is None:
        return None
    with contextlib.suppress(ValueError):
        if value.strip().isdecimal():
            return min(float(value), _MONTH_S)
        away = parsedate_to_datetime(value).timestamp() - time.time()
        return min(max(0.0, away), _MONTH_S)
    return None


def _span(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _unavailable(reason: str) -> SpotifyUnavailableError:
    return SpotifyUnavailableError(reason, hint=LATER)


def _broken() -> SpotifyUnavailableError:
    return _unavailable("Spotify's answer makes no sense")
