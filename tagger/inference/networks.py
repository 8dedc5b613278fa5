"""Networks that tagger does not contain: fetched once from their authors, checked, and removed."""

from __future__ import annotations

import os
import ssl
import threading
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tagger.errors import DownloadError
from tagger.system import atomic

if TYPE_CHECKING:
    from pathlib import Path

    from tagger.features.weights import Weights

FOLDER = "networks"
OFFLINE = "TAGGER_OFFLINE"
"""With this environment variable, nothing is downloaded."""
TIMEOUT = 120.0
"""Seconds for a whole download."""
SILENT_S = 10.0
"""Seconds without any answer after which a connection is given up."""
SCHEME = "https"
BY_FILE = "download it elsewhere, then run `tagger models fetch --from FILE`"


def folder(state: Path) -> Path:
    """Return the folder of fetched networks in the state folder `state`."""
    return state / FOLDER


def install(weights: Weights, content: bytes, state: Path) -> Path:
    """Check the content of a file and store it, in one step; returns its path.

    Args:
        weights: The published file.
        content: The bytes that were downloaded or read.
        state: The state folder.

    Raises:
        DownloadError: the content differs from the published file, or cannot be stored.

    """
    path = folder(state) / weights.file
    if fault := weights.fault(content):
        raise DownloadError(
            f"the file of {weights.network} {fault}", hint=f"nothing was stored; {BY_FILE}"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        atomic.remove_leftovers(path.parent)
        atomic.replace_file(path, content, mode=0o600)
    except OSError as error:
        reason = f"cannot be stored: {error.strerror}"
        raise DownloadError(reason, path, "check the permissions and the free space") from error
    return path


def read(weights: Weights, path: Path) -> bytes:
    """Read a file that was downloaded elsewhere; raises DownloadError when that is impossible."""
    try:
        with path.open("rb") as file:
            return file.read(weights.size + 1)
    except OSError as error:
        raise DownloadError(f"cannot be read: {error.strerror}", path) from error


def remove(weights: Weights, state: Path) -> bool:
    """Delete the stored file; returns False without such a file.

    Raises DownloadError when the file cannot be deleted.
    """
    path = folder(state) / weights.file
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise DownloadError(f"cannot be removed: {error.strerror}", path) from error
    return True


def download(
    weights: Weights, seconds: float = TIMEOUT, trust: ssl.SSLContext | None = None
) -> bytes:
    """Download a published file over HTTPS, through the proxies of the environment.

    Redirects lead to HTTPS only. No more than the published size is read.

    Args:
        weights: The published file.
        seconds: The time for the whole download, with the look-up of the host name.
        trust: The accepted certificates; None for those of the system.

    Raises:
        DownloadError: the file cannot be downloaded in that time; `install` checks the content.

    """
    if os.environ.get(OFFLINE, "0") not in ("", "0"):
        raise DownloadError(f"{OFFLINE} is set, so nothing is downloaded", hint=BY_FILE)
    answers: list[bytes | Exception] = []

    def fetch() -> None:
        try:
            answers.append(_fetched(weights, min(seconds, SILENT_S), trust))
        except Exception as error:  # noqa: BLE001 - handed over to the caller
            answers.append(error)

    # a thread, because neither the look-up of a name nor a slow sender can be interrupted
    thread = threading.Thread(target=fetch, daemon=True)
    thread.start()
    thread.join(seconds)
    answer = answers[0] if answers else TimeoutError()
    if isinstance(answer, Exception):
        host = urlsplit(weights.url).hostname
        reason = f"{weights.network} cannot be downloaded from {host}: {_reason(answer)}"
        raise DownloadError(reason, hint=BY_FILE) from answer
    return answer


def _fetched(weights: Weights, silent_s: float, trust: ssl.SSLContext | None) -> bytes:
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPSHandler(context=trust or ssl.create_default_context()),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
        _SecureRedirects(),
    ):
        opener.add_handler(handler)
    request = urllib.request.Request(weights.url, headers={"User-Agent": "tagger"})  # noqa: S310 - the opener has HTTPS alone
    try:
        with opener.open(request, timeout=silent_s) as response:
            content: bytes = response.read(weights.size + 1)
    except urllib.error.HTTPError as error:
        error.close()
        raise
    return content


class _SecureRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to HTTPS alone."""

    def redirect_request(self, *given: Any) -> urllib.request.Request | None:
        """Refuse another scheme."""
        if urlsplit(given[-1]).scheme != SCHEME:
            given[1].close()
            raise urllib.error.URLError(f"a redirect away from {SCHEME.upper()}")
        return super().redirect_request(*given)


def _reason(error: BaseException | str) -> str:
    match error:
        case urllib.error.HTTPError():
            return f"HTTP {error.code}"
        case urllib.error.URLError():
            return _reason(error.reason)
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {error.verify_message}"
        case TimeoutError():
            return "no complete answer in time"
        case OSError():
            return error.strerror or str(error)
    return str(error)
