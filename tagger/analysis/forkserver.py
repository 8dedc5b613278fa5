"""How worker processes start: forked from a server that has imported their modules once.

A fork of the program itself would copy the locks of its threads and its memory. A new interpreter
for each worker would import NumPy, FFmpeg and onnxruntime again, and that takes longer than most
files.
"""

from __future__ import annotations

import multiprocessing
from multiprocessing import forkserver
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, SpawnContext

PRELOAD = "tagger.analysis.preload"
"""The module with the imports of every worker."""
_SERVER_END = "tagger.analysis.server_end"


def context() -> ForkServerContext | SpawnContext:
    """Return the start method of workers: a new interpreter where the system has no fork."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload([PRELOAD, _SERVER_END])
    return found


def stop() -> None:
    """Stop the server, which holds some 80 MB; the next worker starts another server."""
    # multiprocessing has no public name for it
    forkserver._forkserver._stop()  # type: ignore[attr-defined]  # noqa: SLF001
