"""The file of the login: readable by its owner alone, and never written in part."""

from __future__ import annotations

import shlex
import time
from typing import TYPE_CHECKING, Any

import msgspec
from spotipy.cache_handler import CacheHandler

from tagger.config.values import others_may_read
from tagger.errors import StoreError
from tagger.system import atomic

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "spotify-login.json"
LIFETIME_S = 182 * 86_400.0
"""A refresh token expires six months after the login, in spite of renewals."""
WARN_AFTER_S = 152 * 86_400.0


class Token(msgspec.Struct, frozen=True):
    """The token endpoint's response, and the time of the login (seconds since 1970)."""

    access_token: str
    refresh_token: str
    expires_at: int
    scope: str
    authorized_at: float

    @property
    def ends(self) -> str:
        """The day on which the login ends."""
        return time.strftime("%Y-%m-%d", time.localtime(self.authorized_at + LIFETIME_S))


class TokenFile(CacheHandler):  # type: ignore[misc]  # spotipy has no types
    """The storage of spotipy's token."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME

    def read(self) -> Token | None:
        """Return the token, None when there is no usable token."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Token)
        except (OSError, msgspec.DecodeError):
            return None

    def warnings(self) -> list[str]:
        """Return problems of the login, each with its next step."""
        found, token = [], self.read()
        if token and time.time() > token.authorized_at + WARN_AFTER_S:
            found.append(
                f"the Spotify login ends on {token.ends}: run `tagger spotify login` before"
            )
        if others_may_read(self.path):
            repair = f"chmod 600 {shlex.quote(str(self.path))}"
            found.append(f"others may read the Spotify login: {repair}")
        return found

    def get_cached_token(self) -> dict[str, Any] | None:
        """Return the token in spotipy's form."""
        token = self.read()
        return None if token is None else msgspec.structs.asdict(token)

    def save_token_to_cache(self, token_info: dict[str, Any]) -> None:
        """Store a renewed token; the time of the login stays.

        Raises StoreError when the file cannot be written.
        """
        self._write((self.get_cached_token() or {"authorized_at": time.time()}) | token_info)

    def begin(self, token_info: dict[str, Any]) -> None:
        """Store the token of a new login. Raises StoreError when the file cannot be written."""
        self._write(token_info | {"authorized_at": time.time()})

    def forget(self) -> bool:
        """Delete the login; return whether there was one."""
        existed = self.path.exists()
        self.path.unlink(missing_ok=True)
        atomic.remove_leftovers(self.path.parent)
        return existed

    def _write(self, token_info: dict[str, Any]) -> None:
        content = msgspec.json.encode(msgspec.convert(token_info, Token, strict=False))
        folder = self.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            atomic.replace_file(self.path, content, mode=0o600)
        except OSError as error:
            raise StoreError(
                f"the Spotify login cannot be kept: {error.strerror}",
                self.path,
                "check the folder's permissions and free space",
            ) from error
