"""The download of a network from its authors, over HTTPS.

Apart from `networks`, because most commands fetch nothing and need none of these imports.
"""

from __future__ import annotations

import os
import ssl
import threading
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tagger.errors import DownloadError
from tagger.inference.networks import BY_FILE

if TYPE_CHECKING:
    from tagger.features.weights import Weights

OFFLINE = "TAGGER_OFFLINE"
"""With this environment variable, nothing is downloaded."""
TIMEOUT = 120.0
"""Seconds for a whole download."""
SILENT_S = 10.0
"""Seconds without any answer after which a connection is given up."""
SCHEME = "https"


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
