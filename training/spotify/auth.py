"""The login by PKCE: a client id and no secret (RFC 7636, RFC 8252)."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import requests
from spotipy.cache_handler import MemoryCacheHandler
from spotipy.oauth2 import SpotifyPKCE

from training.errors import SpotifyLoginError
from training.spotify import responses

if TYPE_CHECKING:
    from spotipy.cache_handler import CacheHandler

    from training.spotify.endpoints import Endpoints
    from training.spotify.tokens import TokenFile

SCOPES = ("playlist-read-private", "playlist-read-collaborative")
REDIRECT_URI = "http://127.0.0.1/callback"
"""As the app registers it; without a port, any port is accepted (RFC 8252, 7.3)."""


def plain_session() -> requests.Session:
    """Return a session without retries of its own, whose errors are those of `responses`.

    spotipy logs bearer tokens, refresh tokens and code verifiers at DEBUG. Its loggers are
    disabled; the errors contain the same information.
    """
    for name in ("spotipy.client", "spotipy.oauth2", "spotipy.cache_handler"):
        logging.getLogger(name).disabled = True
    session = requests.Session()
    session.auth = _as_it_is
    session.hooks["response"].append(responses.check)
    return session


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep requests from putting a password out of ~/.netrc in the token's place."""
    return request


class Login:
    """The source of spotipy's access token, which renews the token without the user."""

    def __init__(
        self, client_id: str, file: TokenFile, endpoints: Endpoints, session: requests.Session
    ) -> None:
        self._file = file
        self._pkce = _pkce(client_id, endpoints, session, file)

    @property
    def exists(self) -> bool:
        """Whether there is a login."""
        return self._file.read() is not None

    def get_access_token(self, as_dict: bool = False) -> str:  # noqa: ARG002, FBT001, FBT002
        """Return a token that is good for a minute at least; the argument is spotipy's.

        Raises SpotifyLoginError when there is none, SpotifyUnavailableError.
        """
        try:
            with responses.typed():
                token = self._pkce.validate_token(self._file.get_cached_token())
        except SpotifyLoginError:
            self._file.forget()
            raise
        if token is None:
            raise SpotifyLoginError("there is no Spotify login", hint=responses.LOGIN)
        return str(token["access_token"])

    def renew(self) -> None:
        """Request a new access token before the old token expires.

        Raises as `get_access_token`.
        """
        token = self._file.read()
        if token is None:
            raise SpotifyLoginError("there is no Spotify login", hint=responses.LOGIN)
        try:
            with responses.typed():
                self._pkce.refresh_access_token(token.refresh_token)
        except SpotifyLoginError:
            self._file.forget()
            raise


class Authorization:
    """One attempt to log in: an address to open, and the address that the browser ends at."""

    def __init__(
        self,
        client_id: str,
        endpoints: Endpoints,
        session: requests.Session,
        redirect_uri: str = REDIRECT_URI,
    ) -> None:
        self._state = secrets.token_urlsafe(24)
        self._pkce = _pkce(client_id, endpoints, session, MemoryCacheHandler(), redirect_uri)
        self.url: str = self._pkce.get_authorize_url(self._state)
        """Address to open in a browser."""

    def answers(self, address: str) -> bool:
        """Return whether an address is the response to this attempt."""
        given = _query(address).get("state", "")
        return secrets.compare_digest(given.encode(), self._state.encode())

    def complete(self, address: str, file: TokenFile) -> None:
        """Exchange the code in the address for a token, and store the token in `file`.

        Raises SpotifyLoginError for the response to another attempt or a refusal of the user,
        SpotifyAccountError, SpotifyUnavailableError and StoreError.
        """
        query, again = _query(address), "run `tagger spotify login` again"
        if not self.answers(address):
            reason = "that is no answer to this login"
            raise SpotifyLoginError(reason, hint=f"{again}, and paste the whole address")
        if "code" not in query:
            raise SpotifyLoginError("Spotify was not allowed to let tagger in", hint=again)
        try:
            with responses.typed():
                self._pkce.get_access_token(query["code"], check_cache=False)
                file.begin(self._pkce.cache_handler.get_cached_token())
        except SpotifyLoginError as error:
            reason = "Spotify does not take this answer: each is good once, for some minutes"
            raise SpotifyLoginError(reason, hint=again) from error


def _query(address: str) -> dict[str, str]:
    try:
        query = urlsplit(address.strip()).query
    except ValueError:
        return {}
    return {name: values[0] for name, values in parse_qs(query).items()}


def _pkce(
    client_id: str,
    endpoints: Endpoints,
    session: requests.Session,
    handler: CacheHandler,
    redirect_uri: str = REDIRECT_URI,
) -> SpotifyPKCE:
    pkce = SpotifyPKCE(
        client_id=client_id,
        redirect_uri=redirect_uri,
        scope=SCOPES,
        requests_timeout=endpoints.timeout,
        requests_session=session,
        open_browser=False,
        cache_handler=handler,
    )
    pkce.OAUTH_AUTHORIZE_URL, pkce.OAUTH_TOKEN_URL = endpoints.authorize, endpoints.token
    return pkce
